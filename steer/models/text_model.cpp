#include "steer/models/text_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/discrete/token_loss.h"
#include "steer/models/facts.h"
#include "steer/nn/vocabulary_loss.h"

namespace steer {
namespace {

constexpr uint64_t kTimes = 0x7e7, kSearch = 0x7e9,
                   kChanges = 0x7e8;  // streams of a batch's and a row's noise
constexpr int64_t kBoundedAtOnce = 16;
constexpr double kLeastRate = 1e-9;

TextOptions completed_text(TextOptions o) {
  check_options(o, "text");
  const bool masks = o.process.type == "absorbing";
  if (o.loss.empty()) o.loss = masks ? "masked" : "uniform";
  STEER_CHECK(among(o.loss, names_of(text_losses())), "[options] text.loss: unknown ", o.loss,
              did_you_mean(o.loss, names_of(text_losses())));
  STEER_CHECK(masks || (o.loss != "masked" && o.block == 0 && o.rate_from == 0 && o.rate_to == 1 &&
                        o.rate_search == 0),
              "[options] text: expected an absorbing process for loss=masked, blocks and clipped rates");
  STEER_CHECK(!masks || o.loss != "uniform", "[options] text.loss: expected a uniform process for uniform");
  STEER_CHECK(o.rate_from < o.rate_to, "[options] text.rate_from: expected less than rate_to, ", o.rate_to,
              ", but got ", o.rate_from);
  STEER_CHECK(o.block == 0 || o.text.length % o.block == 0,
              "[options] text.block: expected a divisor of the length, ", o.text.length, ", but got ",
              o.block);
  if (!masks) o.timeless = false;
  // Each block has a noise of its own, and a row is told one.
  STEER_CHECK(o.block == 0 || o.timeless, "[options] text.timeless: expected true for a model of blocks");
  return o;
}

TransformerShape text_shape(const TextOptions& o) {
  const int64_t vocabulary = tokenizer_of(o.text).size();
  const TokenProcess process(o.process, vocabulary);
  TransformerShape shape;
  shape.options = o.transformer;
  shape.tokens = process.states(), shape.outputs = vocabulary, shape.context = o.text.length;
  shape.told_noise = !o.timeless || !process.absorbing();
  shape.num_class_embeds = o.classes > 0 ? o.classes + (o.label_dropout > 0 ? 1 : 0) : 0;
  return shape;
}

// Each number `length / count` times: of blocks [B, count] for their tokens [B, length].
Tensor of_tokens(const Tensor& of_blocks, int64_t length) {
  return of_blocks.repeat_interleave(length / of_blocks.size(1), 1);
}

// B numbers in (0, 1], one in each of B equal parts, in the order of the rows shuffled by blocks: [B,
// blocks].
Tensor even_times(int64_t rows, int64_t blocks, uint64_t seed) {
  Random random(seed);
  const double first = random.uniform();
  const auto all = static_cast<double>(rows * blocks);
  Tensor times = (at::arange(rows * blocks, torch::kFloat64) + first) / all;
  const Tensor order = at::tensor(permutation(rows * blocks, derive_seed(seed, 1)), torch::kInt64);
  return (1 - times.index_select(0, order)).view({rows, blocks});
}

// Places out of `all`, followed by the first place of all until there are as many as a few counts allow: the
// kernels of matrix products are made and kept for every count anew.
Tensor filled_up(const Tensor& places, int64_t all) {
  constexpr int64_t kCounts = 16;
  const int64_t step = (all + kCounts - 1) / kCounts, count = places.size(0);
  const int64_t more = std::min(all, (count + step - 1) / step * step) - count;
  return more > 0 ? at::cat({places, at::zeros({more}, places.options())}) : places;
}

}  // namespace

const std::vector<Named>& text_losses() {
  static const std::vector<Named> table = {
      {"masked", "of masks: weighted cross-entropy of what is masked (MDLM, with blocks BD3-LM)"},
      {"score_entropy", "the network's scores as ratios of marginals, not made to sum to 1 (SEDD)"},
      {"uniform", "of uniform noise: its bound (UDLM)"},
      {"flow", "discrete flow matching's generalised KL"},
  };
  return table;
}

const std::vector<RateRange>& rate_ranges() {
  static const std::vector<RateRange> ranges = {{0, 1},     {0, 0.5},   {0.15, 0.65}, {0.25, 0.75},
                                                {0.3, 0.8}, {0.4, 0.9}, {0.45, 0.95}, {0.5, 1}};
  return ranges;
}

// What a noised batch is: all tensors on the network's device.
struct TextModel::Noised {
  Tensor clean, token;  // int64 [B, T]
  Tensor present;       // bool [B, T]; undefined: every token
  Tensor t;             // float64 [B, blocks]

