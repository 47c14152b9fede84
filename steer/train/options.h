// Everything that a training run is told: model, data, optimiser, budgets.
#pragma once

#include "steer/core/options.h"
#include "steer/data/data_options.h"
#include "steer/data/loader.h"
#include "steer/nn/muon.h"

namespace steer {

// How a model is trained, and for how long.
struct TrainOptions {
  double rate = 1e-3;
  int64_t ramp_images = 2000;
  double floor = 0.02;
  std::string decay = "cosine";
  double ema_half_life_images = 5000;
  double ema_power = 0;
  int64_t images = 0;
  double minutes = 0;
  int64_t seed = 0;
  std::string precision = "auto";
  bool recompute = false;
  std::string stored = "float32";
  std::string init;
  double checkpoint_minutes = 2;
  double grid_minutes = 2;
  int64_t log_every_steps = 10;
  std::string optimiser = "adam";
  AdamOptions adam;
  MuonOptions muon;
  LoaderOptions loader;

  void fields(OptionFields& f) {
    f("rate", rate, "learning rate after the ramp", more_than(0));
    f("ramp_images", ramp_images, "images over which the learning rate rises linearly from 0", at_least(0));
    f("decay", decay, "constant, or cosine: down to floor x rate at the end of the budget");
    f("floor", floor, "last learning rate of the cosine as a share of rate", from_to(0, 1));
    f("ema_half_life_images", ema_half_life_images,
      "half-life of the averaged weights in images; 0 = no average", at_least(0));
    f("ema_power", ema_power,
      "above 0: average all weights in proportion to this power of the images seen instead", at_least(0));
    f("images", images, "budget in images; 0 = none", at_least(0));
    f("minutes", minutes, "budget in minutes; 0 = none", at_least(0));
    f("seed", seed, "seed of initial values, order and dropout", at_least(0));
    f("precision", precision, "of convolutions: auto, float32 or bfloat16");
    f("recompute", recompute,
      "keep the activations of one level at a time and compute the others again for the gradient: far less "
      "memory, up to a third more time");
    f("stored", stored, "number type of model.safetensors: float32, or float16 for half the size");
    f("init", init,
      "a run or a model to begin a new run from: its weights, and its options where no others are given; "
      "empty "
      "= random weights");
    f("checkpoint_minutes", checkpoint_minutes, "minutes between checkpoints", at_least(0));
    f("grid_minutes", grid_minutes, "minutes between sample grids; 0 = at the end alone", at_least(0));
    f("log_every_steps", log_every_steps, "steps between lines of log.jsonl", at_least(1));
    f("optimiser", optimiser,
      "adam; or muon: the matrices within a transformer by Muon and the others by Adam, at one rate");
    f("adam", adam, "Adam's constants");
    f("muon", muon, "Muon's constants");
    f("loader", loader, "batches");
  }
};

// The whole of a configuration file; `model` stands under the family's own name in JSON.
struct RunOptions {
  DataOptions data;
  TrainOptions train;

  void fields(OptionFields& f) {
    f("data", data, "images to train on");
    f("train", train, "how to train");
  }
};

// Checks words and ranges; Error names the option.
void check(const TrainOptions& options);

}  // namespace steer
