#include "steer/train/accord.h"

#include <utility>

#include "steer/core/check.h"

namespace steer {

void Accord::attempt(const std::function<void()>& work) {
  if (together_.of == 1) return work();
  if (failed_) return;
  try {
    work();
  } catch (...) {
    failed_ = std::current_exception();
  }
}

bool Accord::reach(bool stop, double& seconds) {
  if (together_.of == 1) return stop;
  const Tensor votes = at::tensor(
      {stop ? 1.0 : 0.0, failed_ ? 1.0 : 0.0, together_.rank == 0 ? seconds : 0.0}, torch::kFloat64);
  together_.sum({votes});
  if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  const auto failed = votes[1].item<int64_t>();
  STEER_CHECK(failed == 0, "[train] expected ", together_.of, " processes to go on but ", failed,
              " of them failed, as said there");
  seconds = votes[2].item<double>();
  return votes[0].item<double>() > 0;
}

void Accord::reach() {
  double seconds = 0;
  reach(false, seconds);
}

}  // namespace steer
