#include "steer/image/text.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {

TextObjective::TextObjective(ScriptedNetwork network, std::string text, std::string words)
    : network_(std::move(network)), text_(std::move(text)), words_(std::move(words)) {}

Tensor TextObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  return in_pieces(x, [this](const Tensor& some) {
    const Tensor seen = some.to(torch::kFloat32);
    const Tensor made = network_(seen.size(1) == 1 ? seen.expand({-1, 3, -1, -1}) : seen, text_);
    STEER_CHECK(made.numel() == some.size(0), "[text] expected similarities [", some.size(0),
                "] of the network but got ", shape_text(made.sizes()));
    return made.reshape({some.size(0)}).to(torch::kFloat32);
  });
}

}  // namespace steer
