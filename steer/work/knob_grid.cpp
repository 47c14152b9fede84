#include "steer/work/knob_grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/seed_list.h"
#include "steer/picture/grid.h"
#include "steer/picture/lettering.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

constexpr int64_t kMostCells = 1024;
constexpr int64_t kCellGap = 6, kLeastCell = 64;  // pixels

// Values between commas that stand in no bracket and no quotes.
std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> values(1);
  int64_t depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  return values;
}

// The part of a setting's name that its model knows: guidance of guidance.climb.rho.
std::string first_part(const std::string& name) {
  return name.substr(0, name.find('.'));
}

// One line, a question mark for each byte that is no ASCII.
Tensor line_picture(const std::string& text) {
  LetterLines lines(1);
  for (const char c : text) lines[0].push_back({std::string(1, c > 0 ? c : '?')});
  return lettered(lines, std::max<int64_t>(1, static_cast<int64_t>(text.size())), 1);
}

std::string label_of(const GridAxis& knob, const std::string& value) {
  return knob.name == "objective" ? value : knob.name + " " + value;
}

// Puts a picture [3, h, w] into the middle of a place of the canvas.
void put_in_middle(Tensor canvas, const Tensor& picture, int64_t top, int64_t left, int64_t height,
                   int64_t width) {
  const int64_t h = picture.size(1), w = picture.size(2);
  canvas.narrow(1, top + (height - h) / 2, h).narrow(2, left + (width - w) / 2, w).copy_(picture);
}

int64_t largest(const std::vector<Tensor>& pictures, int64_t at) {
  int64_t most = 0;
  for (const Tensor& picture : pictures) most = std::max(most, picture.size(at));
  return most;
}

// Pictures of the cells under and beside the values they were made with.
Tensor lettered_grid(const std::vector<Tensor>& cells, const std::vector<std::string>& above,
                     const std::vector<std::string>& beside) {
  std::vector<Tensor> top, side;
  for (const std::string& text : above) top.push_back(line_picture(text));
  for (const std::string& text : beside) side.push_back(line_picture(text));
  const int64_t height = std::max(largest(cells, 1), largest(side, 1)) + kCellGap;
  const int64_t width = std::max(largest(cells, 2), largest(top, 2)) + kCellGap;
  const int64_t margin = largest(side, 2), head = largest(top, 1);
  const auto columns = static_cast<int64_t>(above.size()), rows = static_cast<int64_t>(beside.size());
  Tensor canvas = at::ones({3, head + rows * height, margin + columns * width});
  for (int64_t x = 0; x < columns; ++x)
    put_in_middle(canvas, top[static_cast<size_t>(x)], 0, margin + x * width, head, width);
  for (int64_t y = 0; y < rows; ++y) {
    put_in_middle(canvas, side[static_cast<size_t>(y)], head + y * height, 0, height, margin);
    for (int64_t x = 0; x < columns; ++x)
      put_in_middle(canvas, cells[static_cast<size_t>(y * columns + x)], head + y * height,
                    margin + x * width, height, width);
  }
  return canvas;
}

// The samples of a cell, small ones enlarged, in three channels.
Tensor cell_picture(const GridCell& cell) {
  const RecipeRun& run = cell.run;
  Tensor picture = picture_of(run.space, run.state);
  const int64_t side = std::max(picture.size(1), picture.size(2));
  const int64_t zoom = run.recipe.zoom > 1 ? run.recipe.zoom : (kLeastCell + side - 1) / side;
  picture = enlarged(picture, zoom);
  return picture.size(0) == 1 ? picture.expand({3, -1, -1}) : picture;
}

// A watch that is told of a grid, whatever its places are made by.
WorkWatch of_grid(const WorkWatch& watch) {
  if (!watch) return watch;
  return [watch](const Moment& moment) {
    Moment named = moment;
    named.title = "grid";
    return watch(named);
  };
}

}  // namespace

