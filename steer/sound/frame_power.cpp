#include "steer/sound/frame_power.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/pi.h"

namespace steer {
namespace {

void add_turn(double numerator, int64_t denominator, std::vector<float>& turns) {
  const double angle = 2 * kPi * numerator / static_cast<double>(denominator);
  turns.push_back(static_cast<float>(std::cos(angle)));
  turns.push_back(static_cast<float>(-std::sin(angle)));
}

// FramePlan::turns; one step more than is read.
std::vector<float> turns_of(int64_t half) {
  std::vector<float> turns;
  for (int64_t size = half; size > 2; size /= 4)
    for (int64_t j = 0; j < size / 4; ++j)
      for (int64_t i = 1; i < 4; ++i) add_turn(static_cast<double>(i * j), size, turns);
  turns.resize(turns.size() + 6);
  return turns;
}

// Where results k, k + stride ... of a block of `size` numbers at `at` go.
void put_places(int64_t at, int64_t size, int64_t k, int64_t stride, std::vector<int32_t>& place) {
  if (size == 1) {
    place[static_cast<size_t>(k)] = static_cast<int32_t>(at);
    return;
  }
  const int64_t parts = size == 2 ? 2 : 4;
  for (int64_t p = 0; p < parts; ++p)
    put_places(at + p * size / parts, size / parts, k + p * stride, parts * stride, place);
}

// Sample i of a sound that is continued at its ends; 0 where that does not reach.
float continued(const float* sound, int64_t samples, int64_t i, bool reflected) {
  if (i < 0) i = reflected ? -i : samples;
  if (i >= samples && reflected) i = 2 * (samples - 1) - i;
  return i >= 0 && i < samples ? sound[i] : 0;
}

}  // namespace

bool FramePower::suits(const StftOptions& options) {
  return options.window >= kernels::kLeastFrame && (options.window & (options.window - 1)) == 0;
}

FramePower::FramePower(const StftOptions& options) : options_(options) {
  check(options);
  STEER_CHECK(suits(options), "[frame_power] expected a window of a power of two but got ", options.window);
  const int64_t window = options.window, hop = options.hop, half = window / 2;
  plan_.window = window;
  plan_.hop = hop;
  plan_.columns = kernels::kFrameLanes + (window - 1) / hop;
  const Tensor weight = hann_window(window).to(torch::kFloat32);
  weight_.assign(weight.data_ptr<float>(), weight.data_ptr<float>() + window);
  for (int64_t i = 0; i < window; ++i)
    sample_.push_back(static_cast<int32_t>(i % hop * plan_.columns + i / hop));
  turns_ = turns_of(half);
  for (int64_t k = 0; k < half / 2; ++k) add_turn(static_cast<double>(k), window, half_turn_);
  place_.resize(static_cast<size_t>(half));
  put_places(0, half, 0, 1, place_);
  plan_.weight = weight_.data();
  plan_.sample = sample_.data();
  plan_.turns = turns_.data();
  plan_.half_turn = half_turn_.data();
  plan_.place = place_.data();
}

std::shared_ptr<FrameRoom> FramePower::room() const {
  return rooms_.lend([&] {
    FrameRoom room;
    room.samples = at::empty({plan_.columns * plan_.hop});
    room.room = at::empty({kernels::frame_room(plan_)});
    room.power = at::empty({plan_.window / 2 + 1 + kSpareRows, kernels::kFrameLanes});
    room.power.narrow(0, plan_.window / 2 + 1, kSpareRows).zero_();
    return room;
  });
}

const float* FramePower::group(const float* sound, int64_t samples, int64_t first, FrameRoom& room) const {
  const int64_t begin = first * options_.hop - (options_.centred ? options_.window / 2 : 0);
  const int64_t count = plan_.columns * plan_.hop;
  auto* power = room.power.data_ptr<float>();
  const float* from = sound + std::max<int64_t>(begin, 0);
  if (begin < 0 || begin + count > samples) {
    auto* copy = room.samples.data_ptr<float>();
    const bool reflected = options_.padding == "reflect";
    const int64_t low = std::clamp<int64_t>(-begin, 0, count),
                  high = std::clamp<int64_t>(samples - begin, low, count);
    for (int64_t i = 0; i < low; ++i) copy[i] = continued(sound, samples, begin + i, reflected);
    if (high > low) std::copy(sound + begin + low, sound + begin + high, copy + low);
    for (int64_t i = high; i < count; ++i) copy[i] = continued(sound, samples, begin + i, reflected);
    from = copy;
  }
  kernels::frame_power(from, plan_, room.room.data_ptr<float>(), power);
  return power;
}

}  // namespace steer
