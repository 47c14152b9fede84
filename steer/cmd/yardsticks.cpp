#include "steer/cmd/yardsticks.h"

#include "steer/core/check.h"
#include "steer/objectives/pieces.h"

namespace steer {

void YardstickFlags::add_to(CLI::App* command) {
  command->add_option(
      "--judge", judge,
      "a classifier (run, checkpoint or TorchScript file), not the one that guides, that tells "
      "how many samples are of the class asked: accuracy, confidence");
  command->add_option("--features", features,
                      "features of this classifier or TorchScript file: perceptual, and with --reference "
                      "frechet, class_frechet, precision, recall");
  command->add_option("--reference", reference, "a data set whose test images samples are compared with");
  command->add_flag("--same-judge", same_judge, "let the network that guides judge too");
}

Yardsticks YardstickFlags::open(const std::string& words, const ImageShape& shape,
                                torch::Device device) const {
  STEER_CHECK(reference.empty() || !features.empty(),
              "[reference] expected --features, by which images are compared");
  Yardsticks yardsticks;
  yardsticks.device = device;
  if (!judge.empty()) {
    if (!same_judge) check_judge(judge, words);
    yardsticks.judge = load_classifier(judge, device);
  }
  if (!features.empty()) yardsticks.features = load_features(features, device);
  if (!reference.empty()) {
    const torch::NoGradGuard no_grad;
    const Loaded real = load_images(reference, "test", "", shape, 0);
    yardsticks.real = in_pieces(real.x.to(device), *yardsticks.features).cpu();
    yardsticks.real_label = real.label;
  }
  return yardsticks;
}

}  // namespace steer
