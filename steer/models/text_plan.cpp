#include "steer/models/text_plan.h"

#include <fmt/format.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/discrete/token_step.h"
#include "steer/models/text_model.h"
#include "steer/models/token_guiding.h"

namespace steer {
namespace {

constexpr uint64_t kBlockSeeds = 0xB10C;

struct TextDraw {
  TokenSolverOptions solver;
  int64_t length;
  double scale = 1;
};

TextDraw read_text_settings(const TextModel& model, Json words) {
  TextSettings brief;
  const Json sampler = words.value("sampler", Json());
  words.erase("sampler");
  read_options(brief, words, "settings");
  TextDraw draw = {model.settings().sampler, model.settings().text.length};
  if (!brief.solver.empty()) draw.solver.name = brief.solver;
  if (brief.steps > 0) {
    // Steps that are asked for are made.
    if (brief.solver.empty() && draw.solver.name == "first_hitting") draw.solver.name = "ancestral";
    draw.solver.steps = brief.steps;
  }
  if (brief.temperature >= 0) draw.solver.temperature = brief.temperature;
  if (brief.nucleus > 0) draw.solver.nucleus = brief.nucleus;
  if (brief.length > 0) draw.length = brief.length;
  draw.scale = brief.scale;
  if (!sampler.is_null()) read_options(draw.solver, sampler, "--sampler");
  return draw;
}

// How many steps a row takes.
int64_t turns_of(const TextModel& model, const TextDraw& draw) {
  const int64_t block = model.settings().block > 0 ? model.settings().block : draw.solver.block;
  const int64_t blocks = block > 0 ? (draw.length + block - 1) / block : 1;
  return draw.solver.name == "first_hitting" ? draw.length : blocks * draw.solver.steps;
}

class TextPlan : public Plan {
 public:
  TextPlan(const TextModel& model, const TextDraw& draw, TokenGuiding guiding)
      : model_(model), draw_(draw), guiding_(std::move(guiding)) {
    check_length();
    const Needs needs = model.needs();
    STEER_CHECK(draw_.scale == 1 || needs.classes > 0,
                "[sample] scale: expected 1 for a model without classes but got ", draw_.scale);
    STEER_CHECK(draw_.scale == 1 || needs.no_class, "[sample] scale: expected 1 but got ", draw_.scale,
                "; this model was trained with text.label_dropout=0 and knows no samples without a class");
    check_steps();
    // Refuses what goes with no process before anything is drawn.
    check(draw_.solver, model.process());
    STEER_CHECK(model.settings().block == 0 || draw_.solver.block == 0,
                "[sample] sampler.block: expected 0 for a model of blocks, which has its own, but got ",
                draw_.solver.block);
  }

  Json settings() const override {
    Json all = {{"sampler", options_json(draw_.solver)}, {"length", draw_.length}, {"scale", draw_.scale}};
    all.update(guiding_.settings());
    return all;
  }

  std::string text() const override {
    const TokenSolverOptions& o = draw_.solver;
    const int64_t block = model_.settings().block;
    std::string text = o.name;
    if (o.name != "first_hitting") text += fmt::format(", {} steps", o.steps);
    if (block > 0 || o.block > 0) text += fmt::format(" for each block of {}", block > 0 ? block : o.block);
    if (o.temperature != 1) text += fmt::format(", temperature {:g}", o.temperature);
    if (o.nucleus < 1) text += fmt::format(", nucleus {:g}", o.nucleus);
    if (draw_.scale != 1) text += fmt::format(", scale {:g}", draw_.scale);
    return text + guiding_.text();
  }

  int64_t evaluations() const override {
    return turns_of(model_, draw_) * (draw_.scale != 1 ? 2 : 1) * std::max<int64_t>(1, guiding_.rows_each());
  }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    const Tensor seeds = request.seeds.cpu();
    const auto guide = guiding_.begin(seeds);
    const KnownTokens known = known_of(request, seeds);
    const Tensor label = label_of(request);
    Drawing drawing = {guide.get(), seeds, label, known};
    if (guide) drawing = of_rows(*guide, drawing);
    const int64_t each = std::max<int64_t>(1, guiding_.rows_each());
    const Watch shown = of_first_rows(watch, each);
    const TokenSolution made =
        model_.settings().block > 0 ? block_after_block(drawing, shown) : all_at_once(drawing, shown);
    Samples samples;
    samples.stopped = made.stopped, samples.evaluations = made.evaluations * each;
    if (made.stopped) return samples;
    samples.state.token = made.token;
    if (guide) {
      guide->finish(made.token);
      samples.state.token = made.token.index_select(0, guide->contest().winners());
    }
    return samples;
  }

