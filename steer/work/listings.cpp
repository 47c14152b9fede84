#include "steer/work/listings.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/loss.h"
#include "steer/diffusion/prediction.h"
#include "steer/diffusion/process.h"
#include "steer/diffusion/solver.h"
#include "steer/discrete/token_solver.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/token_guide.h"
#include "steer/modalities/modalities.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/models/text_model.h"
#include "steer/points/planes.h"
#include "steer/search/yardsticks.h"
#include "steer/text/tokenizer.h"

namespace steer {
namespace {

std::vector<Named> word_entries() {
  std::vector<Named> entries;
  for (const Word* word : all_words()) {
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const Named& entry) { return entry.name == word->name; });
    // Kinds of samples may each have a word of a name.
    if (same == entries.end())
      entries.push_back({word->name, word->meaning});
    else
      same->meaning += "; or " + word->meaning;
  }
  return entries;
}

std::vector<Named> family_entries() {
  std::vector<Named> entries;
  for (const Family& family : families()) entries.push_back(family.named);
  return entries;
}

// "ddn.top" and its like.
std::vector<Named> setting_entries() {
  std::vector<Named> entries;
  for (const Family& family : families())
    for (const Named& setting : family.settings)
      entries.push_back({family.named.name + "." + setting.name, setting.meaning});
  return entries;
}

std::vector<Named> kind_entries() {
  std::vector<Named> entries;
  for (const Modality* modality : modalities()) entries.push_back({modality->kind, modality->meaning});
  return entries;
}

std::vector<Named> data_entries() {
  std::vector<Named> entries;
  for (const Modality* modality : modalities())
    entries.insert(entries.end(), modality->data.begin(), modality->data.end());
  return entries;
}

}  // namespace

const std::vector<Listing>& listings() {
  static const std::vector<Listing> all = {
      {"words", "of --objective; steer words WORD shows one with its arguments", word_entries()},
      {"families", "of steer train", family_entries()},
      {"settings", "of how each family draws and is guided", setting_entries()},
      {"methods", "of --method: how a diffusion is guided; auto takes what suits the objective",
       guidance_methods()},
      {"token_methods", "of --method: how a model of text follows an objective", token_methods()},
      {"solvers", "of --solver: how a diffusion goes from noise to data", solvers()},
      {"token_solvers", "of --solver: how masked or noised tokens become known", token_solvers()},
      {"remasking", "of --sampler remask=RULE with the solver remask", remask_rules()},
      {"token_losses", "of train text: --set text.loss=LOSS", text_losses()},
      {"tokenizers", "of text: --set data.tokenizer=KIND; bpe with a size, as bpe:1024", tokenizer_table()},
      {"levels", "of --levels: the grid of noise levels of a diffusion", level_grids()},
      {"processes", "of --process: how noise comes into data", processes()},
      {"predictions", "what a denoiser's network predicts", predictions()},
      {"weights", "of a diffusion's loss, by noise level", loss_weights()},
      {"metrics", "of --metric and compare", metric_table()},
      {"kinds", "of sample", kind_entries()},
      {"data", "of --data", data_entries()},
      {"planes", "distributions in the plane: of density(NAME) and --data points:NAME", planes()},
      {"densities", "of steer density, those of the planes that are drawn on a grid", densities()},
  };
  return all;
}

const Listing& listing_of(const std::string& name) {
  std::vector<std::string> known;
  for (const Listing& listing : listings()) {
    if (listing.name == name) return listing;
    known.push_back(listing.name);
  }
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  fail("[list] unknown list ", name, "; known are ", list, did_you_mean(name, known));
}

Json listing_json(const Listing& listing) {
  Json entries = Json::array();
  for (const Named& entry : listing.entries)
    entries.push_back({{"name", entry.name}, {"meaning", entry.meaning}});
  return {{"list", listing.name}, {"meaning", listing.meaning}, {"entries", entries}};
}

Vocabulary words_about(const std::string& about) {
  const Vocabulary all = all_words();
  if (about.empty()) return all;
  std::vector<std::string> known;
  for (const Modality* modality : modalities()) {
    if (modality->kind == about) return words_of(about);
    known.push_back(modality->kind);
  }
  if (const Word* word = find_word(all, about)) {
    Vocabulary same;
    for (const Word* other : all)
      if (other->name == word->name) same.push_back(other);
    return same;
  }
  for (const Word* word : all) known.push_back(word->name);
  fail("[words] expected a kind of sample or a word of an objective but got ", about,
       did_you_mean(about, known));
}

}  // namespace steer
