#include "steer/discrete/token_solver.h"

#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/discrete/relaxation.h"
#include "steer/discrete/token_loss.h"
#include "steer/discrete/token_step.h"

namespace steer {
namespace {

constexpr double kQuarterTurn = 1.57079632679489661923;
constexpr uint64_t kStart = 0x7E57A27, kDraw = 0x7E57D2A, kChoice = 0x7E57C40;  // streams of a row's draws

const std::vector<std::string> kOfMasks = {"first_hitting", "remask", "confidence"};

// One step of a grid; `again`: known tokens may become masks.
struct GridStep {
  double t, s;
  bool again;
};

// Times from 1 to 0 in equal steps; with a hold, alpha waits there while the way goes from one share to the
// other (Wang et al. 2025).
std::vector<GridStep> grid_of(const TokenSolverOptions& o, const TokenProcess& process) {
  std::vector<GridStep> grid;
  const auto steps = static_cast<double>(o.steps);
  const double held = o.hold > 0 ? process.time_of(at::full({1}, o.hold, torch::kFloat64)).item<double>() : 0;
  const auto time = [&](double left) {  // of the share of the way that is left
    if (o.hold == 0) return left;
    if (left >= o.remask_from) return held + (1 - held) * (left - o.remask_from) / (1 - o.remask_from);
    return left > o.remask_to ? held : held * left / o.remask_to;
  };
  for (int64_t i = 0; i < o.steps; ++i) {
    const double left = 1 - static_cast<double>(i) / steps;
    grid.push_back({time(left), time(i + 1 == o.steps ? 0 : 1 - static_cast<double>(i + 1) / steps),
                    left <= o.remask_from && left > o.remask_to});
  }
  return grid;
}

// One run: tokens, what is known of them, and the denoiser's last answer.
class Solving {
 public:
  Solving(const TokenDenoiser& denoiser, const TokenProcess& process, const TokenSolverOptions& options,
          const Tensor& seeds, int64_t length, const KnownTokens& known, bool timeless,
          const TokenSteering& steering, bool rows_apart)
      : denoiser_(denoiser),
        process_(process),
        o_(options),
        steering_(steering),
        seeds_(seeds),
        timeless_(timeless),
        rows_apart_(rows_apart) {
    const Tensor u = fine_uniform_rows(seeds, kStart, {length});
    token_ = process.noise(u);
    free_ = at::ones_like(token_, torch::kBool);
    if (known.known.defined()) {
      free_ = known.known.logical_not();
      token_ = at::where(free_, token_, known.token);
    }
    sure_ = at::ones_like(u);
  }

  const Tensor& token() const { return token_; }
  int64_t evaluations() const { return evaluations_; }
  Tensor free() const { return free_; }
  // Only tokens in `open` change from here on; a process of their own begins.
  void restrict_to(const Tensor& open) {
    open_ = open;
    left_ = Tensor();
  }

  // Steps of a grid, by laws.
  void step(const GridStep& at, bool last) {
    const TokenStep step = {token_, rows_of(at.t), rows_of(at.s)};
    const Tensor p = predicted(step.t), bent = bent_of(p, step.t);
    const auto plain_law = [&](const Tensor& by) {
      const Tensor law = law_of(by, step, at.again);
      // Predictions have no mask, so that one is left only where the schedule does not end at alpha 1.
      return last && process_.absorbing() ? without_mask(law, by) : law;
    };
    const auto law_by = [&](const Tensor& by) {
      const Tensor law = plain_law(by);
      if (!steering_.mix) return law;
      return steering_.mix(law, token_, step.t, [&](const Tensor& log_p) {
        ++evaluations_;
        return plain_law(sharpened(log_p, o_.temperature, o_.nucleus));
      });
    };
    const Tensor law = law_by(bent), next = drawn_from(law, draws(kDraw));
    if (steering_.bend) count_ratio(bent.is_same(p) ? law : law_by(p), law, next, free_ & open_);
    take(next, step.s);
  }

  // The next token of each row that becomes known (Zheng et al. 2024).
  void hit() {
    const Tensor masked = (token_ == process_.mask()) & open_, count = masked.sum(1);
    if (!left_.defined()) left_ = at::ones({token_.size(0)}, torch::kFloat64) - process_.alpha(rows_of(1));
    left_ = next_hit(left_, count.clamp_min(1), draws(kChoice).select(1, 0));
    const Tensor t = process_.time_of(1 - left_), p = predicted(t), bent = bent_of(p, t);
    // The floor(u n)-th of a row's masks.
    const Tensor pick =
        (fine_uniform_rows(seeds_, derive_seed(kChoice, 1, turn_), {1}) * count.unsqueeze(1)).floor();
    const Tensor chosen = masked & (masked.cumsum(1) - 1 == pick.to(torch::kInt64));
    const Tensor drawn = drawn_from(bent, draws(kDraw));
    if (steering_.bend) count_ratio(p, bent, drawn, chosen);
    take(at::where(chosen, drawn, token_), t);
  }

