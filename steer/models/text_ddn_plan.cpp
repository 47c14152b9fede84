// How text is drawn from a Discrete Distribution Network: by its own prior, or chosen by an objective.
#include <fmt/format.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/ddn/token_choosers.h"
#include "steer/discrete/token_solver.h"
#include "steer/discrete/token_step.h"
#include "steer/models/text_ddn_model.h"
#include "steer/models/token_guiding.h"

namespace steer {
namespace {

constexpr uint64_t kDdnTokens = 0xDD17E5, kDdnCodes = 0xDD1C0D;

// What must not be looked at twice.
Tensor never_again(const Tensor& logits, const Tensor& index) {
  return logits.scatter(1, index, -std::numeric_limits<double>::infinity());
}

class TextDdnPlan : public Plan {
 public:
  // Settings whose length is given.
  TextDdnPlan(const TextDdnModel& model, const TextDdnSettings& settings, TokenGuiding guiding)
      : model_(model), settings_(settings), guiding_(std::move(guiding)) {
    check_length(model.settings().transformer, model.settings().text, settings_.length);
    guiding_.check_no_steps("a DDN");
    STEER_CHECK(settings_.length % block() == 0, "[sample] length: expected whole blocks of ", block(),
                " tokens but got ", settings_.length);
  }

  Json settings() const override {
    Json all = options_json(settings_);
    all.update(guiding_.settings());
    return all;
  }

  std::string text() const override {
    std::string text = fmt::format("{} tokens, {} at once, temperature {:g}", settings_.length, block(),
                                   settings_.temperature);
    if (settings_.code_temperature != 1)
      text += fmt::format(", of the code {:g}", settings_.code_temperature);
    return text + guiding_.text();
  }

  int64_t evaluations() const override {
    return settings_.length / block() * std::max<int64_t>(1, guiding_.rows_each());
  }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_beginning(request.begin, model_.space(), request.seeds.size(0));
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    const auto guide = guiding_.begin(request.seeds.cpu());
    Rows rows = rows_of(request, guide.get());
    const int64_t each = std::max<int64_t>(1, guiding_.rows_each()), blocks = settings_.length / block();
    const Watch shown = of_first_rows(watch, each);
    const int64_t end = tokenizer_of(model_.settings().text).end();
    Samples samples;
    for (int64_t b = 0; b < blocks && !samples.stopped; ++b) {
      next(rows, b, guide.get());
      samples.evaluations += each;
      if (shown) samples.stopped = !shown(glimpse_of_texts(b, blocks, rows.made));
      if (end >= 0) keep_ended(rows, b, end);
    }
    if (samples.stopped) return samples;
    samples.state.token = rows.made, samples.code = rows.code;
    if (guide) {
      guide->finish(rows.made);
      const Tensor winners = guide->contest().winners();
      samples.state.token = rows.made.index_select(0, winners);
      samples.code = rows.code.index_select(0, winners);
    }
    // Codes of other lengths belong to no file of codes.
    if (settings_.length != model_.settings().text.length) samples.code = Tensor();
    return samples;
  }

 private:
  // Texts on their way, on the host but for what the network keeps.
  struct Rows {
    Tensor seeds;  // int64 [R]
    State known;   // of the rows; may be undefined
    Tensor made;   // int64 [R, length]
    Tensor code;   // int64 [R, layers so far]; undefined: none
    Tensor last;   // int64 [R, B], the block made last
    Tensor ended;  // bool [R]
    KvCache before;
  };

  // One block on its way.
  struct Turn {
    int64_t from;  // its first token's place
    Tensor token;  // int64 [R, B], where known
    Tensor open;   // bool [R, B], not known
    Tensor seeds;  // int64 [R], of the block
    Tensor ratio;  // float64 [R], ln of what the model would have drawn by what was
  };

  int64_t block() const { return model_.settings().block; }

  Rows rows_of(const DrawRequest& request, const TokenGuide* guide) const {
    Rows rows;
    rows.seeds = request.seeds.cpu();
    rows.known = guiding_.known_for(request.begin, rows.seeds, true);
    if (guide) {
      rows.known.token = guide->contest().spread(rows.known.token);
      rows.known.mask = guide->contest().spread(rows.known.mask);
      rows.seeds = guide->contest().row_seeds();
    }
    const int64_t count = rows.seeds.size(0);
    rows.last = at::full({count, 1}, model_.start(), torch::kInt64);
    rows.made = at::full({count, settings_.length}, model_.space().vocabulary, torch::kInt64);
    rows.ended = at::zeros({count}, torch::kBool);
    return rows;
  }

