#include "steer/guidance/guide.h"

#include "steer/core/check.h"
#include "steer/guidance/climb.h"
#include "steer/guidance/proposal.h"
#include "steer/objectives/coupled.h"

namespace steer {
namespace {

// Seeds of draws that have nothing to do with those of the seeds given.
Tensor unrelated_seeds(const Tensor& seeds) {
  constexpr int64_t kFar = 0x3b9f6d2c5a1e;
  return seeds + kFar;
}

// Samples that are judged as one go side by side, each once, from beginning to end.
void check_coupled(const Objective& objective, const GuidanceOptions& guidance) {
  STEER_CHECK(group_of(objective) == 1 || (guidance.population.method == "none" && guidance.climb.draws == 1),
              "[guide] ", objective.words(), ": judges ", group_of(objective),
              " samples as one: expected a gradient of one draw and no particles, as the method "
              "tfg or dps has");
}

}  // namespace

Guide::Guide(const Objective& objective, const Space& space, const SolverOptions& solver,
             const GuidanceOptions& guidance)
    : objective_(objective), space_(space), solver_(solver), guidance_(guidance) {
  check_population(guidance.population, solver);
  check_together(guidance);
  check_coupled(objective, guidance);
  const bool climbing = climbs(guidance.climb);
  if (objective.differentiable() || climbing)
    smoothed_.emplace(objective, space, lengths_climbed(guidance.climb));
  if (!climbing) return;
  form_ = checked_form(guidance.climb, solver);
  STEER_CHECK(smoothed_->whole() || guidance.population.method != "none", "[guide] ", objective.words(),
              ": a term without gradient guides by particles alone; add particles (--particles 8) or leave "
              "the term out");
}

int64_t Guide::rows_each() const {
  const int64_t targets = objective_.targets();
  return Population(objective_, guidance_.population, at::zeros({targets}, torch::kInt64)).rows() / targets;
}

Population Guide::population(const Tensor& seeds) const {
  Population population(objective_, guidance_.population, seeds);
  if (smoothed_ && smoothed_->whole()) population.foresee(*smoothed_);
  return population;
}

Step Guide::step(Population& population, const Tensor& levels, const NoiseOf& noise_of) const {
  const auto noise_for = [&](const Tensor& seeds) {
    return noise_of ? noise_of(seeds) : seeded_noise(seeds, space_.sizes);
  };
  const Tensor seeds = population.row_seeds();
  const Noise noise = noise_for(seeds);
  Step step = make_step(solver_, noise, levels.size(0) - 1);
  if (!form_.empty()) {
    step = climb(step, *smoothed_, guidance_.climb, solver_, levels, noise_for(unrelated_seeds(seeds)));
    if (guidance_.population.method == "feynman_kac") {
      const Proposal proposal = guided_proposal(solver_, noise, step);
      step = proposal.step;
      population.set_correction(proposal.log_ratio);
    }
  }
  // The end is what is given back, so that just that is judged.
  return population.wrap(
      [step, space = space_](const Denoiser& D, const Tensor& at, double sigma, double next) {
        const Tensor moved = step(D, at, sigma, next);
        return next == 0 ? within(space, moved) : moved;
      });
}

}  // namespace steer
