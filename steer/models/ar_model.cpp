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
#include "steer/models/token_guiding.h"
#include "steer/nn/vocabulary_loss.h"

namespace steer {
namespace {

constexpr uint64_t kArDraw = 0xA27E57;
constexpr int64_t kScoredAtOnce = 16;

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
  // Settings whose length is given.
  ArPlan(const ArModel& model, const ArSettings& settings, TokenGuiding guiding)
      : model_(model), settings_(settings), guiding_(std::move(guiding)) {
    check_length(model.settings().transformer, model.settings().text, settings_.length);
    guiding_.check_no_steps("a model from left to right");
  }

  Json settings() const override {
    Json all = options_json(settings_);
    all.update(guiding_.settings());
    return all;
  }
  std::string text() const override {
    return fmt::format("{} tokens one after another, temperature {:g}", settings_.length,
                       settings_.temperature) +
           guiding_.text();
  }
  int64_t evaluations() const override {
    return settings_.length * std::max<int64_t>(1, guiding_.rows_each());
  }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_beginning(request.begin, model_.space(), request.seeds.size(0));
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    const auto guide = guiding_.begin(request.seeds.cpu());
    Rows rows = rows_of(request, guide.get());
    const int64_t length = settings_.length, each = std::max<int64_t>(1, guiding_.rows_each());
    const Watch shown = of_first_rows(watch, each);
    const int64_t end = tokenizer_of(model_.settings().text).end();
    Samples samples;
    for (int64_t i = 0; i < length && !samples.stopped; ++i) {
      next(rows, i, guide.get());
      samples.evaluations += each;
      if (shown) samples.stopped = !shown(glimpse_of_texts(i, length, rows.made));
      if (end < 0) continue;
      rows.ended = rows.last.squeeze(1).cpu() == end;
      if (rows.known.defined() || !rows.ended.all().item<bool>()) continue;
      rows.made.narrow(1, i, length - i).fill_(end);
      break;
    }
    if (samples.stopped) return samples;
    samples.state.token = rows.made.cpu();
    if (guide) {
      guide->finish(samples.state.token);
      samples.state.token = samples.state.token.index_select(0, guide->contest().winners());
    }
    return samples;
  }

 private:
  // Texts on their way.
  struct Rows {
    Tensor seeds;  // int64 [B]
    State known;   // of the rows; may be undefined
    Tensor made;   // int64 [B, length]
    Tensor last;   // int64 [B, 1], the token made last
    Tensor ended;  // bool [B]
    KvCache cache;
  };

  Rows rows_of(const DrawRequest& request, const TokenGuide* guide) const {
    Rows rows;
    rows.seeds = request.seeds.cpu();
    rows.known = guiding_.known_for(request.begin, rows.seeds, true);
    if (guide) {
      const Contest& contest = guide->contest();
      rows.known.token = contest.spread(rows.known.token);
      rows.known.mask = contest.spread(rows.known.mask);
      rows.seeds = contest.row_seeds();
    }
    const auto type = at::TensorOptions(model_.device()).dtype(torch::kInt64);
    const int64_t count = rows.seeds.size(0);
    rows.last = at::full({count, 1}, model_.start(), type);
    rows.made = at::full({count, settings_.length}, model_.space().vocabulary, type);
    rows.ended = at::zeros({count}, at::kBool);
    return rows;
  }

  // The token at place i of every row.
  void next(Rows& rows, int64_t i, TokenGuide* guide) const {
    TokenContext context;
    context.sight = causal_sight();
    const Tensor features = model_.network()->features(rows.last, context, {}, &rows.cache, true);
    const Tensor p =
        sharpened(model_.network()->logits(features).log_softmax(-1).cpu(), settings_.temperature,
                  settings_.nucleus);  // [B, 1, V]
    const Tensor open = open_at(rows, i);
    const Tensor law = guide ? guide->bent(view_of(rows, i, open, p)) : p;
    const Tensor u = fine_uniform_rows(rows.seeds, derive_seed(kArDraw, static_cast<uint64_t>(i)), {1});
    Tensor drawn = drawn_from(law, u).squeeze(1);
    const int64_t end = tokenizer_of(model_.settings().text).end();
    if (end >= 0) drawn = at::where(rows.ended, end, drawn);
    drawn = with_known(rows.known, drawn, i);
    rows.last = drawn.to(model_.device()).unsqueeze(1);
    rows.made.select(1, i).copy_(rows.last.squeeze(1));
    if (guide) choose(rows, i, *guide, ratio_of(p, law, drawn, open));
  }

