#include "steer/nn/unet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/nn/module_tensors.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

UNetOptions small_options() {
  UNetOptions options;
  options.sample_size = 8;
  options.in_channels = 2, options.out_channels = 3;
  options.down_block_types = {"DownBlock2D", "AttnDownBlock2D"};
  options.up_block_types = {"AttnUpBlock2D", "UpBlock2D"};
  options.block_out_channels = {8, 16};
  options.layers_per_block = 1;
  options.norm_num_groups = 4;
  return options;
}

// Every parameter at random, so that nothing hides behind zeros.
UNet random_network(const UNetOptions& options) {
  torch::manual_seed(11);
  UNet network(options);
  torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters())
    parameter.copy_(parameter.dim() == 1
                        ? torch::randn_like(parameter) * 0.2 + 0.5
                        : torch::randn_like(parameter) * std::pow(parameter[0].numel(), -0.5));
  return network;
}

// The network once more, as separate operations on a map from names to tensors.
struct Plain {
  const UNetOptions& o;
  const Tensors& w;

  Tensor conv(const std::string& name, const Tensor& x, int64_t stride = 1, int64_t padding = 1) const {
    if (o.line > 0)  // lines have one row
      return at::conv1d(x.squeeze(2), w.at(name + ".weight").squeeze(2), w.at(name + ".bias"), stride,
                        padding)
          .unsqueeze(2);
    return at::conv2d(x, w.at(name + ".weight"), w.at(name + ".bias"), stride, padding);
  }
  Tensor linear(const std::string& name, const Tensor& x) const {
    return at::linear(x, w.at(name + ".weight"), w.at(name + ".bias"));
  }
  Tensor norm(const std::string& name, const Tensor& x, int64_t groups) const {
    return at::group_norm(x, groups, w.at(name + ".weight"), w.at(name + ".bias"), o.norm_eps);
  }
  Tensor sized(const Tensor& x, char way) const {
    if (o.line > 0 && way == 'd') return x.unflatten(3, {-1, o.line}).mean(4);
    if (o.line > 0 && way == 'u') return x.repeat_interleave(o.line, 3);
    if (way == 'd') return at::avg_pool2d(x, {2, 2});
    return way == 'u' ? x.repeat_interleave(2, 2).repeat_interleave(2, 3) : x;
  }
  Tensor resnet(const std::string& name, const Tensor& x, const Tensor& time, double scale = 1,
                char way = ' ') const {
    Tensor h = sized(at::silu(norm(name + ".norm1", x, o.norm_num_groups)), way);
    h = conv(name + ".conv1", h);
    const Tensor told = linear(name + ".time_emb_proj", at::silu(time)).unsqueeze(-1).unsqueeze(-1);
    if (o.resnet_time_scale_shift == "scale_shift") {
      const auto halves = told.chunk(2, 1);
      h = norm(name + ".norm2", h, o.norm_num_groups) * (1 + halves[0]) + halves[1];
    } else {
      h = norm(name + ".norm2", h + told, o.norm_num_groups);
    }
    h = conv(name + ".conv2", at::silu(h));
    const Tensor beside = sized(x, way);
    const bool shortcut = w.count(name + ".conv_shortcut.weight") > 0;
    return ((shortcut ? conv(name + ".conv_shortcut", beside, 1, 0) : beside) + h) / scale;
  }
  Tensor attention(const std::string& name, const Tensor& x, int64_t groups, double scale = 1) const {
    const int64_t c = x.size(1), d = o.attention_head_dim == 0 ? c : o.attention_head_dim;
    const Tensor normed = groups > 0 ? norm(name + ".group_norm", x, groups) : x;
    const Tensor rows = normed.flatten(2).transpose(1, 2);
    const Tensor q = linear(name + ".to_q", rows), k = linear(name + ".to_k", rows),
                 v = linear(name + ".to_v", rows);
    std::vector<Tensor> heads;
    for (int64_t at = 0; at < c; at += d) {
      const Tensor score = at::matmul(q.narrow(2, at, d), k.narrow(2, at, d).transpose(1, 2));
      heads.push_back(
          at::matmul((score / std::sqrt(static_cast<double>(d))).softmax(-1), v.narrow(2, at, d)));
    }
    return (x + linear(name + ".to_out.0", at::cat(heads, 2)).transpose(1, 2).reshape(x.sizes())) / scale;
  }
  Tensor features(const Tensor& label) const {
    if (o.time_embedding_type == "fourier") {
      const Tensor angle = label.log().unsqueeze(1) * w.at("time_proj.weight") * (2 * M_PI);
      return at::cat({angle.sin(), angle.cos()}, 1);
    }
    const int64_t half = o.block_out_channels[0] / 2;
    const Tensor angle =
        label.unsqueeze(1) * at::pow(10000.0, -at::arange(half) / static_cast<double>(half - o.freq_shift));
    return o.flip_sin_to_cos ? at::cat({angle.cos(), angle.sin()}, 1)
                             : at::cat({angle.sin(), angle.cos()}, 1);
  }

