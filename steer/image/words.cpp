#include "steer/image/words.h"

#include <algorithm>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/image/canny.h"
#include "steer/image/edges.h"
#include "steer/image/gram.h"
#include "steer/image/linear.h"
#include "steer/image/masks.h"
#include "steer/image/strokes.h"
#include "steer/image/style.h"
#include "steer/image/text.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr double kLeastNoise = 1e-3, kMostNoise = 100.0;
constexpr uint64_t kNoiseStream = 0x6f626a65;

std::string height_by_width(int64_t height, int64_t width) {
  return joined(height, "x", width);
}

// An image [1, C, h, w] of any size at the sample's size. `also` names another size that is taken.
Tensor image_of_size(Tensor image, const std::string& path, const std::string& fit, const MapSizes& sizes,
                     const std::string& also) {
  STEER_CHECK(fit.empty() || fit == "resize" || fit == "pad",
              "[objective] expected fit as resize or pad but got ", fit);
  const int64_t height = image.size(2), width = image.size(3);
  if (height == sizes.height && width == sizes.width) return image;
  const std::string wrong =
      joined("[objective] ", path, ": expected an image of size ", height_by_width(sizes.height, sizes.width),
             also, " (height x width) but got ", height_by_width(height, width));
  if (fit == "resize") {
    image = area_resize(image, std::min(height, sizes.height), std::min(width, sizes.width));
    return at::upsample_bilinear2d(image, {sizes.height, sizes.width}, false);
  }
  STEER_CHECK(fit == "pad", wrong, "; fit=resize or fit=pad takes other sizes");
  STEER_CHECK(height <= sizes.height && width <= sizes.width, wrong, ", too large for fit=pad");
  Tensor padded = at::full({1, image.size(1), sizes.height, sizes.width}, -1.0);
  padded.narrow(2, (sizes.height - height) / 2, height)
      .narrow(3, (sizes.width - width) / 2, width)
      .copy_(image);
  return padded;
}

std::string fit_of(const Arguments& arguments, const ObjectiveContext& context) {
  return arguments.has("fit") ? arguments.text("fit") : context.fit;
}

void check_readable(const MapSizes& sizes) {
  STEER_CHECK(sizes.channels == 1 || sizes.channels == 3,
              "[objective] an image gives samples of 1 or 3 channels, but these have ", sizes.channels);
}

// What an image argument gave: pictures of the sample's size, or of 1/factor of it.
struct GivenImages {
  Tensor images;  // [T, C, H, W]
  bool low = false;
  bool from_file = false;
};

GivenImages pictures_of(const Arguments& arguments, const ObjectiveContext& context, int64_t factor = 1) {
  GivenImages given;
  if (!arguments.has("image")) {
    STEER_CHECK(context.truth.defined(), arguments.where(), " needs an image, as in ", arguments.name(),
                "(photo.png, ...)");
    given.images = context.truth.to(context.device);
    return given;
  }
  const MapSizes sizes = map_sizes(context.space);
  check_readable(sizes);
  const std::string path = arguments.text("image");
  given.from_file = true;
  given.images = read_image(path, sizes.channels).unsqueeze(0);
  const int64_t low_height = sizes.height / factor, low_width = sizes.width / factor;
  given.low = factor > 1 && given.images.size(2) == low_height && given.images.size(3) == low_width;
  if (!given.low) {
    const std::string also = factor > 1 ? " or " + height_by_width(low_height, low_width) : "";
    given.images = image_of_size(given.images, path, fit_of(arguments, context), sizes, also);
  }
  given.images = given.images.to(context.device);
  return given;
}

std::unique_ptr<Objective> linear_of(LinearTask task, const Arguments& arguments) {
  return std::make_unique<LinearObjective>(std::move(task), arguments.words());
}

std::unique_ptr<Objective> inpaint_by(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  const Tensor fill = make_mask(arguments.text("mask"), sizes.height, sizes.width);
  return linear_of(inpaint(pictures_of(arguments, context).images, fill, arguments.number("noise")),
                   arguments);
}

std::unique_ptr<Objective> super_resolve_by(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  const int64_t factor =
      arguments.integer("factor", std::max<int64_t>(2, std::min(sizes.height, sizes.width)));
  STEER_CHECK(sizes.height % factor == 0 && sizes.width % factor == 0, arguments.where(),
              ": expected a factor that divides ", height_by_width(sizes.height, sizes.width), " but got ",
              factor);
  const double noise = arguments.number("noise");
  const GivenImages given = pictures_of(arguments, context, factor);
  return linear_of(given.low ? super_resolve_from(given.images, factor, noise)
                             : super_resolve(given.images, factor, noise),
                   arguments);
}

