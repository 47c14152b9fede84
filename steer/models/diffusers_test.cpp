#include "steer/models/diffusers.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/unet.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

DiffusersModel some_model() {
  DiffusersModel model;
  UNetOptions& o = model.network;
  o.sample_size = 8;
  o.down_block_types = {"DownBlock2D", "AttnDownBlock2D"};
  o.up_block_types = {"AttnUpBlock2D", "UpBlock2D"};
  o.block_out_channels = {8, 16};
  o.layers_per_block = 1;
  o.norm_num_groups = 4;
  o.num_class_embeds = 3;
  o.zero_init = false;
  model.schedule.beta_end = 0.03, model.schedule.prediction_type = "v_prediction";
  torch::manual_seed(5);
  UNet network(o);
  for (const auto& [name, tensor] : module_tensors(*network)) model.tensors[name] = tensor.clone();
  return model;
}

std::string weights_file(const std::string& folder) {
  return folder + "/unet/diffusion_pytorch_model.safetensors";
}

void write_tensors(const std::string& path, const Tensors& tensors) {
  Checkpoint file;
  file.tensors = tensors;
  write_checkpoint(path, file);
}

std::string folder_refusal(const std::string& folder) {
  return refusal([&] { read_diffusers(folder); });
}

void expect_same(const Tensors& got, const Tensors& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(torch::equal(got.at(name), tensor)) << name;
}

TEST(Diffusers, ReadingWhatWasWrittenGivesTheSameNetworkBitForBit) {
  const TemporaryFolder folder;
  for (const char* word : {"positional", "fourier"}) {
    DiffusersModel model = some_model();
    model.network.time_embedding_type = word;
    UNet first(model.network);
    model.tensors = module_tensors(*first);
    write_diffusers(folder.path(), model);
    const DiffusersModel got = read_diffusers(folder.path());
    UNetOptions expected = model.network;
    expected.zero_init = true;  // no part of the format
    EXPECT_EQ(options_json(got.network), options_json(expected));
    EXPECT_EQ(schedule_config(got.schedule), schedule_config(model.schedule));
    expect_same(got.tensors, model.tensors);
    UNet second(got.network);
    load_tensors(*second, got.tensors, "[test]");
    torch::NoGradGuard no_grad;
    const Tensor x = torch::randn({2, 1, 8, 8}), label = torch::tensor({3.0f, 900.0f}),
                 classes = torch::tensor({0, 2}, torch::kInt64);
    EXPECT_TRUE(torch::equal(first->forward(x, label, classes), second->forward(x, label, classes)));
  }
}

TEST(Diffusers, WritesTheFilesThatTheLibraryLooksFor) {
  const TemporaryFolder folder;
  write_diffusers(folder.path(), some_model());
  EXPECT_EQ(read_json_file(folder / "model_index.json").at("unet"),
            Json::array({"diffusers", "UNet2DModel"}));
  const Json config = read_json_file(folder / "unet/config.json");
  EXPECT_EQ(config.at("_class_name"), "UNet2DModel");
  EXPECT_EQ(config.at("block_out_channels"), Json::array({8, 16}));
  EXPECT_TRUE(config.at("attention_head_dim").is_null());
  EXPECT_EQ(config.at("num_class_embeds"), 3);
  EXPECT_FALSE(config.contains("zero_init"));
  const Json schedule = read_json_file(folder / "scheduler/scheduler_config.json");
  EXPECT_EQ(schedule.at("_class_name"), "DDPMScheduler");
  EXPECT_EQ(schedule.at("prediction_type"), "v_prediction");
  EXPECT_EQ(read_checkpoint(weights_file(folder.path())).metadata.at("format"), "pt");
}

// The weights as files of earlier years have them.
Tensors in_older_words(const Tensors& tensors) {
  const std::vector<std::pair<std::string, std::string>> words = {
      {".to_q.", ".query."}, {".to_k.", ".key."}, {".to_v.", ".value."}, {".to_out.0.", ".proj_attn."}};
  Tensors older;
  for (const auto& [name, tensor] : tensors) {
    std::string changed = name;
    for (const auto& [present, past] : words) {
      const size_t at = changed.find(present);
      if (at != std::string::npos) changed.replace(at, present.size(), past);
    }
    const bool matrix = changed != name && tensor.dim() == 2;
    older[changed] = matrix ? tensor.view({tensor.size(0), tensor.size(1), 1, 1}) : tensor;
  }
  return older;
}

