// Loads a shipped model through the installed library, samples it and steers it.
#include <cstdio>

#include "steer/core/random.h"
#include "steer/models/models.h"
#include "steer/modalities/objectives.h"
#include "steer/picture/images.h"

int main() {
  const steer::LoadedModel loaded = steer::load_model(STEER_MODELS "/mnist_ddn.safetensors", torch::kCPU);
  steer::SampleRequest request;
  request.seeds = steer::sample_seeds(0, 4);
  const steer::Samples free = loaded.model->sample(request);
  steer::write_png("sample.png", free.images[0]);

  steer::ObjectiveContext context;
  context.channels = free.images.size(1), context.height = free.images.size(2),
  context.width = free.images.size(3);
  const auto objective = steer::make_objective("inpaint(sample.png, mask=left)", context);
  request.objective = objective.get();
  const steer::Samples steered = loaded.model->sample(request);
  const float before = objective->score(free.images).mean().item<float>();
  const float after = objective->score(steered.images).mean().item<float>();
  std::printf("score %.1f free, %.1f steered\n", before, after);
  return after > before ? 0 : 1;
}
