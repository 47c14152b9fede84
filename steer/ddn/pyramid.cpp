#include "steer/ddn/pyramid.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/core/tensors.h"
#include "steer/nn/recompute.h"

namespace steer {
namespace {

const double kRootHalf = std::sqrt(0.5);

bool power_of_two(int64_t n) {
  return n > 0 && (n & (n - 1)) == 0;
}

// Ramps from -1 to 1 in the last four of the features [c, s, s], turned by a quarter each.
Tensor with_ramps(Tensor features) {
  const int64_t channels = features.size(0), size = features.size(1);
  const int64_t ramps = std::min<int64_t>(4, channels);
  const Tensor ramp = at::linspace(-1, 1, size * size, features.scalar_type()).view({size, size});
  for (int64_t turn = 0; turn < ramps; ++turn)
    features[channels - ramps + turn] += at::rot90(ramp, turn, {0, 1});
  return features;
}

// The fixed features that a start larger than 1x1 begins with, [c, s, s]: of place i, channel d, a(i) = sin(i
// 10000^(-2d/c)) where i is even. An odd place has the cosine of that sine at an even place: 1 of 0, the
// others from the last on backwards of 2, 4, ...
Tensor official_features(int64_t channels, int64_t size) {
  const int64_t places = size * size;
  const Tensor i = at::arange(0, places, 2, torch::kFloat64).view({1, -1});
  const Tensor d = at::arange(channels, torch::kFloat64).view({-1, 1});
  const Tensor angle = i * at::pow(10000.0, d * (-2.0 / static_cast<double>(channels)));
  const Tensor sines = angle.to(torch::kFloat32).sin();
  // Odd place 1 looks at sine 0; 3, 5, ..., places - 1 look at the sines from the last down to the first.
  const Tensor cosines =
      at::cat({sines.narrow(1, 0, 1), sines.narrow(1, 1, places / 2 - 1).flip(1)}, 1).cos();
  return with_ramps(at::stack({sines, cosines}, 2).view({channels, size, size}));
}

// What networks of before the option began with: sines at even and cosines at odd places.
Tensor plain_features(int64_t channels, int64_t size) {
  const Tensor i = at::arange(size * size, torch::kFloat32).view({1, -1});
  const Tensor d = at::arange(channels, torch::kFloat32).view({-1, 1});
  const Tensor angle = i * at::pow(10000.0, d * (-2.0 / static_cast<double>(channels)));
  return with_ramps(
      at::where(at::remainder(i, 2) == 0, angle.sin(), angle.cos()).view({channels, size, size}));
}

}  // namespace

void check(const PyramidOptions& options) {
  const size_t scales = options.widths.size();
  STEER_CHECK(power_of_two(options.start_size),
              "[options] network.start_size: expected a power of two but got ", options.start_size);
  STEER_CHECK(scales > 0 && options.layers.size() == scales,
              "[options] network.layers: expected one number per scale (", scales, ") but got ",
              options.layers.size());
  constexpr int64_t kLargestSide = 4096;
  STEER_CHECK(scales < 64 && options.start_size <= kLargestSide >> (scales - 1),
              "[options] network.widths: expected scales up to a size of ", kLargestSide, " but got ", scales,
              " from ", options.start_size, " on");
  STEER_CHECK(options.candidates.size() == 1 || options.candidates.size() == scales,
              "[options] network.candidates: expected one number or one per scale (", scales, ") but got ",
              options.candidates.size());
  STEER_CHECK(options.start == "zeros" || options.start == "ramp",
              "[options] network.start: expected zeros or ramp but got \"", options.start, "\"");
  STEER_CHECK(options.start_features == "official" || options.start_features == "plain",
              "[options] network.start_features: expected official or plain but got \"",
              options.start_features, "\"");
  for (const int64_t layers : options.layers)
    STEER_CHECK(layers >= 1, "[options] network.layers: expected at least one layer per scale but got ",
                layers);
}

PyramidOptions official_pyramid(int64_t size, int64_t max_layers, int64_t max_candidates,
                                int64_t image_channels) {
  STEER_CHECK(power_of_two(size), "[pyramid] expected an image size that is a power of two but got ", size);
  PyramidOptions options;
  options.widths.clear();
  options.layers.clear();
  options.candidates.clear();
  options.image_channels = image_channels;
  int64_t usual = 1;
  for (int64_t s = 1; s <= size; s *= 2, usual = std::min<int64_t>(64, usual * 2)) {
    const int64_t width = std::clamp<int64_t>(8192 / s, 4, 256);
    options.widths.push_back(width);
    options.layers.push_back(std::min(max_layers, usual));
    options.candidates.push_back(std::min(max_candidates, std::clamp<int64_t>(4 * width, 16, 1024) / 2));
  }
  return options;
}

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, bool up_, double dropout_)
    : up(up_), dropout(dropout_) {
  norm0 = register_module("norm0", GroupNormSilu(in));
  conv0 = register_module("conv0", Conv(ConvOptions{in, out, 3}));
  norm1 = register_module("norm1", GroupNormSilu(out));
  conv1 = register_module("conv1", Conv(ConvOptions{out, out, 3, true, 1e-5}));
  if (up || in != out) skip = register_module("skip", Conv(ConvOptions{in, out, 1}));
}

