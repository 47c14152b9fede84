#include "steer/models/ar_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/discrete/token_solver.h"
#include "steer/discrete/token_step.h"
#include "steer/models/facts.h"
#include "steer/nn/vocabulary_loss.h"

namespace steer {
namespace {

constexpr uint64_t kArDraw = 0xA27E57;
constexpr int64_t kScoredAtOnce = 16;

Sight causal() {
  Sight sight;
  sight.kind = "causal";
  return sight;
}

TransformerShape shape_of(const ArOptions& o) {
  const int64_t vocabulary = tokenizer_of(o.text).size();
  STEER_CHECK(o.start < vocabulary, "[options] ar.start: expected a token below ", vocabulary,
              ", or -1, but got ", o.start);
  TransformerShape shape;
  shape.options = o.transformer;
  shape.tokens = vocabulary + (o.start < 0 ? 1 : 0), shape.outputs = vocabulary,
  shape.context = o.text.length;
  return shape;
}

class ArPlan : public Plan {
 public:
  ArPlan(const ArModel& model, const ArSettings& settings, const Objective* objective)
      : model_(model), settings_(settings) {
    if (settings_.length == 0) settings_.length = model.settings().text.length;
    check_length(model.settings().transformer, model.settings().text, settings_.length);
    if (objective) known_ = known_by(*objective, settings_.length, model.family());
  }

  Json settings() const override { return options_json(settings_); }
  std::string text() const override {
    return fmt::format("{} tokens one after another, temperature {:g}", settings_.length,
                       settings_.temperature);
  }
  int64_t evaluations() const override { return settings_.length; }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_beginning(request.begin, model_.space(), request.seeds.size(0));
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    const State known = known_of(request);
    const int64_t rows = request.seeds.size(0), length = settings_.length,
                  vocabulary = model_.space().vocabulary;
    const auto type = at::TensorOptions(model_.device()).dtype(torch::kInt64);
    TokenContext context;
    context.sight = causal();
    KvCache cache;
    Tensor last = at::full({rows, 1}, model_.start(), type);
    const int64_t end = tokenizer_of(model_.settings().text).end();
    Tensor made = at::full({rows, length}, vocabulary, type);
    Tensor ended = at::zeros({rows}, at::kBool);
    Samples samples;
    for (int64_t i = 0; i < length && !samples.stopped; ++i) {
      const Tensor features = model_.network()->features(last, context, {}, &cache, true);
      const Tensor p = sharpened(model_.network()->logits(features).select(1, 0).log_softmax(-1).cpu(),
                                 settings_.temperature, settings_.nucleus);
      const Tensor u = fine_uniform_rows(request.seeds, derive_seed(kArDraw, static_cast<uint64_t>(i)), {1});
      Tensor drawn = drawn_from(p, u.squeeze(1));
      if (end >= 0) drawn = at::where(ended, end, drawn);
      drawn = with_known(known, drawn, i);
      last = drawn.to(model_.device()).unsqueeze(1);
      made.select(1, i).copy_(last.squeeze(1));
      ++samples.evaluations;
      if (watch) samples.stopped = !watch(glimpse_of(i, made));
      if (end < 0) continue;
      ended = drawn == end;
      if (known.defined() || !ended.all().item<bool>()) continue;
      made.narrow(1, i, length - i).fill_(end);
      break;
    }
    if (!samples.stopped) samples.state.token = made.cpu();
    return samples;
  }

 private:
  Glimpse glimpse_of(int64_t i, const Tensor& made) const {
    Glimpse glimpse;
    glimpse.index = i, glimpse.of = settings_.length;
    glimpse.sample = [made] {
      State state;
      state.token = made.cpu().clone();
      return state;
    };
    return glimpse;
  }

  // What the objective knows, and what stays of texts to begin from.
  State known_of(const DrawRequest& request) const {
    if (!request.begin.from.defined()) return known_;
    return known_of_both(known_, kept_of(request.begin, settings_.length, request.seeds, true));
  }