GridAxis axis_of(const std::string& text, const std::string& where) {
  const size_t equals = text.find('=');
  STEER_CHECK(equals != std::string::npos && equals > 0 && equals + 1 < text.size(), "[grid] ", where,
              ": expected NAME=VALUE,VALUE,... but got ", in_quotes(text));
  GridAxis knob = {text.substr(0, equals), listed(text.substr(equals + 1))};
  if (knob.name == "seed") {
    std::vector<std::string> seeds;
    for (const int64_t seed : parse_seed_list(text.substr(equals + 1))) seeds.push_back(std::to_string(seed));
    knob.values = seeds;
  }
  STEER_CHECK(std::find(knob.values.begin(), knob.values.end(), "") == knob.values.end(), "[grid] ", where,
              ": expected a value between all commas but got ", in_quotes(text));
  return knob;
}

Recipe turned(const Recipe& recipe, const Generator& model, const std::string& knob,
              const std::string& value) {
  Recipe other = recipe;
  if (knob == "seed") {
    other.seeds = parse_seed_list(value);
  } else if (knob == "label") {
    other.telling.label = value;
  } else if (knob == "told") {
    other.telling.value = value;
  } else if (knob == "objective") {
    STEER_CHECK(recipe.work == "guide", "[grid] objective: expected --objective, which it changes");
    other.objective = value;
  } else if (knob == "noise") {
    STEER_CHECK(recipe.from.has_value(), "[grid] noise: expected --from, what to begin from");
    Json noise = Json::object();
    apply_set(noise, "noise=" + value);
    read_options(*other.from, noise, "[grid]");
  } else {
    const std::vector<std::string> known = model.setting_names();
    std::vector<std::string> all = {"seed", "label", "told", "objective", "noise"};
    all.insert(all.end(), known.begin(), known.end());
    STEER_CHECK(among(first_part(knob), known), "[grid] ", knob, ": expected one of ",
                fmt::format("{}", fmt::join(all, ", ")), ", what this model and the request have");
    apply_set(other.settings, knob + "=" + value);
  }
  return other;
}

KnobGrid knob_grid(const Recipe& recipe, const LoadedModel& loaded, const GridAxis& x, const GridAxis& y,
                   const WorkWatch& watch) {
  const std::vector<std::string> rows = y.name.empty() ? std::vector<std::string>{""} : y.values;
  STEER_CHECK(static_cast<int64_t>(rows.size() * x.values.size()) <= kMostCells, "[grid] expected at most ",
              kMostCells, " places but got ", rows.size(), " rows of ", x.values.size());
  STEER_CHECK(x.name != y.name, "[grid] expected two knobs but got ", x.name, " twice");
  const Generator& model = as_generator(loaded, recipe.work);
  KnobGrid grid;
  std::vector<Recipe> recipes;
  for (const std::string& row : rows)
    for (const std::string& value : x.values) {
      const Recipe of_row = y.name.empty() ? recipe : turned(recipe, model, y.name, row);
      recipes.push_back(turned(of_row, model, x.name, value));
      grid.cells.push_back({value, row, {}});
    }
  std::vector<Tensor> pictures;
  for (size_t i = 0; i < recipes.size(); ++i) {
    grid.cells[i].run = run_recipe(recipes[i], loaded, of_part(of_grid(watch), i, recipes.size()));
    grid.stopped = grid.cells[i].run.stopped;
    if (grid.stopped) return grid;
    pictures.push_back(cell_picture(grid.cells[i]));
  }
  std::vector<std::string> above, beside;
  for (const std::string& value : x.values) above.push_back(label_of(x, value));
  for (const std::string& row : rows) beside.push_back(y.name.empty() ? "" : label_of(y, row));
  grid.picture = lettered_grid(pictures, above, beside);
  return grid;
}

Json figures_of(const KnobGrid& grid, const GridAxis& x, const GridAxis& y) {
  Json figures = {{"x", x.name}};
  if (!y.name.empty()) figures["y"] = y.name;
  for (const GridCell& cell : grid.cells) {
    Json one = {{x.name, cell.x}};
    if (!y.name.empty()) one[y.name] = cell.y;
    if (cell.run.scores.defined()) one["score_mean"] = cell.run.scores.mean().item<double>();
    if (cell.run.evaluations > 0) one["evaluations"] = cell.run.evaluations;
    one["seconds"] = cell.run.seconds;
    one["recipe"] = recipe_json(cell.run.recipe);
    figures["cells"].push_back(one);
  }
  return figures;
}

}  // namespace steer
