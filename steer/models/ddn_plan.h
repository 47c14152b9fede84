// How a Discrete Distribution Network is drawn from: an objective chooses among candidates.
#pragma once

#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

// The settings of DdnModel::plan.
struct DdnSettings {
  double top = 2;
  int64_t beam = 1;
  int64_t particles = 0;
  int64_t best_of = 1;
  double temperature = 1;
  int64_t shortlist = 0;
  std::string levels;
  std::string prior;

  void fields(OptionFields& f) {
    f("top", top,
      "an objective picks at random among this many best candidates; 1 = always the best; below 1 a share of "
      "them, as 0.1",
      more_than(0));
    f("beam", beam,
      "an objective searches with this many prefixes side by side and gives the best; seeds are then idle; "
      "1 = greedy, with top",
      from_to(1, 1 << 20));
    f("particles", particles,
      "particles of each sample, resampled at every layer: draws from the posterior; 0 = none",
      from_to(0, 1 << 20));
    f("best_of", best_of,
      "whole samples drawn for each, the best of which is given: nothing is chosen on the way; 1 = choose "
      "layer by layer",
      from_to(1, 1 << 20));
    f("temperature", temperature, "divides the scores of particles, and the logits of a prior", at_least(0));
    f("shortlist", shortlist,
      "candidates that an objective which must look at samples sees at each layer: the best by its linear "
      "terms, else some far apart; 0 = all",
      from_to(0, 1 << 20));
    f("levels", levels,
      "layers a:b that an objective guides, from 1; a: and :b stand for the rest, empty = all; the others "
      "draw at random, from the prior where there is one");
    f("prior", prior,
      "a file with a learned prior: codes are drawn from it, or an objective chooses by its score and ln p "
      "of the prior together; empty = all codes alike");
  }
};

// The same as a list.
const std::vector<Named>& ddn_settings();

}  // namespace steer
