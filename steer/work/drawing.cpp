#include "steer/work/drawing.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/machine.h"
#include "steer/core/seed_list.h"

namespace steer {
namespace {

constexpr const char* kDrawingTitle = "sample";

}  // namespace

Drawn draw(const Generator& generator, const DrawOptions& options, const WorkWatch& watch) {
  const int64_t count = options.count;
  STEER_CHECK(count > 0 && options.batch > 0 && options.first >= 0,
              "[sample] expected at least one sample in batches of at least one, from number 0, but got ",
              count, ", ", options.batch, " and ", options.first);
  check_memory(static_cast<double>(count) * static_cast<double>(values_of(generator.space())) * sizeof(float),
               "[sample] count", joined(count, " samples"));
  const auto plan = generator.plan(nullptr, options.settings);
  DrawRequest all;
  all.seeds = at::tensor(seeds_for(options.seeds, count), torch::kInt64);
  all.told = told_by(options.telling, generator, options.first + count).narrow(options.first, count);
  all.begin = beginning_of(options.begun, generator.space(), options.first, count, options.made);

  Drawn drawn;
  drawn.settings = plan->settings(), drawn.text = plan->text();
  std::vector<State> states;
  std::vector<Tensor> codes;
  const double begin = now_seconds();
  for (int64_t at = 0; at < count && !drawn.stopped; at += options.batch) {
    const int64_t rows = std::min(options.batch, count - at);
    const auto share_at = [&](double done) {
      return (static_cast<double>(at) + std::min(done, 1.0) * static_cast<double>(rows)) /
             static_cast<double>(count);
    };
    const Watch each = [&](const Glimpse& glimpse) {
      drawn.steps = std::max(drawn.steps, glimpse.index + 1);
      return tell(watch, {kDrawingTitle, share_at(glimpse.share()), {}, &glimpse});
    };
    if (at == 0 && !tell(watch, {kDrawingTitle, 0, drawn.text})) {
      drawn.stopped = true;
      break;
    }
    DrawRequest some{all.seeds.narrow(0, at, rows), all.told.narrow(at, rows), all.begin};
    if (some.begin.from.defined()) some.begin.from = all.begin.from.narrow(at, rows);
    const Samples made = plan->draw(some, each);
    drawn.stopped = made.stopped;
    if (made.stopped) break;
    states.push_back(made.state.to(torch::kCPU));
    if (made.code.defined()) codes.push_back(made.code.cpu());
    drawn.evaluations = std::max(drawn.evaluations, made.evaluations);
  }
  drawn.seconds = now_seconds() - begin;
  if (!states.empty()) drawn.state = concatenated(states);
  if (!codes.empty()) drawn.code = at::cat(codes);
  drawn.told = all.told.narrow(0, drawn.stopped ? drawn.state.size() : count);
  if (!drawn.stopped) tell(watch, {kDrawingTitle, 1, {}});
  return drawn;
}

}  // namespace steer