TEST(Diffusers, ReadsOlderNamesFlatFoldersPartsAndHalfNumbers) {
  const TemporaryFolder folder;
  const DiffusersModel model = some_model();
  write_diffusers(folder.path(), model);
  write_tensors(weights_file(folder.path()), in_older_words(model.tensors));
  expect_same(read_diffusers(folder.path()).tensors, model.tensors);
  // Flat, as some repositories are.
  for (const char* name :
       {"unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"}) {
    const std::filesystem::path path(folder / name);
    std::filesystem::rename(path, std::filesystem::path(folder.path()) / path.filename());
  }
  expect_same(read_diffusers(folder.path()).tensors, model.tensors);
  // In two parts.
  Tensors first, second;
  Json index = {{"weight_map", Json::object()}};
  for (const auto& [name, tensor] : model.tensors) {
    const bool early = name < "m";
    (early ? first : second)[name] = tensor;
    index["weight_map"][name] = early ? "a.safetensors" : "b.safetensors";
  }
  std::filesystem::remove(folder / "diffusion_pytorch_model.safetensors");
  write_tensors(folder / "a.safetensors", first);
  write_tensors(folder / "b.safetensors", second);
  const std::string index_file = folder / "diffusion_pytorch_model.safetensors.index.json";
  write_file(index_file, index.dump());
  expect_same(read_diffusers(folder.path()).tensors, model.tensors);
  index["weight_map"]["conv_in.bias"] = "../a.safetensors";
  write_file(index_file, index.dump());
  EXPECT_NE(folder_refusal(folder.path()).find("../a.safetensors"), std::string::npos);
  // As float16.
  Tensors halves;
  for (const auto& [name, tensor] : model.tensors) halves[name] = tensor.to(torch::kFloat16);
  write_tensors(folder / "diffusion_pytorch_model.safetensors", halves);
  const DiffusersModel got = read_diffusers(folder.path());
  EXPECT_TRUE(torch::equal(got.tensors.at("conv_in.weight"),
                           model.tensors.at("conv_in.weight").to(torch::kFloat16).to(torch::kFloat32)));
}

TEST(Diffusers, VariantsOfTheWeightsAreFoundOrNamed) {
  const TemporaryFolder folder;
  const DiffusersModel model = some_model();
  write_diffusers(folder.path(), model);
  const std::string start = folder / "unet/diffusion_pytorch_model.";
  Tensors halves;
  for (const auto& [name, tensor] : model.tensors) halves[name] = tensor.to(torch::kFloat16);
  write_tensors(start + "fp16.safetensors", halves);
  expect_same(read_diffusers(folder.path()).tensors, model.tensors);
  const auto weight = [&](const std::string& variant) {
    return read_diffusers(folder.path(), variant).tensors.at("conv_in.weight");
  };
  const Tensor half = halves.at("conv_in.weight").to(torch::kFloat32);
  EXPECT_TRUE(torch::equal(weight("fp16"), half));
  std::filesystem::remove(start + "safetensors");
  EXPECT_TRUE(torch::equal(weight(""), half));
  EXPECT_NE(refusal([&] { weight("bf16"); }).find("but got fp16"), std::string::npos);
  // A variant in parts, one part here, and another beside it.
  std::filesystem::rename(start + "fp16.safetensors", start + "non_ema-00001-of-00001.safetensors");
  Json index = {{"weight_map", Json::object()}};
  for (const auto& [name, tensor] : halves)
    index["weight_map"][name] = "diffusion_pytorch_model.non_ema-00001-of-00001.safetensors";
  write_file(start + "safetensors.index.non_ema.json", index.dump());
  EXPECT_TRUE(torch::equal(weight(""), half));
  write_tensors(start + "fp16.safetensors", halves);
  EXPECT_NE(refusal([&] { weight(""); }).find("name one of fp16, non_ema"), std::string::npos);
  EXPECT_TRUE(torch::equal(weight("non_ema"), half));
}

TEST(Diffusers, ARemarkThatTheLibraryKeepsTellsOfTheLastClass) {
  const TemporaryFolder folder;
  DiffusersModel model = some_model();
  write_diffusers(folder.path(), model);
  EXPECT_EQ(read_diffusers(folder.path()).label_dropout, 0);
  EXPECT_FALSE(read_json_file(folder / "unet/config.json").contains("_steer_label_dropout"));
  model.label_dropout = 0.2;
  write_diffusers(folder.path(), model);
  EXPECT_EQ(read_diffusers(folder.path()).label_dropout, 0.2);
  Json config = read_json_file(folder / "unet/config.json");
  for (const Json& wrong : {Json(1.5), Json("often")}) {
    config["_steer_label_dropout"] = wrong;
    write_file(folder / "unet/config.json", config.dump());
    EXPECT_NE(folder_refusal(folder.path()).find("_steer_label_dropout"), std::string::npos);
  }
}

