#include "steer/work/sample_film.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/gif.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

constexpr int64_t kWhite = 255, kFilmSeconds100 = 400, kLeastDelay = 4, kTurnFrames = 40, kTurnDelay = 8;
constexpr size_t kHeardMoments = 12;

// At this size, white below and to the right.
Tensor on_sheet(const Tensor& picture, int64_t channels, int64_t height, int64_t width) {
  const Tensor sheet = at::full({channels, height, width}, kWhite, torch::kUInt8);
  sheet.narrow(1, 0, picture.size(1)).narrow(2, 0, picture.size(2)).copy_(picture.expand({channels, -1, -1}));
  return sheet;
}

}  // namespace

SampleFilm::SampleFilm(Space space, int64_t frames, int64_t rows)
    : space_(std::move(space)), most_(frames), rows_(rows) {
  STEER_CHECK(frames >= 2 && rows >= 1, "[film] expected at least 2 frames and 1 sample but got ", frames,
              " and ", rows);
}

void SampleFilm::see(const Glimpse& glimpse) {
  const bool last = glimpse.index + 1 >= glimpse.of;
  const auto due = static_cast<int64_t>(glimpse.share() * static_cast<double>(most_));
  if (whole_ || !glimpse.sample || (!last && due < next_)) return;
  const State seen = glimpse.sample();
  if (!seen.defined()) return;
  next_ = due + 1, whole_ = last;
  const int64_t rows = std::min(rows_, seen.size());
  // A copy: whoever draws may go on in the same memory.
  seen_.push_back(seen.narrow(0, rows).to(torch::kCPU).rows(at::arange(rows)));
}

WorkWatch SampleFilm::around(const WorkWatch& watch) {
  return [this, watch](const Moment& moment) {
    if (moment.glimpse) see(*moment.glimpse);
    return tell(watch, moment);
  };
}

void SampleFilm::write(const std::string& path, const Json& twin) const {
  STEER_CHECK(!seen_.empty(), "[film] ", path, ": expected steps that show samples but there were none");
  if (has_own_format(space_, path)) return write_own(path, twin);
  write_pictures(path);
  write_twin(path, twin);
}

void SampleFilm::write_own(const std::string& path, const Json& twin) const {
  const size_t all = seen_.size(), some = space_.rate_hz > 0 ? std::min(all, kHeardMoments) : all;
  std::vector<State> moments;
  // The last one is among them.
  for (size_t i = 1; i <= some; ++i) moments.push_back(seen_[all * i / some - 1].narrow(0, 1));
  write_own_format(path, space_, concatenated(moments), twin);
}

void SampleFilm::write_pictures(const std::string& path) const {
  const auto& turned = modality_of(space_).turned;
  std::vector<Tensor> pictures;
  for (const State& some : seen_)
    pictures.push_back(
        to_bytes(turned ? turned(space_, some, 0) : picture_of(space_, some, std::min<int64_t>(rows_, 2))));
  int64_t channels = 1, height = 1, width = 1;
  for (const Tensor& picture : pictures) {
    channels = std::max(channels, picture.size(0));
    height = std::max(height, picture.size(1)), width = std::max(width, picture.size(2));
  }
  std::vector<Tensor> frames;
  for (const Tensor& picture : pictures) frames.push_back(on_sheet(picture, channels, height, width));
  for (int64_t i = 1; turned && i <= kTurnFrames; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(kTurnFrames);
    frames.push_back(to_bytes(turned(space_, seen_.back(), share)));
  }
  GifOptions options;
  options.delay_centiseconds = std::max(kLeastDelay, kFilmSeconds100 / static_cast<int64_t>(pictures.size()));
  if (turned) options.delay_centiseconds = options.last_centiseconds = kTurnDelay;
  write_gif(path, at::stack(frames), options);
}

}  // namespace steer
