#include "steer/models/token_guiding.h"

#include <fmt/format.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/guidance/presets.h"
#include "steer/models/text_network.h"

namespace steer {

const std::vector<Named>& token_guiding_settings() {
  static const std::vector<Named> all = [] {
    std::vector<Named> list = named_options(TokenGuidingSettings());
    list.push_back({"guidance", "an object: any setting of a method"});
    return list;
  }();
  return all;
}

Json taken_from(Json& words) {
  if (words.is_null()) words = Json::object();
  Json own = Json::object();
  for (const Named& setting : token_guiding_settings())
    if (words.contains(setting.name)) own[setting.name] = words[setting.name], words.erase(setting.name);
  return own;
}

TokenGuiding::TokenGuiding(const Objective* objective, const Json& settings, const Space& space,
                           int64_t length, int64_t turns)
    : objective_(objective), length_(length), vocabulary_(space.vocabulary) {
  Json own = settings;
  if (!objective) {
    STEER_CHECK(own.empty(), "[sample] ", own.begin().key(), ": expected an objective, which it is about");
    return;
  }
  const Json object = own.value("guidance", Json());
  own.erase("guidance");
  TokenGuidingSettings brief;
  read_options(brief, own, "settings");
  known_ = objective->known();
  STEER_CHECK(!known_.defined() || known_.token.size(1) == length, "[guide] ", objective->words(),
              ": expected samples of ", known_.defined() ? known_.token.size(1) : 0,
              " tokens but got length ", length);
  // What is known whole needs no guidance unless somebody asks for it.
  const bool whole = known_.defined() && objective->parts().empty();
  const bool named = !brief.method.empty() && brief.method != kAuto;
  if (whole && !named && object.is_null()) {
    STEER_CHECK(brief.particles == 0 && brief.strength < 0, "[guide] ", objective->words(),
                ": what it knows is set as it is, so that nothing is left for particles or a strength");
    return;
  }
  guidance_ = token_guidance(brief.method, brief.strength, *objective, turns);
  if (brief.particles > 0) {
    STEER_CHECK(guidance_.population.method != "none",
                "[guide] particles: expected a method whose rows compete "
                "but got ",
                brief.method);
    guidance_.population.count = brief.particles;
    if (guidance_.population.method == "tree" && brief.particles % guidance_.population.paths != 0)
      guidance_.population.paths = 1;
  }
  if (!object.is_null()) read_options(guidance_, object, "--guidance");
  guides_ = guidance_.population.method != "none" || guidance_.bend.strength > 0 || guidance_.bend.rho > 0 ||
            guidance_.step.strength > 0;
  if (guides_) begin(at::zeros({objective->targets()}, torch::kInt64));  // refuses what does not go together
}

State TokenGuiding::known_for(const Beginning& begin, const Tensor& seeds, bool left_to_right) const {
  State known = known_;
  if (begin.from.defined()) known = known_of_both(known, kept_of(begin, length_, seeds, left_to_right));
  if (!known.defined()) return {};
  const int64_t rows = seeds.size(0);
  const auto of_rows = [&](const Tensor& of_targets) {
    return per_sample(of_targets, rows, "[guide]").expand({rows, -1}).cpu();
  };
  known.token = of_rows(known.token), known.mask = of_rows(known.mask);
  return known;
}

Json TokenGuiding::settings() const {
  return objective_ && guides_ ? Json{{"guidance", options_json(guidance_)}} : Json::object();
}

std::string TokenGuiding::text() const {
  if (!guides_) return "";
  const PopulationOptions& population = guidance_.population;
  std::string text;
  if (guidance_.bend.strength > 0)
    text += fmt::format(", bent by {} at strength {:g}", guidance_.bend.form, guidance_.bend.strength);
  if (weighs_steps())
    text +=
        fmt::format(", {} weighed by a classifier ({}) at strength {:g}",
                    guidance_.step.rates ? "rates" : "steps", guidance_.step.form, guidance_.step.strength);
  if (guidance_.bend.rho > 0) text += fmt::format(", through the network at {:g}", guidance_.bend.rho);
  if (population.method != "none") text += fmt::format(", {} of {}", population.method, population.count);
  return text;
}

void TokenGuiding::check_no_steps(const std::string& family) const {
  STEER_CHECK(!weighs_steps(),
              "[guide] step: expected a model of whole texts by discrete diffusion, whose steps a "
              "classifier weighs, but got ",
              family, "; bend and twisted guide it by the same objective");
}

int64_t TokenGuiding::rows_each() const {
  if (!guides_) return 0;
  return guidance_.population.method == "none" ? 1 : guidance_.population.count;
}

std::unique_ptr<TokenGuide> TokenGuiding::begin(const Tensor& seeds) const {
  if (!guides_) return nullptr;
  return std::make_unique<TokenGuide>(*objective_, guidance_, seeds, vocabulary_, length_);
}

Watch of_first_rows(const Watch& watch, int64_t rows_each) {
  if (!watch || rows_each <= 1) return watch;
  return [&watch, rows_each](const Glimpse& all) {
    Glimpse glimpse = all;
    glimpse.sample = [&all, rows_each] {
      State state = all.sample();
      state.token = state.token.slice(0, 0, state.token.size(0), rows_each);
      return state;
    };
    return watch(glimpse);
  };
}

}  // namespace steer
