#include "steer/discrete/relaxation.h"

#include <cmath>
#include <limits>

#include "steer/core/check.h"

namespace steer {
namespace {

// Forward `hard`, backward as `soft`.
Tensor through(const Tensor& hard, const Tensor& soft) {
  return hard + (soft - soft.detach());
}

Tensor one_hot_of_largest(const Tensor& values) {
  return one_hot_tokens(values.argmax(-1), values.size(-1), values.scalar_type());
}

}  // namespace

Tensor straight_through(const Tensor& logits) {
  return through(one_hot_of_largest(logits), logits.softmax(-1));
}

Tensor gumbel_softmax(const Tensor& logits, const Tensor& u, double temperature, bool hard) {
  STEER_CHECK(std::isfinite(temperature) && temperature > 0,
              "[gumbel_softmax] expected a temperature above 0 but got ", temperature);
  // An exact 0 among draws from [0, 1) has no logarithm.
  const Tensor inside = u.to(torch::kFloat64).clamp_min(std::numeric_limits<double>::min());
  const Tensor noise = -(-inside.log()).log();
  const Tensor soft = ((logits.to(torch::kFloat64) + noise) / temperature).softmax(-1);
  const Tensor made = hard ? through(one_hot_of_largest(soft), soft) : soft;
  return made.to(logits.scalar_type());
}

Tensor one_hot_tokens(const Tensor& token, int64_t vocabulary, torch::ScalarType type) {
  return at::one_hot(token, vocabulary).to(type);
}

}  // namespace steer