Tensor ResidualBlockImpl::forward(const Tensor& x, const DropoutSeed& seed) const {
  end_if_interrupted();
  const auto doubled = [&](const Tensor& maps) {
    return up ? at::upsample_nearest2d(maps, {2 * maps.size(2), 2 * maps.size(3)}) : maps;
  };
  Tensor y = conv0->forward(doubled(norm0->forward(x)));
  y = conv1->forward(with_dropout(norm1->forward(y), dropout, seed));
  // A 1x1 convolution and the repetition of pixels commute: the cheaper order.
  return (y + doubled(skip.is_empty() ? x : skip->forward(x))) * kRootHalf;
}

Pyramid::Pyramid(const PyramidOptions& options, const ConditionOptions& condition)
    : Network(condition), options_(options) {
  check(options);
  const size_t scales = options.widths.size();
  const int64_t told = condition_channels(condition, options.image_channels);
  int64_t size = options.start_size, in = options.widths[0];
  for (size_t s = 0; s < scales; ++s, size *= 2) {
    const int64_t width = options.widths[s];
    const int64_t count = options.candidates.size() == 1 ? options.candidates[0] : options.candidates[s];
    STEER_CHECK(width >= told, "[options] network.widths: expected room for a condition of ", told,
                " channels but got a scale of ", width);
    for (int64_t i = 0; i < options.layers[s]; ++i) {
      const bool up = i == 0 && s > 0;
      const std::string name = joined("block_", size, "x", size, "_", i, up ? "_up" : "");
      auto stage = register_module(name, std::make_shared<torch::nn::Module>(name));
      ResidualBlock block(in, width, up, options.dropout);
      Layer nodes(LayerOptions{width, options.image_channels, count, options.residual, options.leak});
      stage->register_module("block", block.ptr());
      stage->register_module("ddo", nodes.ptr());
      blocks_.push_back(block);
      nodes_.push_back(nodes);
      shapes_.push_back({size, count, width, std::min(size, 4 * i + 5)});
      in = width;
    }
  }
}

Tensor Pyramid::start(int64_t rows, torch::ScalarType type) const {
  const int64_t channels = options_.widths[0], size = options_.start_size;
  const Tensor features = size == 1 ? at::linspace(-1, 1, channels, torch::kFloat32).view({channels, 1, 1})
                          : options_.start_features == "official" ? official_features(channels, size)
                                                                  : plain_features(channels, size);
  const auto options = nodes_[0]->multi_out_conv1x1->weight.options().dtype(type);
  return features.to(options).expand({rows, -1, -1, -1}).contiguous(at::MemoryFormat::ChannelsLast);
}

bool Pyramid::told_at(size_t l) const {
  const ConditionOptions& condition = condition_options();
  if (condition.type == "none") return false;
  // The first layer that a size enters: the start, or the one after an upsampling layer, which upsamples
  // itself where a scale has one layer.
  if (condition.everywhere || l == 0) return true;
  return blocks_[l - 1]->up && (!blocks_[l]->up || condition.every_scale);
}

Generated Pyramid::forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                           const Condition& condition, const Forwarding& how) const {
  Passage passage;
  passage.h = start(rows, how.compute_type.value_or(compute_type()));
  passage.condition = condition;
  if (options_.start == "ramp") {
    // They enter the features alone; the candidates of the first layer still start from nothing.
    const int64_t c = options_.image_channels, n = options_.start_size;
    passage.leak = at::linspace(-1, 1, c, passage.h.options().dtype(torch::kFloat32))
                       .view({1, c, 1, 1})
                       .expand({rows, c, n, n});
  }
  for (size_t l = 0; l < blocks_.size(); ++l) {
    const Tensor image = l == 0 ? passage.leak : passage.image;
    Tensor told;
    if (told_at(l)) {
      // What enters an upsampling layer has half of its size.
      const int64_t size = blocks_[l]->up ? shapes_[l].size / 2 : shapes_[l].size;
      told = area_resize(passage.condition.maps, size, size);
    }
    const auto stem = [block = blocks_[l],
                       seed = seed_of_part(how.dropout_seed, l)](const std::vector<Tensor>& in) {
      return block->forward(reenter(in[0], in[1], in[2], in[3]), seed);
    };
    const std::vector<Tensor> entering = {passage.h, image, passage.leak, told};
    passage.h = recompute() && l + 1 < blocks_.size() ? recomputed(stem, entering) : stem(entering);
    passage.choose(nodes_[l], static_cast<int64_t>(l), chooser, observer);
  }
  return {passage.image, passage.code};
}

}  // namespace steer