std::unique_ptr<Objective> colourise_by(const Arguments& arguments, const ObjectiveContext& context) {
  STEER_CHECK(map_sizes(context.space).channels > 1, arguments.where(),
              ": expected samples of several channels but these are grey");
  return linear_of(colourise(pictures_of(arguments, context).images, arguments.number("noise")), arguments);
}

std::unique_ptr<Objective> denoise_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double noise = arguments.number("noise");
  const GivenImages given = pictures_of(arguments, context);
  Tensor noisy = given.images;
  // A truth that stands in has no noise yet.
  if (given.from_file || arguments.has("add") ? arguments.flag("add") : true) {
    const Tensor seeds = sample_seeds(context.seed, noisy.size(0), context.device);
    noisy = noisy + noise * normal_rows(seeds, kNoiseStream, noisy.sizes().slice(1));
  }
  return linear_of(denoise(noisy, noise), arguments);
}

std::unique_ptr<Objective> low_bit_by(const Arguments& arguments, const ObjectiveContext& context) {
  return linear_of(low_bit(pictures_of(arguments, context).images, arguments.integer("levels")), arguments);
}

std::unique_ptr<Objective> gaussian_deblur_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double std = arguments.number("std"), noise = arguments.number("noise");
  const int64_t size = arguments.text("size") == "auto" ? 0 : arguments.integer("size");
  const Tensor images = pictures_of(arguments, context).images;
  return linear_of(arguments.flag("blurred") ? gaussian_deblur_from(images, std, size, noise)
                                             : gaussian_deblur(images, std, size, noise),
                   arguments);
}

std::unique_ptr<Objective> edges_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<EdgesObjective>(pictures_of(arguments, context).images, arguments.words());
}

std::unique_ptr<Objective> canny_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double low = arguments.number("low"), high = arguments.number("high", low);
  return std::make_unique<CannyObjective>(pictures_of(arguments, context).images, low, high,
                                          arguments.words());
}

std::unique_ptr<Objective> strokes_by(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  check_readable(sizes);
  const std::string path = arguments.text("image");
  const LayeredImage read = read_image_alpha(path, sizes.channels);
  // Alpha goes through the same fit; a border that is added is transparent.
  const Tensor layers = image_of_size(at::cat({read.image, read.alpha * 2 - 1}).unsqueeze(0), path,
                                      fit_of(arguments, context), sizes, "")
                            .to(context.device);
  const Tensor painting = layers.narrow(1, 0, sizes.channels);
  const Tensor alpha = ((layers.narrow(1, sizes.channels, 1) + 1) / 2).clamp(0, 1);
  if (arguments.text("distance") == "l1")
    return std::make_unique<StrokesObjective>(painting, alpha, arguments.words());
  return linear_of(strokes(painting, alpha), arguments);
}

// style() and gram() ask a network of the same kind about the same arguments.
template <class Asked>
std::unique_ptr<Objective> by_features(const Arguments& arguments, const ObjectiveContext& context) {
  const FeatureOptions options{arguments.integer("size"), arguments.text("normalise") == "imagenet"};
  const ScriptedNetwork network(arguments.text("model"), context.device);
  return std::make_unique<Asked>(network, pictures_of(arguments, context).images, options, arguments.words());
}

std::unique_ptr<Objective> text_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<TextObjective>(ScriptedNetwork(arguments.text("model"), context.device),
                                         arguments.text("words"), arguments.words());
}

Parameter image_parameter(const std::string& meaning) {
  return positional(sample_parameter("image", meaning));
}

Parameter noise_parameter(double otherwise) {
  return number_parameter("noise", otherwise, kLeastNoise, kMostNoise,
                          "standard deviation of what was measured, on the scale [-1, 1]");
}

Parameter fit_parameter() {
  return optional(choice_parameter("fit", {"resize", "pad"},
                                   "brings an image of another size to the sample's: stretched, or black "
                                   "around it; without it, as --fit says"));
}