  // [B, C, H, W] as [B, C p p, H / p, W / p], and back.
  Tensor in_patches(const Tensor& x) const {
    const int64_t p = o.patch_size;
    if (o.line > 0) {  // number i of a patch, of all channels, every p-th from there on
      std::vector<Tensor> parts;
      for (int64_t i = 0; i < o.in_channels * p; ++i)
        parts.push_back(x.narrow(1, i / p, 1).slice(3, i % p, x.size(3), p));
      return at::cat(parts, 1);
    }
    const Tensor cells = x.view({x.size(0), x.size(1), x.size(2) / p, p, x.size(3) / p, p});
    return cells.permute({0, 1, 3, 5, 2, 4}).flatten(1, 3);
  }
  Tensor out_of_patches(const Tensor& h) const {
    const int64_t p = o.patch_size;
    if (o.line > 0) {
      const Tensor x = at::empty({h.size(0), o.out_channels, 1, h.size(3) * p});
      for (int64_t i = 0; i < o.out_channels * p; ++i)
        x.narrow(1, i / p, 1).slice(3, i % p, x.size(3), p).copy_(h.narrow(1, i, 1));
      return x;
    }
    const Tensor cells = h.view({h.size(0), o.out_channels, p, p, h.size(2), h.size(3)});
    return cells.permute({0, 1, 4, 2, 5, 3})
        .reshape({h.size(0), o.out_channels, h.size(2) * p, h.size(3) * p});
  }

  Tensor operator()(const Tensor& x, const Tensor& label, const Tensor& classes) const {
    Tensor time =
        linear("time_embedding.linear_2", at::silu(linear("time_embedding.linear_1", features(label))));
    if (classes.defined()) time = time + w.at("class_embedding.weight").index_select(0, classes);
    Tensor h = conv("conv_in", in_patches(x));
    std::vector<Tensor> kept = {h};
    const size_t blocks = o.block_out_channels.size();
    for (size_t i = 0; i < blocks; ++i) {
      const std::string block = "down_blocks." + std::to_string(i);
      const bool attends = o.down_block_types[i] == "AttnDownBlock2D";
      for (int64_t j = 0; j < o.layers_per_block; ++j) {
        h = resnet(joined(block, ".resnets.", j), h, time);
        if (attends) h = attention(joined(block, ".attentions.", j), h, o.norm_num_groups);
        kept.push_back(h);
      }
      if (i + 1 == blocks) break;
      if (attends && o.downsample_type == "resnet")
        h = resnet(block + ".downsamplers.0", h, time, 1, 'd');
      else if (o.line > 0)
        h = conv(block + ".downsamplers.0.conv",
                 at::constant_pad_nd(h, {o.downsample_padding * (o.line - 1), o.line - 1}), o.line, 0);
      else if (o.downsample_padding == 0)
        h = conv(block + ".downsamplers.0.conv", at::constant_pad_nd(h, {0, 1, 0, 1}), 2, 0);
      else
        h = conv(block + ".downsamplers.0.conv", h, 2, 1);
      kept.push_back(h);
    }
    const double scale = o.mid_block_scale_factor;
    h = resnet("mid_block.resnets.0", h, time, scale);
    if (o.add_attention) {
      const bool scaled = o.resnet_time_scale_shift == "scale_shift";
      const int64_t groups =
          o.attn_norm_num_groups > 0 ? o.attn_norm_num_groups : (scaled ? 0 : o.norm_num_groups);
      h = attention("mid_block.attentions.0", h, groups, scale);
    }
    h = resnet("mid_block.resnets.1", h, time, scale);
    for (size_t i = 0; i < blocks; ++i) {
      const std::string block = "up_blocks." + std::to_string(i);
      const bool attends = o.up_block_types[i] == "AttnUpBlock2D";
      for (int64_t j = 0; j <= o.layers_per_block; ++j) {
        h = resnet(joined(block, ".resnets.", j), at::cat({h, kept.back()}, 1), time);
        if (attends) h = attention(joined(block, ".attentions.", j), h, o.norm_num_groups);
        kept.pop_back();
      }
      if (i + 1 == blocks) break;
      if (attends && o.upsample_type == "resnet")
        h = resnet(block + ".upsamplers.0", h, time, 1, 'u');
      else
        h = conv(block + ".upsamplers.0.conv", sized(h, 'u'));
    }
    h = out_of_patches(conv("conv_out", at::silu(norm("conv_norm_out", h, o.norm_num_groups))));
    return o.time_embedding_type == "fourier" ? h / label.view({-1, 1, 1, 1}) : h;
  }
};

