#include "steer/modalities/objectives.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/options.h"
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
#include "steer/nn/saved_network.h"
#include "steer/objectives/labels.h"
#include "steer/objectives/program.h"
#include "steer/objectives/syntax.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr double kLeastNoise = 1e-3, kMostNoise = 100.0;
constexpr uint64_t kNoiseStream = 0x6f626a65;

std::string size_text(int64_t height, int64_t width) {
  return joined(height, "x", width);
}

// An image [1, C, h, w] of any size at the sample's size.
Tensor fitted_image(Tensor image, const std::string& path, const std::string& fit,
                    const ObjectiveContext& context, const std::string& also) {
  STEER_CHECK(fit.empty() || fit == "resize" || fit == "pad",
              "[objective] expected fit as resize or pad but got ", fit);
  const int64_t height = image.size(2), width = image.size(3);
  if (height == map_sizes(context.space).height && width == map_sizes(context.space).width) return image;
  const std::string sizes =
      joined("[objective] ", path, ": expected an image of size ", size_text(map_sizes(context.space).height, map_sizes(context.space).width),
             also, " (height x width) but got ", size_text(height, width));
  if (fit == "resize") {
    image = area_resize(image, std::min(height, map_sizes(context.space).height), std::min(width, map_sizes(context.space).width));
    return at::upsample_bilinear2d(image, {map_sizes(context.space).height, map_sizes(context.space).width}, false);
  }
  if (fit == "pad") {
    STEER_CHECK(height <= map_sizes(context.space).height && width <= map_sizes(context.space).width, sizes, ", too large for fit=pad");
    Tensor padded = at::full({1, image.size(1), map_sizes(context.space).height, map_sizes(context.space).width}, -1.0);
    padded.narrow(2, (map_sizes(context.space).height - height) / 2, height)
        .narrow(3, (map_sizes(context.space).width - width) / 2, width)
        .copy_(image);
    return padded;
  }
  fail(sizes, "; fit=resize or fit=pad takes other sizes");
}

// What an image argument gave: pictures of the sample's size, or of 1/factor of it.
struct Pictures {
  Tensor images;  // [T, C, H, W]
  bool low = false;
  bool from_file = false;
};

Pictures pictures_of(const Call& call, const Arguments& arguments, const ObjectiveContext& context,
                     int64_t factor = 1) {
  Pictures pictures;
  if (!arguments.has("image")) {
    STEER_CHECK(context.truth.defined(), "[objective] column ", call.column, ": ", call.name,
                " needs an image, as in ", call.name, "(photo.png, ...)");
    pictures.images = context.truth.to(context.device);
    return pictures;
  }
  STEER_CHECK(map_sizes(context.space).channels == 1 || map_sizes(context.space).channels == 3,
              "[objective] an image gives samples of 1 or 3 channels, but these have ", map_sizes(context.space).channels);
  const std::string path = arguments.required("image");
  pictures.from_file = true;
  pictures.images = read_image(path, map_sizes(context.space).channels).unsqueeze(0);
  const int64_t low_height = map_sizes(context.space).height / factor, low_width = map_sizes(context.space).width / factor;
  pictures.low = factor > 1 && pictures.images.size(2) == low_height && pictures.images.size(3) == low_width;
  if (!pictures.low) {
    const std::string also = factor > 1 ? " or " + size_text(low_height, low_width) : "";
    pictures.images = fitted_image(pictures.images, path, arguments.word("fit", context.fit), context, also);
  }
  pictures.images = pictures.images.to(context.device);
  return pictures;
}

LinearTask inpaint_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"mask", "noise", "fit"});
  const Tensor fill = make_mask(arguments.required("mask"), map_sizes(context.space).height, map_sizes(context.space).width);
  const double noise = arguments.number("noise", kMeasurementNoise, kLeastNoise, kMostNoise);
  return inpaint(pictures_of(call, arguments, context).images, fill, noise);
}

LinearTask super_resolve_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"factor", "noise", "fit"});
  arguments.required("factor");
  const int64_t factor =
      arguments.integer("factor", 0, 2, std::max<int64_t>(2, std::min(map_sizes(context.space).height, map_sizes(context.space).width)));
  STEER_CHECK(map_sizes(context.space).height % factor == 0 && map_sizes(context.space).width % factor == 0, "[objective] column ", call.column,
              ": super_resolve: expected a factor that divides ", size_text(map_sizes(context.space).height, map_sizes(context.space).width),
              " but got ", factor);
  const double noise = arguments.number("noise", kMeasurementNoise, kLeastNoise, kMostNoise);
  const Pictures pictures = pictures_of(call, arguments, context, factor);
  return pictures.low ? super_resolve_from(pictures.images, factor, noise)
                      : super_resolve(pictures.images, factor, noise);
}

LinearTask colourise_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"noise", "fit"});
  STEER_CHECK(map_sizes(context.space).channels > 1, "[objective] column ", call.column,
              ": colourise: expected samples of several channels but these are grey");
  const double noise = arguments.number("noise", kMeasurementNoise, kLeastNoise, kMostNoise);
  return colourise(pictures_of(call, arguments, context).images, noise);
}

