// What sample, guide and again have in common: a request for samples as flags, and its answer shown.
#pragma once

#include <string>

#include "steer/cmd/command.h"
#include "steer/cmd/settings.h"
#include "steer/work/recipe.h"

namespace steer {

// The flags of a request for samples.
class RequestFlags {
 public:
  // The recipe's work and count and `out` are defaults; `what` is told of the picture.
  RequestFlags(const Recipe& defaults, std::string out, std::string what);

  // Adds all but what belongs to guided samples alone.
  void add_to(CLI::App* command);
  // Of these, what says which samples, not what is written of them.
  void add_request_to(CLI::App* command);

  // The request as a recipe. Error where --count and the list of seeds disagree.
  Recipe recipe() const;

  Common common;
  SettingsFlags settings;
  Recipe asked;  // as far as flags write into it
  std::string out, judge, film, chart;
  bool check = false, same_judge = false, live = false;

 private:
  // What --from, --then and --noise say; without --count one sample for each file, of a single one some.
  void put_beginning(Recipe& recipe) const;

  CLI::App* command_ = nullptr;
  std::string seed_ = "0", what_;
  std::vector<std::string> from_, then_;
  std::vector<double> noise_;
  bool invert_ = false;
};

// How a recipe is answered.
struct AnswerOptions {
  std::string judge = {};  // a classifier; empty: none
  std::string out;         // the picture, or of texts a .txt
  bool check = false;      // draws some unguided samples beside
  std::string film = {};   // a GIF of how the first samples came to be; empty: none
  bool live = false;       // shows the first sample on the terminal while it comes to be, where it is text
  std::string chart = {};  // an SVG of scores after every step; empty: none
};

// Runs the recipe with its model, writes the picture and shows the figures. Gives the exit status.
int answer(const Common& common, const Recipe& recipe, const LoadedModel& loaded,
           const AnswerOptions& options);

}  // namespace steer