  Turn turn_of(const Rows& rows, int64_t b) const {
    Turn turn;
    turn.from = b * block();
    const int64_t count = rows.seeds.size(0);
    turn.token = at::zeros({count, block()}, torch::kInt64);
    turn.open = at::ones({count, block()}, torch::kBool);
    if (rows.known.defined()) {
      turn.open = rows.known.mask.narrow(1, turn.from, block()).logical_not();
      turn.token = rows.known.token.narrow(1, turn.from, block()).masked_fill(turn.open, 0);
    }
    const int64_t end = tokenizer_of(model_.settings().text).end();
    const Tensor behind = turn.open & rows.ended.unsqueeze(1);
    if (end >= 0)
      turn.token = turn.token.masked_fill(behind, end), turn.open = turn.open & behind.logical_not();
    turn.seeds = seeds_of_block(rows.seeds, kDdnCodes, b);
    turn.ratio = at::zeros({count}, torch::kFloat64);
    return turn;
  }

  TokenView view_of(const Rows& rows, const Turn& turn, const Tensor& p) const {
    TokenView view;
    if (turn.from > 0) view.before = rows.made.narrow(1, 0, turn.from);
    view.token = turn.token, view.unknown = turn.open, view.p = p;
    return view;
  }

  // The block b of every row.
  void next(Rows& rows, int64_t b, TokenGuide* guide) const {
    Turn turn = turn_of(rows, b);
    const Tensor context = model_.context_after(rows.last, rows.before);
    const BlocksMade made = model_.head()->run(context, chooser(rows, turn, guide));
    const Tensor code = made.code.cpu();
    rows.code = rows.code.defined() ? at::cat({rows.code, code}, 1) : code;
    const Tensor p =
        sharpened(made.logits.back().log_softmax(-1).cpu(), settings_.temperature, settings_.nucleus);
    guide && guide->bends() ? draw_one_by_one(rows, turn, p, *guide) : draw_at_once(turn, p);
    if (guide && !guide->bends()) guide->bent(view_of(rows, turn, p));  // which learns of it
    rows.last = turn.token;
    rows.made.narrow(1, turn.from, block()).copy_(turn.token);
    if (guide) choose(rows, turn, *guide);
  }

  Tensor uniform(const Turn& turn) const { return fine_uniform_rows(turn.seeds, kDdnTokens, {block()}); }

  void draw_at_once(Turn& turn, const Tensor& p) const {
    turn.token = at::where(turn.open, drawn_from(p, uniform(turn)), turn.token);
    turn.open = at::zeros_like(turn.open);
  }

  // Bent predictions foresee one token each, so that the next one is bent knowing it.
  void draw_one_by_one(const Rows& rows, Turn& turn, const Tensor& p, TokenGuide& guide) const {
    const Tensor u = uniform(turn);
    for (int64_t j = 0; j < block(); ++j) {
      const Tensor open = turn.open.select(1, j);
      if (!open.any().item<bool>()) continue;
      const Tensor law = guide.bent(view_of(rows, turn, p)).select(1, j);
      const Tensor drawn = drawn_from(law, u.select(1, j)), index = drawn.unsqueeze(1);
      const Tensor ratio = (p.select(1, j).gather(1, index).log() - law.gather(1, index).log()).squeeze(1);
      turn.ratio = turn.ratio + at::where(open, ratio, at::zeros_like(ratio));
      turn.token = turn.token.clone(), turn.open = turn.open.clone();
      turn.token.select(1, j).copy_(at::where(open, drawn, turn.token.select(1, j)));
      turn.open.select(1, j).fill_(false);
    }
  }

  // By the prior, what is known, and what the objective would say of each candidate.
  Chooser chooser(const Rows& rows, Turn& turn, const TokenGuide* guide) const {
    return [this, &rows, &turn, guide](const Candidates& candidates, int64_t layer) -> Choice {
      const double heat = settings_.code_temperature;
      const Tensor said = candidates.log_prior().cpu().to(torch::kFloat64);
      Tensor base = heat > 0 ? said / heat : said;
      if (rows.known.defined())
        base = base -
               candidates.nats_of(turn.token.to(model_.device()), turn.open.logical_not().to(model_.device()))
                   .cpu()
                   .to(torch::kFloat64);
      base = base.log_softmax(1);
      Tensor law = base;
      if (guide && guide->bends()) law = (base + gains(rows, turn, *guide, candidates, base)).log_softmax(1);
      const Tensor index = heat > 0 ? index_drawn(law, turn.seeds, layer) : law.argmax(1);
      const Tensor at = index.unsqueeze(1);
      const Tensor ratio = (base.gather(1, at) - law.gather(1, at)).squeeze(1);
      turn.ratio = turn.ratio + ratio.masked_fill(rows.ended, 0);
      return {index.to(model_.device()), {}, {}};
    };
  }