  int64_t block() const { return token.size(1) / t.size(1); }
  // As rows of one time each, for a process.
  NoisedTokens rows() const { return {clean.view({-1, block()}), token.view({-1, block()}), t.flatten()}; }
};

Extent extent(const TextOptions& options) {
  return extent(text_shape(completed_text(options)));
}

TextModel::TextModel(const TextOptions& options)
    : options_(completed_text(options)),
      space_(space_of(options_.text)),
      process_(options_.process, space_.vocabulary),
      network_(text_shape(options_)),
      freezer_(*network_),
      rates_{options_.rate_from, options_.rate_to} {
  plan(nullptr, Json::object());
}

Json TextModel::options() const {
  return options_json(options_);
}

Needs TextModel::needs() const {
  return {options_.classes, false, options_.classes > 0 && options_.label_dropout > 0};
}

Sight TextModel::sight() const {
  Sight sight;
  if (options_.block > 0) sight.kind = "blocks", sight.block = options_.block;
  return sight;
}

bool TextModel::told_noise() const {
  return network_->shape.told_noise;
}

Facts TextModel::facts() const {
  Facts facts;
  const std::string tokens = tokenizer_of(options_.text).type();
  facts.figures = {{"layers", sight_layers(options_.transformer, sight(), options_.text.length)},
                   {"process", options_.process.type},
                   {"schedule", options_.process.schedule},
                   {"loss", options_.loss},
                   {"vocabulary", space_.vocabulary},
                   {"tokenizer", tokens}};
  facts.text = fmt::format("{} process, {} loss, {} tokens of {}{}", options_.process.type, options_.loss,
                           options_.text.length, tokens,
                           options_.block > 0 ? fmt::format(" in blocks of {}", options_.block) : "");
  facts.legend = "sees: the tokens that a layer takes into account for one token";
  return facts;
}

TextModel::Noised TextModel::noised(const State& texts, const Tensor& t, const Tensor& seeds) const {
  Noised made;
  made.clean = texts.token.to(device());
  if (texts.mask.defined()) made.present = texts.mask.to(device());
  made.t = t.to(device());
  const int64_t rows = made.clean.size(0), length = made.clean.size(1), block = length / t.size(1);
  const Tensor u = fine_uniform_rows(seeds.to(device()), kChanges, {length, 2});
  made.token = process_.noised(made.clean.view({-1, block}), made.t.flatten(), u.view({-1, block, 2}))
                   .view({rows, length});
  return made;
}

Tensor TextModel::features(const Noised& noised, const Tensor& label, const Forwarding& how) const {
  TokenContext context;
  context.sight = sight();
  context.sight.present = noised.present;
  context.class_labels = label;
  if (told_noise()) context.noise = noise_label(process_, noised.t.squeeze(1));
  if (options_.block == 0) return network_->features(noised.token, context, how);
  context.sight.doubled = true;
  if (noised.present.defined()) context.sight.present = at::cat({noised.present, noised.present}, 1);
  return network_->features(at::cat({noised.token, noised.clean}, 1), context, how)
      .narrow(1, 0, noised.token.size(1));
}

Tensor TextModel::token_loss(const Noised& noised, const Tensor& logits) const {
  const NoisedTokens rows = noised.rows();
  const Tensor said = logits.view({-1, noised.block(), space_.vocabulary});
  Tensor loss;
  if (options_.loss == "score_entropy" && process_.absorbing()) {
    const Tensor alpha = process_.alpha(rows.t).view({-1, 1, 1}).to(said.options());
    const Tensor ratio =
        at::pad(said.exp() * (alpha / (1 - alpha) / static_cast<double>(space_.vocabulary)), {0, 1});
    loss = steer::score_entropy(process_, ratio, rows);
  } else {
    const Tensor log_p = said.log_softmax(-1);
    loss = options_.loss == "flow" ? flow_loss(process_, log_p, rows)
           : process_.absorbing()  ? masked_loss(process_, log_p, rows)
           : options_.loss == "score_entropy"
               ? steer::score_entropy(process_, ratios_of(process_, log_p, rows.token, rows.t), rows)
               : uniform_loss(process_, log_p, rows);
  }
  loss = loss.view(noised.token.sizes());
  return noised.present.defined() ? at::where(noised.present, loss, at::zeros_like(loss)) : loss;
}

Tensor TextModel::masked_sum(const Noised& noised, const Tensor& features, const Tensor& weight,
                             const Forwarding& how, Tensor* each) const {
  Tensor hidden = noised.token == process_.mask();
  if (noised.present.defined()) hidden = hidden & noised.present;
  const Tensor all = weight * hidden;
  VocabularyRows rows = {features.flatten(0, 1), noised.clean.flatten(), all.flatten()};
  // Where looking costs nothing, only masked tokens go through the last layer.
  Tensor chosen;
  if (features.device().is_cpu()) {
    chosen = at::nonzero(hidden.flatten()).squeeze(1);
    const Tensor all_chosen = filled_up(chosen, hidden.numel());
    rows = {rows.features.index_select(0, all_chosen), rows.target.index_select(0, all_chosen),
            rows.weight.index_select(0, all_chosen)};
    rows.weight.narrow(0, chosen.size(0), all_chosen.size(0) - chosen.size(0)).zero_();
  }
  const VocabularyLoss loss =
      vocabulary_loss(rows, network_->last_weight(), network_->last_bias(), network_->compute_type(how));
  if (each) {
    Tensor weighted = loss.each * rows.weight;
    if (chosen.defined()) weighted = weighted.narrow(0, 0, chosen.size(0));
    *each = chosen.defined() ? at::zeros({noised.token.numel()}, weighted.options())
                                   .index_copy(0, chosen, weighted)
                                   .view(all.sizes())
                             : weighted.view(all.sizes());
  }
  return loss.sum;
}

LossReport TextModel::loss(const Batch& batch, uint64_t seed) {
  const int64_t B = batch.data.size(), T = batch.data.token.size(1);
  STEER_CHECK(options_.block == 0 || T % options_.block == 0, "[text] expected texts of whole blocks of ",
              options_.block, " but got ", T, " tokens");
  const int64_t blocks = options_.block > 0 ? T / options_.block : 1;
  const Tensor seeds = row_seeds(batch.share, derive_seed(seed, 1), B, device());
  const Tensor even = even_times(B * batch.share.of, blocks, derive_seed(seed, kTimes));
  Tensor t = options_.least_time + (1 - options_.least_time) * own_rows(batch.share, even);
  if (options_.rate_search > 0) last_ = batch.data, last_seed_ = seed;
  if (rates_.from > 0 || rates_.to < 1) {
    const Tensor rate = rates_.from + (rates_.to - rates_.from) * t;
    t = process_.time_of(1 - rate.clamp_max(1 - 1e-9)).clamp(options_.least_time, 1);
  }
  const Noised some = noised(batch.data, t, seeds);
  Tensor label;
  if (options_.classes > 0)
    label =
        with_class_dropout(batch.told.label.to(device()), options_.label_dropout, options_.classes, seeds);
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
  const Tensor made = features(some, label, how);
  const double tokens = some.present.defined() ? 0 : static_cast<double>(B * T);
  const auto per_token = [&](const Tensor& sum) {
    return some.present.defined() ? sum / some.present.sum() : sum / tokens;
  };
  if (options_.loss != "masked") {
    const Tensor loss = per_token(token_loss(some, network_->logits(made, how)).sum());
    return {loss, {{"nats", loss.detach()}}};
  }
  const Tensor weight =
      of_tokens((process_.fall(some.t) / (1 - process_.alpha(some.t))).to(torch::kFloat32), T);
  const Tensor loss = per_token(masked_sum(some, made, weight, how, nullptr));
  return {loss, {{"nats", loss.detach()}}};
}

Figures TextModel::after_step(int64_t step, const Adam*, const Ema*) {
  if (options_.rate_search == 0) return {};
  if (step % options_.rate_search == 0) rates_ = steadiest(last_, last_seed_);
  return {{"rate_from", at::scalar_tensor(rates_.from)}, {"rate_to", at::scalar_tensor(rates_.to)}};
}

RateRange TextModel::steadiest(const State& texts, uint64_t seed) const {
  constexpr int64_t kDraws = 4;
  const torch::NoGradGuard no_grad;
  const int64_t T = texts.token.size(1), blocks = options_.block > 0 ? T / options_.block : 1;
  RateRange best;
  double least = std::numeric_limits<double>::infinity();
  for (const RateRange& range : rate_ranges()) {
    std::vector<Tensor> bounds;
    for (int64_t draw = 0; draw < kDraws; ++draw) {
      const uint64_t of_draw = derive_seed(seed, kSearch, static_cast<uint64_t>(draw));
      const Tensor u = range.from + (range.to - range.from) * even_times(texts.size(), blocks, of_draw);
      bounds.push_back(bound_of(texts, u, sample_seeds(of_draw, texts.size())));
    }
    const double variance = at::cat(bounds).var(/*unbiased=*/false).item<double>();
    if (variance < least) least = variance, best = range;
  }
  return best;
}

std::map<std::string, Tensor> TextModel::training_state() {
  if (options_.rate_search == 0) return {};
  return {{"rates", at::tensor({rates_.from, rates_.to}, torch::kFloat64)}};
}

void TextModel::load_training_state(const std::map<std::string, Tensor>& state) {
  const auto found = state.find("rates");
  if (options_.rate_search == 0 || found == state.end()) return;
  const Tensor rates = found->second.to(torch::kFloat64).cpu();
  STEER_CHECK(rates.sizes() == at::IntArrayRef({2}), "[resume] rates: expected shape [2] but got ",
              shape_text(rates.sizes()));
  const RateRange range{rates[0].item<double>(), rates[1].item<double>()};
  STEER_CHECK(range.from >= 0 && range.from < range.to && range.to <= 1,
              "[resume] rates: expected two shares, the first below the second, but got ", range.from,
              " and ", range.to);
  rates_ = range;
}

Tensor TextModel::nats(const State& texts, uint64_t seed) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  check_tokens(texts.token, space_.vocabulary, "[likelihood]");
  STEER_CHECK(options_.classes == 0, "[likelihood] expected a model without classes");
  const int64_t T = texts.token.size(1), blocks = options_.block > 0 ? T / options_.block : 1;
  STEER_CHECK(options_.block == 0 || T % options_.block == 0,
              "[likelihood] expected texts of whole blocks of ", options_.block, " but got ", T, " tokens");
  const Tensor u = even_times(texts.size(), blocks, derive_seed(seed, kTimes));
  const Tensor seeds = sample_seeds(derive_seed(seed, 1), texts.size());
  std::vector<Tensor> all;
  for (int64_t at = 0; at < texts.size(); at += kBoundedAtOnce) {
    const int64_t rows = std::min(kBoundedAtOnce, texts.size() - at);
    all.push_back(bound_of(texts.narrow(at, rows), u.narrow(0, at, rows), seeds.narrow(0, at, rows)));
  }
  return at::cat(all);
}

