#include "steer/work/score_track.h"

#include "steer/core/check.h"
#include "steer/core/class_names.h"
#include "steer/metrics/accuracy.h"
#include "steer/objectives/pieces.h"
#include "steer/train/plot.h"
#include "steer/work/guiding.h"

namespace steer {

ScoreTrack::ScoreTrack(const Recipe& recipe, const Space& space, const std::string& judge)
    : space_(space), device_(device_of(recipe.device)) {
  STEER_CHECK(recipe.work == "guide", "[chart] expected samples that an objective guides but got ",
              recipe.work);
  objective_ = objective_of(guide_options(recipe), space, device_);
  words_ = objective_->words();
  if (judge.empty()) return;
  const AskedClasses asked = asked_of(*objective_, recipe.count);
  STEER_CHECK(asked.label.defined(),
              "[chart] expected an objective that asks for a class, for the judge, but got ", words_);
  judge_ = std::make_unique<SavedNetwork>(load_classifier(judge, device_));
  asked_ = relabelled(asked.label, asked.names, judge_->class_names, "[chart] " + judge);
}

void ScoreTrack::see(const Glimpse& glimpse) {
  ++steps_;
  if (!glimpse.sample) return;
  const State seen = glimpse.sample();
  const bool whole = seen.x.defined() && seen.x.sizes().slice(1) == at::IntArrayRef(space_.sizes);
  if (!seen.defined() || (seen.x.defined() && !whole)) return;
  const torch::NoGradGuard no_grad;
  const State state = seen.to(device_);
  const Tensor scores = objective_->score(state).to(torch::kCPU, torch::kFloat64);
  step_.push_back(static_cast<double>(steps_)), sigma_.push_back(glimpse.sigma);
  mean_.push_back(scores.mean().item<double>());
  least_.push_back(scores.min().item<double>()), most_.push_back(scores.max().item<double>());
  if (!judge_) return;
  const Agreement found = agreement(in_pieces(state.x, *judge_).cpu(), asked_);
  share_.push_back(found.share), confidence_.push_back(found.confidence);
}

WorkWatch ScoreTrack::around(const WorkWatch& watch) {
  return [this, watch](const Moment& moment) {
    if (moment.glimpse) see(*moment.glimpse);
    return tell(watch, moment);
  };
}

Json ScoreTrack::figures() const {
  Json figures = {{"steps", step_}, {"sigma", sigma_}, {"mean", mean_}, {"least", least_}, {"most", most_}};
  if (judge_) figures["share"] = share_, figures["confidence"] = confidence_;
  return figures;
}

std::string ScoreTrack::chart() const {
  bool below = true;
  for (const double score : most_) below = below && score < 0;
  const auto signed_curve = [&](const std::string& name, std::vector<double> y) {
    for (double& value : y) value = below ? -value : value;
    return PlotCurve{name, step_, y};
  };
  PlotPanel scores{below ? "minus the score" : "score",
                   {signed_curve("mean", mean_), signed_curve("best", most_), signed_curve("worst", least_)}};
  scores.smoothed = false;
  std::vector<PlotPanel> panels = {scores};
  if (judge_)
    panels.push_back({"judge",
                      {{"of the class asked", step_, share_}, {"confidence in it", step_, confidence_}},
                      true,
                      false});
  return svg_plot(words_, "step", panels);
}

}  // namespace steer
