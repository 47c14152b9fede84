// How an objective guides models of text: settings, and one drawing.
#pragma once

#include <optional>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/guidance/token_guide.h"
#include "steer/models/generator.h"

namespace steer {

// The short settings of guidance that models of text take, beside an object "guidance" (TokenGuidance), which
// comes after these.
struct TokenGuidingSettings {
  std::string method;
  double strength = -1;
  int64_t particles = 0;

  void fields(OptionFields& f) {
    f("method", method, "how the objective guides, a name of token_methods(); empty = as suits");
    f("strength", strength, "how strongly predictions are bent; below 0 = the method's own", at_least(-1));
    f("particles", particles, "rows of each sample that compete; 0 = the method's own", from_to(0, 1 << 20));
  }
};

// All of them as a list, with the object.
const std::vector<Named>& token_guiding_settings();

// Takes these settings out of `words` (an object, or null, which becomes an empty one).
Json taken_from(Json& words);

// An objective's part in a plan of texts of `length` tokens: what it knows is set, the rest guides.
class TokenGuiding {
 public:
  // Of texts of `space` of so many tokens, made in so many turns. `settings` as taken_from gives them:
  // without an objective they are refused. Error for an objective of texts of another length, and as
  // TokenGuide.
  TokenGuiding(const Objective* objective, const Json& settings, const Space& space, int64_t length,
               int64_t turns);

  // What is known of all rows to be drawn, token int64 and mask bool [N, length] on the host: by the
  // objective, and what stays of texts to begin from, as kept_of(); undefined where there is neither.
  State known_for(const Beginning& begin, const Tensor& seeds, bool left_to_right) const;
  Json settings() const;     // {} where nothing guides
  std::string text() const;  // ", twisted of 8"; empty where nothing guides
  // Whether steps of a discrete diffusion are weighed.
  bool weighs_steps() const { return guides_ && guidance_.step.strength > 0; }
  // Error where they are: for models that have none. `family` is the model's.
  void check_no_steps(const std::string& family) const;
  int64_t rows_each() const;  // rows of each sample; 0 where nothing guides

  // A drawing; none where nothing guides.
  std::unique_ptr<TokenGuide> begin(const Tensor& seeds) const;

 private:
  const Objective* objective_;
  TokenGuidance guidance_;
  State known_;
  int64_t length_, vocabulary_;
  bool guides_ = false;
};

// Of samples of several rows the first of each is shown.
Watch of_first_rows(const Watch& watch, int64_t rows_each);

}  // namespace steer
