#include "steer/guidance/proposal.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

// The deviation of the noise that a step from sigma to next draws, in sigma coordinates.
double kernel_deviation(double eta, double sigma, double next) {
  return eta * next * std::sqrt(1 - next / sigma * (next / sigma));
}

// The step just made.
struct Made {
  Tensor z, own, log_ratio;
};

}  // namespace

Proposal climbing_proposal(const Smoothed& objective, const ClimbOptions& options,
                           const SolverOptions& solver, const Tensor& levels, const Noise& solver_noise,
                           const Noise& guide_noise) {
  const double eta = solver.eta >= 0 ? solver.eta : solver.name == "ddim" ? 0 : 1;
  const bool known = (solver.name == "ddpm" && solver.variance == "small") ||
                     ((solver.name == "ddim" || solver.name == "euler_ancestral") && eta > 0 && eta <= 1);
  STEER_CHECK(known,
              "[guide] particles that climb: expected ddpm of small variance, ddim or euler_ancestral with ",
              "eta above 0 but got ", solver.name);
  STEER_CHECK(options.recurrence == 1, "[guide] particles that climb: expected recurrence 1 but got ",
              options.recurrence);
  const auto made = std::make_shared<Made>();
  const Noise heard = [made, solver_noise](int64_t draw) { return made->z = solver_noise(draw); };
  const Step guided = climb(make_step(solver, heard), objective, options, solver, levels, guide_noise);
  // The solver's own step from the same answer of the network and the same noise.
  const Noise again = [made](int64_t) { return made->z; };
  Proposal proposal;
  proposal.step = [made, guided, solver, again, eta](const Denoiser& D, const Tensor& x, double sigma,
                                                     double next) mutable {
    made->log_ratio = at::zeros({x.size(0)}, x.options());
    if (next == 0) return make_step(solver, again)(D, x, sigma, next);
    Tensor answer;
    const Denoiser watched = [&](const Tensor& at, const Tensor& level) {
      const Tensor given = D(at, level);
      answer = given.detach();
      return given;
    };
    const Tensor moved = guided(watched, x, sigma, next);
    const Denoiser known_answer = [&](const Tensor&, const Tensor&) { return answer; };
    const Tensor own = make_step(solver, again)(known_answer, x, sigma, next);
    const double s = kernel_deviation(eta, sigma, next);
    const Tensor shift = (moved - own).flatten(1), z = made->z.flatten(1);
    made->log_ratio = -(shift * z).sum(1) / s - shift.square().sum(1) / (2 * s * s);
    return moved;
  };
  proposal.log_ratio = [made] { return made->log_ratio; };
  return proposal;
}

}  // namespace steer
