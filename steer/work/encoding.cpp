#include "steer/work/encoding.h"

#include <algorithm>

#include "steer/core/check.h"

namespace steer {

Encoded encode_all(const Codec& codec, const State& samples, int64_t batch, int64_t beam,
                   torch::Device device, const Told& told, const WorkWatch& watch) {
  const int64_t count = samples.size();
  STEER_CHECK(count > 0 && batch > 0, "[encode] expected at least one sample and batches of one but got ",
              count, " and ", batch);
  std::vector<State> states;
  std::vector<Tensor> codes, errors;
  for (int64_t at = 0; at < count; at += batch) {
    const int64_t rows = std::min(batch, count - at);
    const Encoded some =
        codec.encode(samples.narrow(at, rows).to(device), beam, told.narrow(at, rows).to(device));
    states.push_back(some.state.to(torch::kCPU));
    codes.push_back(some.code.cpu());
    errors.push_back(some.error.cpu());
    const double share = static_cast<double>(at + rows) / static_cast<double>(count);
    STEER_CHECK(tell(watch, {"encode", share, "", nullptr}) || share == 1, "[encode] interrupted");
  }
  return {concatenated(states), at::cat(codes), at::cat(errors)};
}

}  // namespace steer
