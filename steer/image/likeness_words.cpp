#include "steer/image/likeness_words.h"

#include <utility>

#include "steer/image/canny.h"
#include "steer/image/edges.h"
#include "steer/image/given_images.h"
#include "steer/image/gram.h"
#include "steer/image/style.h"
#include "steer/image/text.h"
#include "steer/objectives/arguments.h"

namespace steer {
namespace {

std::unique_ptr<Objective> edges_by(const Arguments& arguments, const ObjectiveContext& context) {
  const EdgesOptions options{arguments.number("noise"), arguments.integer("sizes")};
  return std::make_unique<EdgesObjective>(given_images(arguments, context).images, options,
                                          arguments.words());
}

std::unique_ptr<Objective> canny_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double low = arguments.number("low"), high = arguments.number("high", low);
  return std::make_unique<CannyObjective>(given_images(arguments, context).images, low, high,
                                          arguments.words());
}

// style() and gram() ask a network of the same kind about the same arguments.
template <class Asked>
std::unique_ptr<Objective> by_features(const Arguments& arguments, const ObjectiveContext& context) {
  const FeatureOptions options{arguments.integer("size"), arguments.text("normalise") == "imagenet"};
  const ScriptedNetwork network(arguments.text("model"), context.device);
  return std::make_unique<Asked>(network, given_images(arguments, context).images, options,
                                 arguments.words());
}

std::unique_ptr<Objective> text_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<TextObjective>(ScriptedNetwork(arguments.text("model"), context.device),
                                         arguments.text("words"), arguments.words());
}

// The arguments of style and gram.
std::vector<Parameter> feature_parameters() {
  return {image_parameter("the image to be like"),
          required(file_parameter("model", "a TorchScript network of images")),
          integer_parameter("size", FeatureOptions().size, 1, 4096, "side of the network's input, in pixels"),
          choice_parameter("normalise", {"none", "imagenet"}, "how colours come to the network"),
          fit_parameter()};
}

}  // namespace

std::vector<Word> likeness_words() {
  const std::vector<std::string> image = {"image"};
  return {
      {"edges",
       {},
       image,
       Nature::kGradient,
       "an image with these edges: Sobel's magnitudes",
       "edges(photo.png)",
       {image_parameter("whose edges are asked for"),
        number_parameter("noise", EdgesOptions().noise, 1e-6, 1e6, "how far their magnitude may be off"),
        integer_parameter(
            "sizes", EdgesOptions().sizes, 1, 100,
            "compared: the image and its halves down to sides of 4 to 7 pixels, as many as there are"),
        fit_parameter()},
       edges_by,
       {}},
      {"canny",
       {},
       image,
       Nature::kBlackBox,
       "an image with these edges: Canny's lines",
       "canny(photo.png, low=100, high=200)",
       {image_parameter("whose edges are asked for"),
        number_parameter("low", 100, 0, 1e4, "what an edge that touches a strong one exceeds, of bytes"),
        number_parameter("high", 200, 0, 1e4, "what a strong edge exceeds; at least low"), fit_parameter()},
       canny_by,
       {}},
      {"style",
       {},
       image,
       Nature::kGradient,
       "like the image, as a network sees it",
       "style(photo.png, model=style.pt)",
       feature_parameters(),
       by_features<StyleObjective>,
       {}},
      {"gram",
       {},
       image,
       Nature::kGradient,
       "the image's textures, wherever they stand, as a network sees them",
       "gram(photo.png, model=style.pt)",
       feature_parameters(),
       by_features<GramObjective>,
       {}},
      {"text",
       {},
       image,
       Nature::kGradient,
       "what the words say, as a network of images and text sees it",
       "text('a red car', model=clip.pt)",
       {positional(required(text_parameter("words", "what the image shall show"))),
        required(file_parameter("model", "a TorchScript network of images and text"))},
       text_by,
       {}},
  };
}

}  // namespace steer
