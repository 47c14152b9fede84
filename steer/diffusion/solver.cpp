#include "steer/diffusion/solver.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/adaptive.h"
#include "steer/diffusion/multistep.h"
#include "steer/diffusion/solver_time.h"

namespace steer {
namespace {

// The draws of one run, counted.
struct Draws {
  Noise noise;
  int64_t count = 0;
  Tensor operator()() { return noise(count++); }
};

Step ddpm(Draws n, bool large) {
  return [n, large](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const Tensor x0 = denoised(D, x, sigma);
    if (next == 0) return x0;
    const double abar = 1 / (1 + sigma * sigma), abar_next = 1 / (1 + next * next);
    const double rest = sigma * sigma * abar, rest_next = next * next * abar_next;  // 1 - abar, 1 - abar'
    const double a = abar / abar_next,
                 b = (sigma * sigma - next * next) * abar;  // alpha_t, beta_t = 1 - alpha_t
    const Tensor xt = std::sqrt(abar) * x;
    const Tensor mean = std::sqrt(abar_next) * b / rest * x0 + std::sqrt(a) * rest_next / rest * xt;
    const double variance = large ? b : rest_next / rest * b;
    return (mean + std::sqrt(variance) * n()) / std::sqrt(abar_next);
  };
}

// Whether the step itself clips what the denoiser says, and only where it stands for the data.
bool clips_itself(const SolverOptions& o) {
  return o.name == "ddim" && o.clip_x0 && o.keep_eps;
}

Step ddim(Draws n, double eta, const SolverOptions& o) {
  const double limit = clips_itself(o) ? clip_limit(o) : std::numeric_limits<double>::infinity();
  return [n, eta, limit](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const Tensor said = denoised(D, x, sigma), x0 = said.clamp(-limit, limit), eps = (x - said) / sigma;
    if (next == 0) return x0;
    const double abar = 1 / (1 + sigma * sigma), abar_next = 1 / (1 + next * next);
    const double rest = sigma * sigma * abar, rest_next = next * next * abar_next;
    const double s = eta * std::sqrt(rest_next / rest * (sigma * sigma - next * next) * abar);
    Tensor xt = std::sqrt(abar_next) * x0 + std::sqrt(std::max(rest_next - s * s, 0.0)) * eps;
    if (s > 0) xt = xt + s * n();
    return xt / std::sqrt(abar_next);
  };
}

Tensor euler(const Denoiser& D, const Tensor& x, double sigma, double next) {
  const Tensor d = (x - denoised(D, x, sigma)) / sigma;
  return x + (next - sigma) * d;
}

Step euler_ancestral(Draws n, double eta) {
  return [n, eta](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const double kept = 1 - next / sigma * (next / sigma);
    const double up = std::min(next, eta * next * std::sqrt(kept));
    const double down = std::sqrt(next * next - up * up);
    const Tensor moved = euler(D, x, sigma, down);
    return up > 0 ? moved + up * n() : moved;
  };
}

SolverTime time_of(const SolverOptions& o) {
  return SolverTime(!o.time.empty() ? o.time : o.name == "adams" ? "flow" : "sigma");
}

// A step of one slope: [B, ...] at sigma -> at next.
Tensor straight(const SolverTime& time, const Tensor& x, const Tensor& slope, double sigma, double next) {
  return time.sample(time.place(x, sigma) + (time.time(next) - time.time(sigma)) * slope, next);
}

Step heun(Draws n, const SolverOptions& o, int64_t steps) {
  return [n, o, steps, time = time_of(o)](const Denoiser& D, const Tensor& x, double sigma,
                                          double next) mutable {
    const bool churned = o.churn > 0 && sigma >= o.churn_min && sigma <= o.churn_max;
    const double gamma = churned ? std::min(o.churn / static_cast<double>(steps), std::sqrt(2.0) - 1) : 0;
    const double hat = sigma * (1 + gamma);
    const Tensor xhat = gamma > 0 ? x + std::sqrt(hat * hat - sigma * sigma) * o.churn_noise * n() : x;
    const Tensor d = time.slope(xhat, denoised(D, xhat, hat), hat),
                 reached = straight(time, xhat, d, hat, next);
    if (next == 0) return reached;
    const Tensor d_next = time.slope(reached, denoised(D, reached, next), next);
    return straight(time, xhat, (d + d_next) / 2, hat, next);
  };
}

Step second_order(double alpha, const SolverTime& time) {
  return [alpha, time](const Denoiser& D, const Tensor& x, double sigma, double next) {
    const double t = time.time(sigma), middle = time.sigma(t + alpha * (time.time(next) - t));
    const Tensor d = time.slope(x, denoised(D, x, sigma), sigma);
    if (next == 0) return straight(time, x, d, sigma, next);
    const Tensor xm = straight(time, x, d, sigma, middle);
    const Tensor dm = time.slope(xm, denoised(D, xm, middle), middle);
    return straight(time, x, (1 - 1 / (2 * alpha)) * d + 1 / (2 * alpha) * dm, sigma, next);
  };
}

Tensor dpmpp_2s(const Denoiser& D, const Tensor& x, double sigma, double next) {
  const Tensor first = denoised(D, x, sigma);
  if (next == 0) return first;
  const double middle = std::sqrt(sigma * next);  // half way in lambda
  const Tensor u = middle / sigma * x + (1 - middle / sigma) * first;
  return next / sigma * x + (1 - next / sigma) * denoised(D, u, middle);
}

Step dpmpp_2m() {
  Tensor D_old;
  double h_last = 0;
  return [D_old, h_last](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const Tensor x0 = denoised(D, x, sigma);
    if (next == 0) return x0;
    const double h = std::log(sigma / next), r = h_last / h;
    const Tensor mixed = D_old.defined() ? (1 + 1 / (2 * r)) * x0 - 1 / (2 * r) * D_old : x0;
    D_old = x0, h_last = h;
    return next / sigma * x - std::expm1(-h) * mixed;
  };
}

Step dpmpp_2m_sde(Draws n, double eta) {
  Tensor D_old;
  double h_last = 0;
  return [n, eta, D_old, h_last](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const Tensor x0 = denoised(D, x, sigma);
    if (next == 0) return x0;
    const double h = std::log(sigma / next), H = h * (1 + eta), r = h_last / h;
    Tensor moved = std::exp(-H) * x - std::expm1(-H) * x0;
    if (D_old.defined()) moved = moved - std::expm1(-H) / (2 * r) * (x0 - D_old);
    if (eta > 0) moved = moved + next * std::sqrt(-std::expm1(-2 * eta * h)) * n();
    D_old = x0, h_last = h;
    return moved;
  };
}

// `bend` scales the second difference of D: Taylor's h^2 D'' is 2; the published stochastic form has 1.
Step dpmpp_3m(Draws n, double eta, double bend) {
  Tensor D1, D2;
  double h1 = 0, h2 = 0;
  return
      [n, eta, bend, D1, D2, h1, h2](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
        const Tensor x0 = denoised(D, x, sigma);
        if (next == 0) return x0;
        const double h = std::log(sigma / next), H = h * (1 + eta), r0 = h1 / h, r1 = h2 / h;
        const double f2 = std::expm1(-H) / H + 1, f3 = f2 / H - 0.5;
        Tensor moved = std::exp(-H) * x - std::expm1(-H) * x0;
        if (D1.defined()) {
          const Tensor p = (x0 - D1) / r0, turn = D2.defined() ? p - (D1 - D2) / r1 : at::zeros_like(p);
          const Tensor d1 = p + turn * (r0 / (r0 + r1)), d2 = bend / (r0 + r1) * turn;
          moved = moved + f2 * d1 - f3 * d2;
        }
        if (eta > 0) moved = moved + next * std::sqrt(-std::expm1(-2 * eta * h)) * n();
        D2 = D1, D1 = x0, h2 = h1, h1 = h;
        return moved;
      };
}

Step predictor_corrector(Draws n, double eta, double snr, int64_t corrections) {
  // Predictor and corrector draw from one run of noise: odd and even draws.
  Draws corrector{[noise = n.noise](int64_t draw) { return noise(2 * draw + 1); }};
  Step predict = euler_ancestral({[noise = n.noise](int64_t draw) { return noise(2 * draw); }}, eta);
  return [predict, corrector, snr, corrections](const Denoiser& D, const Tensor& start, double sigma,
                                                double next) mutable {
    Tensor x = predict(D, start, sigma, next);
    if (next == 0) return x;
    for (int64_t i = 0; i < corrections; ++i) {
      const Tensor score = (denoised(D, x, next) - x) / (next * next), z = corrector();
      const Tensor ratio = z.flatten(1).norm(2, 1) / score.flatten(1).norm(2, 1).clamp_min(1e-30);
      const Tensor eps = over((2 * (snr * ratio).square()).clamp_max(next * next), x);
      x = x + eps * score + (2 * eps).sqrt() * z;
    }
    return x;
  };
}

// The probability flow from x at one sigma to another, followed in flow time t = sigma / (1 + sigma) for z =
// (1 - t) x, where the ways are nearly straight: a fifth of the evaluations that sigma itself takes.
Integral along_flow(const DenoiserOf& denoiser_of, const Tensor& x, double sigma, double next,
                    const SolverOptions& o) {
  const Drift velocity = [&](const Tensor& z, const Tensor& t, const Tensor& rows) {
    const Tensor level = t / (1 - t), xbar = z / over(1 - t, z);
    return from_x0(Prediction::kVelocity, denoiser_of(rows)(xbar, level), xbar, level);
  };
  AdaptiveOptions adaptive;
  adaptive.rtol = o.rtol, adaptive.atol = o.atol;
  Integral way = dormand_prince(velocity, x / (1 + sigma), sigma / (1 + sigma), next / (1 + next), adaptive);
  way.x = way.x * (1 + next);
  return way;
}

Step dopri5(const SolverOptions& o) {
  return [o](const Denoiser& D, const Tensor& x, double sigma, double next) {
    if (next == 0) return denoised(D, x, sigma);
    return along_flow([&D](const Tensor&) { return D; }, x, sigma, next, o).x;
  };
}

// The order of adams, deis and unipc.
int64_t order_of(const SolverOptions& o) {
  constexpr int64_t kMost = 3;
  return std::min(o.order, kMost);
}

void check_solver(const SolverOptions& o) {
  const auto& names = solver_names();
  STEER_CHECK(std::find(names.begin(), names.end(), o.name) != names.end(),
              "[solver] expected a known name but got ", o.name, did_you_mean(o.name, names));
  check_options(o, "solver");
  STEER_CHECK(o.eta == -1 || o.eta >= 0, "[solver] expected eta from 0 to 1, or -1, but got ", o.eta);
  STEER_CHECK(o.alpha <= 1, "[solver] expected alpha above 0, at most 1, but got ", o.alpha);
  STEER_CHECK(o.variance == "small" || o.variance == "large",
              "[solver] expected variance small or large but got ", o.variance);
  STEER_CHECK(among(o.time, {"", "sigma", "flow"}), "[solver] expected time sigma or flow but got ", o.time);
}

void check_run(const Tensor& x, const Tensor& levels) {
  STEER_CHECK(x.dim() >= 2, "[solve] expected x [B, ...] but got ", shape_text(x.sizes()));
  STEER_CHECK(levels.dim() == 1 && levels.size(0) >= 2,
              "[solve] expected levels [n + 1], n at least 1, but got ", shape_text(levels.sizes()));
  const Tensor falls = levels.slice(0, 0, -1) > levels.slice(0, 1);
  STEER_CHECK(
      falls.all().item<bool>() && levels[-1].item<double>() >= 0 && std::isfinite(levels[0].item<double>()),
      "[solve] expected levels that fall at every step and end at 0 or above but got ",
      levels[0].item<double>(), " to ", levels[-1].item<double>());
}

Tensor all_rows(const Tensor& x) {
  return at::arange(x.size(0), x.options().dtype(torch::kInt64));
}

// The run of dopri5: two steps, of which the first has the whole way.
Solution solve_adaptively(const DenoiserOf& denoiser_of, const Tensor& start,
                          const std::vector<double>& levels, const SolverOptions& options,
                          const SolverObserver& observer) {
  const bool to_zero = levels.back() == 0;
  const double first = levels.front(), last = to_zero ? levels[levels.size() - 2] : levels.back();
  const int64_t steps = (first > last ? 1 : 0) + (to_zero ? 1 : 0);
  Tensor x = start.to(torch::kFloat64);
  Solution solution{x, first, 0, at::zeros_like(all_rows(x))};
  const auto seen = [&](int64_t index, double from, double to, const Tensor& x0) {
    solution.sigma = to;
    return !observer || observer({index, steps, from, to, solution.x, x0});
  };
  bool go_on = true;
  if (first > last) {
    const Integral way = along_flow(denoiser_of, x, first, last, options);
    solution.x = way.x, solution.evaluations_each = way.evaluations;
    go_on = seen(0, first, last, way.x);
  }
  if (to_zero && go_on) {
    solution.x = denoised(denoiser_of(all_rows(x)), solution.x, last);
    solution.evaluations_each = solution.evaluations_each + 1;
    seen(steps - 1, last, 0, solution.x);
  }
  solution.evaluations = x.size(0) > 0 ? solution.evaluations_each.max().item<int64_t>() : 0;
  return solution;
}

std::vector<double> values_of(const Tensor& levels) {
  const Tensor on_host = levels.to(torch::kCPU, torch::kFloat64).contiguous();
  const double* first = on_host.data_ptr<double>();
  return {first, first + on_host.numel()};
}

}  // namespace

const std::vector<Named>& solvers() {
  static const std::vector<Named> table = {
      {"ddpm", "ancestral sampling with fresh noise at every step (Ho et al. 2020)"},
      {"ddim", "deterministic, or with a share eta of the fresh noise (Song et al. 2021)"},
      {"euler", "one straight step along the flow"},
      {"euler_ancestral", "Euler to a lower level, then noise up again"},
      {"heun",
       "Euler corrected by a second evaluation (Karras et al. 2022, algorithm 2); churn puts noise back"},
      {"second_order", "the family of two evaluations a step that midpoint and Heun belong to (algorithm 3)"},
      {"dpmpp_2s", "DPM-Solver++ of order 2 in single steps (Lu et al. 2022)"},
      {"dpmpp_2m", "DPM-Solver++ of order 2 that looks back a step: one evaluation each"},
      {"dpmpp_3m", "DPM-Solver++ of order 3 that looks back two steps"},
      {"dpmpp_2m_sde", "dpmpp_2m with fresh noise"},
      {"dpmpp_3m_sde", "dpmpp_3m with fresh noise"},
      {"lms", "Adams-Bashforth of up to four steps back"},
      {"adams",
       "Adams' predictor and corrector of one evaluation for the velocities of flow matching, whatever the "
       "process"},
      {"deis", "the noise's polynomial in ln sigma, of up to three steps back (Zhang and Chen 2023)"},
      {"unipc", "predictor and corrector of one evaluation, of up to three steps back (Zhao et al. 2023)"},
      {"predictor_corrector", "an ancestral step, then Langevin steps at its level (Song et al. 2021)"},
      {"dopri5", "Dormand-Prince of order 5 with steps of its own by tolerances; needs no grid"},
  };
  return table;
}

const std::vector<std::string>& solver_names() {
  static const std::vector<std::string> names = names_of(solvers());
  return names;
}

bool is_deterministic(const SolverOptions& o) {
  if (o.name == "ddpm" || o.name == "predictor_corrector") return false;
  if (o.name == "heun") return o.churn == 0;
  if (o.name == "ddim") return o.eta <= 0;
  if (o.name == "euler_ancestral" || o.name == "dpmpp_2m_sde" || o.name == "dpmpp_3m_sde") return o.eta == 0;
  return true;
}

bool looks_back(const SolverOptions& o) {
  return among(o.name,
               {"dpmpp_2m", "dpmpp_3m", "dpmpp_2m_sde", "dpmpp_3m_sde", "lms", "adams", "deis", "unipc"});
}

double clip_limit(const SolverOptions& options) {
  return options.clip_range > 0 ? options.clip_range : 1;
}

Denoiser clipped_for(const SolverOptions& options, const Denoiser& denoiser) {
  return options.clip_x0 && !clips_itself(options) ? clipped(denoiser, clip_limit(options)) : denoiser;
}

Step make_step(const SolverOptions& o, const Noise& noise, int64_t steps) {
  check_solver(o);
  STEER_CHECK(o.churn == 0 || steps > 0, "[solver] expected the number of steps for churn ", o.churn);
  const Draws n{noise};
  const double eta = o.eta >= 0 ? o.eta : o.name == "ddim" ? 0 : 1;
  if (o.name == "ddpm") return ddpm(n, o.variance == "large");
  if (o.name == "ddim") return ddim(n, eta, o);
  if (o.name == "euler") return euler;
  if (o.name == "euler_ancestral") return euler_ancestral(n, eta);
  if (o.name == "heun") return heun(n, o, steps);
  if (o.name == "second_order") return second_order(o.alpha, time_of(o));
  if (o.name == "dpmpp_2s") return dpmpp_2s;
  if (o.name == "dpmpp_2m") return dpmpp_2m();
  if (o.name == "dpmpp_3m") return dpmpp_3m(n, 0, 2);
  if (o.name == "dpmpp_2m_sde") return dpmpp_2m_sde(n, eta);
  if (o.name == "dpmpp_3m_sde") return dpmpp_3m(n, eta, 1);
  if (o.name == "lms") return adams_bashforth(o.order, time_of(o));
  if (o.name == "adams") return adams(order_of(o), time_of(o));
  if (o.name == "deis") return deis(order_of(o));
  if (o.name == "unipc") return unipc(order_of(o), steps);
  if (o.name == "predictor_corrector") return predictor_corrector(n, eta, o.snr, o.corrections);
  return dopri5(o);
}

Solution solve(const Denoiser& denoiser, const Tensor& start, const Tensor& levels, const Step& step,
               const SolverObserver& observer) {
  check_run(start, levels);
  const at::NoGradGuard no_gradients;
  const std::vector<double> sigmas = values_of(levels);
  const int64_t steps = static_cast<int64_t>(sigmas.size()) - 1;
  Tensor x0;
  int64_t calls = 0;
  const Denoiser watched = [&](const Tensor& x, const Tensor& sigma) {
    const Tensor answer = denoiser(x, sigma);
    if (!x0.defined()) x0 = answer;
    ++calls;
    return answer;
  };
  Solution solution{start.to(torch::kFloat64), sigmas[0], 0, {}};
  for (int64_t i = 0; i < steps; ++i) {
    const double sigma = sigmas[static_cast<size_t>(i)], next = sigmas[static_cast<size_t>(i) + 1];
    x0 = Tensor();
    solution.x = step(watched, solution.x, sigma, next);
    solution.sigma = next;
    if (observer && !observer({i, steps, sigma, next, solution.x, x0})) break;
  }
  STEER_CHECK(at::isfinite(solution.x).all().item<bool>(), "[solve] expected finite samples at sigma ",
              solution.sigma, " but the denoiser or a guide gave others");
  solution.evaluations = calls;
  solution.evaluations_each = at::full_like(all_rows(start), calls);
  return solution;
}

Solution solve(const DenoiserOf& denoiser_of, const Tensor& start, const Tensor& levels,
               const SolverOptions& options, const Tensor& seeds, const SolverObserver& observer) {
  STEER_CHECK(seeds.dim() == 1 && seeds.size(0) == start.size(0) && seeds.scalar_type() == torch::kInt64,
              "[solve] expected ", start.size(0), " int64 seeds but got ", shape_text(seeds.sizes()));
  return solve(denoiser_of, start, levels, options,
               seeded_noise(seeds.to(start.device()), start.sizes().slice(1)), observer);
}

Solution solve(const DenoiserOf& denoiser_of, const Tensor& start, const Tensor& levels,
               const SolverOptions& options, const Noise& noise, const SolverObserver& observer) {
  check_solver(options);
  check_run(start, levels);
  const at::NoGradGuard no_gradients;
  const DenoiserOf in_range = [&](const Tensor& rows) { return clipped_for(options, denoiser_of(rows)); };
  if (options.name == "dopri5")
    return solve_adaptively(in_range, start, values_of(levels), options, observer);
  return solve(in_range(all_rows(start)), start, levels, make_step(options, noise, levels.size(0) - 1),
               observer);
}

Solution solve(const Denoiser& denoiser, const Tensor& x, const Tensor& levels, const SolverOptions& options,
               const Tensor& seeds, const SolverObserver& observer) {
  return solve(DenoiserOf([&denoiser](const Tensor&) { return denoiser; }), x, levels, options, seeds,
               observer);
}

}  // namespace steer
