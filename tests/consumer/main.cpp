// Loads a shipped model through the installed library, samples it and steers it.
#include <cstdio>

#include "steer/core/random.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/picture/images.h"

int main() {
  const steer::LoadedModel loaded = steer::load_model(STEER_MODELS "/mnist_ddn.safetensors", torch::kCPU);
  const steer::Generator& generator = steer::as_generator(loaded, "consumer");
  const steer::DrawRequest request{steer::sample_seeds(0, 4), {}};
  const steer::State unguided = generator.draw(request).state;
  steer::write_png("sample.png", unguided.x[0]);

  steer::ObjectiveContext context;
  context.space = generator.space();
  const auto objective = steer::make_objective("inpaint(sample.png, mask=left)", context);
  const steer::State steered = generator.draw(request, objective.get()).state;
  const float before = objective->score(unguided).mean().item<float>();
  const float after = objective->score(steered).mean().item<float>();
  std::printf("score %.1f free, %.1f steered\n", before, after);
  return after > before ? 0 : 1;
}
