// Brings a kind of sample of its own to the installed library: trains a model of it, steers it and shows it.
#include <cstdio>
#include <fstream>

#include "dice/dice.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/modalities/modalities.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/picture/images.h"
#include "steer/train/trainer.h"

namespace {

// A model of a family that learned a thousand batches, as its run folder gives it back.
steer::LoadedModel learned(const std::string& family, const steer::Json& options) {
  steer::RunOptions run;
  run.data.path = "dice:fair";
  run.train.images = 1000 * run.train.loader.batch;
  run.train.rate = 5e-3;
  const auto data = steer::make_dataset(run.data);
  const auto model =
      steer::make_model(family, steer::fitted_options(family, options, *data, run.data.path), 1);
  const std::string folder = "dice_" + family;
  steer::train(*model, *data, run, folder, false, torch::kCPU);
  return steer::load_model(folder, torch::kCPU);
}

void expect_dice(const steer::LoadedModel& loaded) {
  const steer::Generator& generator = steer::as_generator(loaded, "own_kind");
  STEER_CHECK(generator.space().kind == "dice", "expected a model of dice");
  const steer::DrawRequest request{steer::sample_seeds(0, 64), {}};
  steer::ObjectiveContext context;
  context.space = generator.space();
  const auto objective = steer::make_objective("loaded(face=6)", context);
  const steer::State drawn = generator.draw(request).state;
  const steer::State steered = generator.draw(request, objective.get()).state;
  const float off = (drawn.x.sum(1) - 1).abs().mean().item<float>();
  const float before = objective->score(drawn).mean().item<float>();
  const float after = objective->score(steered).mean().item<float>();
  std::printf("%s of dice: sums off by %.3f, score %.2f free, %.2f steered, share of a six %.2f and %.2f\n",
              loaded.model->family().c_str(), off, before, after, drawn.x.select(1, 5).mean().item<float>(),
              steered.x.select(1, 5).mean().item<float>());
  STEER_CHECK(off < 0.1, "expected shares that add up to one");
  STEER_CHECK(after > before, "expected a higher score when steered");
  steer::write_png("dice.png",
                   steer::modality_of(generator.space()).picture(generator.space(), {drawn, steered}, 8));
}

void expect_a_kind_to_be_known_once() {
  try {
    steer::add_modality(dice());
  } catch (const steer::Error& error) {
    std::printf("%s\n", error.what());
    return;
  }
  steer::fail("expected a kind that is known to be refused");
}

}  // namespace

int main() {
  try {
    steer::add_modality(dice());
    expect_dice(learned("ddn", {{"points", {{"width", 32}}}}));
    expect_dice(
        learned("diffusion", {{"mlp", {{"width", 64}, {"blocks", 2}}}, {"process", {{"type", "flow"}}}}));
    std::ofstream("die.txt") << "0.1 0.1 0.1 0.1 0.1 0.5\n";
    steer::DataOptions loaded;
    loaded.path = "dice:loaded";
    STEER_CHECK(
        steer::modality_of("dice").read("die.txt", steer::make_dataset(loaded)->space(), "").size() == 1,
        "expected a die");
    expect_a_kind_to_be_known_once();
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
