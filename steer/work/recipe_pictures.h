// Pictures of what came of recipes, with the recipe inside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/core/json.h"
#include "steer/picture/png_texts.h"
#include "steer/work/recipe.h"

namespace steer {

// The samples, what was given before them, as the recipe says; of a recipe that shows one sample, that alone.
// [C, h, w] in [-1, 1].
Tensor picture_of(const RecipeRun& run);

// Whether a path names a file in a format of the samples' kind, as .txt of texts, and so no picture.
bool has_own_format(const Space& space, const std::string& path);

// Error unless samples can be written to `path`, in such a format or as a picture (outputs.h).
void check_samples_output(const Space& space, const std::string& path, bool force);

// Writes samples in their kind's own format, and the twin beside them. `path` is one that has_own_format.
void write_own_format(const std::string& path, const Space& space, const State& samples, const Json& twin);

// Figures of a run: run, samples, seed (the first; seeds where they are a list), seconds, evaluations,
// settings, label; of a guided one objective and scores.
Json figures_of(const RecipeRun& run);

// The key of the text in a PNG that is a recipe.
constexpr const char* kRecipeKey = "steer";

// What a picture holds: under `steer` the recipe as JSON, under `parameters` the words and what else programs
// that show pictures look for there: "Steps: 18, Seed: 0, Model: shapes, Model hash: 5f1c...".
std::vector<PngText> recipe_texts(const RecipeRun& run);

// The JSON text of the recipe in a PNG. Error, with `name`, where it holds none or is no PNG.
std::string recipe_in_png(std::string_view bytes, const std::string& name);

// Error where a path for the pictures of a recipe has braces other than {seed}, or has {seed} and two samples
// have one seed.
void check_picture_path(const std::string& path, const Recipe& recipe);

// Writes sample `index` of a run, from 0, alone, with the recipe of that sample, and a twin beside it.
void write_sample(const std::string& path, const RecipeRun& run, int64_t index);

// Writes the picture, and beside it the figures with the recipe. A path with {seed} is one picture for each
// sample, which holds the recipe of that sample alone. Error as check_picture_path, and for stopped runs.
void write_run(const std::string& path, const RecipeRun& run, const Json& figures);

}  // namespace steer
