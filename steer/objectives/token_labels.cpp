#include "steer/objectives/token_labels.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/objectives/labels.h"

namespace steer {
namespace {

constexpr int64_t kTextsAtOnce = 64;

}  // namespace

TokenLabelObjective::TokenLabelObjective(SavedTokenClassifier classifier, Tensor asked, double temperature,
                                         std::string words)
    : classifier_(std::move(classifier)),
      asked_(std::move(asked)),
      temperature_(temperature),
      words_(std::move(words)) {
  check_asked(asked_, temperature);
}

Tensor TokenLabelObjective::wanted(const Tensor& logits) const {
  return asked_log_p(logits, asked_, temperature_);
}

// Texts may be elsewhere than the network; scores are where they are.
Tensor TokenLabelObjective::score(const State& sample) const {
  const torch::Device here = classifier_.network->trunk->table.device();
  const int64_t states = classifier_.network->options.states, rows = sample.token.size(0);
  Tensor tokens = sample.token.to(here);
  // Probabilities of tokens leave nothing to the mask.
  if (tokens.is_floating_point())
    tokens = at::constant_pad_nd(tokens.to(torch::kFloat32), {0, states - tokens.size(2)});
  const auto logits_of = [&](int64_t from, int64_t count) {
    const Tensor noise = at::zeros({count}, at::TensorOptions(tokens.device()).dtype(torch::kFloat32));
    const Tensor present = sample.mask.defined() ? sample.mask.narrow(0, from, count).to(here) : Tensor();
    return classifier_.network->forward(tokens.narrow(0, from, count), noise, present);
  };
  if (at::GradMode::is_enabled() && tokens.requires_grad())
    return wanted(logits_of(0, rows)).to(sample.token.device());
  std::vector<Tensor> pieces;
  for (int64_t at = 0; at < rows; at += kTextsAtOnce)
    pieces.push_back(logits_of(at, std::min(kTextsAtOnce, rows - at)));
  return wanted(at::cat(pieces)).to(sample.token.device());
}

Tensor TokenLabelObjective::noised_score(const Tensor& token, const Tensor& noise) const {
  const int64_t states = classifier_.network->options.states;
  STEER_CHECK(!token.is_floating_point() || token.size(2) == states, "[label] ", classifier_.path,
              ": expected texts noised among ", states, " states, as it was trained on, but got ",
              token.size(2), "; a classifier guides models of its own process (text_classifier.process)");
  const torch::Device here = classifier_.network->trunk->table.device();
  return wanted(classifier_.network->forward(token.to(here), noise.to(here, torch::kFloat32)))
      .to(token.device());
}

}  // namespace steer
