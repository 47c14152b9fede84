// Recipes: one JSON object that is a request for samples, and all that repeats them bit for bit. A picture
// holds its recipe (recipe_pictures.h).
//
//   {"version": 1, "work": "guide", "model": {"path": "runs/a", "fingerprint": "5f1c..."},
//    "objective": "inpaint(x.png, mask=left)", "seeds": [0], "count": 8, "settings": {...}, ...}
//
// Samples that begin from files have "from": {"files": [...], "noise": 0.4, "fit": ""} beside these, and
// "then":
// [{"model": {...}, "noise": 0.4, "settings": {...}}] are later stages, each of which goes on from the
// samples of the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/search/beside.h"
#include "steer/work/begun.h"
#include "steer/work/guiding.h"
#include "steer/work/judging.h"
#include "steer/work/opening.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// Which model a recipe is for.
struct RecipeModel {
  std::string path;         // run folder or checkpoint file, as its user wrote it
  std::string fingerprint;  // of the weights, 16 hexadecimal digits; empty: any

  void fields(OptionFields& f) {
    f("path", path, "run folder or checkpoint file");
    f("fingerprint", fingerprint, "of the weights; empty = any");
  }
};

// A later stage of a chain: another model goes on from the samples of the stage before, brought to its
// size where they have another, toward the same objective, with the same seeds.
struct Stage {
  RecipeModel model;
  double noise = 0.5;              // Beginning::noise
  Json settings = Json::object();  // of Generator::plan; JSON key "settings"

  void fields(OptionFields& f) {
    f("model", model, "which model");
    f("noise", noise, "share of noise that it begins with", from_to(0, 1));
  }
};

// A request. What is not said is as the works have it (drawing.h, guiding.h).
struct Recipe {
  int64_t version = 1;
  std::string work = "sample";  // sample, or guide
  RecipeModel model;
  std::string objective, fit;     // guide: words, and what is done with their files of another size
  int64_t count = 1;              // samples
  std::vector<int64_t> seeds{0};  // one for each sample; a single one: sample i takes it + i
  int64_t first = 0;              // the first sample is this number of the request that it is part of
  int64_t batch = 64;             // sample: made at once
  Telling telling;
  std::string precision = "auto", device = "cpu";
  int64_t shown = -1;  // the picture shows this sample alone, from 0; -1: all of them, and what was given
  int64_t zoom = 1;    // each pixel is a square of this side

  Json settings = Json::object();     // of Generator::plan; JSON key "settings"
  std::optional<Begun> from;          // files to begin from; JSON key "from"
  std::vector<Stage> then;            // stages after the first model's; JSON key "then"
  std::optional<int64_t> noise_seed;  // guide: GuideOptions::noise_seed; JSON key "noise_seed"

  void fields(OptionFields& f) {
    f("version", version, "of this format", from_to(1, 1));
    f("work", work, "sample or guide");
    f("model", model, "which model");
    f("objective", objective, "guide: what is wanted, in words");
    f("fit", fit, "guide: files in the words of another size: resize or pad; empty = they are refused");
    f("count", count, "samples", from_to(1, 1 << 30));
    f("seeds", seeds, "one for each sample; a single one: sample i takes it + i");
    f("first", first, "the first sample is this number of the request that it is part of", at_least(0));
    f("batch", batch, "sample: made at once", from_to(0, 1 << 20));
    f("telling", telling, "what a conditional model is told");
    f("precision", precision, "of convolutions: auto, float32 or bfloat16");
    f("device", device, "cpu or cuda");
    f("shown", shown, "the picture shows this sample alone, from 0; -1 = all of them", at_least(-1));
    f("zoom", zoom, "each pixel is a square of this side", from_to(1, 4096));
  }
};

// As JSON, and back. Error, beginning with `where`, for unknown keys, another version, wrong types and values
// out of range.
Json recipe_json(const Recipe& recipe);
Recipe recipe_of(const Json& json, const std::string& where);

// The recipe in a PNG, in the JSON file beside one, or in a file that is a recipe itself. Error, with the
// path, where there is none.
Recipe read_recipe(const std::string& path);

// Whether repeating it starts programs that the recipe names. Whoever repeats the recipe of a stranger asks
// first.
bool runs_programs(const Recipe& recipe);

// The recipe's model, computing as the recipe says. Error, saying what helps, where it is gone or has other
// weights.
LoadedModel open_for(const Recipe& recipe);

// What came of a recipe; tensors are on the processor.
struct RecipeRun {
  Recipe recipe;                 // completed: all settings, the fingerprint, the precision
  Space space;                   // of the samples
  State state;                   // N samples
  State given;                   // what the objective was made from, else what was begun from, or undefined
  Tensor scores;                 // guide: [N]
  AskedClasses asked;            // the class asked of or told for each sample
  std::string words;             // guide: the objective
  std::string text;              // how they were drawn, in a line
  int64_t columns = 0;           // samples side by side in a picture; 0: as suits
  int64_t steps = 0;             // of the sampler, or layers
  int64_t evaluations = 0;       // of the network for one sample; 0 where they are not counted
  double seconds = 0;            // of drawing
  bool together = false;         // the samples depend on one another
  bool stopped = false;          // the watch ended it; there may be no samples
  std::optional<Beside> beside;  // guide: where a check was asked
};

// What guide() does for the first model of a recipe.
GuideOptions guide_options(const Recipe& recipe);

// Puts each setting to the stages whose models have it; `first` is that of the first. Error for one that none
// has.
void share_settings(Recipe& recipe, const LoadedModel& first);

// Models of later stages are opened when it is their turn; what models are told, those are told that need it.
// Does what a recipe says with its model, open as the recipe says (open_for). The same recipe gives the same
// samples bit for bit on the same kind of machine. Error for weights of another fingerprint, and as draw and
// guide.
// `check`: as GuideOptions.
RecipeRun run_recipe(const Recipe& recipe, const LoadedModel& loaded, const WorkWatch& watch = {},
                     bool check = false);

// The recipe of sample `index` of a run, from 0, by itself: its seed alone, or, where the samples depend on
// one another or round otherwise when fewer are drawn at once, those that it was drawn with, of which it is
// shown.
Recipe recipe_of_sample(const RecipeRun& run, int64_t index);

}  // namespace steer
