#include "steer/ddn/condition.h"

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr double kEdgeJitter = 0.25;

Tensor mixed(const Tensor& images, const Tensor& weights) {
  return (images * weights.to(images.device()).view({1, -1, 1, 1})).sum(1, true);
}

Condition class_condition(const ConditionOptions& options, const Tensor& label) {
  STEER_CHECK(label.defined(), "[condition] expected a label for each image, 0 to ", options.classes - 1,
              " (--label 3, --label all), because the model is conditional on classes, but got none");
  STEER_CHECK(label.dim() == 1 && label.scalar_type() == torch::kInt64,
              "[condition] expected labels int64 [N] but got ", shape_text(label.sizes()));
  // A look at the values would make a device wait; there check_labels() goes before.
  if (on_host(label)) check_labels(options, label);
  const Tensor values = options.encoding == "one_hot"
                            ? at::one_hot(label, options.classes).to(torch::kFloat32)
                            : class_digits(label, options.classes);
  return {label, values.unsqueeze(-1).unsqueeze(-1)};
}

// Greys by the given weights [C] and edges by the given threshold.
Condition image_condition(const ConditionOptions& options, const Tensor& images, const Tensor& weights,
                          double threshold) {
  STEER_CHECK(images.defined(), "[condition] expected an image to take the ", options.type,
              " condition of the model from (--condition IMAGE) but got none");
  STEER_CHECK(images.dim() == 4, "[condition] expected images [N, C, H, W] but got ",
              shape_text(images.sizes()));
  if (options.type == "colour") return {{}, mixed(images, weights)};
  if (options.type == "edge") return {{}, edge_map(images, threshold)};
  const Tensor small = area_resize(images, options.size, options.size);
  return {{}, at::upsample_bilinear2d(small, {images.size(2), images.size(3)}, false)};
}

}  // namespace

Condition Condition::at(const Tensor& rows) const {
  const auto picked = [&](const Tensor& all) {
    return all.defined() ? all.index_select(0, rows.to(all.device())) : all;
  };
  return {picked(label), picked(maps)};
}

void check(const ConditionOptions& options) {
  const std::string& type = options.type;
  STEER_CHECK(type == "none" || needs_label(options) || needs_image(options),
              "[options] ddn.condition.type: expected none, class, colour, edge or resize but got \"", type,
              "\"");
  STEER_CHECK(options.classes >= 2, "[options] ddn.condition.classes: expected at least 2 but got ",
              options.classes);
  STEER_CHECK(options.encoding == "digits" || options.encoding == "one_hot",
              "[options] ddn.condition.encoding: expected digits or one_hot but got \"", options.encoding,
              "\"");
  STEER_CHECK(options.size >= 1, "[options] ddn.condition.size: expected at least 1 but got ", options.size);
  STEER_CHECK(options.threshold > 0, "[options] ddn.condition.threshold: expected more than 0 but got ",
              options.threshold);
}

void check_labels(const ConditionOptions& options, const Tensor& label) {
  if (label.numel() == 0) return;
  const int64_t least = label.min().item<int64_t>(), most = label.max().item<int64_t>();
  STEER_CHECK(least >= 0 && most < options.classes, "[condition] expected labels from 0 to ",
              options.classes - 1, " but got ", least < 0 ? least : most);
}

bool needs_image(const ConditionOptions& options) {
  return options.type == "colour" || options.type == "edge" || options.type == "resize";
}

bool needs_label(const ConditionOptions& options) {
  return options.type == "class";
}

int64_t condition_channels(const ConditionOptions& options, int64_t image_channels) {
  if (options.type == "none") return 0;
  if (options.type == "resize") return image_channels;
  if (options.type != "class") return 1;
  if (options.encoding == "one_hot") return options.classes;
  int64_t channels = 1;
  for (int64_t rest = (options.classes - 1) / 4; rest > 0; rest /= 4) ++channels;
  return channels;
}

Condition make_condition(const ConditionOptions& options, const Tensor& label, const Tensor& images) {
  if (options.type == "none") return {};
  if (needs_label(options)) return class_condition(options, label);
  const int64_t channels = images.defined() && images.dim() == 4 ? images.size(1) : 1;
  return image_condition(options, images, at::full({channels}, 1.0 / static_cast<double>(channels)),
                         options.threshold);
}

Condition make_training_condition(const ConditionOptions& options, const Tensor& label, const Tensor& images,
                                  uint64_t seed) {
  if (options.type == "none") return {};
  if (needs_label(options)) return class_condition(options, label);
  Random random(seed);
  Tensor weights = at::empty({images.size(1)});
  for (int64_t c = 0; c < images.size(1); ++c) weights[c] = random.uniform(1e-6, 1);
  return image_condition(options, images, weights / weights.sum(),
                         options.threshold + random.uniform(-kEdgeJitter, kEdgeJitter));
}

Tensor class_digits(const Tensor& label, int64_t classes) {
  ConditionOptions options;
  options.type = "class";
  options.classes = classes;
  const int64_t channels = condition_channels(options, 1);
  std::vector<Tensor> digits;
  for (int64_t c = channels - 1; c >= 0; --c)
    digits.push_back(at::bitwise_and(at::bitwise_right_shift(label, at::full_like(label, 2 * c)), 3));
  const Tensor values = at::stack(digits, 1).to(torch::kFloat32) * (2.0 / 3.0) - 1;
  return at::where((label == 0).unsqueeze(1), at::zeros({}, values.options()), values);
}

Tensor edge_map(const Tensor& images, double threshold) {
  STEER_CHECK(images.dim() == 4 && images.size(2) >= 3 && images.size(3) >= 3,
              "[condition] expected images of at least 3x3 pixels to find edges in but got ",
              shape_text(images.sizes()));
  const Tensor slope = at::tensor({1.0f, 0.0f, -1.0f, 2.0f, 0.0f, -2.0f, 1.0f, 0.0f, -1.0f}).view({3, 3});
  const Tensor kernels = at::stack({slope, slope.t()}).unsqueeze(1).to(images.device());
  const Tensor gradient = at::conv2d(images.mean(1, true), kernels);
  return (gradient.square().sum(1, true).sqrt() > threshold).to(torch::kFloat32) * 2 - 1;
}

}  // namespace steer
