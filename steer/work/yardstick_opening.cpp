#include "steer/work/yardstick_opening.h"

#include "steer/core/check.h"
#include "steer/objectives/pieces.h"
#include "steer/work/samples.h"

namespace steer {

Yardsticks open_yardsticks(const YardstickOptions& options, const std::string& words, const Space& space,
                           torch::Device device) {
  STEER_CHECK(options.reference.empty() || !options.features.empty(), "[reference] ", options.reference,
              ": expected features as well (--features), by which samples are compared");
  Yardsticks yardsticks;
  yardsticks.device = device;
  if (!options.judge.empty()) {
    if (!options.same_judge) check_judge(options.judge, words);
    yardsticks.judge = load_classifier(options.judge, device);
  }
  if (!options.features.empty()) yardsticks.features = load_features(options.features, device);
  if (!options.reference.empty()) {
    const torch::NoGradGuard no_grad;
    const LoadedSamples real = load_samples(options.reference, "test", "", space, 0);
    yardsticks.real = in_pieces(real.state.x.to(device), *yardsticks.features).cpu();
    yardsticks.real_label = real.label;
    yardsticks.real_names = real.classes;
  }
  return yardsticks;
}

}  // namespace steer
