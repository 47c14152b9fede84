#include "steer/models/ddn_plan.h"

#include <fmt/format.h>

#include <cmath>

#include "steer/codes/prior.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/guidance/best_by.h"
#include "steer/guidance/particles.h"
#include "steer/guidance/scoring.h"
#include "steer/modalities/modalities.h"
#include "steer/models/ddn_model.h"
#include "steer/objectives/coupled.h"

namespace steer {
namespace {

constexpr double kLeastPriorTemperature = 0.05;

// Ends a forward that a watch wants no more of.
struct Ended {};

// The layers a:b as 0-based first and last out of `depth`.
struct LayerRange {
  int64_t first, last;
};

LayerRange layer_range(const std::string& words, int64_t depth) {
  if (words.empty()) return {0, depth - 1};
  const size_t colon = words.find(':');
  const auto number = [&](const std::string& text, int64_t otherwise) {
    const bool digits = text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
    STEER_CHECK(colon != std::string::npos && digits, "[levels] expected a:b, as 3:10, but got ",
                in_quotes(words));
    return text.empty() ? otherwise : std::stoll(text);
  };
  const int64_t first = number(words.substr(0, colon), 1);
  const int64_t last = number(colon == std::string::npos ? "x" : words.substr(colon + 1), depth);
  STEER_CHECK(1 <= first && first <= last && last <= depth,
              "[sample] expected levels a to b with 1 <= a <= b <= ", depth, " but got ", first, " to ",
              last);
  return {first - 1, last - 1};
}

class DdnPlan : public Plan {
 public:
  DdnPlan(const DdnModel& model, const Objective* objective, DdnSettings settings)
      : model_(model),
        objective_(objective),
        settings_(std::move(settings)),
        space_(model.space()),
        range_(layer_range(settings_.levels, model.network().depth())) {
    STEER_CHECK(settings_.beam <= 1 || settings_.particles == 0,
                "[sample] expected either a beam or particles but got both");
    STEER_CHECK(
        settings_.beam >= 1 && settings_.particles >= 0 && settings_.shortlist >= 0 && settings_.top > 0 &&
            settings_.temperature > 0,
        "[sample] expected top and temperature above 0, a beam of at least 1, no negative particles and "
        "no negative shortlist");
    const bool chooses = settings_.beam > 1 || settings_.particles > 0 || !settings_.levels.empty();
    STEER_CHECK(!objective_ || group_of(*objective_) == 1, "[sample] ", objective_ ? objective_->words() : "",
                ": expected an objective that judges each sample by itself, since a ddn chooses for each");
    STEER_CHECK(settings_.best_of == 1 || (objective_ && !chooses),
                "[sample] best_of: expected an objective and neither beam, particles nor levels beside it");
    if (settings_.prior.empty()) return;
    STEER_CHECK(objective_ || settings_.temperature >= kLeastPriorTemperature,
                "[sample] temperature: expected at least ", kLeastPriorTemperature, " for a prior but got ",
                settings_.temperature);
    prior_ = std::make_shared<Prior>(read_prior_of(model.fingerprint(), settings_.prior));
  }

  Json settings() const override {
    Json json = Json::object();
    if (by_prior_alone()) return {{"prior", settings_.prior}, {"temperature", settings_.temperature}};
    if (!objective_) return json;
    if (settings_.best_of > 1)
      json = {{"best_of", settings_.best_of}, {"temperature", settings_.temperature}};
    else if (settings_.beam > 1)
      json["beam"] = settings_.beam;
    else if (settings_.particles > 0)
      json = {{"particles", settings_.particles}, {"temperature", settings_.temperature}};
    else
      json["top"] = settings_.top;
    if (settings_.shortlist > 0) json["shortlist"] = settings_.shortlist;
    if (!settings_.levels.empty()) json["levels"] = settings_.levels;
    if (prior_) json["prior"] = settings_.prior;
    return json;
  }

  std::string text() const override {
    if (by_prior_alone()) return fmt::format("codes of a prior, temperature {:g}", settings_.temperature);
    if (!objective_) return "random codes";
    if (settings_.best_of > 1)
      return fmt::format("the best of {} {}", settings_.best_of,
                         prior_ ? "codes of a prior" : "random codes");
    const std::string beside = prior_ ? ", by objective and prior" : "";
    if (settings_.beam > 1) return fmt::format("beam of {}", settings_.beam) + beside;
    if (settings_.particles > 0) return fmt::format("{} particles", settings_.particles) + beside;
    return fmt::format("the best {:g} candidates", settings_.top) + beside;
  }