Tensor TextModel::bound_of(const State& texts, const Tensor& u, const Tensor& seeds) const {
  // In 1 - alpha, from 0 to 1, the integral is the same for all schedules and ends in pure noise.
  const Tensor rate = u.clamp(kLeastRate, 1 - kLeastRate);
  const Noised some = noised(texts, process_.time_of(1 - rate), seeds);
  const Tensor made = features(some, {}, {});
  Tensor each;
  if (options_.loss == "masked") {
    masked_sum(some, made, of_tokens((1 / rate).to(torch::kFloat32).to(device()), some.token.size(1)), {},
               &each);
  } else {
    each = token_loss(some, network_->logits(made)).to(torch::kFloat64) /
           of_tokens(process_.fall(some.t), some.token.size(1));
  }
  return each.to(torch::kFloat64).sum(1).cpu();
}

TokenDenoiser TextModel::denoiser(const Tensor& label, KvCache* before) const {
  return [this, label, before](const Tensor& token, const Tensor& t) {
    TokenContext context;
    context.sight = sight();
    context.class_labels = label;
    if (told_noise()) context.noise = noise_label(process_, t).to(device());
    const Tensor features = network_->features(token.to(device()), context, {}, before);
    return network_->logits(features).log_softmax(-1).cpu();
  };
}

}  // namespace steer