 private:
  // What is drawn: rows, by seed.
  struct Drawing {
    TokenGuide* guide;  // null: nothing guides
    Tensor seeds;
    Tensor label;
    KnownTokens known;
  };

  // The same for all rows of each sample.
  static Drawing of_rows(const TokenGuide& guide, const Drawing& samples) {
    const Contest& contest = guide.contest();
    return {samples.guide,
            contest.row_seeds(),
            contest.spread(samples.label),
            {contest.spread(samples.known.token), contest.spread(samples.known.known)}};
  }

  // Steps that the guide bends and whose rows it lets compete; told which tokens come before, of each row,
  // and who puts these in their new places where rows change them.
  TokenSteering steering_of(TokenGuide* guide, const Tensor& before, const Tensor& label,
                            const std::function<void(const Tensor& rows)>& follow = {}) const {
    TokenSteering steering;
    // Of masks predictions themselves are mixed (denoiser_of).
    const bool mixes = scales(label) && !model_.process().absorbing();
    const bool weighs = guide && guide->weighs_steps();
    if (mixes || weighs)
      steering.mix = [this, label, guide, mixes, weighs](const Tensor& law, const Tensor& token,
                                                         const Tensor& t, const LawOfStep& law_of) {
        Tensor made = law;
        if (mixes)
          made = mixed_laws(law, law_of(model_.denoiser(model_.no_class(label))(token, t)), draw_.scale);
        return weighs ? guide->step_law(made, token, noise_label(model_.process(), t)) : made;
      };
    if (!guide) return steering;
    const auto view_of = [this, before](const TokenMoment& moment) {
      TokenView view;
      view.before = before, view.token = moment.token;
      view.unknown = model_.process().absorbing() ? moment.token == model_.process().mask()
                                                  : at::full_like(moment.token, !moment.last, torch::kBool);
      return view;
    };
    steering.bend = [this, guide, view_of](const Tensor& p, const TokenMoment& moment) {
      TokenView view = view_of(moment);
      view.p = p, view.relaxed = moment.relaxed, view.states = model_.process().states();
      return guide->bent(view);
    };
    steering.choose = [this, guide, view_of, follow](const TokenMoment& moment) -> Tensor {
      if (!guide->weighs()) {
        guide->pass(moment.log_ratio);
        return {};
      }
      TokenView view = view_of(moment);
      if (view.unknown.any().item<bool>())
        view.p = sharpened(moment.log_p(), draw_.solver.temperature, draw_.solver.nucleus);
      const Tensor rows = guide->chosen(view, moment.log_ratio);
      if (rows.defined() && follow) follow(rows);
      return rows;
    };
    return steering;
  }

  // Steps are weighed where they have laws.
  void check_steps() const {
    if (!guiding_.weighs_steps()) return;
    if (model_.settings().block > 0) guiding_.check_no_steps("a model of blocks");
    STEER_CHECK(draw_.solver.name != "first_hitting" && draw_.solver.name != "confidence",
                "[guide] step: expected a solver whose steps have laws, as ancestral, but got ",
                draw_.solver.name);
  }

  void check_length() const {
    const TextOptions& o = model_.settings();
    steer::check_length(o.transformer, o.text, draw_.length);
    STEER_CHECK(o.block == 0 || draw_.length % o.block == 0, "[sample] length: expected whole blocks of ",
                o.block, " tokens but got ", draw_.length);
  }

  Tensor label_of(const DrawRequest& request) const {
    STEER_CHECK(!request.told.given.defined(), "[sample] expected nothing given for a model of text");
    const int64_t classes = model_.settings().classes;
    STEER_CHECK(request.told.label.defined() == (classes > 0), "[sample] expected ",
                classes > 0 ? "a label for each sample of a class-conditional model but got none"
                            : "no labels for a model without classes but got some");
    if (classes == 0) return {};
    const int64_t most = model_.needs().no_class ? classes : classes - 1;
    STEER_CHECK(((request.told.label >= 0) & (request.told.label <= most)).all().item<bool>(),
                "[sample] expected labels in [0, ", most, "]");
    return request.told.label.to(model_.device());
  }

  // Whether a class is told that the scale can strengthen.
  bool scales(const Tensor& label) const {
    return draw_.scale != 1 && !(label == model_.settings().classes).all().item<bool>();
  }

