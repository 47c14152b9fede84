#include "steer/guidance/climb.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/guidance/covariance_pull.h"
#include "steer/guidance/destinations.h"
#include "steer/nn/scripted.h"

namespace steer {
namespace {

void check_word(const char* name, const std::string& word, const std::vector<std::string>& words) {
  std::string known;
  for (const std::string& each : words) known += (known.empty() ? "" : ", ") + each;
  STEER_CHECK(among(word, words), "[guide] ", name, ": expected one of ", known, " but got ", word,
              did_you_mean(word, words));
}

// The strengths of one step.
struct Strengths {
  double rho, mu;
};

// The fixed time structures of a grid.
class Structures {
 public:
  Structures(const Tensor& levels, const ClimbOptions& options)
      : levels_(levels.to(torch::kCPU, torch::kFloat64)), data_std_(options.data_std), late_(options.late) {
    const Tensor square = levels_.square() + 1;
    const Tensor alpha = square.slice(0, 1) / square.slice(0, 0, -1);
    mean_alpha_ = alpha.mean().item<double>();
    mean_beta_ = 1 - mean_alpha_;
  }

  double at(const std::string& name, double sigma, double next) const {
    const double alpha = (1 + next * next) / (1 + sigma * sigma), beta = 1 - alpha;
    if (name == "increase") return alpha / mean_alpha_;
    if (name == "decrease") return beta / mean_beta_;
    if (name == "sqrt_alpha") return std::sqrt(alpha);
    if (name == "increase_sqrt_alpha") return alpha / mean_alpha_ * std::sqrt(alpha);
    if (name == "beta") return beta;
    if (name == "posterior") return std::pow(open_deviation(data_std_, sigma), 2);
    return 1;
  }

  // The share of the strengths that falls on the step from this level; their mean is 1.
  double lateness(double sigma) const {
    const int64_t steps = levels_.size(0) - 1;
    if (late_ == 0 || steps < 2) return 1;
    const Tensor ways = at::arange(steps, levels_.options()) / static_cast<double>(steps - 1);
    const Tensor shares = at::exp(std::log(late_) * ways);
    const Tensor nearest = (levels_.slice(0, 0, -1) - sigma).abs().argmin();
    return (shares[nearest.item<int64_t>()] / shares.mean()).item<double>();
  }

 private:
  Tensor levels_;
  double data_std_, late_, mean_alpha_, mean_beta_;
};

double noise_deviation(const ClimbOptions& o, double sigma) {
  if (o.sigma == 0) return 0;
  if (o.sigma_structure == "decrease") return o.sigma * sigma / std::sqrt(1 + sigma * sigma);
  if (o.sigma_structure == "posterior") return o.sigma * open_deviation(o.data_std, sigma);
  return o.sigma;
}

// A network made elsewhere may have an operation that libtorch cannot differentiate.
Tensor gradient_of(const Tensor& value, const Tensor& y) {
  try {
    return torch::autograd::grad({value}, {y})[0];
  } catch (const c10::Error& error) {
    fail("[guide] expected an objective with a gradient, but its gradient failed: ",
         fault_line(error.what_without_backtrace()),
         "; without one a diffusion is guided by particles (--method feynman_kac, svdd, tree or best_of), a "
         "DDN by choosing");
  }
}

// The score and its gradient somewhere, and the score that safe steps go by.
struct Slope {
  Tensor value, gradient, worth;
};

// One move of mean guidance: from where, by which slope.
struct Climbed {
  Tensor from, move;
  Slope slope;
};

// What one look at the denoiser gives: its answer and both terms.
struct Look {
  Tensor raw;      // as the network gave it, detached
  Tensor x0;       // the same, clipped if asked
  Tensor delta_t;  // rho s_rho J^T g; undefined without variance guidance
  Climbed last;    // iteration of mean guidance, not looked at yet; undefined without
  Slope first;     // at x0, of the objective seen through `draws` of deviation `std`
  double std = 0;
  Tensor draws;
  bool ends = false;  // no noise follows
  Tensor done;        // bool [B], samples that are left alone; undefined where none may be
};

// Everything that does not change during a run, and the draws it has taken.
struct Climber {
  const Smoothed& objective;
  ClimbOptions options;
  Structures structures;
  Noise noise;
  int64_t smoothings = 0, recurrences = 0;