  bool together() const override { return settings_.beam > 1; }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_beginning(request.begin, space_, request.seeds.size(0));
    if (request.begin.from.defined() && request.begin.noise == 0) return as_they_are(request);
    const torch::NoGradGuard no_grad;
    if (settings_.best_of > 1) return best_of_whole(request, watch);
    const Tensor seeds = request.seeds.to(model_.device());
    Condition told = model_.condition(request.told);
    auto [chooser, rows] = way(seeds, request.told.label, told);
    if (request.begin.defined()) chooser = beginning(request, chooser);
    const int64_t depth = model_.network().depth();
    const Observer observer = [&](const LayerStep& step) {
      if (!watch) return;
      Glimpse glimpse;
      glimpse.index = step.layer, glimpse.of = depth, glimpse.code = step.code;
      glimpse.sample = [&] { return shown(step.image); };
      if (!watch(glimpse)) throw Ended();
    };
    Samples samples;
    try {
      const Generated made = model_.network().run(rows, chooser, observer, told);
      samples.state = finished(made.image);
      samples.code = made.code;
    } catch (const Ended&) {
      samples.stopped = true;
    }
    return samples;
  }

 private:
  // Of whole samples, each drawn by a seed of its own, those that the objective likes best.
  Samples best_of_whole(const DrawRequest& request, const Watch& watch) const {
    STEER_CHECK(!request.begin.defined(), "[begin] expected no best_of of a ddn that begins from samples");
    const int64_t samples = request.seeds.size(0), each = settings_.best_of;
    STEER_CHECK(samples % objective_->targets() == 0, "[sample] expected a multiple of ",
                objective_->targets(), " samples, one group for each target, but got ", samples);
    constexpr int64_t kAtOnce = 512;
    const int64_t at_once = std::max<int64_t>(1, kAtOnce / each);
    std::vector<Tensor> images, codes;
    for (int64_t at = 0; at < samples; at += at_once) {
      const int64_t count = std::min(at_once, samples - at);
      const Generated some = drawn_each(request, at, count);
      images.push_back(some.image), codes.push_back(some.code);
      Glimpse glimpse;
      glimpse.index = at + count - 1, glimpse.of = samples;
      if (watch && !watch(glimpse)) return stopped_samples();
    }
    const State all = finished(at::cat(images));
    const Tensor best = score_rows(*objective_, all, samples).view({samples, each}).argmax(1);
    const Tensor row = at::arange(samples, best.options()) * each + best;
    Samples made;
    made.state = all.rows(row), made.code = at::cat(codes).index_select(0, row);
    return made;
  }

  // Of samples `from` to from + count - 1, best_of each, one after the other.
  Generated drawn_each(const DrawRequest& request, int64_t from, int64_t count) const {
    constexpr int64_t kApart = 0x51f0ad2b7c3d;
    const int64_t each = settings_.best_of;
    const Tensor row = at::arange(from, from + count).repeat_interleave(each);
    const Tensor seeds =
        request.seeds.cpu().index_select(0, row) + at::arange(each, torch::kInt64).repeat({count}) * kApart;
    const Told told = request.told.rows(row);
    const Tensor code = prior_ ? prior_->sample(seeds, settings_.temperature, told.label) : Tensor();
    const Chooser chooser =
        code.defined() ? follow(code.to(model_.device())) : at_random(seeds.to(model_.device()));
    return model_.network().run(count * each, chooser, {}, model_.condition(told));
  }

  static Samples stopped_samples() {
    Samples samples;
    samples.stopped = true;
    return samples;
  }

  // How a forward chooses, and the rows that it starts with; what these are told is left in `told`.
  struct Way {
    Chooser chooser;
    int64_t rows;
  };

  // Whether codes are drawn from the prior; beside an objective it weighs candidates.
  bool by_prior_alone() const { return prior_ && !objective_; }

  Samples as_they_are(const DrawRequest& request) const {
    Samples samples;
    samples.state = within(space_, request.begin.from.x.to(model_.device(), torch::kFloat32));
    samples.code = model_.encode(request.begin.from.to(model_.device()), 1, request.told).code;
    return samples;
  }

  // The first layers choose what the samples to begin from choose, as many as there is no noise.
  Chooser beginning(const DrawRequest& request, const Chooser& then) const {
    STEER_CHECK(settings_.beam <= 1 && settings_.particles == 0 && !prior_,
                "[begin] expected neither beam, particles nor prior of a ddn that begins from samples");
    const Tensor code = model_.encode(request.begin.from.to(model_.device()), 1, request.told).code;
    const auto kept = std::llround((1 - request.begin.noise) * static_cast<double>(code.size(1)));
    return follow_some(code, at::full({code.size(0)}, static_cast<int64_t>(kept), code.options()), then);
  }

