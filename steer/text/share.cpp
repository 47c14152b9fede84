#include "steer/text/share.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

// Each character of a token's bytes; a part of one is none.
std::vector<std::string> characters_of(const std::string& piece) {
  std::vector<std::string> all;
  for (const char byte : piece) {
    if (begins_character(byte)) all.emplace_back();
    if (!all.empty()) all.back() += byte;
  }
  return all;
}

}  // namespace

const std::vector<Named>& character_kinds() {
  static const std::vector<Named> table = {
      {"upper", "A to Z"},
      {"lower", "a to z"},
      {"letters", "both"},
      {"vowels", "a, e, i, o, u, of either case"},
      {"digits", "0 to 9"},
      {"spaces", "blanks and line breaks"},
      {"punctuation", "other visible characters of ASCII"},
  };
  return table;
}

bool is_of_kind(const std::string& character, const std::string& kind) {
  if (!among(kind, names_of(character_kinds()))) return kind.find(character) != std::string::npos;
  if (character.size() != 1) return false;
  const char c = character[0];
  const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
  if (kind == "upper") return upper;
  if (kind == "lower") return lower;
  if (kind == "letters") return upper || lower;
  if (kind == "vowels") return std::string("aeiouAEIOU").find(c) != std::string::npos;
  if (kind == "digits") return digit;
  if (kind == "spaces") return c == ' ' || c == '\n' || c == '\t' || c == '\r';
  return c > ' ' && c < 0x7F && !upper && !lower && !digit;
}

ShareObjective::ShareObjective(const Tokenizer& tokenizer, const std::string& kind, double wanted,
                               double noise, std::string words)
    : wanted_(wanted), noise_(noise), words_(std::move(words)) {
  std::vector<double> members, characters;
  for (int64_t token = 0; token < tokenizer.size(); ++token) {
    const auto all = characters_of(token == tokenizer.end() ? "" : tokenizer.piece(token));
    characters.push_back(static_cast<double>(all.size()));
    members.push_back(static_cast<double>(std::count_if(
        all.begin(), all.end(), [&](const std::string& each) { return is_of_kind(each, kind); })));
  }
  members_ = at::tensor(members, torch::kFloat64), characters_ = at::tensor(characters, torch::kFloat64);
  STEER_CHECK((members_ > 0).any().item<bool>(), "[objective] share: expected characters of kind ", kind,
              " among the model's tokens but there is none");
}

ShareObjective::Moments ShareObjective::moments(const State& sample) const {
  const Tensor& token = sample.token;
  const bool relaxed = token.is_floating_point();
  const auto type = at::TensorOptions(token.device()).dtype(relaxed ? token.scalar_type() : torch::kFloat64);
  const Tensor members = members_.to(type), characters = characters_.to(type);
  const auto mean_of = [&](const Tensor& each) {  // [N, T]
    const Tensor mean = relaxed ? token.matmul(each) : each.index_select(0, token.flatten()).view_as(token);
    return sample.mask.defined() ? mean * sample.mask.to(token.device()) : mean;
  };
  const Tensor all = mean_of(characters).sum(1).clamp_min(1), mean = mean_of(members).sum(1) / all;
  if (!relaxed) return {mean, at::zeros_like(mean)};
  // Of a ratio to first order: the tokens' m - share c, whose variances add.
  const Tensor share = mean.detach().unsqueeze(1);
  const Tensor first = mean_of(members) - share * mean_of(characters);
  const Tensor second = mean_of(members.square()) - 2 * share * mean_of(members * characters) +
                        share.square() * mean_of(characters.square());
  return {mean, (second - first.square()).clamp_min(0).sum(1) / all.square()};
}

Tensor ShareObjective::share(const State& sample) const {
  return moments(sample).mean;
}

Tensor ShareObjective::score(const State& sample) const {
  const Moments found = moments(sample);
  const double known = noise_ * noise_;
  const Tensor variance = known + found.variance;
  const Tensor score = -(found.mean - wanted_).square() / (2 * variance) - 0.5 * (variance / known).log();
  return sample.token.is_floating_point() ? score : score.to(torch::kFloat32);
}

}  // namespace steer
