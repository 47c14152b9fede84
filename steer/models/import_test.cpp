// Official networks stated a second time, plainly, and compared with what an import of their weights does.
#include "steer/models/import.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/ddn/parameter_shapes.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// What a plain forward chose: the image of the last layer and the index of each.
struct Picked {
  Tensor image;  // [N, C, H, W]
  Tensor code;   // int64 [N, L]
};

// Random values under the names of the network, spread so that activations neither die nor explode.
Tensors random_weights(const std::vector<NamedShape>& shapes) {
  torch::manual_seed(41);
  Tensors weights;
  for (const NamedShape& each : shapes) {
    const bool matrix = each.shape.size() == 2 || each.shape.size() == 4;
    const bool norm =
        each.name.find("norm") != std::string::npos || each.name.find(".ln.") != std::string::npos;
    int64_t fan = 1;
    for (size_t i = 1; i < each.shape.size(); ++i) fan *= each.shape[i];
    Tensor value = torch::randn(each.shape) * (matrix ? 1 / std::sqrt(static_cast<double>(fan)) : 0.1);
    if (norm && each.name.find(".weight") != std::string::npos) value += 1;
    weights[each.name] = value;
  }
  return weights;
}

// All K images of a layer, then the nearest of each row: image, leak, index.
struct Pick {
  Tensor image, leak, index;
};
Pick pick(const Tensor& h, const Tensor& w, int64_t channels, const Tensor& base, const Tensor& target) {
  const int64_t half = h.size(1) / 2, n = h.size(0);
  Tensor all = at::conv2d(h.narrow(1, 0, half), w).view({n, -1, channels, h.size(2), h.size(3)});
  if (base.defined()) all = all + base.unsqueeze(1);
  const Tensor index = (all - target.unsqueeze(1)).square().mean({2, 3, 4}).argmin(1);
  const Tensor nodes = w.view({-1, channels, half});
  std::vector<Tensor> images, leaks;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t k = index[i].item<int64_t>();
    images.push_back(all[i][k]);
    leaks.push_back(
        at::conv2d(h[i].narrow(0, half, half).unsqueeze(0), nodes[k].view({channels, half, 1, 1}))[0]);
  }
  return {at::stack(images), at::stack(leaks), index};
}

Picked plain_pyramid(const PyramidOptions& o, const Tensors& w, const Tensor& x, const Tensor& condition) {
  const int64_t n = x.size(0), colours = o.image_channels;
  const auto normal = [](const Tensor& h, const Tensor& scale, const Tensor& shift) {
    return at::silu(at::group_norm(h, std::min<int64_t>(32, h.size(1) / 4), scale, shift, 1e-6));
  };
  // A stored filter of quarters, times four, transposed with stride 2.
  const auto twice = [](const Tensor& h) {
    const Tensor filter = at::full({1, 1, 2, 2}, 0.25) * 4;
    return at::conv_transpose2d(h, filter.repeat({h.size(1), 1, 1, 1}), {}, {2, 2}, 0, 0, h.size(1));
  };
  Tensor h = at::linspace(-1, 1, o.widths[0]).view({1, -1, 1, 1}).repeat({n, 1, 1, 1});
  Tensor previous, entering, leak;
  if (o.start == "ramp") {
    entering = at::linspace(-1, 1, colours).view({1, -1, 1, 1}).repeat({n, 1, 1, 1});
    leak = entering;
  }
  std::vector<Tensor> code;
  int64_t size = 1;
  for (size_t s = 0; s < o.widths.size(); ++s, size *= 2)
    for (int64_t i = 0; i < o.layers[s]; ++i) {
      const bool up = i == 0 && s > 0;
      const std::string name = joined("block_", size, "x", size, "_", i, up ? "_up" : "", ".");
      const auto get = [&](const std::string& part) { return w.at(name + part); };
      h = h.clone();
      const int64_t c = h.size(1);
      if (entering.defined()) h.narrow(1, 0, colours) += entering;
      if (leak.defined()) h.narrow(1, c - colours, colours) += leak;
      if (condition.defined() && ((size == 1 && i == 0) || (size > 1 && i == 1)))
        h.narrow(1, c / 2 - condition.size(1) / 2, condition.size(1)) +=
            at::adaptive_avg_pool2d(condition, {size, size});
      Tensor y = normal(h, get("block.norm0.weight"), get("block.norm0.bias"));
      y = at::conv2d(up ? twice(y) : y, get("block.conv0.weight"), get("block.conv0.bias"), 1, 1);
      y = normal(y, get("block.norm1.weight"), get("block.norm1.bias"));
      y = at::conv2d(y, get("block.conv1.weight"), get("block.conv1.bias"), 1, 1);
      const Tensor skip = up ? at::conv2d(twice(h), get("block.skip.weight"), get("block.skip.bias")) : h;
      h = (y + skip) * std::sqrt(0.5);
      Tensor base;
      if (o.residual && previous.defined()) base = at::upsample_bilinear2d(previous, {size, size}, false);
      const Pick made = pick(h, get("ddo.multi_out_conv1x1.weight"), colours, base,
                             at::adaptive_avg_pool2d(x, {size, size}));
      previous = entering = made.image;
      leak = made.leak;
      code.push_back(made.index);
    }
  return {previous, at::stack(code, 1)};
}