  // Whether a token is free to be drawn there, [B].
  static Tensor open_at(const Rows& rows, int64_t i) {
    const Tensor open = rows.ended.logical_not();
    if (!rows.known.defined()) return open;
    return open & rows.known.mask.select(1, i).logical_not();
  }

  // The place i with all before it.
  static TokenView view_of(const Rows& rows, int64_t i, const Tensor& unknown, const Tensor& p) {
    TokenView view;
    const Tensor made = rows.made.cpu();
    if (i > 0) view.before = made.narrow(1, 0, i);
    view.token = made.narrow(1, i, 1), view.unknown = unknown.unsqueeze(1), view.p = p;
    return view;
  }

  static Tensor ratio_of(const Tensor& p, const Tensor& law, const Tensor& drawn, const Tensor& open) {
    const Tensor index = drawn.view({-1, 1, 1});
    const Tensor each = (p.gather(2, index).log() - law.gather(2, index).log()).flatten();
    return at::where(open, each, at::zeros_like(each));
  }

  // Rows that go on, with all that is theirs.
  void choose(Rows& rows, int64_t i, TokenGuide& guide, const Tensor& ratio) const {
    const bool looks = guide.weighs() && i + 1 < settings_.length;
    if (!looks) return guide.pass(ratio);
    const Tensor kept = guide.chosen(view_of(rows, i, at::zeros_like(rows.ended), {}), ratio);
    if (!kept.defined()) return;
    const Tensor there = kept.to(model_.device());
    rows.made = rows.made.index_select(0, there), rows.last = rows.last.index_select(0, there);
    rows.ended = rows.ended.index_select(0, kept);
    rows.cache = rows.cache.rows(there);
  }

  static Tensor with_known(const State& known, const Tensor& drawn, int64_t i) {
    if (!known.defined()) return drawn;
    return at::where(known.mask.select(1, i), known.token.select(1, i), drawn);
  }

  const ArModel& model_;
  ArSettings settings_;
  TokenGuiding guiding_;
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

std::shared_ptr<Model::Lent> ArModel::lent_to(const std::string& family) const {
  if (family != "text_ddn" || options_.start >= 0) return nullptr;
  const Json all = options();
  return std::make_shared<Lent>(Lent{{{"transformer", all["transformer"]}, {"text", all["text"]}}, "trunk."});
}

Facts ArModel::facts() const {
  Facts facts;
  facts.figures = {{"layers", sight_layers(options_.transformer, causal_sight(), options_.text.length)},
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
  context.sight = causal_sight();
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
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
  context.sight = causal_sight();
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
  static const std::vector<Named> all = [] {
    std::vector<Named> list = named_options(ArSettings());
    list.insert(list.end(), token_guiding_settings().begin(), token_guiding_settings().end());
    return list;
  }();
  return all;
}

std::vector<std::string> ArModel::setting_names() const {
  return names_of(ar_settings());
}

std::unique_ptr<Plan> ArModel::plan(const Objective* objective, const Json& settings) const {
  check_settings(settings, setting_names(), family());
  ArSettings chosen = options_.sampler;
  Json words = settings;
  const Json own = taken_from(words);
  read_options(chosen, words, "settings");
  if (chosen.length == 0) chosen.length = options_.text.length;
  return std::make_unique<ArPlan>(*this, chosen,
                                  TokenGuiding(objective, own, space_, chosen.length, chosen.length));
}

}  // namespace steer
