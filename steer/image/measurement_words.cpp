#include "steer/image/measurement_words.h"

#include <algorithm>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/image/given_images.h"
#include "steer/image/linear.h"
#include "steer/image/masks.h"
#include "steer/image/strokes.h"
#include "steer/objectives/arguments.h"

namespace steer {
namespace {

constexpr double kLeastNoise = 1e-3, kMostNoise = 100.0;
constexpr uint64_t kNoiseStream = 0x6f626a65;

std::unique_ptr<Objective> linear_of(LinearTask task, const Arguments& arguments) {
  return std::make_unique<LinearObjective>(std::move(task), arguments.words());
}

std::unique_ptr<Objective> inpaint_by(const Arguments& arguments, const ObjectiveContext& context) {
  const Tensor fill = given_mask(arguments.text("mask"), arguments, context);
  return linear_of(inpaint(given_images(arguments, context).images, fill, arguments.number("noise")),
                   arguments);
}

std::unique_ptr<Objective> super_resolve_by(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  const int64_t factor =
      arguments.integer("factor", std::max<int64_t>(2, std::min(sizes.height, sizes.width)));
  STEER_CHECK(sizes.height % factor == 0 && sizes.width % factor == 0, arguments.where(),
              ": expected a factor that divides ", sizes.height, "x", sizes.width, " but got ", factor);
  const double noise = arguments.number("noise");
  const GivenImages given = given_images(arguments, context, factor);
  return linear_of(given.low ? super_resolve_from(given.images, factor, noise)
                             : super_resolve(given.images, factor, noise),
                   arguments);
}

std::unique_ptr<Objective> colourise_by(const Arguments& arguments, const ObjectiveContext& context) {
  STEER_CHECK(map_sizes(context.space).channels > 1, arguments.where(),
              ": expected samples of several channels but these are grey");
  return linear_of(colourise(given_images(arguments, context).images, arguments.number("noise")), arguments);
}

std::unique_ptr<Objective> denoise_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double noise = arguments.number("noise");
  const GivenImages given = given_images(arguments, context);
  Tensor noisy = given.images;
  // A truth that stands in has no noise yet.
  if (given.from_file || arguments.has("add") ? arguments.flag("add") : true) {
    const Tensor seeds = sample_seeds(context.seed, noisy.size(0), context.device);
    noisy = noisy + noise * normal_rows(seeds, kNoiseStream, noisy.sizes().slice(1));
  }
  return linear_of(denoise(noisy, noise), arguments);
}

std::unique_ptr<Objective> low_bit_by(const Arguments& arguments, const ObjectiveContext& context) {
  return linear_of(low_bit(given_images(arguments, context).images, arguments.integer("levels")), arguments);
}

std::unique_ptr<Objective> gaussian_deblur_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double std = arguments.number("std"), noise = arguments.number("noise");
  const int64_t size = arguments.text("size") == "auto" ? 0 : arguments.integer("size");
  const Tensor images = given_images(arguments, context).images;
  return linear_of(arguments.flag("blurred") ? gaussian_deblur_from(images, std, size, noise)
                                             : gaussian_deblur(images, std, size, noise),
                   arguments);
}

std::unique_ptr<Objective> strokes_by(const Arguments& arguments, const ObjectiveContext& context) {
  const auto [painting, alpha] = given_painting(arguments, context);
  const double noise = arguments.number("noise");
  if (arguments.text("distance") == "l1")
    return std::make_unique<StrokesObjective>(painting, alpha, noise, arguments.words());
  return linear_of(strokes(painting, alpha, noise), arguments);
}

Parameter noise_parameter(double otherwise) {
  return number_parameter("noise", otherwise, kLeastNoise, kMostNoise,
                          "standard deviation of what was measured, on the scale [-1, 1]");
}

std::vector<Parameter> inpaint_parameters() {
  Parameter mask = required(file_parameter(
      "mask",
      "the part that is filled, not_ before it for all but that part, or a PNG that is white there, and "
      "grey where the image is known in part"));
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

}  // namespace

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
       "strokes(painting.png, noise=0.25)",
       {required(image_parameter("a PNG with transparency")),
        choice_parameter("distance", {"l2", "l1"}, "squared or absolute differences; l1 is not linear"),
        number_parameter("noise", kStrokesNoise, kLeastNoise, kMostNoise,
                         "standard deviation by which samples may differ, on the scale [-1, 1]"),
        fit_parameter()},
       strokes_by,
       {}},
  };
}

}  // namespace steer
