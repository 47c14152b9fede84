#include "steer/work/task_evaluation.h"

#include "steer/core/check.h"
#include "steer/metrics/perceptual.h"
#include "steer/metrics/reconstruction.h"
#include "steer/search/yardsticks.h"

namespace steer {
namespace {

Answer measured(const std::string& name, const Tensor& x, const Task& task, const SavedNetwork* network) {
  const Tensor mse = masked_mse(x, task.truth(), task.hidden());
  Answer answer{name, psnr(mse).mean().item<double>(), mse.mean().item<double>()};
  if (network) answer.perceptual = perceptual_distance(*network, x, task.truth());
  return answer;
}

void add_answers(TaskEvaluation& found, const Space& space, const Task& task, const Tensor& average,
                 const SavedNetwork* network) {
  const Tensor& truth = task.truth();
  const Tensor given = task.degraded().defined() ? within(space, task.degraded()) : at::zeros_like(truth);
  const auto add = [&](const std::string& name, const Tensor& x) {
    found.answers.push_back(measured(name, x, task, network));
  };
  found.given = given;
  add("guided", found.made.state.x);
  add("as given", given);
  add("mean image", average.expand_as(truth));
  if (task.bicubic().defined()) add("bicubic", task.bicubic());
  found.figures["images"] = task.count();
  for (const Answer& answer : found.answers) {
    found.figures[answer.name] = {{"psnr", answer.psnr}, {"mse", answer.mse}};
    if (answer.perceptual) found.figures[answer.name]["perceptual"] = *answer.perceptual;
  }
}

// The network of `judge.features`, checked before anything is drawn; nothing where none is named.
std::optional<SavedNetwork> features_of(const JudgeOptions& judge, const Task& task, torch::Device device) {
  if (judge.features.empty()) return {};
  STEER_CHECK(task.truth().defined(),
              "[evaluate] --features: expected --data, whose samples are the truth "
              "that answers are compared with, but got an objective alone");
  if (!judge.same) check_judge(judge.features, task.words());
  return load_features(judge.features, device);
}

}  // namespace

TaskEvaluation evaluate_task(const Generator& generator, const Task& task, const Json& settings,
                             const Told& told, const Tensor& average, const JudgeOptions& judge, bool check,
                             torch::Device device, const WorkWatch& watch) {
  if (!judge.judge.empty() && !judge.same) check_judge(judge.judge, task.words());
  const std::optional<SavedNetwork> network = features_of(judge, task, device);
  TaskEvaluation found;
  found.made = task.run(generator, settings, told, true, [&](double share) {
    return tell(watch, {"guide", share, "", nullptr}) || share == 1;
  });
  STEER_CHECK(!found.made.stopped, "[evaluate] interrupted");
  found.plan = found.made.settings, found.text = found.made.text;
  const Made& made = found.made;
  found.figures = {{"objective", task.words()},
                   {"samples", task.count()},
                   {"guidance", found.plan},
                   {"score_mean", made.scores.mean().item<double>()},
                   {"seconds_per_image", made.seconds / static_cast<double>(task.count())}};
  if (made.evaluations > 0) found.figures["evaluations"] = made.evaluations;
  if (check) {
    const Beside beside = task.beside(generator, made, told);
    found.figures["check"] = beside_json(beside);
    warn_if_worse(beside, task.words());
  }
  if (!judge.judge.empty()) {
    found.verdict = judged(judge.judge, made.state, {task.asked(), task.asked_names()}, device, judge.as);
    found.figures["judge"] = found.verdict->figures;
  }
  if (task.truth().defined())
    add_answers(found, generator.space(), task, average, network ? &*network : nullptr);
  return found;
}

}  // namespace steer