// Shapes that between them use every word of the options.
std::vector<UNetOptions> family() {
  std::vector<UNetOptions> all(10, small_options());
  all[1].down_block_types = {"AttnDownBlock2D", "DownBlock2D", "DownBlock2D"};
  all[1].up_block_types = {"UpBlock2D", "UpBlock2D", "AttnUpBlock2D"};
  all[1].block_out_channels = {8, 16, 24};
  all[1].layers_per_block = 2;
  all[1].downsample_padding = 0, all[1].freq_shift = 1, all[1].flip_sin_to_cos = false;
  all[2].resnet_time_scale_shift = "scale_shift";
  all[2].attention_head_dim = 4, all[2].num_class_embeds = 5;
  all[3].down_block_types = {"AttnDownBlock2D", "DownBlock2D"};
  all[3].downsample_type = all[3].upsample_type = "resnet";
  all[3].mid_block_scale_factor = std::sqrt(2.0), all[3].time_embedding_type = "fourier";
  all[4].add_attention = false, all[4].block_out_channels = {8, 8};
  all[5].resnet_time_scale_shift = "scale_shift", all[5].attn_norm_num_groups = 8;
  all[5].downsample_type = all[5].upsample_type = "resnet";
  all[6].patch_size = 2, all[6].time_embedding_type = "fourier";
  for (size_t i = 7; i < all.size(); ++i) all[i].line = 2, all[i].sample_size = 48;
  all[7].patch_size = 3, all[7].num_class_embeds = 3;
  all[8].line = 4, all[8].downsample_padding = 0;
  all[8].block_out_channels = {8, 16, 24};
  all[8].down_block_types = {"DownBlock2D", "DownBlock2D", "AttnDownBlock2D"};
  all[8].up_block_types = {"AttnUpBlock2D", "UpBlock2D", "UpBlock2D"};
  all[9].line = 4, all[9].resnet_time_scale_shift = "scale_shift";
  all[9].down_block_types = {"AttnDownBlock2D", "DownBlock2D"};
  all[9].downsample_type = all[9].upsample_type = "resnet";
  return all;
}

struct Asked {
  Tensor x, label, classes;
};

Asked some_input(const UNetOptions& o, int64_t rows) {
  torch::manual_seed(12);
  const Tensor x = torch::randn({rows, o.in_channels, o.line > 0 ? 1 : 8, o.line > 0 ? 48 : 12});
  return {x, torch::rand({rows}) * 900 + 0.5,
          o.num_class_embeds > 0 ? torch::randint(o.num_class_embeds, {rows}, torch::kInt64) : Tensor()};
}

TEST(UNet, EqualsItsPlainFormulationInEveryShape) {
  torch::NoGradGuard no_grad;
  for (const UNetOptions& options : family()) {
    UNet network = random_network(options);
    const Tensors weights = module_tensors(*network);
    const Asked in = some_input(options, 3);
    const Tensor y = network->forward(in.x, in.label, in.classes);
    const Tensor expected = Plain{options, weights}(in.x, in.label, in.classes);
    EXPECT_EQ(y.sizes(), at::IntArrayRef({3, options.out_channels, in.x.size(2), in.x.size(3)}));
    EXPECT_TRUE(torch::allclose(y, expected, 1e-4, 1e-5 * expected.abs().max().item<double>()))
        << (y - expected).abs().max() << " of " << expected.abs().max();
  }
}

