// What there is to choose from, by name: solvers, grids, methods and the like, and the words of objectives.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/named.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

// One list.
struct Listing {
  std::string name;            // "solvers"
  std::string meaning;         // one line: where its names are written
  std::vector<Named> entries;  // in the order shown
};

// All lists.
const std::vector<Listing>& listings();

// The list of this name. Error, with the nearest name, where there is none.
const Listing& listing_of(const std::string& name);

// A list as JSON: {"list", "meaning", "entries": [{"name", "meaning"}, ...]}.
Json listing_json(const Listing& listing);

// The words that `about` names: those of a kind of sample, or those of a name, of which kinds may each have
// one; of nothing: all words. Error, with the nearest name, where it names neither.
Vocabulary words_about(const std::string& about);

}  // namespace steer
