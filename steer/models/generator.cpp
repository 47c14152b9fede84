#include "steer/models/generator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"

namespace steer {

std::unique_ptr<Plan> Generator::plan(const Objective* objective) const {
  return plan(objective, Json::object());
}

void check_beginning(const Beginning& begin, const Space& space, int64_t samples, bool inverts) {
  STEER_CHECK(inverts || !begin.inverted,
              "[begin] expected no inversion: of all models only a diffusion has a flow to go back");
  STEER_CHECK(begin.noise >= 0 && begin.noise <= 1, "[begin] noise: expected a share from 0 to 1 but got ",
              begin.noise);
  STEER_CHECK(!begin.latent.defined() || (inverts && !begin.from.defined() &&
                                          begin.latent.sizes() == with_rows(samples, space.sizes)),
              "[begin] latent: expected noise [", samples, ", ...] of the shape of samples ", text_of(space),
              " for a diffusion that begins from nothing else");
  if (!begin.from.defined()) return;
  const Tensor& values = begin.from.x.defined() ? begin.from.x : begin.from.token;
  const std::vector<int64_t> wanted = with_rows(samples, space.sizes);
  const bool fits = space.vocabulary > 0 ? begin.from.token.defined() && values.size(0) == samples
                                         : begin.from.x.defined() && values.sizes() == wanted;
  STEER_CHECK(fits, "[begin] from: expected ", samples, " samples ", text_of(space), " but got ",
              shape_text(values.sizes()));
}

Samples Generator::draw(const DrawRequest& request, const Objective* objective, const Json& settings) const {
  return plan(objective, settings)->draw(request);
}

Samples Generator::draw(const DrawRequest& request, const Objective* objective) const {
  return plan(objective)->draw(request);
}

Tensor Generator::preview(int64_t samples, const State& examples) {
  const Needs told = needs();
  const Modality& modality = modality_of(space());
  if (!told.given) samples = std::max(samples, modality.shown);
  if (modality.most_shown > 0) samples = std::min(samples, modality.most_shown);
  if (told.classes > 0) samples = std::max<int64_t>(1, samples / told.classes) * told.classes;
  if (told.given) samples = examples.size();
  DrawRequest request;
  request.seeds = sample_seeds(0, samples);
  if (told.classes > 0) request.told.label = at::arange(samples, torch::kInt64).remainder(told.classes);
  if (told.given) request.told.given = examples;
  const State made = draw(request).state.to(torch::kCPU);
  return told.given ? modality.picture(space(), {examples, made}, 8)
                    : modality.picture(space(), {made}, told.classes);
}

bool takes_settings(const Generator& generator, const std::vector<std::string>& names,
                    const std::string& family) {
  const std::vector<std::string> known = generator.setting_names();
  return (family.empty() || family == generator.family()) &&
         std::all_of(names.begin(), names.end(), [&](const std::string& name) { return among(name, known); });
}

void check_settings(const Json& settings, const std::vector<std::string>& names, const std::string& family) {
  STEER_CHECK(settings.is_null() || settings.is_object(), "[settings] expected a JSON object but got ",
              json_text(settings));
  if (settings.is_null()) return;
  for (const auto& [key, value] : settings.items())
    STEER_CHECK(among(key, names), "[settings] ", key, ": a ", family, " model has no such setting; it has ",
                fmt::format("{}", fmt::join(names, ", ")), did_you_mean(key, names));
}

}  // namespace steer