// On images of equal squares a network with larger patches begins as the one of smaller patches.
TEST(UNet, LargerPatchesBeginFromSmallerOnes) {
  torch::NoGradGuard no_grad;
  for (const int64_t patch : {1, 2}) {
    UNetOptions small = small_options(), large = small;
    small.patch_size = patch, large.patch_size = 6, large.sample_size = 24;
    UNet from = random_network(small), to(large);
    for (auto& [name, tensor] : module_tensors(*to))
      tensor.copy_(for_patches(name, module_tensors(*from).at(name), small, large));
    const Asked in = some_input(small, 2);
    const auto enlarged = [&](const Tensor& x) {
      const int64_t times = 6 / patch;
      return x.repeat_interleave(times, 2).repeat_interleave(times, 3);
    };
    EXPECT_TRUE(torch::allclose(to->forward(enlarged(in.x), in.label),
                                enlarged(from->forward(in.x, in.label)), 1e-4, 1e-4));
  }
  // Of lines the same along the width.
  UNetOptions line = small_options();
  line.line = 4, line.sample_size = 48, line.patch_size = 2;
  UNetOptions longer = line;
  longer.patch_size = 6, longer.sample_size = 144;
  UNet from = random_network(line), to(longer);
  for (auto& [name, tensor] : module_tensors(*to))
    tensor.copy_(for_patches(name, module_tensors(*from).at(name), line, longer));
  const Asked in = some_input(line, 2);
  EXPECT_TRUE(torch::allclose(to->forward(in.x.repeat_interleave(3, 3), in.label),
                              from->forward(in.x, in.label).repeat_interleave(3, 3), 1e-4, 1e-4));
  UNetOptions odd = small_options(), same = odd;
  odd.patch_size = 3, same.patch_size = 2;
  const Tensor weight = at::randn({8, 8, 3, 3});
  EXPECT_TRUE(for_patches("conv_in.weight", weight, same, odd).is_same(weight));
  EXPECT_TRUE(for_patches("mid_block.x.weight", weight, small_options(), same).is_same(weight));
  odd.sample_size = 16;
  EXPECT_THAT(refusal([&] { check(odd); }),
              testing::HasSubstr("expected a multiple of 6, as the blocks halve its patches"));
}

TEST(UNet, OfLinesRefusesWhatIsNone) {
  UNetOptions options = small_options();
  options.line = 4, options.sample_size = 48;
  UNet network = random_network(options);
  const Tensor label = torch::ones({1});
  const auto said = [&](const Tensor& x) { return refusal([&] { network->forward(x, label); }); };
  EXPECT_THAT(said(torch::zeros({1, 2, 8, 8})), testing::HasSubstr("expected lines [B, 2, 1, W]"));
  EXPECT_THAT(said(torch::zeros({1, 2, 1, 10})), testing::HasSubstr("a multiple of 4"));
  options.line = 1;
  EXPECT_THAT(refusal([&] { check(options); }), testing::HasSubstr("line: expected 0 or 2..8"));
  options.line = 3, options.sample_size = 8;
  EXPECT_THAT(refusal([&] { check(options); }),
              testing::HasSubstr("a multiple of 3, as the blocks divide it"));
  options.line = 0, options.sample_size = 8192;
  EXPECT_THAT(refusal([&] { check(options); }), testing::HasSubstr("sample_size: expected 0..4096"));
}