// The arguments of style and gram.
std::vector<Parameter> feature_parameters() {
  return {image_parameter("the image to be like"),
          required(file_parameter("model", "a TorchScript network of images")),
          integer_parameter("size", FeatureOptions().size, 1, 4096, "side of the network's input, in pixels"),
          choice_parameter("normalise", {"none", "imagenet"}, "how colours come to the network"),
          fit_parameter()};
}

std::vector<Parameter> inpaint_parameters() {
  Parameter mask = required(file_parameter(
      "mask", "the part that is filled, not_ before it for all but that part, or a PNG that is white there"));
  mask.choices = mask_names();
  return {image_parameter("of which the rest is known"), mask, noise_parameter(kMeasurementNoise),
          fit_parameter()};
}

std::vector<Parameter> gaussian_deblur_parameters() {
  Parameter size = integer_parameter("size", 0, 1, 1 << 16,
                                     "width of the kernel in pixels, odd; auto: 4 std to each side, less "
                                     "where the image is smaller");
  size.choices = {"auto"};
  size.otherwise = "auto";
  return {image_parameter("the sharp image, or the blurred one with blurred=true"),
          number_parameter("std", kBlurStd, 1e-3, 1e3, "of the blur, in pixels"),
          size,
          noise_parameter(kMeasurementNoise),
          flag_parameter("blurred", false, "whether the image is blurred already"),
          fit_parameter()};
}

// The words that need no network but look at the image as measured.
std::vector<Word> measurement_words() {
  const std::vector<std::string> image = {"image"};
  return {
      {"inpaint",
       {},
       image,
       Nature::kLinear,
       "an image of which a part is to be filled",
       "inpaint(photo.png, mask=left)",
       inpaint_parameters(),
       inpaint_by,
       {}},
      {"super_resolve",
       {},
       image,
       Nature::kLinear,
       "a sharp version of a small image: the means of its blocks are known",
       "super_resolve(photo.png, factor=4)",
       {image_parameter("of full size, which is shrunk first, or of the small size itself"),
        required(integer_parameter("factor", 2, 2, 1 << 16, "side of a block; divides height and width")),
        noise_parameter(kMeasurementNoise), fit_parameter()},
       super_resolve_by,
       {}},
      {"colourise",
       {},
       image,
       Nature::kLinear,
       "colours for a grey image: the mean of the channels is known",
       "colourise(photo.png)",
       {image_parameter("whose greys are known"), noise_parameter(kMeasurementNoise), fit_parameter()},
       colourise_by,
       {}},
      {"denoise",
       {},
       image,
       Nature::kLinear,
       "a clean version of a noisy image",
       "denoise(photo.png, noise=0.5)",
       {image_parameter("the noisy one"), noise_parameter(kDenoiseNoise),
        flag_parameter("add", false, "adds the noise first; so it is where a data set's images stand in"),
        fit_parameter()},
       denoise_by,
       {}},
      {"low_bit",
       {},
       image,
       Nature::kLinear,
       "an image of which only the nearest of a few values of every pixel is known",
       "low_bit(photo.png, levels=5)",
       {image_parameter("which is rounded"),
        integer_parameter("levels", 5, 2, 256, "how many values there are from -1 to 1"), fit_parameter()},
       low_bit_by,
       {}},
      {"gaussian_deblur",
       {},
       image,
       Nature::kLinear,
       "a sharp version of a blurred image",
       "gaussian_deblur(photo.png, std=1.5)",
       gaussian_deblur_parameters(),
       gaussian_deblur_by,
       {}},
      {"strokes",
       {},
       image,
       Nature::kLinear,
       "the colours painted where a PNG is not transparent",
       "strokes(painting.png, distance=l2)",
       {required(image_parameter("a PNG with transparency")),
        choice_parameter("distance", {"l2", "l1"}, "squared or absolute differences; l1 is not linear"),
        fit_parameter()},
       strokes_by,
       {}},
  };
}

// The others.
std::vector<Word> likeness_words() {
  const std::vector<std::string> image = {"image"};
  return {
      {"edges",
       {},
       image,
       Nature::kGradient,
       "an image with these edges: Sobel's magnitudes",
       "edges(photo.png)",
       {image_parameter("whose edges are asked for"), fit_parameter()},
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

}  // namespace

const std::vector<Word>& image_words() {
  static const std::vector<Word> words = [] {
    std::vector<Word> all = measurement_words();
    for (Word& word : likeness_words()) all.push_back(std::move(word));
    return all;
  }();
  return words;
}

}  // namespace steer
