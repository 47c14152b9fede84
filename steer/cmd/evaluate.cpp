// steer evaluate: figures of a model on a data set.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "steer/cmd/drawing.h"
#include "steer/cmd/fidelity.h"
#include "steer/cmd/guidance.h"
#include "steer/cmd/judge.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/core/tensors.h"
#include "steer/metrics/accuracy.h"
#include "steer/metrics/reconstruction.h"
#include "steer/search/task.h"

namespace steer {
namespace {

struct EvaluateFlags {
  Common common;
  DrawingFlags drawing;
  std::string run, data, split = "test", fit, objective, judge, out, features;
  GuidanceFlags guidance;
  int64_t count = 1000, batch = 50, judge_as = -1;
};

std::string decibels(double mse) {
  return fmt::format("{:.2f} dB", psnr(mse));
}

// Reconstruction error after each layer, and how evenly the code uses the nodes.
int evaluate_code(const EvaluateFlags& flags, const DdnModel& model, const torch::Tensor& x, const Told& told,
                  torch::Device device) {
  const Reconstruction made = reconstruct_all(model, x, flags.batch, flags.guidance.beam, device, told.label);
  const torch::Tensor code = made.code, error = made.error.mean(0);
  const auto shapes = model.network().shapes();
  std::vector<std::vector<std::string>> rows = {{"layer", "size", "K", "mse", "psnr", "nodes used", "bits"}};
  int64_t used = 0, nodes = 0;
  double bits = 0;
  Json layers = Json::array();
  for (size_t l = 0; l < shapes.size(); ++l) {
    const int64_t i = static_cast<int64_t>(l);
    const NodeUsage usage = node_usage(code.select(1, i), shapes[l].candidates);
    const double mse = error[i].item<double>();
    used += usage.used, nodes += shapes[l].candidates, bits += usage.entropy_bits;
    rows.push_back({std::to_string(l + 1), fmt::format("{0}x{0}", shapes[l].size),
                    std::to_string(shapes[l].candidates), fmt::format("{:.5f}", mse), decibels(mse),
                    std::to_string(usage.used), fmt::format("{:.2f}", usage.entropy_bits)});
    layers.push_back({{"size", shapes[l].size},
                      {"candidates", shapes[l].candidates},
                      {"mse", mse},
                      {"used", usage.used},
                      {"bits", usage.entropy_bits}});
  }
  const double mse = error[-1].item<double>(), share = static_cast<double>(used) / static_cast<double>(nodes);
  const double latent = model.network().latent_bits();
  const Json figures = {{"run", flags.run},
                        {"data", flags.data},
                        {"split", flags.split},
                        {"images", x.size(0)},
                        {"mse", mse},
                        {"psnr", psnr(mse)},
                        {"nodes_used", share},
                        {"latent_bits", latent},
                        {"first_order_bits", bits},
                        {"distinct_codes", std::get<0>(at::unique_dim(code, 0)).size(0)},
                        {"layers", layers}};
  show(flags.common, figures,
       table(rows) + fmt::format("{} {} images: mean squared error {:.5f} on [-1, 1] ({}); {:.1f} % of nodes "
                                 "used; {:.1f} bits per code, "
                                 "{:.1f} by node frequencies; {} distinct codes\n",
                                 x.size(0), flags.split, mse, decibels(mse), 100 * share, latent, bits,
                                 figures["distinct_codes"].get<int64_t>()));
  return 0;
}

TaskOptions task_of(const EvaluateFlags& flags, int64_t count) {
  TaskOptions options;
  options.objective = flags.objective;
  options.count = count;
  options.batch = flags.batch;
  options.seed = static_cast<uint64_t>(flags.common.seed);
  return options;
}

// A task's samples by the flags, and what holds of them with and without truth.
struct Outcome {
  Made made;
  Json figures;
  std::string text;  // how they were guided, how long it took, the judge's verdict
};

Outcome outcome_of(const EvaluateFlags& flags, Model& model, const Task& task, const Told& told,
                   torch::Device device) {
  const GuidancePlan plan = flags.guidance.plan(model, task.objective(), flags.drawing.sampler);
  Progress progress("guide", 1.0, isatty(STDERR_FILENO), std::cerr, "");
  Outcome outcome;
  outcome.made = task.run(
      model,
      [&](SampleRequest& request, int64_t at, int64_t count) {
        plan.put_into(request);
        told.put_into(request, at, count);
      },
      [&](double share) { progress.update(share); });
  progress.finish();
  const double each = outcome.made.seconds / static_cast<double>(task.count());
  outcome.figures = {{"run", flags.run},          {"objective", task.words()},
                     {"samples", task.count()},   {"guidance", plan.json()},
                     {"seed", flags.common.seed}, {"score_mean", outcome.made.scores.mean().item<double>()},
                     {"seconds_per_image", each}};
  outcome.text = fmt::format("{}: {:.3f} s per image", plan.text, each);
  if (outcome.made.evaluations > 0) {
    outcome.figures["evaluations"] = outcome.made.evaluations;
    outcome.text += fmt::format(", {} network evaluations each", outcome.made.evaluations);
  }
  outcome.text += "\n";
  if (!flags.judge.empty()) {
    const torch::Tensor asked =
        flags.judge_as < 0 ? task.asked() : at::full({task.count()}, flags.judge_as, torch::kInt64);
    const Verdict verdict = judged(flags.judge, outcome.made.images, asked, device);
    outcome.figures["judge"] = verdict.figures;
    outcome.text = verdict.text + outcome.text;
  }
  return outcome;
}

// Every image in turn is the truth of the objective; its guided sample is measured on what was hidden, beside
// answers that need no model.
int evaluate_guided(const EvaluateFlags& flags, Model& model, const torch::Tensor& x, const Told& told,
                    torch::Device device) {
  const Task task(task_of(flags, x.size(0)), model.shape(), x, device);
  Outcome outcome = outcome_of(flags, model, task, told, device);
  // The mean image comes from training images: the test images are the question.
  const torch::Tensor average =
      load_images(flags.data, "train", flags.fit, model.shape(), 5000).x.mean(0, true);
  const torch::Tensor given = (task.degraded().defined() ? task.degraded() : at::zeros_like(x)).clamp(-1, 1);
  std::vector<std::pair<std::string, torch::Tensor>> answers = {
      {"guided", outcome.made.images}, {"as given", given}, {"mean image", average.expand_as(x)}};
  if (task.bicubic().defined()) answers.push_back({"bicubic", task.bicubic()});
  std::vector<std::vector<std::string>> rows = {{"answer", "psnr", "mse"}};
  Json& figures = outcome.figures;
  figures["data"] = flags.data;
  figures["images"] = x.size(0);
  for (const auto& [name, images] : answers) {
    const torch::Tensor all = masked_mse(images, x, task.hidden());
    const double mse = all.mean().item<double>();
    const double mean_psnr = psnr(all).mean().item<double>();
    rows.push_back({name, fmt::format("{:.2f} dB", mean_psnr), fmt::format("{:.5f}", mse)});
    figures[name] = {{"psnr", mean_psnr}, {"mse", mse}};
  }
  if (!flags.out.empty()) {
    constexpr int64_t kShown = 24, kColumns = 12;
    const int64_t some = std::min(kShown, x.size(0));
    write_picture(
        flags.out,
        stacked_grid({given.narrow(0, 0, some), outcome.made.images.narrow(0, 0, some), x.narrow(0, 0, some)},
                     kColumns),
        figures);
  }
  show(flags.common, figures,
       fmt::format("{} over {} {} images, on the hidden pixels (mean of each image's PSNR)\n", task.words(),
                   x.size(0), flags.split) +
           table(rows) + outcome.text);
  return 0;
}

// Samples of an objective that needs no truth: their scores, and what a judge makes of them.
int evaluate_asked(const EvaluateFlags& flags, Model& model, torch::Device device) {
  const Task task(task_of(flags, flags.count > 0 ? flags.count : 1000), model.shape(), {}, device);
  const Outcome outcome =
      outcome_of(flags, model, task, flags.drawing.condition.told(model, task.count(), flags.fit), device);
  if (!flags.out.empty()) {
    constexpr int64_t kShown = 100, kColumns = 10;
    write_picture(flags.out,
                  image_grid(outcome.made.images.narrow(0, 0, std::min(kShown, task.count())), kColumns),
                  outcome.figures);
  }
  show(flags.common, outcome.figures,
       outcome.text + fmt::format("{} over {} samples: mean score {:.4g}\n", task.words(), task.count(),
                                  outcome.made.scores.mean().item<double>()));
  return 0;
}

// How far unguided samples are from the data.
int evaluate_samples(const EvaluateFlags& flags, Model& model, torch::Device device) {
  DrawingFlags drawing = flags.drawing;
  drawing.batch = flags.batch;
  drawing.temperature = flags.guidance.temperature;
  if (drawing.condition.label.empty() && model.needs().classes > 0) drawing.condition.label = "all";
  const int64_t count = flags.count > 0 ? flags.count : 1000;
  const Drawn drawn = drawing.draw(model, flags.run, count, flags.common.seed, device);
  const Fidelity measured =
      fidelity(flags.features, drawn.images, flags.data, flags.split, flags.fit, model.shape(), device);
  Json figures = {{"run", flags.run}, {"weights", "averaged"}, {"seed", flags.common.seed}};
  figures.update(drawn.figures);
  figures.update(measured.figures);
  figures["seconds_per_sample"] = drawn.seconds / static_cast<double>(count);
  if (!flags.out.empty())
    write_picture(flags.out, image_grid(drawn.images.narrow(0, 0, std::min<int64_t>(100, count)), 10),
                  figures);
  show(flags.common, figures,
       measured.text + drawn.text +
           fmt::format("{:.4f} s per sample\n", drawn.seconds / static_cast<double>(count)));
  return 0;
}

// How often a classifier is right on a data set, and what it takes for what.
int evaluate_classifier(const EvaluateFlags& flags, ClassifierModel& model, torch::Device device) {
  const Loaded images = load_images(flags.data, flags.split, flags.fit, model.shape(), flags.count);
  std::vector<torch::Tensor> logits;
  for (int64_t at = 0; at < images.x.size(0); at += flags.batch)
    logits.push_back(
        model.logits(images.x.narrow(0, at, std::min(flags.batch, images.x.size(0) - at)).to(device)).cpu());
  const Accuracy result = accuracy(at::cat(logits), images.label);
  std::vector<std::vector<std::string>> rows = {{"class \\ taken for"}};
  Json confusion = Json::array();
  for (int64_t i = 0; i < model.classes(); ++i) {
    rows.front().push_back(std::to_string(i));
    rows.push_back({std::to_string(i)});
    confusion.push_back(Json::array());
    for (int64_t j = 0; j < model.classes(); ++j) {
      const int64_t count = result.confusion[i][j].item<int64_t>();
      rows.back().push_back(std::to_string(count));
      confusion.back().push_back(count);
    }
  }
  const Json figures = {{"run", flags.run},           {"data", flags.data},       {"split", flags.split},
                        {"images", images.x.size(0)}, {"accuracy", result.share}, {"confusion", confusion}};
  show(flags.common, figures,
       table(rows) +
           fmt::format("{} {} images: {:.2f} % right\n", images.x.size(0), flags.split, 100 * result.share));
  return 0;
}

int run_evaluate(const EvaluateFlags& flags) {
  const torch::Device device = flags.common.start();
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  if (flags.data.empty() && !flags.objective.empty()) return evaluate_asked(flags, *loaded.model, device);
  STEER_CHECK(!flags.data.empty(),
              "[evaluate] expected --data DIR, or an --objective that needs no image of a data set");
  if (!flags.features.empty()) return evaluate_samples(flags, *loaded.model, device);
  if (auto* classifier = dynamic_cast<ClassifierModel*>(loaded.model.get());
      classifier && flags.objective.empty())
    return evaluate_classifier(flags, *classifier, device);
  const Loaded data = load_images(flags.data, flags.split, flags.fit, loaded.model->shape(), flags.count);
  const torch::Tensor& x = data.x;
  // A conditional model is told the labels of the data, or takes its condition from the images themselves.
  const Told told = ConditionFlags().told_by(*loaded.model, x, data.label, flags.fit);
  if (!flags.objective.empty()) return evaluate_guided(flags, *loaded.model, x, told, device);
  const LoadedDdn ddn = as_ddn(std::move(loaded), "evaluate");
  return evaluate_code(flags, *ddn.model, x, told, device);
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "measure a model: reconstruction, code usage, zero-shot tasks, the distance of samples from data, the "
      "accuracy of a classifier");
  command->add_option("run", flags->run, "run folder or checkpoint file")->required();
  command->add_option("--data", flags->data, "the data set; an objective that needs no truth goes without");
  command->add_option("--split", flags->split, "train or test")->capture_default_str();
  command->add_option("--fit", flags->fit, "how its images reach the model's size")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command->add_option("--batch", flags->batch, "images at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option(
      "--objective", flags->objective,
      "zero-shot task with each image as its truth, for instance 'inpaint(mask=left)', or without "
      "--data, for instance 'label(classifier=RUN)': sample i is asked for class i modulo their "
      "number");
  command->add_option(
      "--judge", flags->judge,
      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of the "
      "class asked");
  command
      ->add_option(
          "--judge-as", flags->judge_as,
          "the judge's number of the class, where its classes are others than those of the classifier "
          "that guides")
      ->check(CLI::Range(0, 100000));
  command->add_option(
      "--features", flags->features,
      "how far as many unguided samples are from the data set: Frechet and kernel distance, precision and "
      "recall "
      "by the features of this classifier (run, checkpoint) or TorchScript file, for instance Inception");
  flags->guidance.add_to(command);
  flags->drawing.add_to(command, false);
  command->add_option(
      "-o,--out", flags->out,
      "with --objective: picture, what was given above the guided sample above the truth (without "
      "--data: the samples)");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_evaluate(*flags); }; });
}

}  // namespace steer