TEST(UNet, NamesAndShapesAreThoseOfTheLibrary) {
  UNetOptions options = small_options();
  options.num_class_embeds = 3;
  Shapes expected;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& weight) {
    expected[name + ".weight"] = weight;
    expected[name + ".bias"] = {weight[0]};
  };
  const auto add_resnet = [&](const std::string& name, int64_t in, int64_t out) {
    add(name + ".norm1", {in});
    add(name + ".conv1", {out, in, 3, 3});
    add(name + ".time_emb_proj", {out, 32});
    add(name + ".norm2", {out});
    add(name + ".conv2", {out, out, 3, 3});
    if (in != out) add(name + ".conv_shortcut", {out, in, 1, 1});
  };
  const auto add_attention = [&](const std::string& name) {
    add(name + ".group_norm", {16});
    for (const char* part : {".to_q", ".to_k", ".to_v", ".to_out.0"}) add(name + part, {16, 16});
  };
  add("conv_in", {8, 2, 3, 3});
  add("time_embedding.linear_1", {32, 8});
  add("time_embedding.linear_2", {32, 32});
  expected["class_embedding.weight"] = {3, 32};
  add_resnet("down_blocks.0.resnets.0", 8, 8);
  add("down_blocks.0.downsamplers.0.conv", {8, 8, 3, 3});
  add_resnet("down_blocks.1.resnets.0", 8, 16);
  add_attention("down_blocks.1.attentions.0");
  add_resnet("mid_block.resnets.0", 16, 16);
  add_attention("mid_block.attentions.0");
  add_resnet("mid_block.resnets.1", 16, 16);
  add_resnet("up_blocks.0.resnets.0", 32, 16);
  add_attention("up_blocks.0.attentions.0");
  add_resnet("up_blocks.0.resnets.1", 24, 16);
  add_attention("up_blocks.0.attentions.1");
  add("up_blocks.0.upsamplers.0.conv", {16, 16, 3, 3});
  add_resnet("up_blocks.1.resnets.0", 24, 8);
  add_resnet("up_blocks.1.resnets.1", 16, 8);
  add("conv_norm_out", {8});
  add("conv_out", {3, 8, 3, 3});
  EXPECT_EQ(parameter_shapes(options), expected);
  for (const UNetOptions& each : family()) {
    UNet network(each);
    Shapes built;
    for (const auto& [name, tensor] : module_tensors(*network)) built[name] = tensor.sizes().vec();
    EXPECT_EQ(parameter_shapes(each), built);
  }
}

