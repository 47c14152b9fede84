// Steers a trained model toward the left-out half of an image: steer_a_model RUN IMAGE.png OUT.png
#include <iostream>

#include "steer/core/machine.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/picture/grid.h"
#include "steer/picture/images.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: steer_a_model RUN IMAGE.png OUT.png\n";
    return 2;
  }
  try {
    steer::prepare_process(0);
    const steer::LoadedModel loaded = steer::load_model(argv[1], torch::kCPU);
    const steer::Generator& generator = steer::as_generator(loaded, "steer_a_model");

    steer::ObjectiveContext context;
    context.space = generator.space();
    context.fit = "resize";
    const auto objective =
        steer::make_objective("inpaint('" + std::string(argv[2]) + "', mask=left)", context);

    const auto plan = generator.plan(objective.get());
    std::cout << "guidance: " << plan->text() << "\n";
    const steer::Samples samples = plan->draw({steer::sample_seeds(0, 8), {}});  // an answer for each seed
    steer::write_png(argv[3], steer::image_grid(at::cat({objective->degraded(), samples.state.x}), 9));
    std::cout << "scores: " << objective->score(samples.state) << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
