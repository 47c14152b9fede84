// steer guide: samples steered by an objective the model never saw.
#include "steer/cmd/request.h"

namespace steer {
namespace {

constexpr const char* kObjectiveWords =
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
    "Images are read in the model's channels and must have its size unless --fit or fit= says otherwise.";

Recipe guide_defaults() {
  Recipe recipe;
  recipe.work = "guide";
  recipe.count = 8;
  return recipe;
}

int run_guide(const RequestFlags& flags) {
  const Recipe recipe = flags.recipe();
  const LoadedModel loaded = opened(recipe.model.path, flags.common.start());
  return answer(flags.common, recipe, loaded, flags.judge, flags.out);
}

}  // namespace

void add_guide(CLI::App& app, Run& run) {
  auto flags = std::make_shared<RequestFlags>(guide_defaults(), "guided.png",
                                              "picture to write: what was given, then the samples");
  CLI::App* command = app.add_subcommand("guide", "draw samples steered by an objective, without retraining");
  flags->add_to(command);
  command
      ->add_option("--objective", flags->asked.objective,
                   "what is wanted, for instance 'inpaint(x.png, mask=left)'")
      ->required();
  command->add_option(
      "--judge", flags->judge,
      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of the "
      "class asked");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  command->footer(kObjectiveWords);
  command->callback([=, &run] { run = [=] { return run_guide(*flags); }; });
}

}  // namespace steer
