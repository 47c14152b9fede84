#include "steer/guidance/particles.h"

#include <cmath>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/guidance/resampling.h"

namespace steer {
namespace {

constexpr uint64_t kResampleStream = 5000000;
// Exponents that are tried: 1 down to about 1e-9.
constexpr int64_t kExponents = 60;
constexpr double kExponentStep = 0.7;

// For each row the largest exponent at which exp(exponent * score - former) is worth `least` equal weights,
// or else the one at which it is worth most: [N, 1].
Tensor exponents(const Tensor& score, const Tensor& former, double least) {
  std::vector<Tensor> sizes;
  for (int64_t i = 0; i < kExponents; ++i)
    sizes.push_back(effective_size(score * std::pow(kExponentStep, static_cast<double>(i)) - former));
  const Tensor size = at::stack(sizes, 1);  // [N, exponents]
  const Tensor enough = size >= least;
  const Tensor first = enough.to(torch::kInt64).argmax(1);
  const Tensor index = at::where(enough.any(1), first, size.argmax(1));
  return at::pow(kExponentStep, index.to(torch::kFloat64)).unsqueeze(1);
}

}  // namespace

Chooser particles(const Scorer& scorer, const Tensor& seeds, const ParticleOptions& options,
                  const Scorer& prior) {
  STEER_CHECK(options.count >= 1, "[particles] expected at least 1 particle but got ", options.count);
  STEER_CHECK(options.temperature > 0, "[particles] expected a temperature above 0 but got ",
              options.temperature);
  // beta' s_p of each row that goes on.
  auto former = std::make_shared<Tensor>();
  return [=](const Candidates& candidates, int64_t layer) {
    torch::NoGradGuard no_grad;
    const int64_t samples = seeds.size(0), rows = candidates.rows(), count = candidates.count();
    STEER_CHECK(rows % samples == 0, "[particles] expected a multiple of ", samples, " rows but got ", rows);
    const int64_t each = rows / samples;
    if (!former->defined() || former->size(0) != rows || layer == 0)
      *former = at::zeros({rows}, at::TensorOptions().dtype(torch::kFloat64).device(candidates.device()));
    const Tensor score =
        (scorer(candidates).to(torch::kFloat64) / options.temperature).reshape({samples, each * count});
    Tensor before = former->view({samples, each}).repeat_interleave(count, 1);
    if (prior) before = before - prior(candidates).to(torch::kFloat64).reshape({samples, each * count});
    const bool last = layer >= options.last;
    const Tensor exponent = last ? at::ones({samples, 1}, score.options())
                                 : exponents(score, before, static_cast<double>(options.count));
    const Tensor u = uniform_rows(seeds, kResampleStream + static_cast<uint64_t>(layer), {1})
                         .to(candidates.device(), torch::kFloat64);
    const Tensor tempered = score * exponent;
    const Tensor pair = systematic(tempered - before, u, last ? 1 : options.count);
    *former = tempered.gather(1, pair).flatten();
    const Tensor first = at::arange(samples, pair.options()).unsqueeze(1) * each;
    return Choice{
        at::remainder(pair, count).flatten(), (at::div(pair, count, "floor") + first).flatten(), {}};
  };
}

}  // namespace steer
