// steer evaluate: figures of a model on a data set.
#include "steer/cmd/command.h"
#include "steer/cmd/evaluation_text.h"
#include "steer/cmd/settings.h"
#include "steer/cmd/words.h"
#include "steer/modalities/modalities.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct EvaluateFlags {
  Common common;
  SettingsFlags settings;
  EvaluationOptions options;
  std::string run, out;
};

int run_evaluate(const EvaluateFlags& flags) {
  if (!flags.out.empty()) check_picture_output(flags.out, flags.common.force);
  const Computing computing = flags.common.start();
  const LoadedModel loaded = opened(flags.run, computing);
  EvaluationOptions options = flags.options;
  options.settings = flags.settings.settings(flags.run);
  if (options.settings.contains("beam")) options.beam = options.settings["beam"];
  options.seed = static_cast<uint64_t>(flags.common.seed);
  options.telling.fit = options.source.fit;
  Evaluation found = evaluate(loaded, options, computing.device, on_terminal());
  found.figures["run"] = flags.run;
  if (!flags.out.empty() && found.picture.defined()) write_picture(flags.out, found.picture, found.figures);
  show(flags.common, found.figures,
       evaluation_text(found, options, modality_of(loaded.model->space()).plural));
  return 0;
}

void add_data_flags(CLI::App* command, SampleSource& source) {
  command->add_option("--data", source.data, "the data set; an objective that needs no truth goes without");
  command->add_option("--split", source.split, "train, test or validation")->capture_default_str();
  add_fit_flags(command, source.fit, "how its samples reach the model's size");
  command->add_option("-n,--count", source.count, "samples; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  auto flags = std::make_shared<EvaluateFlags>();
  EvaluationOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "measure a model: reconstruction, code usage, zero-shot tasks, the distance of samples from data, the "
      "accuracy of a classifier");
  command->add_option("run", flags->run, "run folder or checkpoint file")->required();
  options.source.count = 1000;
  add_data_flags(command, options.source);
  command->add_option("--batch", options.batch, "samples at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option(
      "--objective", options.objective,
      "zero-shot task with each sample of the data as its truth, for instance 'inpaint(mask=left)', or "
      "without --data, for instance 'label(classifier=RUN)': sample i is asked for class i modulo their "
      "number");
  command->add_option(
      "--judge", options.judge.judge,
      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of the class "
      "asked");
  command->add_flag("--same-judge", options.judge.same, "let a network that guides judge too");
  command->add_flag(
      "--check", options.check,
      "of an objective: draw a few samples without guidance too, and warn if it likes those better");
  command->add_option(
      "--judge-as", options.judge.as,
      "the judge's name or number of the class, where its classes are others than those of the "
      "classifier that guides");
  command->add_option(
      "--features", options.features,
      "how far as many unguided samples are from the data set: Frechet and kernel distance, precision, "
      "recall and coverage by the features of this classifier (run, checkpoint) or TorchScript file, for "
      "instance Inception; with --objective: how different each answer looks from the truth (squared "
      "distance of unit feature rows, 0 to 4)");
  command->add_option("--samples", options.samples,
                      "measure the files of this folder, whatever made them, in place of samples drawn here");
  command->add_flag("--neighbours", options.neighbours,
                    "how many unguided samples repeat a training sample (at most a third as far from it as "
                    "from any other), and in the picture each above its nearest one");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  add_telling_flags(command, options.telling);
  add_picture_flag(
      command, flags->out, flags->common.force,
      "picture of the samples; with --data and --objective: what was given above the guided sample above "
      "the truth");
  flags->common.add_to(command);
  command->footer(words_help());
  command->callback([=, &run] { run = [=] { return run_evaluate(*flags); }; });
}

}  // namespace steer