  static Tensor with_known(const State& known, const Tensor& drawn, int64_t i) {
    if (!known.defined()) return drawn;
    const Tensor token = per_sample(known.token.select(1, i), drawn.size(0), "[guide]");
    const Tensor there = per_sample(known.mask.select(1, i), drawn.size(0), "[guide]");
    return at::where(there, token, drawn);
  }

  const ArModel& model_;
  ArSettings settings_;
  State known_;
};

}  // namespace

Extent extent(const ArOptions& options) {
  return extent(shape_of(options));
}

ArModel::ArModel(const ArOptions& options)
    : options_(options), space_(space_of(options.text)), network_(shape_of(options)), freezer_(*network_) {
  check_options(options_, "ar");
}

int64_t ArModel::start() const {
  return options_.start >= 0 ? options_.start : space_.vocabulary;
}

Json ArModel::options() const {
  return options_json(options_);
}

Facts ArModel::facts() const {
  Facts facts;
  facts.figures = {{"layers", sight_layers(options_.transformer, causal(), options_.text.length)},
                   {"vocabulary", space_.vocabulary},
                   {"tokenizer", tokenizer_of(options_.text).type()}};
  facts.text =
      fmt::format("left to right, {} tokens of {}", options_.text.length, tokenizer_of(options_.text).type());
  facts.legend = "sees: the tokens that a layer takes into account for one token";
  return facts;
}

Tensor ArModel::shifted(const Tensor& token) const {
  const Tensor first = at::full({token.size(0), 1}, start(), token.options());
  return at::cat({first, token.narrow(1, 0, token.size(1) - 1)}, 1);
}

LossReport ArModel::loss(const Batch& batch, uint64_t seed) {
  const Tensor token = batch.data.token.to(device());
  TokenContext context;
  context.sight = causal();
  const Forwarding how{derive_seed(seed, 2), {}};
  const Tensor features = network_->features(shifted(token), context, how);
  Tensor weight = at::ones(token.sizes(), features.options().dtype(torch::kFloat32));
  if (batch.data.mask.defined()) weight = weight * batch.data.mask.to(device());
  weight = weight / weight.sum().clamp_min(1);
  const VocabularyLoss loss =
      vocabulary_loss({features.flatten(0, 1), token.flatten(), weight.flatten()}, network_->last_weight(),
                      network_->last_bias(), network_->compute_type(how));
  return {loss.sum, {{"nats", loss.sum.detach()}}};
}

Tensor ArModel::nats(const State& texts, uint64_t) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  check_tokens(texts.token, space_.vocabulary, "[likelihood]");
  TokenContext context;
  context.sight = causal();
  std::vector<Tensor> all;
  for (int64_t at = 0; at < texts.size(); at += kScoredAtOnce) {
    const State some = texts.narrow(at, std::min(kScoredAtOnce, texts.size() - at)).to(device());
    const Tensor features = network_->features(shifted(some.token), context);
    const Tensor each =
        vocabulary_loss({features.flatten(0, 1), some.token.flatten(),
                         at::ones({some.token.numel()}, features.options())},
                        network_->last_weight(), network_->last_bias(), network_->compute_type({}))
            .each.view(some.token.sizes())
            .to(torch::kFloat64);
    all.push_back((some.mask.defined() ? each * some.mask : each).sum(1).cpu());
  }
  return at::cat(all);
}

const std::vector<Named>& ar_settings() {
  static const std::vector<Named> all = named_options(ArSettings());
  return all;
}

std::vector<std::string> ArModel::setting_names() const {
  return names_of(ar_settings());
}

std::unique_ptr<Plan> ArModel::plan(const Objective* objective, const Json& settings) const {
  check_settings(settings, setting_names(), family());
  ArSettings chosen = options_.sampler;
  if (!settings.is_null()) read_options(chosen, settings, "settings");
  return std::make_unique<ArPlan>(*this, chosen, objective);
}

}  // namespace steer