  // What the objective adds to each candidate's logit, [R, K]: by itself where it is among the likeliest,
  // else by the mean of the others.
  Tensor gains(const Rows& rows, const Turn& turn, const TokenGuide& guide, const Candidates& candidates,
               const Tensor& base) const {
    const int64_t R = base.size(0), K = base.size(1);
    const int64_t few = settings_.shortlist > 0 && settings_.shortlist < K ? settings_.shortlist : K;
    const Tensor listed = std::get<1>(base.topk(few, 1));  // [R, few]
    const Tensor maps =
        candidates.images().squeeze(3).transpose(2, 3).cpu().to(torch::kFloat64).softmax(-1);  // [R, K, B, V]
    const auto wide = [&](const Tensor& index) {
      return index.unsqueeze(2).unsqueeze(3).expand({-1, -1, maps.size(2), maps.size(3)});
    };
    Tensor seen = maps.gather(1, wide(listed));
    if (few < K) {
      const Tensor others = never_again(base, listed).softmax(1);
      seen = at::cat({seen, (others.view({R, K, 1, 1}) * maps).sum(1, true)}, 1);
    }
    const int64_t each = seen.size(1);
    const auto repeated = [&](const Tensor& x) { return x.defined() ? x.repeat_interleave(each, 0) : x; };
    TokenView view = view_of(rows, turn, seen.flatten(0, 1));
    view.before = repeated(view.before), view.token = repeated(view.token),
    view.unknown = repeated(view.unknown);
    const Tensor worth = guide.worth(view, each);  // [R, each]
    if (few == K) return at::zeros_like(base).scatter(1, listed, worth);
    return worth.narrow(1, few, 1).expand({R, K}).scatter(1, listed, worth.narrow(1, 0, few));
  }

  // Rows that go on, with all that is theirs.
  void choose(Rows& rows, const Turn& turn, TokenGuide& guide) const {
    const bool looks = guide.weighs() && turn.from + block() < settings_.length;
    if (!looks) return guide.pass(turn.ratio);
    const Tensor kept = guide.chosen(view_of(rows, turn, {}), turn.ratio);
    if (!kept.defined()) return;
    for (Tensor* each : {&rows.made, &rows.last, &rows.code, &rows.ended})
      *each = each->index_select(0, kept);
    rows.before = rows.before.rows(kept.to(model_.device()));
  }

  // What stands behind the end of a text is the end again.
  void keep_ended(Rows& rows, int64_t b, int64_t end) const {
    const Tensor here = rows.made.narrow(1, b * block(), block());
    const Tensor behind =
        ((here == end).cumsum(1) - (here == end).to(torch::kInt64) > 0) | rows.ended.unsqueeze(1);
    here.masked_fill_(behind, end);
    rows.ended = rows.ended | (here == end).any(1);
    rows.last = here.clone();
  }

  const TextDdnModel& model_;
  TextDdnSettings settings_;
  TokenGuiding guiding_;
};

}  // namespace

const std::vector<Named>& text_ddn_settings() {
  static const std::vector<Named> all = [] {
    std::vector<Named> list = named_options(TextDdnSettings());
    list.insert(list.end(), token_guiding_settings().begin(), token_guiding_settings().end());
    return list;
  }();
  return all;
}

std::vector<std::string> TextDdnModel::setting_names() const {
  return names_of(text_ddn_settings());
}

std::unique_ptr<Plan> TextDdnModel::plan(const Objective* objective, const Json& settings) const {
  check_settings(settings, setting_names(), family());
  TextDdnSettings chosen = options_.sampler;
  Json words = settings;
  const Json own = taken_from(words);
  read_options(chosen, words, "settings");
  if (chosen.length == 0) chosen.length = options_.text.length;
  return std::make_unique<TextDdnPlan>(
      *this, chosen, TokenGuiding(objective, own, space_, chosen.length, chosen.length / options_.block));
}

}  // namespace steer