Picked plain_recurrent(const RecurrentOptions& o, const Tensors& w, const Tensor& x, int64_t label) {
  const int64_t n = x.size(0), side = o.size, b = o.base;
  const auto get = [&](const std::string& name) { return w.at("ddn_seqen.0." + name); };
  const auto triple = [&](const std::string& name, Tensor h) {
    for (int64_t i = 0; i < 3; ++i) {
      const std::string block = joined(name, ".", i);
      const Tensor scale = get(block + ".ln.weight"), shift = get(block + ".ln.bias");
      const Tensor mean = h.mean({1, 2, 3}, true);
      const Tensor variance = (h - mean).square().mean({1, 2, 3}, true);
      h = (h - mean) / (variance + 1e-5).sqrt() * scale + shift;
      h = at::silu(at::conv2d(h, get(block + ".conv1.weight"), get(block + ".conv1.bias"), 1, 1));
    }
    return h;
  };
  const Tensor row = get("class_embed.weight")[label].unsqueeze(0);
  const auto te = [&](const std::string& name) {
    const Tensor inner = at::silu(at::linear(row, get(name + ".0.weight"), get(name + ".0.bias")));
    return at::linear(inner, get(name + ".2.weight"), get(name + ".2.bias")).view({1, -1, 1, 1});
  };
  const auto down = [&](const std::string& name, const Tensor& h) {
    return at::conv2d(h, get(name + ".weight"), get(name + ".bias"), 2, 1);
  };
  const auto up = [&](const std::string& name, const Tensor& h) {
    return at::conv_transpose2d(h, get(name + ".weight"), get(name + ".bias"), {2, 2}, 1);
  };
  Tensor feature = at::linspace(-1, 1, b * side * side).view({b, side, side});
  std::vector<Tensor> turned;
  for (int64_t i = 0; i < b; ++i) turned.push_back(at::rot90(feature[i], i, {0, 1}));
  feature = at::stack(turned).unsqueeze(0).repeat({n, 1, 1, 1});
  Tensor p = at::linspace(-1, 1, side * side).view({1, 1, side, side}).repeat({n, 1, 1, 1}), e = p;
  std::vector<Tensor> code;
  for (int64_t l = 0; l < o.repeats; ++l) {
    const Tensor o1 =
        triple("b1", p + te("te1")) + triple("b1_previous_last", feature) + triple("b1_leak_choice", e);
    const Tensor o2 = triple("b2", down("down1", o1) + te("te2"));
    const Tensor o3 = triple("b3", down("down2", o2) + te("te3"));
    const Tensor m = triple("b_mid", down("down3", o3) + te("te_mid"));
    const Tensor o4 = triple("b4", at::cat({o3, up("up1", m)}, 1) + te("te4"));
    const Tensor o5 = triple("b5", at::cat({o2, up("up2", o4)}, 1) + te("te5"));
    feature = triple("b_out", at::cat({o1, up("up3", o5)}, 1) + te("te_out"));
    const Pick made = pick(feature, get("ddo.multi_out_conv1x1.weight"), 1, {}, x);
    p = made.image, e = made.leak;
    code.push_back(made.index);
  }
  return {p, at::stack(code, 1)};
}

PyramidOptions some_pyramid() {
  PyramidOptions options;
  options.widths = {24, 24, 16, 16};
  options.layers = {1, 2, 2, 3};
  options.candidates = {8, 8, 8, 4};
  options.image_channels = 3;
  return options;
}

RecurrentOptions some_recurrent() {
  RecurrentOptions options;
  options.size = 16, options.base = 8, options.candidates = 6, options.repeats = 4;
  return options;
}