LinearTask denoise_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"noise", "add", "fit"});
  const double noise = arguments.number("noise", kDenoiseNoise, kLeastNoise, kMostNoise);
  const Pictures pictures = pictures_of(call, arguments, context);
  Tensor noisy = pictures.images;
  if (arguments.flag("add", !pictures.from_file)) {
    const Tensor seeds = sample_seeds(context.seed, noisy.size(0), context.device);
    noisy = noisy + noise * normal_rows(seeds, kNoiseStream, noisy.sizes().slice(1));
  }
  return denoise(noisy, noise);
}

LinearTask gaussian_deblur_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"std", "size", "noise", "blurred", "fit"});
  const double std = arguments.number("std", kBlurStd, 1e-3, 1e3);
  const int64_t size =
      arguments.word("size", "auto") == "auto" ? 0 : arguments.integer("size", 0, 1, 1 << 16);
  const double noise = arguments.number("noise", kMeasurementNoise, kLeastNoise, kMostNoise);
  const Tensor images = pictures_of(call, arguments, context).images;
  return arguments.flag("blurred", false) ? gaussian_deblur_from(images, std, size, noise)
                                          : gaussian_deblur(images, std, size, noise);
}

LinearTask gaussian_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {}, {"mean", "std"});
  LinearTask task = gaussian(arguments.number("mean", 0.3, -100, 100),
                             arguments.number("std", 0.5, kLeastNoise, kMostNoise), map_sizes(context.space).channels,
                             map_sizes(context.space).height, map_sizes(context.space).width);
  task.measurement.y = task.measurement.y.to(context.device);
  return task;
}

LinearTask low_bit_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"levels", "fit"});
  const int64_t levels = arguments.integer("levels", 5, 2, 256);
  return low_bit(pictures_of(call, arguments, context).images, levels);
}

std::unique_ptr<Objective> program_of(const Call& call) {
  const Arguments arguments(call, {"command"}, {"timeout"});
  const ProgramOptions defaults;
  return std::make_unique<ProgramObjective>(ProgramOptions{
      arguments.required("command"), arguments.number("timeout", defaults.timeout_seconds, 0.01, 1e6)});
}

std::unique_ptr<Objective> edges_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"fit"});
  return std::make_unique<EdgesObjective>(pictures_of(call, arguments, context).images, to_text(call));
}

std::unique_ptr<Objective> canny_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"low", "high", "fit"});
  const double low = arguments.number("low", 100, 0, 1e4), high = arguments.number("high", 200, low, 1e4);
  return std::make_unique<CannyObjective>(pictures_of(call, arguments, context).images, low, high,
                                          to_text(call));
}

std::unique_ptr<Objective> strokes_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"distance", "fit"});
  STEER_CHECK(map_sizes(context.space).channels == 1 || map_sizes(context.space).channels == 3,
              "[objective] an image gives samples of 1 or 3 channels, but these have ", map_sizes(context.space).channels);
  const std::string path = arguments.required("image");
  const std::string distance = arguments.word("distance", "l2");
  STEER_CHECK(distance == "l1" || distance == "l2", "[objective] column ", call.column,
              ": strokes: expected distance as l1 or l2 but got ", distance);
  const LayeredImage read = read_image_alpha(path, map_sizes(context.space).channels);
  // Alpha goes through the same fit; a border that is added is transparent.
  const Tensor layers = fitted_image(at::cat({read.image, read.alpha * 2 - 1}).unsqueeze(0), path,
                                     arguments.word("fit", context.fit), context, "")
                            .to(context.device);
  const Tensor painting = layers.narrow(1, 0, map_sizes(context.space).channels);
  const Tensor alpha = ((layers.narrow(1, map_sizes(context.space).channels, 1) + 1) / 2).clamp(0, 1);
  if (distance == "l1") return std::make_unique<StrokesObjective>(painting, alpha, to_text(call));
  return std::make_unique<LinearObjective>(strokes(painting, alpha), to_text(call));
}

// style() and gram() ask a network of the same kind about the same arguments.
template <class Asked>
std::unique_ptr<Objective> by_features(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"image"}, {"model", "size", "normalise", "fit"});
  const std::string normalise = arguments.word("normalise", "none");
  STEER_CHECK(normalise == "none" || normalise == "imagenet", "[objective] column ", call.column, ": ",
              call.name, ": expected normalise as none or imagenet but got ", normalise);
  const FeatureOptions options{arguments.integer("size", FeatureOptions().size, 1, 4096),
                               normalise == "imagenet"};
  const ScriptedNetwork network(arguments.required("model"), context.device);
  return std::make_unique<Asked>(network, pictures_of(call, arguments, context).images, options,
                                 to_text(call));
}