  // The surest of all masked tokens become known, so many that `share` of what was open stays masked.
  void reveal(double t, double share, double noise) {
    const Tensor masked = (token_ == process_.mask()) & open_;
    const Tensor at = rows_of(t), p = bent_of(predicted(at), at), drawn = drawn_from(p, draws(kDraw));
    Tensor score = confidence(p, drawn);
    if (noise > 0) score = score - noise * (-draws(kChoice).clamp_min(1e-300).log()).log();
    score = at::where(masked, score, at::full_like(score, -std::numeric_limits<double>::infinity()));
    const Tensor stay = (share * (open_ & free_).sum(1).to(torch::kFloat64)).floor().to(torch::kInt64);
    const Tensor rank = score.argsort(true, 1, true).argsort(true, 1);  // 0 for the surest
    const Tensor shown = rank < (masked.sum(1) - stay).clamp_min(0).unsqueeze(1);
    take(at::where(masked & shown, drawn, token_), at);
  }

  // What guidance sees after a step, and the rows that it keeps.
  void choose(bool last) {
    if (!steering_.choose) return;
    const TokenMoment moment = {token_, reached_,   [this] { return predicted_log(reached_); },
                                {},     log_ratio_, last};
    const Tensor rows = steering_.choose(moment);
    if (!rows.defined()) return;
    for (Tensor* each : {&token_, &free_, &open_, &sure_, &left_, &asked_, &asked_at_, &answer_, &reached_})
      if (each->defined()) *each = each->index_select(0, rows);
  }

 private:
  Tensor rows_of(double value) const { return at::full({token_.size(0)}, value, torch::kFloat64); }

  Tensor draws(uint64_t stream) const {
    return fine_uniform_rows(seeds_, derive_seed(stream, 0, turn_), {token_.size(1)});
  }

  Tensor predicted_log(const Tensor& t) {
    const bool same = asked_.defined() && at::equal(asked_, token_);
    if (same && (timeless_ || at::equal(asked_at_, t))) return answer_;
    const torch::NoGradGuard no_grad;
    answer_ = asked(t), asked_ = token_, asked_at_ = t;
    ++evaluations_;
    STEER_CHECK(answer_.dim() == 3 && answer_.size(0) == token_.size(0) &&
                    answer_.size(1) == token_.size(1) && answer_.size(2) == process_.vocabulary(),
                "[discrete] expected predictions [", token_.size(0), ", ", token_.size(1), ", ",
                process_.vocabulary(), "] but got ", answer_.sizes());
    STEER_CHECK(!answer_.isnan().any().item<bool>(), "[discrete] expected predictions that are numbers");
    return answer_;
  }

  // What the denoiser says, of rows that did not change what it said before.
  Tensor asked(const Tensor& t) const {
    if (!timeless_ || !rows_apart_ || !asked_.defined()) return denoiser_(token_, t);
    const Tensor rows = (asked_ != token_).any(1).nonzero().squeeze(1);
    if (rows.size(0) == token_.size(0)) return denoiser_(token_, t);
    const Tensor some = denoiser_(token_.index_select(0, rows), t.index_select(0, rows));
    return answer_.index_copy(0, rows, some);
  }

  Tensor predicted(const Tensor& t) { return sharpened(predicted_log(t), o_.temperature, o_.nucleus); }

  Tensor bent_of(const Tensor& p, const Tensor& t) {
    if (!steering_.bend) return p;
    const auto relaxed = [this, t](const Tensor& one_hot) {
      ++evaluations_;
      return denoiser_(one_hot, t);
    };
    return steering_.bend(p, {token_, t, [this] { return answer_; }, relaxed, {}, false});
  }

  // ln of the drawn tokens' probability by the laws without and with guidance, where they were drawn.
  void count_ratio(const Tensor& base, const Tensor& law, const Tensor& drawn, const Tensor& where) {
    const Tensor index = drawn.unsqueeze(-1);
    const Tensor each = (base.gather(-1, index).log() - law.gather(-1, index).log()).squeeze(-1);
    log_ratio_ = at::where(where, each, at::zeros_like(each)).sum(1);
  }

  Tensor law_of(const Tensor& p, const TokenStep& step, bool again) {
    if (o_.name == "flow") return flow_law(process_, p, step);
    if (o_.name == "remask" && again) return remasking(p, step);
    if (o_.name == "euler" || o_.name == "analytic") {
      const Tensor ratio = ratios_of(process_, p.log(), step.token, step.t);
      return o_.name == "euler" ? euler_law(process_, ratio, step) : analytic_law(process_, ratio, step);
    }
    return ancestral_law(process_, p, step);
  }

