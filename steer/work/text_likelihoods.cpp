#include "steer/work/text_likelihoods.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/text/text_picture.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

int64_t characters_of(const std::vector<std::string>& texts) {
  int64_t count = 0;
  for (const std::string& text : texts) count += characters_in(text);
  return count;
}

int64_t tokens_of(const State& texts) {
  return texts.mask.defined() ? texts.mask.sum().item<int64_t>() : texts.token.numel();
}

double deviation_of_mean(const Tensor& values) {
  const int64_t count = values.numel();
  return count > 1 ? values.std().item<double>() / std::sqrt(static_cast<double>(count)) : NAN;
}

}  // namespace

const TextScores* text_scores(const Model& model) {
  return dynamic_cast<const TextScores*>(&model);
}

TextLikelihood text_likelihood(const Model& model, const State& texts, const TextLikelihoodOptions& options,
                               const WorkWatch& watch) {
  const TextScores* scores = text_scores(model);
  STEER_CHECK(scores, "[likelihood] expected a model of text but got a ", model.family());
  STEER_CHECK(texts.size() > 0 && options.batch > 0 && options.draws > 0,
              "[likelihood] expected at least one text, batches of one and one draw");
  TextLikelihood found;
  found.exact = scores->exact() || options.all_codes, found.texts = texts.size(),
  found.tokens = tokens_of(texts);
  found.characters = characters_of(plain_texts(model.space(), texts));
  const bool noisy = scores->draws() && !options.all_codes;
  const int64_t draws = noisy ? options.draws : 1;
  std::vector<Tensor> of_draws;
  for (int64_t draw = 0; draw < draws; ++draw) {
    std::vector<Tensor> nats;
    for (int64_t at = 0; at < found.texts; at += options.batch) {
      const int64_t rows = std::min(options.batch, found.texts - at);
      const State some = texts.narrow(at, rows);
      nats.push_back(options.all_codes
                         ? scores->summed_nats(some)
                         : scores->nats(some, derive_seed(options.seed, static_cast<uint64_t>(draw),
                                                          static_cast<uint64_t>(at))));
      STEER_CHECK(nats.back().defined(),
                  "[likelihood] --all-codes: expected a text_ddn of at most 65536 codes of "
                  "a block but got a ",
                  model.family());
      const double share =
          (static_cast<double>(draw) + static_cast<double>(at + rows) / static_cast<double>(found.texts)) /
          static_cast<double>(draws);
      STEER_CHECK(tell(watch, {"likelihood", share, "", nullptr}) || share == 1, "[likelihood] interrupted");
    }
    of_draws.push_back(at::cat(nats));
  }
  const Tensor all = at::stack(of_draws);  // [draws, N]
  const double bits = 1 / (std::log(2.0) * static_cast<double>(found.characters));
  found.nats = all.mean(0);
  found.bits = found.nats.sum().item<double>() * bits;
  found.standard_error = !noisy ? deviation_of_mean(found.nats) * static_cast<double>(found.texts) * bits
                                : deviation_of_mean(all.sum(1)) * bits;
  found.figures = {
      {"texts", found.texts},
      {"characters", found.characters},
      {"tokens", found.tokens},
      {"exact", found.exact},
      {"bits_per_character", found.bits},
      {"perplexity", std::exp(found.nats.sum().item<double>() / static_cast<double>(found.tokens))},
      {"draws", draws}};
  if (std::isfinite(found.standard_error)) found.figures["standard_error"] = found.standard_error;
  return found;
}

std::string text_of(const TextLikelihood& found) {
  const std::string error =
      std::isfinite(found.standard_error) ? fmt::format(" +- {:.4f}", found.standard_error) : "";
  return fmt::format("{} texts, {} characters: {}{:.4f}{} bits a character, perplexity of a token {:.4f}{}\n",
                     found.texts, found.characters, found.exact ? "" : "at most ", found.bits, error,
                     found.figures["perplexity"].get<double>(),
                     found.exact || found.figures["draws"] == 1
                         ? ""
                         : fmt::format("; {} draws of the noise", found.figures["draws"].get<int64_t>()));
}

}  // namespace steer