  // What it says of masks; `without` holds the blocks before for rows that are told no class.
  TokenDenoiser denoiser_of(const Tensor& label, KvCache* before, KvCache* without) const {
    if (draw_.scale == 1 || !scales(label) || !model_.process().absorbing())
      return model_.denoiser(label, before);
    return [this, told = model_.denoiser(label, before),
            none = model_.denoiser(model_.no_class(label), without)](const Tensor& token, const Tensor& t) {
      return (draw_.scale * told(token, t) + (1 - draw_.scale) * none(token, t)).log_softmax(-1);
    };
  }

  TokenSolution all_at_once(const Drawing& d, const Watch& watch) const {
    return solve_tokens(denoiser_of(d.label, nullptr, nullptr), model_.process(), draw_.solver, d.seeds,
                        draw_.length, d.known, !model_.told_noise(), watch, steering_of(d.guide, {}, d.label),
                        !d.label.defined());
  }

  // What the objective knows and what stays of the texts to begin from, of each row.
  KnownTokens known_of(const DrawRequest& request, const Tensor& seeds) const {
    check_beginning(request.begin, model_.space(), seeds.size(0));
    const State known = guiding_.known_for(request.begin, seeds, false);
    return {known.token, known.mask};
  }

  // Each block by itself, told those before it by what was kept of them.
  TokenSolution block_after_block(const Drawing& d, const Watch& watch) const {
    const int64_t block = model_.settings().block, blocks = draw_.length / block;
    KvCache before, without;
    TokenContext context;
    context.sight = model_.sight();
    TokenSolution all;
    all.token = at::full({d.seeds.size(0), draw_.length}, model_.process().mask(), torch::kInt64);
    const auto follow = [&](const Tensor& rows) {
      all.token.copy_(all.token.index_select(0, rows));  // in place: others look at it
      before = before.rows(rows.to(model_.device())), without = without.rows(rows.to(model_.device()));
    };
    for (int64_t b = 0; b < blocks && !all.stopped; ++b) {
      KnownTokens here;
      if (d.known.known.defined())
        here = {d.known.token.narrow(1, b * block, block), d.known.known.narrow(1, b * block, block)};
      const Tensor earlier = b > 0 ? all.token.narrow(1, 0, b * block) : Tensor();
      const TokenSolution one =
          solve_tokens(denoiser_of(d.label, &before, &without), model_.process(), draw_.solver,
                       b == 0 ? d.seeds : seeds_of_block(d.seeds, kBlockSeeds, b), block, here, true,
                       of_block(watch, all.token, b, blocks), steering_of(d.guide, earlier, d.label, follow));
      all.token.narrow(1, b * block, block).copy_(one.token);
      all.evaluations += one.evaluations, all.stopped = one.stopped;
      if (b + 1 == blocks || all.stopped) continue;
      const Tensor shown = one.token.to(model_.device());
      context.class_labels = d.label;
      model_.network()->features(shown, context, {}, &before, true);
      if (draw_.scale == 1) continue;
      context.class_labels = model_.no_class(d.label);
      model_.network()->features(shown, context, {}, &without, true);
    }
    return all;
  }

  // A watch that sees the whole text while one block is solved.
  Watch of_block(const Watch& watch, const Tensor& all, int64_t block, int64_t blocks) const {
    if (!watch) return {};
    return [&watch, all, block, blocks](const Glimpse& inner) {
      Glimpse glimpse = inner;
      glimpse.index = block * inner.of + inner.index, glimpse.of = blocks * inner.of;
      glimpse.sample = [&inner, all, block] {
        State state;
        state.token = all.clone();
        const Tensor part = inner.sample().token;
        state.token.narrow(1, block * part.size(1), part.size(1)).copy_(part);
        return state;
      };
      return watch(glimpse);
    };
  }

  const TextModel& model_;
  TextDraw draw_;
  TokenGuiding guiding_;
};

}  // namespace

const std::vector<Named>& text_settings() {
  static const std::vector<Named> all = [] {
    std::vector<Named> list = named_options(TextSettings());
    list.push_back({"sampler", "an object: any option of the solver"});
    list.insert(list.end(), token_guiding_settings().begin(), token_guiding_settings().end());
    return list;
  }();
  return all;
}

std::vector<std::string> TextModel::setting_names() const {
  return names_of(text_settings());
}

std::unique_ptr<Plan> TextModel::plan(const Objective* objective, const Json& settings) const {
  check_settings(settings, setting_names(), family());
  Json words = settings;
  const Json own = taken_from(words);
  const TextDraw draw = read_text_settings(*this, words);
  return std::make_unique<TextPlan>(
      *this, draw, TokenGuiding(objective, own, space(), draw.length, turns_of(*this, draw)));
}

}  // namespace steer