  // A layer's images at the space's size.
  State shown(const Tensor& images) const {
    const MapSizes full = map_sizes(space_);
    return finished(area_resize(images, full.height, full.width));
  }

  // Maps of the space's size as samples.
  State finished(const Tensor& images) const {
    State samples = finished_maps(space_, images);
    samples.x = within(space_, samples.x);
    return samples;
  }

  Way way(const Tensor& seeds, const Tensor& label, Condition& told) const {
    const int64_t samples = seeds.size(0);
    if (by_prior_alone())
      return {follow(prior_->sample(seeds.cpu(), settings_.temperature, label).to(seeds.device())), samples};
    if (!objective_) return {at_random(seeds), samples};
    const int64_t targets = objective_->targets();
    STEER_CHECK(samples % targets == 0, "[sample] expected a multiple of ", targets,
                " samples, one group for each target, but got ", samples);
    if (settings_.beam > 1) return searching(seeds, label, told);
    if (settings_.particles > 0)
      return {
          within_range(particles(liking_of(*objective_, space_, settings_.shortlist, samples), seeds,
                                 {settings_.particles, settings_.temperature, range_.last}, likely(label)),
                       seeds, label),
          samples};
    return {
        within_range(best_by(*objective_, seeds, space_, {settings_.top, settings_.shortlist}, likely(label)),
                     seeds, label),
        samples};
  }

  // The search starts with one row for each target and ends with its share of the samples. Samples of one
  // target that are told different things are searched for one by one.
  Way searching(const Tensor& seeds, const Tensor& label, Condition& told) const {
    const int64_t samples = seeds.size(0);
    int64_t targets = objective_->targets();
    if (told.defined()) {
      const Condition firsts = told.at(at::arange(targets, torch::kInt64) * (samples / targets));
      if (torch::equal(firsts.maps.repeat_interleave(samples / targets, 0), told.maps))
        told = firsts;
      else
        targets = samples;
    }
    const int64_t keep = samples / targets;
    const Tensor drawn = seeds.view({targets, keep}).select(1, 0);
    const Chooser search =
        beam_search(liking_of(*objective_, space_, settings_.shortlist, targets),
                    {targets, std::max(settings_.beam, keep), keep, range_.last + 1}, likely(label));
    return {within_range(search, drawn, label), targets};
  }

  // ln p of all candidates by the prior, whose rows come in equal consecutive groups, as many as labels or
  // fewer; nothing without a prior.
  Scorer likely(const Tensor& label) const {
    if (!prior_) return {};
    return [prior = prior_, label](const Candidates& candidates) {
      const int64_t rows = candidates.rows();
      Tensor told = label;
      if (prior->labels() > 0 && label.defined() && label.size(0) != rows) {
        // More rows than samples: particles. Fewer: a search that begins with one row for equal samples.
        const int64_t samples = label.size(0);
        told = rows > samples ? label.repeat_interleave(rows / samples)
                              : label.view({rows, samples / rows}).select(1, 0).contiguous();
      }
      return prior->next(candidates.code(), rows, told).to(candidates.device());
    };
  }

  Chooser within_range(const Chooser& chooser, const Tensor& seeds, const Tensor& label) const {
    const bool all = range_.first == 0 && range_.last == model_.network().depth() - 1;
    return all ? chooser : within_levels(chooser, range_.first, range_.last, seeds, likely(label));
  }

  const DdnModel& model_;
  const Objective* objective_;
  DdnSettings settings_;
  Space space_;
  LayerRange range_;
  std::shared_ptr<const Prior> prior_;
};

}  // namespace

const std::vector<Named>& ddn_settings() {
  static const std::vector<Named> all = named_options(DdnSettings());
  return all;
}

std::vector<std::string> DdnModel::setting_names() const {
  return names_of(ddn_settings());
}

std::unique_ptr<Plan> DdnModel::plan(const Objective* objective, const Json& settings) const {
  DdnSettings read;
  check_settings(settings, setting_names(), family());
  read_options(read, settings.is_null() ? Json::object() : settings, "settings");
  STEER_CHECK(objective || !read.prior.empty() || read.particles > 0 || settings.is_null() ||
                  !settings.contains("temperature"),
              "[sample] temperature: expected a prior, whose codes it is of");
  return std::make_unique<DdnPlan>(*this, objective, read);
}

}  // namespace steer
