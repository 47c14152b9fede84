// steer guide: samples steered by an objective the model never saw.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/cmd/guidance.h"
#include "steer/cmd/judge.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

struct GuideFlags {
  Common common;
  ConditionFlags condition;
  std::string run, objective, fit, judge, out = "guided.png";
  GuidanceFlags guidance;
  SamplerFlags sampler;
  int64_t count = 8;
};

int run_guide(const GuideFlags& flags) {
  const torch::Device device = flags.common.start();
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  const ImageShape shape = loaded.model->shape();
  ObjectiveContext context;
  context.space = space;
  context.seed = static_cast<uint64_t>(flags.common.seed);
  context.device = device;
  context.fit = flags.fit;
  context.samples = flags.count;
  const auto objective = make_objective(flags.objective, context);
  say("objective: " + objective->words());
  SampleRequest request;
  request.seeds = sample_seeds(static_cast<uint64_t>(flags.common.seed), flags.count, device);
  request.objective = objective.get();
  const GuidancePlan plan = flags.guidance.plan(*loaded.model, *objective, flags.sampler);
  say("guidance: " + plan.text);
  plan.put_into(request);
  flags.condition.told(*loaded.model, flags.count, flags.fit).put_into(request, 0, flags.count);
  Progress progress("guide", 1.0, isatty(STDERR_FILENO), std::cerr, "");
  request.progress = [&](double share) { progress.update(share); };
  const auto begin = std::chrono::steady_clock::now();
  const Samples samples = loaded.model->sample(request);
  progress.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const torch::Tensor score = objective->score(samples.images).cpu();
  // What was given stands first, then the samples.
  torch::Tensor picture = samples.images.cpu();
  if (objective->degraded().defined()) picture = at::cat({objective->degraded().cpu().clamp(-1, 1), picture});
  Json figures = {{"run", flags.run},
                  {"objective", objective->words()},
                  {"out", flags.out},
                  {"samples", flags.count},
                  {"guidance", plan.json()},
                  {"seed", flags.common.seed},
                  {"seconds", seconds},
                  {"score_mean", score.mean().item<double>()},
                  {"score_best", score.max().item<double>()}};
  Json scores = Json::array();
  for (int64_t i = 0; i < score.size(0); ++i) scores.push_back(score[i].item<double>());
  figures["scores"] = scores;
  if (samples.evaluations > 0) figures["evaluations"] = samples.evaluations;
  if (!flags.condition.label.empty()) figures["label"] = flags.condition.label;
  if (!flags.condition.images.empty()) figures["condition"] = flags.condition.images;
  Verdict verdict;
  if (!flags.judge.empty()) {
    verdict = judged(flags.judge, samples.images, asked_of(*objective, flags.count), device);
    figures["judge"] = verdict.figures;
  }
  write_picture(flags.out, image_grid(picture, std::min<int64_t>(picture.size(0), 9)), figures);
  show(flags.common, figures,
       fmt::format(
           "{} samples in {:.2f} s; score (log-likelihood up to a constant): mean {:.4g}, best {:.4g}\n",
           flags.count, seconds, score.mean().item<double>(), score.max().item<double>()) +
           verdict.text);
  return 0;
}

}  // namespace

void add_guide(CLI::App& app, Run& run) {
  auto flags = std::make_shared<GuideFlags>();
  CLI::App* command = app.add_subcommand("guide", "draw samples steered by an objective, without retraining");
  command->add_option("run", flags->run, "run folder or checkpoint file")->required();
  command
      ->add_option("--objective", flags->objective,
                   "what is wanted, for instance 'inpaint(x.png, mask=left)'")
      ->required();
  command->add_option("-n,--count", flags->count, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option("-o,--out", flags->out, "picture to write: what was given, then the samples")
      ->capture_default_str();
  flags->guidance.add_to(command);
  flags->sampler.add_to(command);
  command->add_option("--fit", flags->fit, "images of another size: resize or pad (default: refused)")
      ->check(CLI::IsMember({"resize", "pad"}));
  command->add_option(
      "--judge", flags->judge,
      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of the "
      "class asked");
  flags->condition.add_to(command);
  flags->common.add_to(command);
  command->footer(
      "Objectives:\n"
      "  inpaint(IMAGE, mask=left)          fill a part: left, right, top, bottom, quadrants, centre, eyes, "
      "eyes_bar, letter_s, checker,\n"
      "                                     not_ before one of them, or a PNG (white = fill)\n"
      "  super_resolve(IMAGE, factor=4)     an image of full size (shrunk first) or of the small size "
      "itself\n"
      "  colourise(IMAGE)                   colours for a grey image\n"
      "  denoise(IMAGE, noise=0.5)          a clean version of a noisy image; add=true adds the noise first\n"
      "  low_bit(IMAGE, levels=5)           an image of which only the nearest of a few grey levels is "
      "known\n"
      "  gaussian_deblur(IMAGE, std=1.5)    a sharp version of a blurred image, which is blurred first "
      "unless "
      "blurred=true;\n"
      "                                     std in pixels, size=auto of the kernel\n"
      "  gaussian(mean=0.3, std=0.5)        every number near the mean: how bright\n"
      "  edges(IMAGE), canny(IMAGE)         an image with these edges: Sobel's magnitudes, Canny's lines\n"
      "  strokes(RGBA, distance=l2)         the colours painted where a PNG is not transparent; l1 or l2\n"
      "  label(3, classifier=RUN)           an image that a classifier takes for class 3; without a number "
      "the "
      "samples\n"
      "                                     are asked for the classes in turn. temperature=1\n"
      "  entropy(classifier=RUN)            an image of whose class the classifier is sure\n"
      "  style(IMAGE, model=NET.pt)         like the image to a TorchScript network; size=64, "
      "normalise=imagenet\n"
      "  gram(IMAGE, model=NET.pt)          the image's textures, wherever they stand, to such a network\n"
      "  text('words', model=CLIP.pt)       what the words say, by a TorchScript network of images and text\n"
      "  program('./judge.py', timeout=60)  any program: reads a batch as .npy on stdin, writes one score "
      "per line\n"
      "Sums with weights: '0.5*inpaint(a.png, mask=left) + super_resolve(b.png, factor=4)'.\n"
      "Goals of different units: 'rank(0.5*label(3, classifier=RUN) + 0.5*inpaint(a.png, mask=left))' adds "
      "the "
      "ranks\namong the candidates instead of the scores. docs/objectives.md has all formulas.\n"
      "Images are read in the model's channels and must have its size unless --fit or fit= says otherwise.");
  command->callback([=, &run] { run = [=] { return run_guide(*flags); }; });
}

}  // namespace steer
