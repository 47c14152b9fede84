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

// Some codes with what they are told.
struct Rows {
  Tensor code, label;

  int64_t size() const { return code.size(0); }
  Rows narrow(int64_t first, int64_t count) const {
    return {code.narrow(0, first, count), label.defined() ? label.narrow(0, first, count) : label};
  }
  Rows at(const std::vector<int64_t>& rows) const {
    const Tensor index = at::tensor(at::IntArrayRef(rows), torch::kInt64);
    return {code.index_select(0, index), label.defined() ? label.index_select(0, index) : label};
  }
};

// Bits per code by the real weights.
double real_bits(PriorNetwork network, const Rows& rows) {
  torch::NoGradGuard no_grad;
  double nats = 0;
  for (int64_t at = 0; at < rows.size(); at += kMeasureBatch) {
    const Rows some = rows.narrow(at, std::min(kMeasureBatch, rows.size() - at));
    nats += network->loss(some.code, some.label).sum(torch::kFloat64).item<double>();
  }
  return nats / std::log(2.0) / static_cast<double>(rows.size());
}

// Codes in an endless shuffled stream.
class Stream {
 public:
  Stream(Rows rows, uint64_t seed) : rows_(std::move(rows)), seed_(seed) {}

  Rows next(int64_t count) {
    std::vector<int64_t> rows;
    while (static_cast<int64_t>(rows.size()) < count) {
      if (at_ == order_.size()) order_ = permutation(rows_.size(), derive_seed(seed_, epoch_++)), at_ = 0;
      rows.push_back(order_[at_++]);
    }
    return rows_.at(rows);
  }

 private:
  Rows rows_;
  uint64_t seed_, epoch_ = 0;
  std::vector<int64_t> order_;
  size_t at_ = 0;
};

void check_training(const PriorTrainingOptions& o, const PriorLesson& lesson) {
  STEER_CHECK(o.width >= 1 && o.width <= kMaxPriorWidth && o.batch >= 1 && o.rate > 0 && o.decay >= 0,
              "[prior] expected a width of 1 to ", kMaxPriorWidth, ", a batch, a rate and a decay");
  STEER_CHECK(o.forget >= 0 && o.forget < 1 && o.drop >= 0 && o.drop < 1 && o.held_out > 0 && o.held_out < 1,
              "[prior] expected chances below 1 and a held-out share between 0 and 1");
  STEER_CHECK(o.steps > 0 || o.minutes > 0, "[prior] expected a budget: minutes or steps");
  STEER_CHECK(lesson.code.size(0) >= 2, "[prior] expected at least 2 codes but got ", lesson.code.size(0));
  if (lesson.labels == 0) return;
  STEER_CHECK(lesson.label.defined() && lesson.label.size(0) == lesson.code.size(0) &&
                  lesson.label.ge(0).logical_and(lesson.label.lt(lesson.labels)).all().item<bool>(),
              "[prior] expected a label from 0 to ", lesson.labels - 1, " for each code");
}

}  // namespace

PriorTraining train_prior(const PriorLesson& lesson, const std::vector<int64_t>& candidates,
                          const PriorTrainingOptions& options, const PriorNumbers* from,
                          const PriorHooks& hooks) {
  check_training(options, lesson);
  const bool told = from ? from->told.defined() : lesson.labels > 0;
  STEER_CHECK(!from || !told || from->told.size(0) == lesson.labels, "[prior] expected a prior of ",
              lesson.labels, " labels to go on from but got one of ", from->told.size(0));
  // Wherever they were made, it learns here.
  const Rows all{lesson.code.cpu(), told ? lesson.label.cpu() : Tensor()};
  const int64_t total = all.size();
  const int64_t held =
      std::clamp<int64_t>(std::llround(options.held_out * static_cast<double>(total)), 1, total - 1);
  const std::vector<int64_t> order = permutation(total, derive_seed(options.seed, 1));
  const Rows shuffled = all.at(order);
  const Rows test = shuffled.narrow(0, held), learned = shuffled.narrow(held, total - held);

  PriorTraining training;
  PriorNetwork plain(candidates, 1, 0);
  plain->set_frequencies(learned.code);
  plain->head.detach().zero_();
  training.counted_bits = real_bits(plain, test);
  PriorNetwork network =
      from ? PriorNetwork(*from)
           : PriorNetwork(candidates, options.width, options.seed, told ? lesson.labels : int64_t{0});
  if (!from) network->set_frequencies(learned.code);

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
    const Rows some = stream.next(options.batch);
    const Tensor loss =
        network->loss(some.code, some.label, options.forget, options.drop, seed).sum(1).mean();
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
  training.bits = Prior(training.best, 0).bits(test.code, test.label).sum(1).mean().item<double>();
  return training;
}

}  // namespace steer
