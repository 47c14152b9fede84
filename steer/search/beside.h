// Whether guidance did what it is for: its samples' scores beside those of unguided ones.
#pragma once

#include <cstdint>
#include <string>

#include "steer/core/json.h"
#include "steer/models/generator.h"
#include "steer/objectives/objective.h"

namespace steer {

// Samples that are drawn beside for such a check: it is to cost little.
constexpr int64_t kSamplesBeside = 4;

// Mean scores of the first few samples, guided and drawn without guidance from the same seeds.
struct Beside {
  double guided = 0, unguided = 0;  // mean scores
  int64_t samples = 0;              // how many

  // Whether unguided samples are liked better; also where the guided score is no number.
  bool worse() const { return !(guided >= unguided); }
};

// What was guided.
struct GuidedDraw {
  const Objective& objective;  // that guided and scores
  Json settings;               // as Plan::settings gave them
  DrawRequest request;         // of N samples
  State state;                 // these samples
  Tensor scores;               // [N]
};

// Draws the first min(N, kSamplesBeside) samples again without the objective and lets it score them.
Beside beside(const Generator& generator, const GuidedDraw& draw);

// One line for a check that went wrong: what was asked, both scores, and what helps.
std::string worse_text(const Beside& beside, const std::string& words);

// That line as a notice, where it is worse.
void warn_if_worse(const Beside& beside, const std::string& words);

// {"guided", "unguided", "samples"}.
Json beside_json(const Beside& beside);

}  // namespace steer
