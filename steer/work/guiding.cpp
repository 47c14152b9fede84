#include "steer/work/guiding.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/seed_list.h"
#include "steer/modalities/objectives.h"
#include "steer/work/judging.h"

namespace steer {
namespace {

constexpr const char* kGuidingTitle = "guide";

// What is known of texts, with tokens that are none where nothing is.
State with_gaps(const State& known, const Space& space) {
  State shown;
  shown.token = at::where(known.mask, known.token, at::full_like(known.token, space.vocabulary)).cpu();
  return shown;
}

}  // namespace

std::unique_ptr<Objective> objective_of(const GuideOptions& options, const Space& space,
                                        torch::Device device) {
  ObjectiveContext context;
  context.space = space;
  context.seed = static_cast<uint64_t>(options.noise_seed.value_or(options.seeds.at(0)));
  context.device = device;
  context.fit = options.fit;
  context.first_sample = options.first, context.samples = options.count;
  return make_objective(options.objective, context);
}

Guided guide(const Generator& generator, const GuideOptions& options, torch::Device device,
             const WorkWatch& watch) {
  const int64_t count = options.count, first = options.first;
  STEER_CHECK(count > 0 && first >= 0, "[guide] expected at least one sample, from number 0, but got ", count,
              " and ", first);
  const Space space = generator.space();
  const std::vector<int64_t> seeds = seeds_for(options.seeds, count);
  const auto objective = objective_of(options, space, device);
  const auto plan = generator.plan(objective.get(), options.settings);

  Guided guided;
  guided.words = objective->words(), guided.settings = plan->settings(), guided.text = plan->text();
  guided.together = plan->together(), guided.asked = asked_of(*objective, count);
  if (const Tensor given = objective->degraded(); given.defined()) guided.given = within(space, given.cpu());
  if (const State known = objective->known(); known.defined()) guided.given = with_gaps(known, space);
  const Told told = told_by(options.telling, generator, first + count).narrow(first, count);
  const Beginning begin = beginning_of(options.begun, space, first, count, options.made);
  if (!options.begun.files.empty() && !guided.given.defined())
    guided.given = shown_beginning(options.begun, space);
  guided.stopped = !tell(watch, {kGuidingTitle, 0, guided.text});
  if (guided.stopped) return guided;

  const Watch each = [&](const Glimpse& glimpse) {
    guided.steps = std::max(guided.steps, glimpse.index + 1);
    return tell(watch, {kGuidingTitle, std::min(glimpse.share(), 1.0), {}, &glimpse});
  };
  const double started = now_seconds();
  const DrawRequest request{at::tensor(seeds, at::device(device).dtype(torch::kInt64)), told, begin};
  const Samples made = plan->draw(request, each);
  guided.seconds = now_seconds() - started;
  guided.stopped = made.stopped, guided.evaluations = made.evaluations;
  if (made.stopped) return guided;
  const torch::NoGradGuard no_grad;
  guided.scores = objective->score(made.state).cpu();
  guided.state = made.state.to(torch::kCPU);
  if (options.check) {
    guided.beside = beside(generator, {*objective, guided.settings, request, made.state, guided.scores});
    warn_if_worse(*guided.beside, guided.words);
  }
  tell(watch, {kGuidingTitle, 1, {}});
  return guided;
}

}  // namespace steer
