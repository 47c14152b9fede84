#include "steer/cmd/evaluation_text.h"

#include <fmt/format.h>

#include <cmath>

#include "steer/cmd/command.h"
#include "steer/cmd/judging.h"
#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

std::string decibels(double mse) {
  return fmt::format("{:.2f} dB", psnr(mse));
}

std::string codes_text(const CodeEvaluation& found, const std::string& counted) {
  std::vector<std::vector<std::string>> rows = {{"layer", "size", "K", "mse", "psnr", "nodes used", "bits"}};
  for (const LayerEvaluation& layer : found.layers) {
    std::string size;
    for (const int64_t side : layer.places) size += (size.empty() ? "" : "x") + std::to_string(side);
    rows.push_back({std::to_string(rows.size()), size, std::to_string(layer.candidates),
                    fmt::format("{:.5f}", layer.mse), decibels(layer.mse), std::to_string(layer.used),
                    fmt::format("{:.2f}", layer.bits)});
  }
  return table(rows) +
         fmt::format(
             "{}: mean squared error {:.5f} on [-1, 1] ({}); {:.1f} % of nodes used; {:.1f} bits per "
             "code, {:.1f} by node frequencies; {} distinct codes\n",
             counted, found.mse, decibels(found.mse), 100 * found.nodes_used, found.latent_bits,
             found.first_order_bits, found.distinct_codes);
}

std::string task_text(const TaskEvaluation& found, const std::string& words, int64_t count,
                      const std::string& counted) {
  std::string text;
  if (!found.answers.empty()) {
    std::vector<std::vector<std::string>> rows = {{"answer", "psnr", "mse"}};
    if (found.answers.front().perceptual) rows[0].push_back("perceptual");
    for (const Answer& answer : found.answers) {
      rows.push_back({answer.name, fmt::format("{:.2f} dB", answer.psnr), fmt::format("{:.5f}", answer.mse)});
      if (answer.perceptual) rows.back().push_back(fmt::format("{:.3f}", *answer.perceptual));
    }
    text = fmt::format("{} over {}, on the hidden places (mean of each one's PSNR)\n", words, counted) +
           table(rows);
  }
  if (found.verdict) text += verdict_text(*found.verdict);
  text += fmt::format("{}: {:.3f} s per sample", found.text, found.made.seconds / static_cast<double>(count));
  if (found.made.evaluations > 0)
    text += fmt::format(", {} network evaluations each", found.made.evaluations);
  return text + fmt::format("\n{} over {} samples: mean score {:.4g}\n", words, count,
                            found.made.scores.mean().item<double>());
}

std::string fidelity_text(const Fidelity& f, const std::string& plural) {
  const auto row = [](const std::string& name, const Distances& d) {
    return std::vector<std::string>{name,
                                    fmt::format("{:.3f}", d.frechet),
                                    fmt::format("{:.5f}", d.kernel),
                                    fmt::format("{:.3f}", d.precision),
                                    fmt::format("{:.3f}", d.recall),
                                    fmt::format("{:.3f}", d.coverage)};
  };
  return table({{"", "frechet", "kernel", "precision", "recall", "coverage"},
                row("samples", f.made),
                row(f.other + " " + plural, f.real)}) +
         fmt::format("{} samples and {} {} {} against {} {} {}, features of {}\n", f.samples, f.others,
                     f.other, plural, f.reference, f.split, plural, f.features);
}

std::string distances_text(const SampleEvaluation& found, const std::string& plural) {
  if (found.made.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"distance from the data", "samples", "other " + plural, ""}};
  for (size_t i = 0; i < found.made.size(); ++i)
    rows.push_back({found.made[i].name, fmt::format("{:.5g}", found.made[i].value),
                    fmt::format("{:.5g}", found.real[i].value), found.made[i].meaning});
  return table(rows);
}

std::string judgement_text(const TextJudgement& judged) {
  return fmt::format(
      "{}: {:.4f} bits a character of the samples, {:.4f} of the data (perplexity {:.3f} and {:.3f})\n",
      judged.judge, judged.samples, judged.real, std::exp2(judged.samples), std::exp2(judged.real));
}

std::string samples_text(const SampleEvaluation& found, const std::string& plural) {
  std::string text = found.fidelity ? fidelity_text(*found.fidelity, plural) : "";
  text += distances_text(found, plural);
  if (found.repeating)
    text += fmt::format("{:.1f} % of samples repeat one of {} training {}; of {} not trained on {:.1f} %\n",
                        100 * found.repeating->made, found.repeating->trained, plural, plural,
                        100 * found.repeating->held_out);
  text += found.drawn.text;
  if (found.drawn.evaluations > 0)
    text += fmt::format(": {} network evaluations per sample", found.drawn.evaluations);
  if (found.drawn.seconds == 0) return text + "\n";
  return text + fmt::format("\n{:.4f} s per sample\n",
                            found.drawn.seconds / static_cast<double>(found.drawn.state.size()));
}

std::string accuracy_text(const Accuracy& found, const ClassNames& names, const std::string& counted) {
  std::vector<std::vector<std::string>> rows = {{"class \\ taken for"}};
  for (int64_t i = 0; i < found.confusion.size(0); ++i) {
    rows.front().push_back(class_text(names, i));
    rows.push_back({class_text(names, i)});
    for (int64_t j = 0; j < found.confusion.size(1); ++j)
      rows.back().push_back(std::to_string(found.confusion[i][j].item<int64_t>()));
  }
  return table(rows) + fmt::format("{}: {:.2f} % right\n", counted, 100 * found.share);
}

}  // namespace

std::string evaluation_text(const Evaluation& found, const EvaluationOptions& options,
                            const std::string& plural) {
  const std::string counted = fmt::format("{} {} {}", found.count, options.source.split, plural);
  if (found.task)
    return (found.samples ? distances_text(*found.samples, plural) : "") +
           (found.judgement ? judgement_text(*found.judgement) : "") +
           task_text(*found.task, found.figures.value("objective", ""), found.count, counted);
  if (found.accuracy) return accuracy_text(*found.accuracy, found.classes, counted);
  std::string text;
  if (found.codes)
    text =
        codes_text(*found.codes, fmt::format("{} {} {}", found.codes->samples, options.source.split, plural));
  if (found.likelihood) text += text_of(*found.likelihood);
  if (found.judgement) text += judgement_text(*found.judgement);
  if (found.samples) text += samples_text(*found.samples, plural);
  return text;
}

}  // namespace steer