  Strengths strengths(double sigma, double next) const {
    const double late = structures.lateness(sigma);
    return {late * options.rho * structures.at(options.rho_structure, sigma, next),
            late * options.mu * structures.at(options.mu_structure, sigma, next)};
  }

  // [B, n, ...] for samples like x0; undefined where the objective is seen without noise.
  Tensor draw(double std) {
    if (std == 0 || options.draws == 0) return {};
    std::vector<Tensor> draws;
    for (int64_t k = 0; k < options.draws; ++k) draws.push_back(noise(2 * smoothings++));
    return std * at::stack(draws, 1);
  }

  Tensor height(const Tensor& at, const Look& seen) const {
    const Tensor value =
        options.draws == 0 ? objective.closed(at, seen.std) : objective.drawn(at, seen.draws);
    return value.to(at.scalar_type());
  }

  // Whether safe steps go by another score than the one that is climbed.
  bool apart(const Look& seen) const { return options.safe && seen.ends && seen.draws.defined(); }

  // What safe steps go by: the score as seen, but without noise where the answer is the sample itself, since
  // the top of what a few draws see may lie beside its own.
  Tensor worth(const Tensor& at, const Look& seen) const {
    return apart(seen) ? objective.closed(at, 0).to(at.scalar_type()) : height(at, seen);
  }

  // The share of what a slope promises that a move must gain. Of a parabola, where a quarter is three
  // quarters of the way from its top to as far beyond; what flattens out, as the logarithm of a probability,
  // may gain less.
  double enough() const { return objective.linear() ? 0.25 : 0; }

  Tensor gains(const Slope& from, const Tensor& value, const Tensor& move) const {
    return value - from.worth >= enough() * (from.gradient * move).flatten(1).sum(1);
  }

  // A move, shortened for each sample until it gains enough; what cannot be mended is left out.
  Tensor braked(const Slope& from, const Tensor& start, const Tensor& move, const Look& seen) const {
    constexpr int64_t kTries = 6;
    const Tensor rise = (from.gradient * move).flatten(1).sum(1);
    Tensor share = at::ones_like(rise), gain;
    for (int64_t i = 1;; ++i) {
      gain = worth(start + over(share, move) * move, seen) - from.worth;
      const Tensor good = gain >= enough() * share * rise;
      if (i == kTries || good.all().item<bool>()) break;
      // Where the parabola through the values at both ends, with the slope at its beginning, has its top.
      const Tensor top = (share * share * rise / (2 * (share * rise - gain))).nan_to_num(0);
      share = at::where(good, share, at::minimum(at::maximum(top, 1e-3 * share), 0.9 * share));
    }
    return at::where(over(gain >= 0, move) > 0, over(share, move) * move, at::zeros_like(move));
  }

  Slope slope(const Tensor& at, const Look& seen) const {
    const torch::AutoGradMode with_gradients(true);
    const Tensor y = at.detach().requires_grad_(true);
    const Tensor value = height(y, seen);
    const Tensor gradient = gradient_of(value.sum(), y);
    if (!apart(seen)) return {value.detach(), gradient, value.detach()};
    const torch::NoGradGuard no_grad;
    return {value.detach(), gradient, worth(at, seen)};
  }

  Look look(const Denoiser& D, const Tensor& x, const Tensor& level, double sigma, double next,
            const Strengths& by) {
    Look seen;
    seen.ends = next == 0;
    Tensor input, answer;
    {
      const torch::AutoGradMode if_needed(by.rho != 0);
      input = by.rho != 0 ? x.detach().requires_grad_(true) : x;
      answer = D(input, level);
      seen.raw = answer.detach();
      if (options.clip_x0) answer = within(objective.space(), answer);
    }
    seen.x0 = answer.detach();
    const bool by_mean = by.mu != 0 && options.iterations > 0;
    if (by.rho == 0 && !by_mean) return seen;
    seen.std = noise_deviation(options, sigma);
    seen.draws = draw(seen.std);
    // The gradient at x0 is the first of the mean guidance too.
    seen.first = slope(seen.x0, seen);
    if (options.enough > 0) {
      seen.done = seen.first.value > -options.enough;
      if (seen.done.all().item<bool>()) {
        seen.first = {};
        return seen;
      }
    }
    if (options.jacobian > 0 && by.rho != 0) seen.first.gradient = pull(answer, input, seen.x0, sigma);
    if (by.rho != 0) seen.delta_t = variance_term(answer, input, seen.first, by.rho);
    answer = Tensor(), input = Tensor();
    if (by_mean) seen.last = climbed(seen, by.mu);
    return seen;
  }

