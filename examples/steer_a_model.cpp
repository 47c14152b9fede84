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
    steer::LoadedModel loaded = steer::load_model(argv[1], torch::kCPU);
    const steer::ImageShape shape = loaded.model->shape();

    steer::ObjectiveContext context;
    context.channels = shape.channels;
    context.height = shape.height;
    context.width = shape.width;
    context.fit = "resize";
    const auto objective =
        steer::make_objective("inpaint('" + std::string(argv[2]) + "', mask=left)", context);

    steer::SampleRequest request;
    request.seeds = steer::sample_seeds(0, 8);  // eight answers, one for each seed
    request.objective = objective.get();
    const steer::Samples samples = loaded.model->sample(request);
    steer::write_png(argv[3], steer::image_grid(at::cat({objective->degraded(), samples.images}), 9));
    std::cout << "scores: " << objective->score(samples.images) << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