  Tensor remasking(const Tensor& p, const TokenStep& step) const {
    const Tensor most = most_remasked(process_, step);
    if (o_.remask == "cap") return remask_law(process_, p, step, most.clamp_max(o_.eta));
    if (o_.remask == "rescale") return remask_law(process_, p, step, o_.eta * most);
    if (o_.remask == "corrector") {
      const Tensor back = (process_.alpha(step.s) - process_.alpha(step.t)) / process_.alpha(step.t);
      return remask_law(process_, p, step, at::minimum(back, most));
    }
    // The less sure a token was when it became known, the sooner it is masked again.
    const Tensor masked = step.token == process_.mask();
    const Tensor doubt = (-sure_).masked_fill(masked, -std::numeric_limits<double>::infinity());
    const Tensor share = doubt.softmax(1).nan_to_num(0);  // of a row of masks alone
    return remask_law(process_, p, step, o_.eta * most.unsqueeze(1) * share);
  }

  Tensor without_mask(const Tensor& law, const Tensor& p) const {
    const Tensor kept = law.narrow(-1, 0, process_.vocabulary()), sum = kept.sum(-1, true);
    // Of a mask that would stay for sure nothing but the prediction is left.
    return at::pad(at::where(sum > 0, kept, p), {0, 1});
  }

  Tensor confidence(const Tensor& p, const Tensor& drawn) const {
    if (o_.confidence == "entropy") return at::xlogy(p, p).sum(-1);
    if (o_.confidence == "probability") return p.gather(-1, drawn.unsqueeze(-1)).squeeze(-1).log();
    const Tensor two = std::get<0>(p.topk(std::min<int64_t>(2, p.size(-1)), -1));
    return two.size(-1) > 1 ? two.select(-1, 0) - two.select(-1, 1) : two.select(-1, 0);
  }

  void take(const Tensor& next, const Tensor& t) {
    const Tensor moved = at::where(free_ & open_, next, token_);
    if (process_.absorbing()) {
      const Tensor found = (token_ == process_.mask()) & (moved != process_.mask());
      const Tensor p = answer_.to(torch::kFloat64)
                           .exp()
                           .gather(-1, moved.clamp_max(process_.vocabulary() - 1).unsqueeze(-1));
      sure_ = at::where(found, p.squeeze(-1), sure_);
    }
    token_ = moved, reached_ = t;
    ++turn_;
  }