  // The gradient at x0 where linear terms are seen through the network's own covariance.
  Tensor pull(const Tensor& answer, const Tensor& input, const Tensor& x0, double sigma) const {
    const PassBack back = [&](const Tensor& u) {
      return torch::autograd::grad({answer}, {input}, {u}, /*retain_graph=*/true)[0];
    };
    const Tensor of_linear =
        covariance_pull(objective.measurements(), x0, sigma * sigma, back, options.jacobian);
    if (objective.linear()) return of_linear;
    const torch::AutoGradMode with_gradients(true);
    const Tensor y = x0.detach().requires_grad_(true);
    return of_linear + gradient_of(objective.others(y).sum(), y);
  }

  Tensor variance_term(const Tensor& answer, const Tensor& input, const Slope& slope, double rho) const {
    const Tensor back = torch::autograd::grad({answer}, {input}, {slope.gradient})[0];
    const Tensor term = rho * limited_gradient(back, options.gradient_limit);
    if (options.normalise == "none" || objective.of_lengths()) return term;
    Tensor size = slope.value.abs().clamp_min(1e-12);
    if (options.normalise == "root") size = size.sqrt();
    return term / over(size, term);
  }

  // Iterations of mean guidance; each but the last is looked at, since its end is where the next begins.
  Climbed climbed(const Look& seen, double mu) const {
    Climbed now{seen.x0, {}, seen.first};
    Tensor former;
    for (int64_t i = 1;; ++i) {
      now.move = mu * limited_gradient(now.slope.gradient, options.gradient_limit);
      if (former.defined()) now.move = now.move + options.momentum * former;
      if (i == options.iterations) return now;
      Tensor end = now.from + now.move;
      Slope there = slope(end, seen);
      if (options.safe && !gains(now.slope, there.worth, now.move).all().item<bool>()) {
        end = now.from + braked(now.slope, now.from, now.move, seen);
        there = slope(end, seen);
      }
      if (options.momentum > 0) former = end - now.from;
      now = {end, {}, there};
    }
  }

  // All that is added to a step or an answer; undefined for nothing. `factor` [B] is of the variance term.
  Tensor whole_move(const Look& seen, const Tensor& factor, double sigma) const {
    if (!seen.first.value.defined()) return {};
    const Tensor move = of_all(seen, factor, sigma);
    return seen.done.defined() ? at::where(over(seen.done, move) > 0, at::zeros_like(move), move) : move;
  }

  Tensor of_all(const Look& seen, const Tensor& factor, double sigma) const {
    const auto sum = [&](const Tensor& by_variance, const Tensor& by_mean) {
      if (!by_mean.defined()) return by_variance;
      const Tensor reaching = reached(seen.last.from + by_mean - seen.x0, sigma);
      return by_variance.defined() ? by_variance + reaching : reaching;
    };
    Tensor variance, mean = seen.last.move;
    if (seen.delta_t.defined()) variance = reached(over(factor, seen.delta_t) * seen.delta_t, sigma);
    const Tensor move = sum(variance, mean);
    if (!options.safe) return move;
    const Tensor good = gains(seen.first, worth(seen.x0 + move, seen), move);
    if (good.all().item<bool>()) return move;
    // Each for itself, then both.
    if (variance.defined()) variance = braked(seen.first, seen.x0, variance, seen);
    if (mean.defined()) mean = braked(seen.last.slope, seen.last.from, mean, seen);
    const Tensor shortened = braked(seen.first, seen.x0, sum(variance, mean), seen);
    return at::where(over(good, move) > 0, move, shortened);
  }

  // A term that moves samples, within reach.
  Tensor reached(const Tensor& term, double sigma) const {
    return limited_gradient(term, options.reach * open_deviation(options.data_std, sigma));
  }

