// A model that samples, and how it does so: an objective and settings become a plan, a plan draws.
#pragma once

#include <memory>
#include <string>

#include "steer/core/watch.h"
#include "steer/models/codec.h"
#include "steer/models/model.h"
#include "steer/objectives/objective.h"

namespace steer {

// Samples to begin from in place of pure noise (Meng et al. 2022, SDEdit; what it means for a family, its
// plan tells): at noise 0 they stay as they are, at 1 nothing is left of them.
struct Beginning {
  State from;             // N samples of the model's space; undefined: pure noise
  double noise = 1;       // in [0, 1]
  bool inverted = false;  // of a diffusion: the noise is the samples' own, found by its flow backwards, not
                          // random: without other wishes they come back at any share (Song et al. 2021)
  Tensor latent = {};  // of a diffusion that begins from noise: float64 [N, sizes...], that of unit variance
                       // in place of the seeds' own

  // Whether there is anything to begin from.
  bool defined() const { return from.defined() && (noise < 1 || inverted); }
};

// Which samples are drawn.
struct DrawRequest {
  Tensor seeds;          // int64 [N]: sample i is a function of seeds[i], what it is told, and the plan alone
  Told told = {};        // of N samples, where the model needs to be told something
  Beginning begin = {};  // of N samples, where there is any
};

// Error unless the beginning, where there is one, has `samples` samples of the space and a share of noise,
// and is inverted by a model that can alone.
void check_beginning(const Beginning& begin, const Space& space, int64_t samples, bool inverts = false);

// What a generator made.
struct Samples {
  State state;              // N samples of the model's space; undefined where they were stopped
  Tensor code;              // int64 [N, L] for families that have codes, else undefined
  int64_t evaluations = 0;  // of the network for one sample, all its rows together, where they are counted
  bool stopped = false;     // the watch ended it
};

// One way to draw from one model toward one objective. It refers to both, which must outlive it. Drawing
// changes neither: any number of threads may draw from one model, by one plan or by several.
class Plan {
 public:
  virtual ~Plan() = default;

  // All settings that tell this plan from another: Generator::plan makes the same plan of them.
  virtual Json settings() const = 0;
  // The same for people: "the best 2 candidates", "pigdm; ddim, 50 karras levels".
  virtual std::string text() const = 0;
  // About how many evaluations of the network a sample will take; 0 where nothing is counted.
  virtual int64_t evaluations() const { return 0; }

  // Samples as asked. `watch` is called after every step or layer, and ends the drawing when it says false.
  // Error when something is not told, or told that is not needed.
  virtual Samples draw(const DrawRequest& request, const Watch& watch = {}) const = 0;

  // Whether the samples of a request depend on one another, as those of one search do: then only the whole
  // request makes one of them again.
  virtual bool together() const { return false; }
};

// A model that samples.
class Generator : public Model {
 public:
  // How samples are drawn: guided by the objective, or unguided where it is null, by the settings that are
  // given over those that suit. What the settings may be, each family says. Error, with the name, for unknown
  // ones, and for those that do not go together.
  virtual std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const = 0;
  // With the settings that suit.
  std::unique_ptr<Plan> plan(const Objective* objective = nullptr) const;

  // Samples by a plan made for this call alone.
  Samples draw(const DrawRequest& request, const Objective* objective, const Json& settings) const;
  Samples draw(const DrawRequest& request, const Objective* objective = nullptr) const;
  // The names of all settings that plan() takes.
  virtual std::vector<std::string> setting_names() const { return {}; }

  // The codes of its samples; null for families without.
  virtual const Codec* codec() const { return nullptr; }

  // Unguided samples as a picture: a column for each class of a class-conditional model; where a condition is
  // made from a sample, the examples above what is made of them.
  Tensor preview(int64_t samples, const State& examples) override;
};

// Whether the model takes all settings of these names and, where a family is named, is of that family.
bool takes_settings(const Generator& generator, const std::vector<std::string>& names,
                    const std::string& family = "");

// Error unless every key of `settings` (an object, or null for none) is one of `names`, which are what a
// model of this family has.
void check_settings(const Json& settings, const std::vector<std::string>& names, const std::string& family);

}  // namespace steer