// Golden: UNet2DModel of diffusers 0.21.4 with these options; tensors in the order of their names hold 0.2
// sin(0.37 n), n counting through all of them, plus 0.5 where they have one dimension; x = cos(0.1 n).
TEST(UNet, GivesTheLibrarysOutput) {
  UNetOptions options = small_options();
  options.attention_head_dim = 4, options.num_class_embeds = 3;
  options.downsample_padding = 0, options.freq_shift = 1;
  UNet network(options);
  torch::NoGradGuard no_grad;
  int64_t n = 0;
  for (const auto& [name, tensor] : module_tensors(*network)) {
    const Tensor waves = at::sin(at::arange(n, n + tensor.numel(), torch::kFloat64) * 0.37) * 0.2;
    tensor.copy_((waves + (tensor.dim() == 1 ? 0.5 : 0.0)).view(tensor.sizes()));
    n += tensor.numel();
  }
  EXPECT_EQ(n, 45283);
  const Tensor x = at::cos(at::arange(256, torch::kFloat64) * 0.1).to(torch::kFloat32).view({2, 2, 8, 8});
  const Tensor y = network->forward(x, torch::tensor({3.5, 700.0}), torch::tensor({2, 0}, torch::kInt64));
  const Tensor first = torch::tensor({0.18269539, 0.10965055, 0.12738910}, torch::kFloat32),
               last = torch::tensor({0.66543484, 0.53153425, 0.38772523}, torch::kFloat32);
  EXPECT_TRUE(torch::allclose(y[0][0][0].narrow(0, 0, 3), first, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(y[1][2][7].narrow(0, 5, 3), last, 1e-4, 1e-5));
  EXPECT_NEAR(y.mean().item<double>(), 0.34960911, 1e-5);
  EXPECT_NEAR(y.std().item<double>(), 0.47872144, 1e-5);
}

int64_t network_size(const UNetOptions& options) {
  int64_t count = 0;
  for (const auto& [name, shape] : parameter_shapes(options)) {
    int64_t values = 1;
    for (const int64_t side : shape) values *= side;
    count += values;
  }
  return count;
}

TEST(UNet, PublishedConfigurationsHaveTheirPublishedCounts) {
  UNetOptions options;
  options.in_channels = options.out_channels = 3;
  options.norm_num_groups = 32, options.norm_eps = 1e-6;
  options.downsample_padding = 0, options.flip_sin_to_cos = false, options.freq_shift = 1;
  // Golden: google/ddpm-cifar10-32 and google/ddpm-celebahq-256.
  options.block_out_channels = {128, 256, 256, 256};
  options.down_block_types = {"DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"};
  options.up_block_types = {"UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"};
  EXPECT_EQ(network_size(options), 35746307);
  options.sample_size = 256;
  options.block_out_channels = {128, 128, 256, 256, 512, 512};
  options.down_block_types.assign(6, "DownBlock2D");
  options.up_block_types.assign(6, "UpBlock2D");
  options.down_block_types[4] = "AttnDownBlock2D";
  options.up_block_types[1] = "AttnUpBlock2D";
  EXPECT_EQ(network_size(options), 113673219);
}

TEST(UNet, BFloat16StaysNearFloat32) {
  torch::NoGradGuard no_grad;
  for (const UNetOptions& options : family()) {
    UNet network = random_network(options);
    const Asked in = some_input(options, 2);
    const Tensor full = network->forward(in.x, in.label, in.classes);
    network->set_compute_type(torch::kBFloat16);
    const Tensor half = network->forward(in.x, in.label, in.classes);
    EXPECT_EQ(half.scalar_type(), torch::kFloat32);
    EXPECT_LT((half - full).norm().item<double>(), 0.05 * full.norm().item<double>());
  }
}

TEST(UNet, AnImageDoesNotDependOnItsBatch) {
  torch::NoGradGuard no_grad;
  for (const UNetOptions& options : family()) {
    UNet network = random_network(options);
    const Asked in = some_input(options, 4);
    const Tensor all = network->forward(in.x, in.label, in.classes);
    const Tensor one = network->forward(in.x.narrow(0, 2, 1), in.label.narrow(0, 2, 1),
                                        in.classes.defined() ? in.classes.narrow(0, 2, 1) : Tensor());
    EXPECT_TRUE(torch::allclose(all.narrow(0, 2, 1), one, 1e-4, 1e-4 * all.abs().max().item<double>()));
  }
}

TEST(UNet, TheGradientReachesTheInputTheLabelAndEveryParameter) {
  for (const UNetOptions& options : family()) {
    UNet network = random_network(options);
    Asked in = some_input(options, 2);
    in.x.requires_grad_();
    in.label.requires_grad_();
    network->forward(in.x, in.label, in.classes).square().mean().backward();
    EXPECT_GT(in.x.grad().abs().min().item<double>(), 0);
    EXPECT_GT(in.label.grad().abs().min().item<double>(), 0);
    for (const auto& parameter : network->named_parameters()) {
      ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
      EXPECT_GT(parameter.value().grad().abs().max().item<double>(), 0) << parameter.key();
    }
  }
}

TEST(UNet, StartsAtZeroWhereAskedAndElsewhereNot) {
  UNetOptions options = small_options();
  const Asked in = some_input(options, 2);
  EXPECT_EQ(UNet(options)->forward(in.x, in.label).abs().max().item<double>(), 0);
  options.zero_init = false;
  EXPECT_GT(UNet(options)->forward(in.x, in.label).abs().max().item<double>(), 0.01);
}

TEST(UNet, LabelAndClassChangeTheOutput) {
  UNetOptions options = small_options();
  options.num_class_embeds = 3;
  UNet network = random_network(options);
  const Asked in = some_input(options, 2);
  const Tensor first = torch::zeros({2}, torch::kInt64);
  const Tensor y = network->forward(in.x, in.label, first);
  EXPECT_GT((network->forward(in.x, in.label, first + 2) - y).abs().max().item<double>(), 1e-3);
  EXPECT_GT((network->forward(in.x, in.label + 0.5, first) - y).abs().max().item<double>(), 1e-4);
  EXPECT_THROW(network->forward(in.x, in.label), Error);
  EXPECT_THROW(network->forward(in.x, in.label, first + 3), Error);
  EXPECT_THROW(network->forward(in.x, in.label, first.narrow(0, 0, 1)), Error);
}

TEST(UNet, DropsWhatTheSeedSaysAndNothingWithoutOne) {
  UNetOptions options = small_options();
  const Asked in = some_input(options, 2);
  const Tensor whole = random_network(options)->forward(in.x, in.label);
  options.dropout = 0.5;
  UNet network = random_network(options);
  Forwarding how;
  for (const bool training : {false, true}) {
    network->train(training);
    EXPECT_TRUE(torch::equal(network->forward(in.x, in.label, {}, how), whole));
  }
  how.dropout_seed = 3;
  const Tensor dropped = network->forward(in.x, in.label, {}, how);
  EXPECT_FALSE(torch::allclose(dropped, whole));
  EXPECT_TRUE(torch::equal(network->forward(in.x, in.label, {}, how), dropped));
  how.dropout_seed = 4;
  EXPECT_FALSE(torch::allclose(network->forward(in.x, in.label, {}, how), dropped));
}

TEST(UNet, EveryBlockDropsActivationsOfItsOwn) {
  UNetStageOptions options;
  options.block.out = options.block.time = 8;
  options.block.groups = 4;
  options.block.dropout = 0.5;
  options.in = {8, 8};
  const UNetStage stage(options);
  torch::NoGradGuard no_grad;
  const auto weights = stage->resnets->ptr(0)->parameters(), others = stage->resnets->ptr(1)->parameters();
  for (size_t i = 0; i < weights.size(); ++i) Tensor(others[i]).copy_(weights[i]);
  const Tensor x = torch::randn({2, 8, 4, 4}), time = torch::randn({2, 8});
  EXPECT_TRUE(torch::equal(stage->layer(0, x, time), stage->layer(1, x, time)));
  EXPECT_FALSE(torch::allclose(stage->layer(0, x, time, 5), stage->layer(1, x, time, 5)));
}

TEST(UNet, AForwardMayAskForAnotherNumberType) {
  torch::NoGradGuard no_grad;
  const UNetOptions options = small_options();
  UNet network = random_network(options);
  const Asked in = some_input(options, 2);
  const Tensor full = network->forward(in.x, in.label);
  Forwarding how;
  how.compute_type = torch::kBFloat16;
  const Tensor half = network->forward(in.x, in.label, {}, how);
  EXPECT_EQ(network->compute_type(), torch::kFloat32);
  network->set_compute_type(torch::kBFloat16);
  EXPECT_TRUE(torch::equal(network->forward(in.x, in.label), half));
  how.compute_type = torch::kFloat32;
  EXPECT_TRUE(torch::equal(network->forward(in.x, in.label, {}, how), full));
}

std::string option_refusal(const std::function<void(UNetOptions&)>& change) {
  UNetOptions options = small_options();
  change(options);
  return refusal([&] { check(options); });
}

TEST(UNet, ImpossibleOptionsAreRefusedByName) {
  const auto refused = [](const std::function<void(UNetOptions&)>& change, const std::string& part) {
    const std::string text = option_refusal(change);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  EXPECT_EQ(option_refusal([](UNetOptions&) {}), "accepted");
  refused([](UNetOptions& o) { o.down_block_types[1] = "SkipDownBlock2D"; }, "SkipDownBlock2D");
  refused([](UNetOptions& o) { o.up_block_types[0] = "AttnDownBlock2D"; }, "AttnDownBlock2D");
  refused([](UNetOptions& o) { o.up_block_types.pop_back(); }, "up_block_types");
  refused([](UNetOptions& o) { o.block_out_channels = {8, 18}; }, "multiples of 4");
  refused([](UNetOptions& o) { o.attention_head_dim = 5; }, "attention_head_dim");
  refused([](UNetOptions& o) { o.act_fn = "gelu"; }, "gelu");
  refused([](UNetOptions& o) { o.time_embedding_type = "learned"; }, "learned");
  refused([](UNetOptions& o) { o.resnet_time_scale_shift = "spatial"; }, "spatial");
  refused([](UNetOptions& o) { o.sample_size = 7; }, "sample_size");
  refused([](UNetOptions& o) { o.freq_shift = 4; }, "freq_shift");
  refused([](UNetOptions& o) { o.block_out_channels = {int64_t{1} << 40, 16}; }, "block_out_channels");
  refused([](UNetOptions& o) { o.dropout = 1; }, "dropout");
  UNet network(small_options());
  EXPECT_THROW(network->forward(torch::zeros({2, 2, 7, 8}), torch::zeros({2})), Error);
  EXPECT_THROW(network->forward(torch::zeros({2, 3, 8, 8}), torch::zeros({2})), Error);
  EXPECT_THROW(network->forward(torch::zeros({2, 2, 8, 8}), torch::zeros({1})), Error);
}

}  // namespace
}  // namespace steer