  // One step of the form `step`.
  Tensor added(const Step& step, const Denoiser& D, const Tensor& x, double sigma, double next) {
    const Strengths by = strengths(sigma, next);
    Look seen;
    const Denoiser watched = [&](const Tensor& at, const Tensor& level) {
      seen = look(D, at, level, sigma, next, by);
      return options.keep_eps ? seen.raw : seen.x0;
    };
    Tensor moved = step(watched, x, sigma, next);
    if (options.keep_eps) moved = moved + (seen.x0 - seen.raw);
    const Tensor move = whole_move(seen, at::full({x.size(0)}, 1 + sigma * sigma, x.options()), sigma);
    return move.defined() ? moved + move : moved;
  }

  // One step of the form `denoiser`.
  Tensor shifted(const Step& step, const Denoiser& D, const Tensor& x, double sigma, double next) {
    const Strengths by = strengths(sigma, next);
    const Denoiser guided = [&](const Tensor& at, const Tensor& level) {
      // The deviation of the draws is a host's number; without them nothing waits for the level.
      const double now = options.sigma == 0 && options.reach == 0 ? sigma : level[0].item<double>();
      const Look seen = look(D, at, level, now, next, by);
      const Tensor move = whole_move(seen, level.square(), now);
      const Tensor answer = move.defined() ? seen.x0 + move : seen.x0;
      return options.clip_x0 ? within(objective.space(), answer) : answer;
    };
    return step(guided, x, sigma, next);
  }
};

}  // namespace

bool climbs(const ClimbOptions& o) {
  return o.rho != 0 || (o.mu != 0 && o.iterations > 0);
}

bool lengths_climbed(const ClimbOptions& o) {
  return o.normalise == "residual";
}

std::string checked_form(const ClimbOptions& o, const SolverOptions& solver) {
  static const std::vector<std::string> structures = {
      "increase", "decrease", "constant", "sqrt_alpha", "increase_sqrt_alpha", "beta", "posterior"};
  check_word("form", o.form, {"auto", "step", "denoiser"});
  check_word("rho_structure", o.rho_structure, structures);
  check_word("mu_structure", o.mu_structure, structures);
  check_word("sigma_structure", o.sigma_structure, {"decrease", "constant", "posterior"});
  check_word("normalise", o.normalise, {"none", "score", "root", "residual"});
  check_options(o, "guide");
  STEER_CHECK(
      solver.name != "dopri5",
      "[guide] expected a solver of fixed levels but got dopri5, whose samples go their own ways while an "
      "objective's targets belong to places in the batch; heun is as exact with enough steps");
  const bool once = among(solver.name, {"ddpm", "ddim", "euler", "euler_ancestral"});
  STEER_CHECK(o.form != "step" || once,
              "[guide] expected ddpm, ddim, euler or euler_ancestral for form step but got ", solver.name,
              "; form denoiser guides every evaluation of it");
  STEER_CHECK(o.jacobian == 0 || o.rho != 0,
              "[guide] jacobian: expected 0 without variance guidance (rho 0), "
              "which it is of, but got ",
              o.jacobian);
  STEER_CHECK(o.recurrence == 1 || !looks_back(solver), "[guide] recurrence: expected 1 with ", solver.name,
              ", which looks back on former steps, but got ", o.recurrence);
  return o.form == "auto" ? (once ? "step" : "denoiser") : o.form;
}

Step climb(const Step& step, const Smoothed& objective, const ClimbOptions& options,
           const SolverOptions& solver, const Tensor& levels, const Noise& noise) {
  const bool by_step = checked_form(options, solver) == "step";
  Climber climber{objective, options, Structures(levels, options), noise};
  return [step, climber, by_step](const Denoiser& D, const Tensor& start, double sigma, double next) mutable {
    Tensor x = start;
    for (int64_t r = 1;; ++r) {
      const Tensor moved =
          by_step ? climber.added(step, D, x, sigma, next) : climber.shifted(step, D, x, sigma, next);
      if (r == climber.options.recurrence) return moved;
      const Tensor z = climber.noise(2 * climber.recurrences++ + 1);
      x = moved + std::sqrt(sigma * sigma - next * next) * z;
    }
  };
}

Tensor limited_gradient(const Tensor& gradient, double limit) {
  if (limit == 0) return gradient;
  const Tensor rms = gradient.flatten(1).square().mean(1).sqrt();
  return gradient * over((limit / rms.clamp_min(1e-30)).clamp_max(1), gradient);
}

}  // namespace steer
