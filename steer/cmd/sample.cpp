// steer sample: unguided samples as one picture.
#include <fmt/format.h>

#include "steer/cmd/drawing.h"
#include "steer/cmd/judge.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct SampleFlags {
  Common common;
  DrawingFlags drawing;
  std::string run, out = "samples.png", judge;
  int64_t count = 64;
};

// A column for each label of several, as far as they fit.
constexpr size_t kMaxColumns = 32;

int run_sample(const SampleFlags& flags) {
  const torch::Device device = flags.common.start();
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  const Drawn drawn = flags.drawing.draw(*loaded.model, flags.run, flags.count, flags.common.seed, device);
  Json figures = {{"run", flags.run},
                  {"out", flags.out},
                  {"samples", flags.count},
                  {"seed", flags.common.seed},
                  {"seconds", drawn.seconds}};
  figures.update(drawn.figures);
  const size_t labels = flags.drawing.condition.labels(*loaded.model).size();
  const int64_t columns = labels > 1 && labels <= kMaxColumns ? static_cast<int64_t>(labels) : 0;
  Verdict verdict;
  if (!flags.judge.empty()) {
    STEER_CHECK(drawn.label.defined(), "[sample] --judge: expected --label, classes to judge by");
    verdict = judged(flags.judge, drawn.images, drawn.label.cpu(), torch::kCPU);
    figures["judge"] = verdict.figures;
  }
  write_picture(flags.out, image_grid(drawn.images, columns), figures);
  show(flags.common, figures,
       verdict.text +
           fmt::format("{} samples in {:.2f} s ({:.1f} per second)\n", flags.count, drawn.seconds,
                       static_cast<double>(flags.count) / drawn.seconds) +
           drawn.text);
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Run& run) {
  auto flags = std::make_shared<SampleFlags>();
  CLI::App* command = app.add_subcommand("sample", "draw samples from a trained model");
  command->add_option("run", flags->run, "run folder or checkpoint file")->required();
  command->add_option("-n,--count", flags->count, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("-o,--out", flags->out, "picture to write (PNG; a .json beside it says how it was made)")
      ->capture_default_str();
  command->add_option("--judge", flags->judge,
                      "with --label: a classifier (run, checkpoint or TorchScript file) that tells how many "
                      "samples are of their class");
  flags->drawing.add_to(command);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_sample(*flags); }; });
}

}  // namespace steer