  const TokenDenoiser& denoiser_;
  const TokenProcess& process_;
  const TokenSolverOptions& o_;
  const TokenSteering& steering_;
  Tensor seeds_, token_, free_, open_, sure_;
  Tensor asked_, asked_at_, answer_;  // what the denoiser was asked last, and said
  Tensor reached_, log_ratio_;        // by the last step
  Tensor left_;                       // 1 - alpha of each row, of first hits
  bool timeless_, rows_apart_;
  int64_t evaluations_ = 0;
  uint64_t turn_ = 0;
};

}  // namespace

void check(const TokenSolverOptions& options, const TokenProcess& process) {
  check_options(options, "solver");
  const auto check_word = [](const char* field, const std::string& word,
                             const std::vector<std::string>& words) {
    STEER_CHECK(among(word, words), "[discrete] solver.", field, ": unknown ", word,
                did_you_mean(word, words));
  };
  check_word("name", options.name, names_of(token_solvers()));
  check_word("remask", options.remask, names_of(remask_rules()));
  check_word("confidence", options.confidence, {"probability", "margin", "entropy"});
  check_word("reveal", options.reveal, {"cosine", "linear"});
  STEER_CHECK(process.absorbing() || (!among(options.name, kOfMasks) && options.block == 0),
              "[discrete] expected an absorbing process, which has masks, for ",
              options.block > 0 ? "blocks" : options.name);
  STEER_CHECK(options.remask_from >= options.remask_to,
              "[discrete] solver.remask_from: expected at least remask_to, ", options.remask_to, ", but got ",
              options.remask_from);
  STEER_CHECK(options.hold == 0 || (options.remask_from < 1 && options.remask_to > 0),
              "[discrete] solver.hold: expected remask_from below 1 and remask_to above 0");
}

namespace {

void check_known(const KnownTokens& known, int64_t rows, int64_t length, const TokenProcess& process) {
  if (!known.known.defined()) return;
  STEER_CHECK(known.token.defined() && known.token.sizes() == at::IntArrayRef({rows, length}) &&
                  known.known.sizes() == known.token.sizes() && known.known.scalar_type() == torch::kBool,
              "[discrete] expected known tokens [", rows, ", ", length, "] and which are known");
  check_tokens(at::where(known.known, known.token, at::zeros_like(known.token)), process.vocabulary(),
               "[discrete]");
}

// The steps of one block, as functions of its solving.
std::vector<std::function<void(Solving&)>> plan_of(const TokenSolverOptions& o, const TokenProcess& process,
                                                   int64_t most_free) {
  std::vector<std::function<void(Solving&)>> plan;
  if (o.name == "first_hitting") {
    plan.assign(static_cast<size_t>(most_free), [](Solving& s) { s.hit(); });
    return plan;
  }
  for (int64_t i = 0; o.name == "confidence" && i < o.steps; ++i) {
    const double way = static_cast<double>(i + 1) / static_cast<double>(o.steps);
    const double share = i + 1 == o.steps ? 0 : o.reveal == "cosine" ? std::cos(kQuarterTurn * way) : 1 - way;
    const double t = 1 - static_cast<double>(i) / static_cast<double>(o.steps);
    plan.push_back([=](Solving& s) { s.reveal(t, share, o.gumbel * (1 - way)); });
  }
  if (!plan.empty()) return plan;
  const std::vector<GridStep> grid = grid_of(o, process);
  for (const GridStep& step : grid)
    plan.push_back([step, last = &step == &grid.back()](Solving& s) { s.step(step, last); });
  return plan;
}

}  // namespace

const std::vector<Named>& token_solvers() {
  static const std::vector<Named> table = {
      {"ancestral", "the posterior of the process, step after step"},
      {"analytic", "score entropy's exact step; the same law as ancestral by another way"},
      {"euler", "rates times the step (tau-leaping)"},
      {"flow", "discrete flow matching's jumps"},
      {"first_hitting", "of masks: one token at a time, at the very times of the process; no grid"},
      {"remask", "of masks: ancestral, but known tokens are masked again now and then (ReMDM)"},
      {"confidence", "of masks: the surest first (MaskGIT, LLaDA); no sampler of the model"},
  };
  return table;
}

const std::vector<Named>& remask_rules() {
  static const std::vector<Named> table = {
      {"cap", "with probability eta, or the largest that the process allows"},
      {"rescale", "with eta times the largest probability"},
      {"conf", "that, shared among tokens by how unsure they were when they became known"},
      {"corrector", "as often as the process forward again over the step just made"},
  };
  return table;
}

Tensor sharpened(const Tensor& log_p, double temperature, double nucleus) {
  const Tensor fine = log_p.to(torch::kFloat64);
  if (temperature == 0) return one_hot_tokens(fine.argmax(-1), fine.size(-1), torch::kFloat64);
  const Tensor p = (fine / temperature).softmax(-1);
  if (nucleus >= 1) return p;
  const auto [sorted, order] = p.sort(-1, true);
  // A token stays while those before it have not reached the share; the likeliest always does.
  const Tensor before = sorted.cumsum(-1) - sorted;
  Tensor stays = before < nucleus;
  stays.select(-1, 0).fill_(true);
  const Tensor cut = p * at::zeros_like(p).scatter(-1, order, stays.to(torch::kFloat64));
  return cut / cut.sum(-1, true);
}

TokenSolution solve_tokens(const TokenDenoiser& denoiser, const TokenProcess& process,
                           const TokenSolverOptions& options, const Tensor& seeds, int64_t length,
                           const KnownTokens& known, bool timeless, const Watch& watch,
                           const TokenSteering& steering, bool rows_apart) {
  check(options, process);
  STEER_CHECK(length >= 1, "[discrete] expected samples of at least one token but got ", length);
  check_known(known, seeds.size(0), length, process);
  Solving solving(denoiser, process, options, seeds, length, known, timeless, steering, rows_apart);
  const int64_t block = options.block > 0 ? options.block : length, blocks = (length + block - 1) / block;
  TokenSolution made;
  for (int64_t b = 0; b < blocks && !made.stopped; ++b) {
    const Tensor place = at::arange(length, torch::kInt64).unsqueeze(0);
    const Tensor open = ((place >= b * block) & (place < (b + 1) * block)).expand({seeds.size(0), length});
    solving.restrict_to(open);
    const int64_t most_free = (solving.free() & open).sum(1).max().item<int64_t>();
    if (most_free == 0) continue;
    const auto plan = plan_of(options, process, most_free);
    for (size_t i = 0; i < plan.size() && !made.stopped; ++i) {
      plan[i](solving);
      solving.choose(b + 1 == blocks && i + 1 == plan.size());
      if (!watch) continue;
      Glimpse glimpse;
      glimpse.index = b * static_cast<int64_t>(plan.size()) + static_cast<int64_t>(i);
      glimpse.of = blocks * static_cast<int64_t>(plan.size());
      glimpse.sample = [&] {
        State state;
        state.token = solving.token();
        return state;
      };
      made.stopped = !watch(glimpse);
    }
  }
  made.token = solving.token(), made.evaluations = solving.evaluations();
  return made;
}

}  // namespace steer
