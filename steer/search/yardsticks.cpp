#include "steer/search/yardsticks.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/metrics/accuracy.h"
#include "steer/metrics/coverage.h"
#include "steer/metrics/diversity.h"
#include "steer/metrics/frechet.h"
#include "steer/metrics/perceptual.h"
#include "steer/metrics/reconstruction.h"
#include "steer/objectives/pieces.h"
#include "steer/objectives/syntax.h"

namespace steer {
namespace {

// One run of a task, and what several metrics share of it.
class Measuring {
 public:
  Measuring(const Task& task, const Made& made, const Yardsticks& with)
      : task_(task), made_(made), with_(with) {}

  double value(const std::string& metric) {
    if (metric == "score") return made_.scores.mean().item<double>();
    if (metric == "accuracy") return agreement().share;
    if (metric == "confidence") return agreement().confidence;
    if (metric == "psnr") {
      const Tensor mse = masked_mse(made_.state.x, need(task_.truth(), metric, "truth"), task_.hidden());
      return psnr(mse).mean().item<double>();
    }
    if (metric == "perceptual") {
      need(task_.truth(), metric, "truth");
      return perceptual_distances(features(metric), seen(task_.truth())).mean().item<double>();
    }
    if (metric == "diversity")
      return made_.state.x.defined() ? pixel_diversity(made_.state.x) : token_diversity(made_.state.token);
    const Tensor real = need(with_.real, metric, "features of real images");
    if (metric == "frechet") return frechet_distance(moments(features(metric)), moments(real));
    if (metric == "class_frechet") return class_frechet(real);
    if (metric == "precision") return coverage_of(real).precision;
    if (metric == "recall") return coverage_of(real).recall;
    if (metric == "coverage") return coverage_of(real).coverage;
    fail("[measure] unknown metric ", metric, did_you_mean(metric, metric_names()));
  }

 private:
  static const Tensor& need(const Tensor& tensor, const std::string& metric, const char* what) {
    STEER_CHECK(tensor.defined(), "[measure] ", metric, ": expected ", what, " but there is none");
    return tensor;
  }

  Tensor seen(const Tensor& x) const { return in_pieces(x.to(with_.device), *with_.features).cpu(); }

  const Tensor& features(const std::string& metric) {
    STEER_CHECK(with_.features, "[measure] ", metric, ": expected a network of features but there is none");
    if (!features_.defined()) features_ = seen(made_.state.x);
    return features_;
  }

  const Agreement& agreement() {
    STEER_CHECK(with_.judge, "[measure] expected a judge for accuracy and confidence");
    const Tensor& asked = need(task_.asked(), "accuracy", "an objective that asks for a class");
    if (!agreement_)
      agreement_ = steer::agreement(
          in_pieces(made_.state.x.to(with_.device), *with_.judge).cpu(),
          relabelled(asked, task_.asked_names(), with_.judge->class_names, "[judge] " + with_.judge->path));
    return *agreement_;
  }

  const Coverage& coverage_of(const Tensor& real) {
    if (!coverage_) {
      // Both sides of one size, so that the figure does not depend on how many real images there are.
      const int64_t some = std::min(real.size(0), made_.state.x.size(0));
      coverage_ = coverage(real.narrow(0, 0, some), features("precision"));
    }
    return *coverage_;
  }

  double class_frechet(const Tensor& real) {
    const Tensor asked =
        relabelled(need(task_.asked(), "class_frechet", "an objective that asks for a class"),
                   task_.asked_names(), with_.real_names, "[reference]");
    const Tensor made = features("class_frechet");
    double sum = 0;
    int64_t classes = 0;
    for (int64_t c = 0; c <= asked.max().item<int64_t>(); ++c) {
      const Tensor mine = made.index({asked == c}), theirs = real.index({with_.real_label == c});
      if (mine.size(0) == 0) continue;
      STEER_CHECK(mine.size(0) > 1 && theirs.size(0) > 1,
                  "[measure] class_frechet: expected at least two samples and two real images of class ", c,
                  " but got ", mine.size(0), " and ", theirs.size(0));
      sum += frechet_distance(moments(mine), moments(theirs));
      ++classes;
    }
    return sum / static_cast<double>(classes);
  }

  const Task& task_;
  const Made& made_;
  const Yardsticks& with_;
  Tensor features_;
  std::optional<Agreement> agreement_;
  std::optional<Coverage> coverage_;
};

void gather_networks(const std::vector<Call>& calls, std::vector<std::string>& paths) {
  for (const Call& call : calls) {
    for (const Argument& argument : call.arguments)
      if (argument.name == "classifier" || argument.name == "model") paths.push_back(argument.value);
    gather_networks(call.terms, paths);
  }
}

// The file itself, however its path is written; a run folder stands for its model.
std::filesystem::path file_of(const std::string& path) {
  std::error_code ignored;
  std::filesystem::path file =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  if (std::filesystem::is_directory(file, ignored)) file /= "model.safetensors";
  return file;
}

}  // namespace

const std::vector<Named>& metric_table() {
  static const std::vector<Named> table = {
      {"accuracy", "share of samples that the judge takes for the class asked"},
      {"confidence", "the judge's mean probability of that class"},
      {"psnr", "mean PSNR against the truth where it was hidden, in dB"},
      {"perceptual", "mean squared distance of unit features from the truth's; less is better"},
      {"frechet", "Frechet distance of features to those of real samples; less is better"},
      {"class_frechet", "the mean of that over the classes asked; less is better"},
      {"precision", "share of samples near real ones, by features"},
      {"recall", "share of real samples near drawn ones, by features"},
      {"coverage", "share of real samples that have a drawn one near them, by features"},
      {"diversity", "root mean squared difference of two samples; of texts the share of places that differ"},
      {"score", "mean score by the objective itself"},
  };
  return table;
}

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names = names_of(metric_table());
  return names;
}

bool higher_is_better(const std::string& metric) {
  return metric != "perceptual" && metric != "frechet" && metric != "class_frechet";
}

Json measure(const Task& task, const Made& made, const Yardsticks& with,
             const std::vector<std::string>& metrics) {
  const torch::NoGradGuard no_grad;
  Measuring measuring(task, made, with);
  Json figures = Json::object();
  for (const std::string& metric : metrics) figures[metric] = measuring.value(metric);
  return figures;
}

std::vector<std::string> measurable(const Task& task, const Yardsticks& with) {
  const bool judged = with.judge && task.asked().defined(), compared = with.features && with.real.defined();
  std::vector<std::string> names;
  for (const std::string& name : metric_names()) {
    const bool can = name == "accuracy" || name == "confidence" ? judged
                     : name == "psnr"                           ? task.truth().defined()
                     : name == "perceptual"                     ? task.truth().defined() && with.features
                     : name == "class_frechet"                  ? compared && task.asked().defined()
                     : among(name, {"frechet", "precision", "recall", "coverage"}) ? compared
                                                                                   : true;
    if (can) names.push_back(name);
  }
  return names;
}

std::string suited_metric(const Yardsticks& with, bool truth) {
  return with.judge ? "accuracy" : truth ? "psnr" : "score";
}

std::vector<std::string> networks_in(const std::string& words) {
  std::vector<std::string> paths;
  gather_networks(parse_objective(words), paths);
  return paths;
}

void check_judge(const std::string& judge, const std::string& words) {
  for (const std::string& guide : networks_in(words))
    STEER_CHECK(file_of(guide) != file_of(judge), "[judge] ", judge,
                ": expected another network than the one that guides, which samples may fool; train one with "
                "another seed, or say --same-judge");
}

}  // namespace steer
