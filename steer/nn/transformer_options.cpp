#include "steer/nn/transformer_options.h"

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
const std::vector<Named>& activations() {
  static const std::vector<Named> table = {
      {"gelu", "x Phi(x), by the error function"},
      {"gelu_tanh", "x Phi(x), by a tanh (GPT-2, DDiT)"},
      {"relu", "the larger of x and 0"},
      {"silu", "x sigmoid(x)"},
      {"swiglu", "silu of one half times the other (Shazeer 2020)"},
  };
  return table;
}

void check(const TransformerShape& shape) {
  const TransformerOptions& o = shape.options;
  check_options(o, "transformer");
  STEER_CHECK(o.width % o.heads == 0 && o.width / o.heads % 2 == 0,
              "[options] transformer.heads: expected heads of an even number of features but got a width of ",
              o.width, " and ", o.heads, " heads");
  STEER_CHECK(among(o.activation, names_of(activations())), "[options] transformer.activation: unknown ",
              o.activation, did_you_mean(o.activation, names_of(activations())));
  STEER_CHECK(o.positions == "rotary" || o.positions == "learned",
              "[options] transformer.positions: expected rotary or learned but got \"", o.positions, "\"");
  STEER_CHECK(shape.tokens >= 1 && shape.outputs >= 1 && shape.context >= 1 && shape.num_class_embeds >= 0,
              "[transformer] expected tokens, outputs and a context but got ", shape.tokens, ", ",
              shape.outputs, " and ", shape.context);
  STEER_CHECK(!o.tied || shape.outputs <= shape.tokens,
              "[options] transformer.tied: expected no more outputs than tokens");
  STEER_CHECK(o.condition > 0 || (!shape.told_noise && shape.num_class_embeds == 0),
              "[options] transformer.condition: expected at least 1 for a network that is told something");
}

Extent extent(const TransformerShape& shape) {
  check(shape);
  const TransformerOptions& o = shape.options;
  const auto inner = static_cast<int64_t>(o.expansion * static_cast<double>(o.width));
  Extent sum;
  const auto projection = [&sum](int64_t in, int64_t out, bool bias, int64_t times = 1) {
    sum.add({out, in}, times);
    if (bias) sum.add({out}, times);
  };
  const auto norm = [&](int64_t times) { sum.add({o.width}, times * (o.bias ? 2 : 1)); };
  sum.add({shape.tokens, o.width});
  if (o.positions == "learned") sum.add({shape.context, o.width});
  const bool told = shape.told_noise || shape.num_class_embeds > 0;
  if (shape.told_noise) {
    projection(kNoiseFeatures, o.condition, true);
    projection(o.condition, o.condition, true);
  }
  if (shape.num_class_embeds > 0) sum.add({shape.num_class_embeds, o.condition});
  norm(2 * o.blocks + 1);
  projection(o.width, 3 * o.width, o.bias, o.blocks);
  projection(o.width, o.width, o.bias, o.blocks);
  projection(o.width, inner * (o.activation == "swiglu" ? 2 : 1), true, o.blocks);
  projection(inner, o.width, true, o.blocks);
  if (told) projection(o.condition, 6 * o.width, true, o.blocks), projection(o.condition, 2 * o.width, true);
  if (!o.tied) projection(o.width, shape.outputs, true);
  return sum;
}

}  // namespace steer