TEST(Diffusers, OneErrorNamesAllThatIsMissingMisshapedAndUnknown) {
  const TemporaryFolder folder;
  DiffusersModel model = some_model();
  write_diffusers(folder.path(), model);
  const Tensors good = model.tensors;
  model.tensors.erase("mid_block.attentions.0.to_q.weight");
  model.tensors["conv_in.bias"] = torch::zeros({9});
  model.tensors["refiner.weight"] = torch::zeros({2});
  EXPECT_THROW(write_diffusers(folder.path(), model), Error);
  write_tensors(weights_file(folder.path()), model.tensors);
  const std::string text = folder_refusal(folder.path());
  for (const char* part : {"missing: mid_block.attentions.0.to_q.weight",
                           "misshaped: conv_in.bias (expected [8] but got [9])", "unknown: refiner.weight"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  model.tensors = good;
  model.tensors["mid_block.attentions.0.query.bias"] = torch::zeros({16});
  write_tensors(weights_file(folder.path()), model.tensors);
  EXPECT_NE(folder_refusal(folder.path()).find("older name"), std::string::npos);
  model.tensors = good;
  model.tensors["conv_in.bias"] = torch::zeros({8}, torch::kInt64);
  write_tensors(weights_file(folder.path()), model.tensors);
  EXPECT_NE(folder_refusal(folder.path()).find("conv_in.bias"), std::string::npos);
}

TEST(Diffusers, MissingAndPickledFilesAreRefusedWithAdvice) {
  const TemporaryFolder folder;
  EXPECT_NE(folder_refusal(folder / "absent").find("absent"), std::string::npos);
  EXPECT_NE(folder_refusal(folder.path()).find("config.json"), std::string::npos);
  write_diffusers(folder.path(), some_model());
  std::filesystem::rename(weights_file(folder.path()), folder / "unet/diffusion_pytorch_model.bin");
  EXPECT_NE(folder_refusal(folder.path()).find("safe_serialization=True"), std::string::npos);
  std::filesystem::remove(folder / "unet/diffusion_pytorch_model.bin");
  EXPECT_NE(folder_refusal(folder.path()).find("diffusion_pytorch_model.safetensors"), std::string::npos);
  std::filesystem::remove(folder / "scheduler/scheduler_config.json");
  EXPECT_NE(folder_refusal(folder.path()).find("scheduler_config.json"), std::string::npos);
}

TEST(Diffusers, DamagedFilesAreRefusedInOneLineOrStillRead) {
  const TemporaryFolder folder;
  write_diffusers(folder.path(), some_model());
  Random random(3);
  for (const char* name :
       {"unet/config.json", "scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.safetensors"}) {
    const std::string good = read_file(folder / name);
    for (int i = 0; i < 60; ++i) {
      write_file(folder / name, damaged(good, random));
      folder_refusal(folder.path());  // anything but Error would end the test
    }
    write_file(folder / name, good);
  }
  EXPECT_EQ(folder_refusal(folder.path()), "accepted");
}

std::string config_refusal(const std::function<void(Json&)>& change) {
  Json config = unet_config(some_model().network);
  change(config);
  return refusal([&] { read_unet_config(config, "config.json"); });
}

TEST(Diffusers, WhatIsNotBuiltHereIsRefusedByName) {
  const std::vector<std::pair<const char*, Json>> table = {
      {"class_embed_type", "timestep"},   {"act_fn", "gelu"},
      {"center_input_sample", true},      {"mid_block_type", "UnCLIPUNetMidBlock2D"},
      {"time_embedding_type", "learned"}, {"attention_legacy_order", true},
      {"time_embedding_dim", 7},          {"_class_name", "UNet2DConditionModel"},
      {"cross_attention_dim", 768},       {"sample_size", Json::array({8, 16})},
      {"layers_per_block", "two"}};
  for (const auto& [key, value] : table) {
    const std::string text = config_refusal([&](Json& config) { config[key] = value; });
    EXPECT_NE(text.find(key), std::string::npos) << text;
    EXPECT_NE(text.find("config.json"), std::string::npos) << text;
  }
  const std::string text =
      config_refusal([](Json& config) { config["down_block_types"][1] = "SkipDownBlock2D"; });
  EXPECT_NE(text.find("SkipDownBlock2D"), std::string::npos) << text;
  const std::string learned = config_refusal([](Json& config) {
    config["time_embedding_type"] = "learned";
    config["num_train_timesteps"] = 1000;  // as the library needs it then
  });
  EXPECT_NE(learned.find("time_embedding_type: expected positional or fourier"), std::string::npos)
      << learned;
  EXPECT_EQ(config_refusal([](Json& config) { config["act_fn"] = "swish"; }), "accepted");
  EXPECT_EQ(config_refusal([](Json& config) { config["sample_size"] = Json::array({8, 8}); }), "accepted");
  EXPECT_EQ(config_refusal([](Json& config) { config["time_embedding_dim"] = 32; }), "accepted");
}

TEST(Diffusers, MissingKeysOfTheNetworkHaveTheLibrarysDefaults) {
  const UNetOptions options = read_unet_config(Json::parse(R"({"attention_head_dim": null})"), "");
  EXPECT_EQ(options.attention_head_dim, 0);
  EXPECT_EQ(read_unet_config(Json::object(), "").attention_head_dim, 8);
  EXPECT_EQ(options.block_out_channels, (std::vector<int64_t>{224, 448, 672, 896}));
  EXPECT_EQ(options.norm_num_groups, 32);
  EXPECT_TRUE(options.flip_sin_to_cos);
}

}  // namespace
}  // namespace steer