// A file as the official code would write it, with its buffers.
void write_official(const std::string& path, const Tensors& weights, const std::string& prefix,
                    torch::ScalarType type = torch::kFloat32) {
  Checkpoint file;
  for (const auto& [name, tensor] : weights) {
    file.tensors[prefix + name] = tensor.to(type);
    if (name.find("_up.block.conv0.weight") != std::string::npos)
      file.tensors[prefix + name.substr(0, name.size() - 6) + "resample_filter"] =
          at::full({1, 1, 2, 2}, 0.25);
    if (name.find("multi_out_conv1x1") != std::string::npos)
      file.tensors[prefix + name.substr(0, name.find("multi_out")) + "split_idxs"] = at::full({2}, -1.0);
  }
  write_checkpoint(path, file);
}

void expect_equal(const Encoded& ours, const Picked& plain) {
  EXPECT_TRUE(torch::equal(ours.code, plain.code)) << ours.code << plain.code;
  EXPECT_LT((ours.state.x - plain.image).abs().max().item<double>(), 1e-4);
}

TEST(Import, APyramidPicksTheNodesOfThePlainFormulation) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  const Tensor x = torch::rand({4, 3, 8, 8}) * 2 - 1;
  for (const char* start : {"zeros", "ramp"})
    for (bool residual : {true, false}) {
      PyramidOptions shape = some_pyramid();
      shape.start = start;
      shape.residual = residual;
      const Tensors weights = random_weights(parameter_shapes(shape));
      write_official(path, weights, residual ? "model." : "");
      ImportOptions options;
      options.start = start;
      options.residual = residual;
      const auto model = import_official(path, options);
      expect_equal(model->encode(x), plain_pyramid(shape, weights, x, {}));
    }
}

TEST(Import, AConditionalPyramidIsToldWhatThePlainOneIs) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  const Tensor x = torch::rand({4, 3, 8, 8}) * 2 - 1;
  const PyramidOptions shape = some_pyramid();
  const Tensors weights = random_weights(parameter_shapes(shape));
  write_official(path, weights, "model.");
  ImportOptions options;
  options.condition.type = "colour";
  expect_equal(import_official(path, options)->encode(x), plain_pyramid(shape, weights, x, x.mean(1, true)));
  options.condition.type = "class";
  const double third = 1.0 / 3;
  // Classes 5, 9, 0 and 3 of 10.
  const Tensor told = torch::tensor({-third, -third, third, -third, 0.0, 0.0, -1.0, 1.0}, torch::kFloat32)
                          .view({4, 2, 1, 1})
                          .repeat({1, 1, 8, 8});
  expect_equal(import_official(path, options)->encode(x, 1, {torch::tensor({5, 9, 0, 3}), {}}),
               plain_pyramid(shape, weights, x, told));
  EXPECT_THROW(import_official(path, options)->encode(x), Error);
}

TEST(Import, ARecurrentNetworkPicksTheNodesOfThePlainFormulation) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  const RecurrentOptions shape = some_recurrent();
  const Tensors weights = random_weights(parameter_shapes(shape));
  const Tensor x = torch::rand({3, 1, 16, 16}) * 2 - 1;
  write_official(path, weights, "");
  ImportOptions options;
  options.network = "recurrent";
  options.repeats = shape.repeats;
  expect_equal(import_official(path, options)->encode(x), plain_recurrent(shape, weights, x, 0));
  options.condition.type = "class";
  expect_equal(import_official(path, options)->encode(x, 1, {torch::tensor({7, 7, 7}), {}}),
               plain_recurrent(shape, weights, x, 7));
  // Without the wrapper's prefix.
  Tensors bare;
  for (const auto& [name, tensor] : weights) bare[name.substr(std::string("ddn_seqen.0.").size())] = tensor;
  write_official(path, bare, "");
  options.condition.type = "none";
  expect_equal(import_official(path, options)->encode(x), plain_recurrent(shape, weights, x, 0));
}

TEST(Import, HalfPrecisionIsWidened) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  const Tensors weights = random_weights(parameter_shapes(some_pyramid()));
  const std::string name = "block_4x4_1.block.conv0.weight";
  for (auto type : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    write_official(path, weights, "model.", type);
    const auto model = import_official(path, {});
    const Tensor got = module_tensors(model->module()).at(name);
    EXPECT_EQ(got.scalar_type(), torch::kFloat32);
    EXPECT_TRUE(torch::equal(got, weights.at(name).to(type).to(torch::kFloat32)));
  }
  Tensors integers = weights;
  integers[name] = at::ones({16, 16, 3, 3}, torch::kInt64);
  Checkpoint file;
  file.tensors = integers;
  write_checkpoint(path, file);
  EXPECT_THROW(import_official(path, {}), Error);
}

