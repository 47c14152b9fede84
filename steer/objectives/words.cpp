#include "steer/objectives/words.h"

#include "steer/core/check.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/labels.h"
#include "steer/objectives/linear_objective.h"
#include "steer/objectives/program.h"
#include "steer/objectives/token_labels.h"

namespace steer {
namespace {

Parameter classifier_parameter() {
  return required(file_parameter(
      "classifier",
      "a run or checkpoint of steer train classifier (of texts: text_classifier), or a TorchScript file"));
}

void check_numbers(const Arguments& arguments, const Space& space) {
  STEER_CHECK(space.vocabulary == 0, arguments.where(), ": expected samples of numbers, but these are ",
              text_of(space));
}

std::unique_ptr<Objective> gaussian_by(const Arguments& arguments, const ObjectiveContext& context) {
  check_numbers(arguments, context.space);
  LinearTask task = gaussian(arguments.number("mean"), arguments.number("std"), context.space.sizes);
  task.measurement.y = task.measurement.y.to(context.device);
  return std::make_unique<LinearObjective>(std::move(task), arguments.words());
}

// How many classes a classifier tells apart; one sample shows it, and that it takes samples of this space.
int64_t classes_of(const SavedNetwork& classifier, const ObjectiveContext& context) {
  const torch::NoGradGuard no_grad;
  std::vector<int64_t> shape = {1};
  shape.insert(shape.end(), context.space.sizes.begin(), context.space.sizes.end());
  return classifier(at::zeros(shape).to(context.device)).size(1);
}

// The class that the words name, or one for each target in turn.
Tensor classes_asked(const Arguments& arguments, const ObjectiveContext& context, const ClassNames& names,
                     int64_t classes) {
  if (arguments.has("class"))
    return at::full({1}, class_of(arguments.text("class"), names, classes, arguments.where()), torch::kInt64);
  STEER_CHECK(context.samples > 0, arguments.where(), " needs a class, as in label(3, classifier=...)");
  return (at::arange(context.samples, torch::kInt64) + context.first_sample).remainder(classes);
}

std::unique_ptr<Objective> label_of_text(const Arguments& arguments, const ObjectiveContext& context) {
  SavedTokenClassifier classifier = load_token_classifier(arguments.text("classifier"), context.device);
  STEER_CHECK(classifier.alphabet == context.space.alphabet, arguments.where(), ": ", classifier.path,
              ": expected a classifier of texts of the model's own tokens, but it has another vocabulary");
  const Tensor asked =
      classes_asked(arguments, context, classifier.class_names, classifier.network->options.classes);
  return std::make_unique<TokenLabelObjective>(std::move(classifier), asked, arguments.number("temperature"),
                                               arguments.words());
}

std::unique_ptr<Objective> label_by(const Arguments& arguments, const ObjectiveContext& context) {
  if (context.space.vocabulary > 0) return label_of_text(arguments, context);
  const SavedNetwork classifier = load_classifier(arguments.text("classifier"), context.device);
  const Tensor asked =
      classes_asked(arguments, context, classifier.class_names, classes_of(classifier, context));
  return std::make_unique<LabelObjective>(classifier, asked, arguments.number("temperature"),
                                          arguments.words());
}

std::unique_ptr<Objective> certain_by(const Arguments& arguments, const ObjectiveContext& context) {
  check_numbers(arguments, context.space);
  return std::make_unique<CertainObjective>(load_classifier(arguments.text("classifier"), context.device),
                                            arguments.words());
}

std::unique_ptr<Objective> program_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<ProgramObjective>(
      ProgramOptions{arguments.text("command"), arguments.number("timeout")}, context.texts);
}

std::unique_ptr<Objective> rank_of(std::vector<WeightedSum::Term> terms) {
  return std::make_unique<RankSum>(std::move(terms));
}

}  // namespace

const std::vector<Word>& common_words() {
  static const std::vector<Word> words = {
      {"gaussian",
       {},
       {},
       Nature::kLinear,
       "every number near the mean; of images: how bright",
       "gaussian(mean=0.3, std=0.5)",
       {number_parameter("mean", 0.3, -100, 100, "of every number"),
        number_parameter("std", 0.5, 1e-3, 100, "standard deviation of every number")},
       gaussian_by,
       {}},
      {"label",
       {},
       {},
       Nature::kGradient,
       "a sample that a classifier takes for a class; without a class the samples are asked for all in turn",
       "label(3, classifier=judge)",
       {positional(optional(text_parameter(
            "class", "name of the class, where the classifier knows names, or its number from 0"))),
        classifier_parameter(), number_parameter("temperature", 1, 1e-6, 1e6, "divides the logits")},
       label_by,
       {}},
      {"certain",
       {"entropy"},
       {},
       Nature::kGradient,
       "a sample of whose class, whichever it is, a classifier is sure",
       "certain(classifier=judge)",
       {classifier_parameter()},
       certain_by,
       {}},
      {"program",
       {},
       {},
       Nature::kBlackBox,
       "what an outside program scores high: it reads a batch as .npy, or a JSON string a line, and writes a "
       "number a line",
       "program('./judge.py', timeout=60)",
       {positional(required(text_parameter("command", "run by /bin/sh -c"))),
        number_parameter("timeout", ProgramOptions().timeout_seconds, 0.01, 1e6, "seconds for one batch")},
       program_by,
       {}},
      {"rank",
       {},
       {},
       Nature::kBlackBox,
       "a sum that adds the terms' ranks among the samples compared instead of their scores",
       "rank(0.5*label(3, classifier=judge) + 0.5*gaussian())",
       {},
       {},
       rank_of},
  };
  return words;
}

}  // namespace steer
