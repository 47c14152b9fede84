#include "steer/cmd/yardsticks.h"

namespace steer {

void add_yardstick_flags(CLI::App* command, YardstickOptions& options) {
  command->add_option(
      "--judge", options.judge,
      "a classifier (run, checkpoint or TorchScript file), not the one that guides, that tells "
      "how many samples are of the class asked: accuracy, confidence");
  command->add_option("--features", options.features,
                      "features of this classifier or TorchScript file: perceptual, and with --reference "
                      "frechet, class_frechet, precision, recall, coverage");
  command->add_option("--reference", options.reference,
                      "a data set whose test images samples are compared with");
  command->add_flag("--same-judge", options.same_judge, "let the network that guides judge too");
}

}  // namespace steer