std::string import_refusal(const std::string& path, const ImportOptions& options) {
  return refusal([&] { import_official(path, options); });
}

TEST(Import, UnknownMissingAndMisshapedTensorsAreNamed) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  const Tensors good = random_weights(parameter_shapes(some_pyramid()));
  const auto with = [&](const std::function<void(Tensors&)>& change) {
    Tensors weights = good;
    change(weights);
    write_official(path, weights, "model.");
    return import_refusal(path, {});
  };
  const std::string name = "block_2x2_1.block.conv1.bias";
  EXPECT_EQ(with([](Tensors&) {}), "accepted");
  EXPECT_NE(with([&](Tensors& w) { w.erase(name); }).find("missing: " + name), std::string::npos);
  const std::string misshaped = with([&](Tensors& w) { w[name] = torch::zeros({3}); });
  EXPECT_NE(misshaped.find(name + " (expected [24] but got [3])"), std::string::npos) << misshaped;
  EXPECT_NE(with([](Tensors& w) { w["refiner.weight"] = torch::zeros({3}); }).find("refiner.weight"),
            std::string::npos);
  EXPECT_NE(with([](Tensors& w) {
              w.erase("block_4x4_0_up.ddo.multi_out_conv1x1.weight");
            }).find("block_4x4_0_up.ddo.multi_out_conv1x1.weight"),
            std::string::npos);
  ImportOptions options;
  options.network = "recurrent";
  EXPECT_NE(import_refusal(path, options).find("b1.0.conv1.weight"), std::string::npos);
  options.network = "tower";
  EXPECT_NE(import_refusal(path, options).find("tower"), std::string::npos);
  EXPECT_NE(import_refusal(folder / "absent.safetensors", {}).find("absent.safetensors"), std::string::npos);
  write_official(path, random_weights(parameter_shapes(some_recurrent())), "");
  EXPECT_NE(import_refusal(path, {}).find("block_1x1_0"), std::string::npos);
}

TEST(Import, DamagedFilesAreRefusedOrRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "official.safetensors";
  PyramidOptions shape = some_pyramid();
  shape.widths = {8, 8}, shape.layers = {1, 2}, shape.candidates = {2, 2};
  Random random(7);
  for (const char* network : {"pyramid", "recurrent"}) {
    ImportOptions options;
    options.network = network;
    const bool pyramid = options.network == "pyramid";
    write_official(
        path, random_weights(pyramid ? parameter_shapes(shape) : parameter_shapes(some_recurrent())), "");
    const std::string good = read_file(path);
    for (int i = 0; i < (pyramid ? 300 : 40); ++i) {
      write_file(path, damaged(good, random));
      import_refusal(path, options);  // looks for one line; anything but Error would end the test
    }
  }
}

// The options of a network under configs/.
DdnOptions configuration(const std::string& name) {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  DdnOptions options;
  read_options(options, read_json_file((root / "configs" / name).string()).at("ddn"), name);
  return options;
}

TEST(Import, TheOfficialConfigurationsHaveTheOfficialCounts) {
  // Golden: reference sections 3.1 and 3.2.
  const DdnOptions mnist = configuration("official_mnist.json");
  EXPECT_EQ(mnist.network, "recurrent");
  EXPECT_FALSE(mnist.recurrent.residual);
  EXPECT_EQ(mnist.recurrent.repeats, 10);
  EXPECT_EQ(value_count(parameter_shapes(mnist.recurrent)), 3149415 + 1000);
  const std::vector<std::tuple<const char*, int64_t, const char*>> pyramids = {
      {"official_cifar.json", 76291840, "none"},
      {"official_ffhq64.json", 109379712, "none"},
      {"official_ffhq256_colour.json", 41224096, "colour"}};
  for (const auto& [name, parameters, condition] : pyramids) {
    const DdnOptions options = configuration(name);
    EXPECT_EQ(options.network, "pyramid");
    EXPECT_TRUE(options.pyramid.residual && options.pyramid.leak);
    EXPECT_EQ(options.condition.type, condition);
    EXPECT_EQ(options.chain_dropout, 0.05);
    EXPECT_EQ(value_count(parameter_shapes(options.pyramid)), parameters) << name;
  }
}

}  // namespace
}  // namespace steer
