#include "steer/codes/prior_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/nn/adam.h"

namespace steer {
namespace {

constexpr int64_t kRampSteps = 50, kMeasureBatch = 1000, kLooks = 12;

// Bits per code by the real weights.
double real_bits(PriorNetwork network, const Tensor& code) {
  torch::NoGradGuard no_grad;
  double nats = 0;
  for (int64_t at = 0; at < code.size(0); at += kMeasureBatch)
    nats += network->loss(code.narrow(0, at, std::min(kMeasureBatch, code.size(0) - at)))
                .sum(torch::kFloat64)
                .item<double>();
  return nats / std::log(2.0) / static_cast<double>(code.size(0));
}

// Codes in an endless shuffled stream.
class Stream {
 public:
  Stream(const Tensor& code, uint64_t seed) : code_(code), seed_(seed) {}

  Tensor next(int64_t count) {
    std::vector<int64_t> rows;
    while (static_cast<int64_t>(rows.size()) < count) {
      if (at_ == order_.size()) order_ = permutation(code_.size(0), derive_seed(seed_, epoch_++)), at_ = 0;
      rows.push_back(order_[at_++]);
    }
    return code_.index_select(0, at::tensor(at::IntArrayRef(rows), torch::kInt64));
  }

 private:
  Tensor code_;
  uint64_t seed_, epoch_ = 0;
  std::vector<int64_t> order_;
  size_t at_ = 0;
};

void check_training(const PriorTrainingOptions& o, const Tensor& code) {
  STEER_CHECK(o.width >= 1 && o.width <= kMaxPriorWidth && o.batch >= 1 && o.rate > 0 && o.decay >= 0,
              "[prior] expected a width of 1 to ", kMaxPriorWidth, ", a batch, a rate and a decay");
  STEER_CHECK(o.forget >= 0 && o.forget < 1 && o.drop >= 0 && o.drop < 1 && o.held_out > 0 && o.held_out < 1,
              "[prior] expected chances below 1 and a held-out share between 0 and 1");
  STEER_CHECK(o.steps > 0 || o.minutes > 0, "[prior] expected a budget: minutes or steps");
  STEER_CHECK(code.size(0) >= 2, "[prior] expected at least 2 codes but got ", code.size(0));
}

}  // namespace

PriorTraining train_prior(const Tensor& given, const std::vector<int64_t>& candidates,
                          const PriorTrainingOptions& options, const PriorNumbers* from,
                          const PriorHooks& hooks) {
  check_training(options, given);
  const Tensor code = given.cpu();  // wherever they were made, it learns here
  const int64_t total = code.size(0);
  const int64_t held =
      std::clamp<int64_t>(std::llround(options.held_out * static_cast<double>(total)), 1, total - 1);
  const std::vector<int64_t> order = permutation(total, derive_seed(options.seed, 1));
  const Tensor shuffled = code.index_select(0, at::tensor(at::IntArrayRef(order), torch::kInt64));
  const Tensor test = shuffled.narrow(0, 0, held), learned = shuffled.narrow(0, held, total - held);

  PriorTraining training;
  PriorNetwork plain(candidates, 1, 0);
  plain->set_frequencies(learned);
  plain->head.detach().zero_();
  training.counted_bits = real_bits(plain, test);
  PriorNetwork network = from ? PriorNetwork(*from) : PriorNetwork(candidates, options.width, options.seed);
  if (!from) network->set_frequencies(learned);

  NamedTensors parameters;
  for (const auto& item : network->named_parameters()) parameters.emplace_back(item.key(), item.value());
  Adam adam(parameters, AdamOptions());
  Stream stream(learned, derive_seed(options.seed, 4));
  const double begin = now_seconds();
  double best = INFINITY, look = 0;
  for (double share = 0; share < 1;) {
    const double warm = std::min(1.0, static_cast<double>(training.steps + 1) / kRampSteps);
    const double rate = options.rate * warm * (0.5 + 0.5 * std::cos(kPi * share));
    adam.clear_gradients();
    const uint64_t seed = derive_seed(options.seed, 2, static_cast<uint64_t>(training.steps));
    const Tensor loss =
        network->loss(stream.next(options.batch), options.forget, options.drop, seed).sum(1).mean();
    loss.backward();
    {
      torch::NoGradGuard no_grad;
      network->embedding.mul_(1 - rate * options.decay);
      network->head.mul_(1 - rate * options.decay);
    }
    adam.step(rate);
    ++training.steps;
    share = options.steps > 0 ? static_cast<double>(training.steps) / static_cast<double>(options.steps)
                              : (now_seconds() - begin) / (60 * options.minutes);
    const bool stop = hooks.stop && hooks.stop();
    if (share >= look + 1.0 / kLooks || share >= 1 || stop) {
      look = share;
      const double bits = real_bits(network, test);
      STEER_CHECK(std::isfinite(bits), "[prior] step ", training.steps, ": the loss is not finite");
      if (bits < best) {
        best = training.real_bits = bits;
        training.best = network->numbers();
        if (hooks.improved) hooks.improved(training);
      }
    }
    if (hooks.progress)
      hooks.progress(std::min(share, 1.0),
                     fmt::format("step {}  best {:.2f} bits per code", training.steps, best));
    if (stop) break;
  }
  training.bits = Prior(training.best, 0).bits(test).sum(1).mean().item<double>();
  return training;
}

}  // namespace steer
