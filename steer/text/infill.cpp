#include "steer/text/infill.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr int64_t kMostGap = 1 << 20;

// Known text or a gap.
struct Stretch {
  std::string text;
  int64_t gap = 0;  // above 0: so many unknown tokens
};

std::vector<Stretch> stretches_of(const std::string& text) {
  std::vector<Stretch> all(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n') {
      all.back().text += '\n', ++i;
      continue;
    }
    if (text[i] != '[') {
      all.back().text += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '[') {
      all.back().text += text[i++];
      continue;
    }
    const size_t end = text.find(']', i);
    const std::string number = end == text.npos ? "" : text.substr(i + 1, end - i - 1);
    STEER_CHECK(!number.empty() && number.size() <= 6 &&
                    number.find_first_not_of("0123456789") == number.npos && std::stoll(number) >= 1 &&
                    std::stoll(number) <= kMostGap,
                "[objective] infill: expected a gap as [12], or [[ for a bracket, but got \"",
                text.substr(i, 12), "\"");
    all.push_back({"", std::stoll(number)});
    all.emplace_back();
    i = end;
  }
  return all;
}

}  // namespace

State known_of(const std::string& text, const Tokenizer& tokenizer, int64_t length) {
  STEER_CHECK(!text.empty(), "[objective] infill: expected a text but got an empty one");
  std::vector<int64_t> tokens;
  std::vector<uint8_t> known;
  for (const Stretch& stretch : stretches_of(text)) {
    if (stretch.gap > 0) {
      tokens.insert(tokens.end(), static_cast<size_t>(stretch.gap), 0);
      known.resize(tokens.size(), 0);
      continue;
    }
    for (const int64_t token : tokenizer.encode(stretch.text)) tokens.push_back(token);
    known.resize(tokens.size(), 1);
  }
  const auto used = static_cast<int64_t>(tokens.size());
  STEER_CHECK(used <= length, "[objective] infill: expected at most ", length,
              " tokens, as samples have, but got ", used);
  tokens.resize(static_cast<size_t>(length), 0);
  known.resize(static_cast<size_t>(length), 0);
  State state;
  state.token = at::tensor(tokens, torch::kInt64).unsqueeze(0);
  state.mask = at::tensor(std::vector<int64_t>(known.begin(), known.end()), torch::kInt64)
                   .to(torch::kBool)
                   .unsqueeze(0);
  return state;
}

InfillObjective::InfillObjective(State known, double cost, std::string words)
    : known_(std::move(known)), cost_(cost), words_(std::move(words)) {}

Tensor InfillObjective::score(const State& sample) const {
  const Tensor& token = sample.token;
  STEER_CHECK(token.defined() && token.dim() >= 2 && token.size(1) == known_.token.size(1),
              "[objective] infill: ", "expected texts of ", known_.token.size(1), " tokens but got ",
              token.defined() ? token.size(1) : 0);
  const Tensor wanted = known_.token.to(token.device()), counts = known_.mask.to(token.device());
  if (!token.is_floating_point()) return -cost_ * ((token != wanted) & counts).sum(1).to(torch::kFloat32);
  const Tensor p = token.gather(2, wanted.expand({token.size(0), -1}).unsqueeze(2)).squeeze(2);
  const double least = std::exp(-cost_);
  const Tensor each = (least + (1 - least) * p).log();
  return at::where(counts, each, at::zeros_like(each)).sum(1);
}

}  // namespace steer
