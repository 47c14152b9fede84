#include "steer/ddn/parameter_shapes.h"

#include "steer/core/check.h"

namespace steer {
namespace {

using Shape = std::vector<int64_t>;

}  // namespace

std::vector<NamedShape> parameter_shapes(const PyramidOptions& options) {
  const size_t scales = options.widths.size();
  check(options);
  std::vector<NamedShape> shapes;
  int64_t size = options.start_size, in = options.widths[0];
  for (size_t s = 0; s < scales; ++s, size *= 2) {
    const int64_t out = options.widths[s];
    const int64_t count = options.candidates[options.candidates.size() == 1 ? 0 : s];
    for (int64_t i = 0; i < options.layers[s]; ++i, in = out) {
      const bool up = i == 0 && s > 0;
      const std::string layer = joined("block_", size, "x", size, "_", i, up ? "_up" : "", ".");
      const auto with_bias = [&](const std::string& name, const Shape& weight) {
        shapes.push_back({layer + name + ".weight", weight});
        shapes.push_back({layer + name + ".bias", {weight[0]}});
      };
      with_bias("block.norm0", {in});
      with_bias("block.conv0", {out, in, 3, 3});
      with_bias("block.norm1", {out});
      with_bias("block.conv1", {out, out, 3, 3});
      if (up || in != out) with_bias("block.skip", {out, in, 1, 1});
      const int64_t used = options.leak ? out / 2 : out;
      shapes.push_back(
          {layer + "ddo.multi_out_conv1x1.weight", {count * options.image_channels, used, 1, 1}});
    }
  }
  return shapes;
}

std::vector<NamedShape> parameter_shapes(const RecurrentOptions& options) {
  const int64_t b = options.base, n = options.size, c = options.image_channels;
  std::vector<NamedShape> shapes;
  const auto with_bias = [&](const std::string& name, const Shape& weight, int64_t bias) {
    shapes.push_back({"ddn_seqen.0." + name + ".weight", weight});
    shapes.push_back({"ddn_seqen.0." + name + ".bias", {bias}});
  };
  const auto embedding = [&](const std::string& name, int64_t out) {
    with_bias(name + ".0", {out, 100}, out);
    with_bias(name + ".2", {out, out}, out);
  };
  const auto triple = [&](const std::string& name, const Shape& channels, int64_t side) {
    for (size_t i = 0; i + 1 < channels.size(); ++i) {
      const std::string block = joined(name, ".", i);
      shapes.push_back({"ddn_seqen.0." + block + ".ln.weight", {channels[i], side, side}});
      shapes.push_back({"ddn_seqen.0." + block + ".ln.bias", {channels[i], side, side}});
      with_bias(block + ".conv1", {channels[i + 1], channels[i], 3, 3}, channels[i + 1]);
    }
  };
  const auto sampling = [&](const std::string& name, int64_t channels) {
    with_bias(name, {channels, channels, 4, 4}, channels);
  };
  shapes.push_back({"ddn_seqen.0.class_embed.weight", {10, 100}});
  shapes.push_back({"ddn_seqen.0.ddo.multi_out_conv1x1.weight", {options.candidates * c, b / 2, 1, 1}});
  embedding("te1", c), embedding("te2", b), embedding("te3", 2 * b), embedding("te_mid", 4 * b);
  embedding("te4", 8 * b), embedding("te5", 4 * b), embedding("te_out", 2 * b);
  triple("b1", {c, b, b, b}, n);
  triple("b1_previous_last", {b, b, b, b}, n);
  triple("b1_leak_choice", {c, b, b, b}, n);
  triple("b2", {b, 2 * b, 2 * b, 2 * b}, n / 2);
  triple("b3", {2 * b, 4 * b, 4 * b, 4 * b}, n / 4);
  triple("b_mid", {4 * b, 2 * b, 2 * b, 4 * b}, n / 8);
  triple("b4", {8 * b, 4 * b, 2 * b, 2 * b}, n / 4);
  triple("b5", {4 * b, 2 * b, b, b}, n / 2);
  triple("b_out", {2 * b, b, b, b}, n);
  sampling("down1", b), sampling("down2", 2 * b), sampling("down3", 4 * b);
  sampling("up1", 4 * b), sampling("up2", 2 * b), sampling("up3", b);
  return shapes;
}

Extent extent_of(const std::vector<NamedShape>& shapes) {
  Extent sum;
  for (const NamedShape& each : shapes) sum.add(each.shape);
  return sum;
}

int64_t value_count(const std::vector<NamedShape>& shapes) {
  int64_t values = 0;
  for (const NamedShape& each : shapes) {
    int64_t product = 1;
    for (int64_t side : each.shape) product *= side;
    values += product;
  }
  return values;
}

}  // namespace steer