std::unique_ptr<Objective> text_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"words"}, {"model"});
  const std::string words = arguments.required("words");
  return std::make_unique<TextObjective>(ScriptedNetwork(arguments.required("model"), context.device), words,
                                         to_text(call));
}

std::unique_ptr<Objective> label_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {"class"}, {"classifier", "temperature"});
  const double temperature = arguments.number("temperature", 1, 1e-6, 1e6);
  const SavedNetwork classifier = load_classifier(arguments.required("classifier"), context.device);
  // One image tells how many classes there are, and that the classifier takes samples of this shape.
  torch::NoGradGuard no_grad;
  const Tensor blank = at::zeros({1, map_sizes(context.space).channels, map_sizes(context.space).height, map_sizes(context.space).width});
  const int64_t classes = classifier(blank.to(context.device)).size(1);
  Tensor asked;
  if (arguments.has("class")) {
    asked = at::full({1}, arguments.integer("class", 0, 0, classes - 1), torch::kInt64);
  } else {
    STEER_CHECK(context.samples > 0, "[objective] column ", call.column,
                ": label needs a class, as in label(3, classifier=...)");
    asked = (at::arange(context.samples, torch::kInt64) + context.first_sample).remainder(classes);
  }
  return std::make_unique<LabelObjective>(classifier, asked, temperature, to_text(call));
}

std::unique_ptr<Objective> entropy_of(const Call& call, const ObjectiveContext& context) {
  const Arguments arguments(call, {}, {"classifier"});
  return std::make_unique<EntropyObjective>(load_classifier(arguments.required("classifier"), context.device),
                                            to_text(call));
}

void check_context(const ObjectiveContext& context) {
  STEER_CHECK(map_sizes(context.space).channels > 0 && map_sizes(context.space).height > 0 && map_sizes(context.space).width > 0,
              "[objective] expected samples of channels, height and width above 0");
  if (!context.truth.defined()) return;
  const Tensor& truth = context.truth;
  STEER_CHECK(truth.dim() == 4 && truth.size(0) > 0 && truth.size(1) == map_sizes(context.space).channels &&
                  truth.size(2) == map_sizes(context.space).height && truth.size(3) == map_sizes(context.space).width,
              "[objective] expected truth [T, ", map_sizes(context.space).channels, ", ", map_sizes(context.space).height, ", ", map_sizes(context.space).width,
              "], T > 0, but got ", shape_text(truth.sizes()));
}

std::vector<WeightedSum::Term> make_terms(const std::vector<Call>& calls, const ObjectiveContext& context);

// A new objective is one line here and one in the list below.
std::unique_ptr<Objective> make_term(const Call& call, const ObjectiveContext& context) {
  const auto linear = [&](LinearTask task) {
    return std::make_unique<LinearObjective>(std::move(task), to_text(call));
  };
  if (call.name == "rank") return std::make_unique<RankSum>(make_terms(call.terms, context));
  if (call.name == "inpaint") return linear(inpaint_of(call, context));
  if (call.name == "super_resolve") return linear(super_resolve_of(call, context));
  if (call.name == "colourise") return linear(colourise_of(call, context));
  if (call.name == "denoise") return linear(denoise_of(call, context));
  if (call.name == "low_bit") return linear(low_bit_of(call, context));
  if (call.name == "gaussian_deblur") return linear(gaussian_deblur_of(call, context));
  if (call.name == "gaussian") return linear(gaussian_of(call, context));
  if (call.name == "edges") return edges_of(call, context);
  if (call.name == "canny") return canny_of(call, context);
  if (call.name == "strokes") return strokes_of(call, context);
  if (call.name == "style") return by_features<StyleObjective>(call, context);
  if (call.name == "gram") return by_features<GramObjective>(call, context);
  if (call.name == "text") return text_of(call, context);
  if (call.name == "label") return label_of(call, context);
  if (call.name == "entropy") return entropy_of(call, context);
  if (call.name == "program") return program_of(call);
  const std::vector<std::string> known = {
      "inpaint",  "super_resolve", "colourise", "denoise", "low_bit", "gaussian_deblur",
      "gaussian", "edges",         "canny",     "strokes", "style",   "gram",
      "text",     "label",         "entropy",   "program", "rank"};
  fail("[objective] column ", call.column, ": unknown objective ", call.name, "; known are ",
       fmt::format("{}", fmt::join(known, ", ")), did_you_mean(call.name, known));
}

std::vector<WeightedSum::Term> make_terms(const std::vector<Call>& calls, const ObjectiveContext& context) {
  std::vector<WeightedSum::Term> terms;
  for (const Call& call : calls) terms.push_back({call.weight, make_term(call, context)});
  return terms;
}

}  // namespace

std::unique_ptr<Objective> make_objective(const std::string& words, const ObjectiveContext& context) {
  check_context(context);
  std::vector<WeightedSum::Term> terms = make_terms(parse_objective(words), context);
  if (terms.size() == 1 && terms[0].weight == 1.0) return std::move(terms[0].objective);
  return std::make_unique<WeightedSum>(std::move(terms));
}

}  // namespace steer
