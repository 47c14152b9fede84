// Guidance by name: published methods as settings of one design space.
#pragma once

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/guidance/climb.h"
#include "steer/guidance/population.h"

namespace steer {

// In place of a strength: the method's usual one, 1. So is every number below 0.
constexpr double kOwnStrength = -1;

// How an objective guides a diffusion: by its gradient, by choosing among rows, or both.
struct GuidanceOptions {
  ClimbOptions climb;
  PopulationOptions population;

  void fields(OptionFields& f) {
    f("climb", climb, "guidance by gradient (TFG)");
    f("population", population, "guidance by choosing, which needs no gradient");
  }
};

// The words that guidance_preset knows: those of climb_names(), then best_of, svdd, feynman_kac and tree.
const std::vector<std::string>& guidance_names();
// The same with what each does.
const std::vector<Named>& guidance_methods();

// A method alone. Error for other names, and for a strength where the method has none.
GuidanceOptions guidance_preset(const std::string& name, double strength = kOwnStrength);

// Error for a gradient and a population that do not go together: particles must know the kernel of their
// steps, which recurrence has none of, and the destinations of a tree are no answers of the network.
void check_together(const GuidanceOptions& options);

// The word for the method that suits, beside guidance_names().
inline const std::string kAuto = "auto";

// The name itself; of auto and of nothing the method that suits the objective and the samples
// (docs/results.md has what it was chosen by): of points pigdm where there is a gradient; of others, where
// all of it is linear, pigdm_step, or pigdm where all measurements are noisier than 0.1, which a step must
// not fit; else tfg where there is a gradient, of strength 4, or 1 where some terms are measurements; else
// feynman_kac.
std::string method_for(const std::string& name, const Objective& objective, const Space& space);

// How often each step is best made by the method that suits, where a sampler makes so many fewer steps: three
// times of measurements by pigdm_step (docs/results.md), else once.
int64_t suited_recurrence(const Objective& objective, const Space& space);

// The method of this name (empty or auto: the one that suits) for samples of a space: its preset, made safe
// (ClimbOptions::safe; pigdm of measurements is so by itself up to strength 1), so that no step lowers the
// score. Where samples have no limit, so that nothing clips what guidance does to them, it reaches 2
// (ClimbOptions::reach), pigdm sees objectives that are not linear through 32 draws, and that is what suits
// those with a gradient. Scores that are not in nats (Objective::in_nats) weigh particles by how far they
// spread, a quarter of that for the temperature.
GuidanceOptions suited_guidance(const std::string& name, double strength, const Objective& objective,
                                const Space& space);

// The names below, without none.
const std::vector<std::string>& climb_names();
// The same with what each does.
const std::vector<Named>& climb_methods();

// Settings whose strength s stands for (Ye et al. 2024, section 3; reference values of their program for
// tfg):
//
//   none     no gradient
//   tfg      all terms: rho = mu = s, sigma = 0.01, four iterations, one draw
//   dps      Chung et al. 2023: of measurements s grad |y - A x0| (the step of their program; the formula of
//            the paper has twice that), of others rho_t = s sqrt(alpha_t) / |log f(x0)|; no clipping
//   lgd      Song et al. 2023: rho_t = s sqrt(alpha_t) / n, n = 10 draws of deviation sqrt(1 - abar), no
//            clipping
//   freedom  Yu et al. 2023: rho_t = s alpha_t sqrt(alpha_t) T / sum alpha, no clipping; made for
//            recurrence above 1
//   mpgd     He et al. 2024: mu_t = s, one iteration, no pass through the network; x0 clipped, its noise not
//   ugd      Bansal et al. 2023: classifier weight s in the denoiser and a backward step s, no clipping
//   pigdm    Song et al. 2023 (pseudoinverse guidance): weight s in the denoiser, the objective seen through
//            what the denoiser leaves open, in closed form for linear objectives; s = 1 is exact for Gaussian
//            data of deviation data_std
//   pigdm_step  steer's own: rho_t = s alpha_t T / sum alpha, the objective seen as by pigdm, one gradient,
//            which is added to a step whole, as tfg adds its own: measurements are met, noise and all
//
// All but the last are the published rules, with ClimbOptions::safe off. s = 0 guides nothing. Error for
// other names.
ClimbOptions climb_preset(const std::string& name, double strength = kOwnStrength);

}  // namespace steer
