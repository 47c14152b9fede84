#include "steer/models/text_import.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/json.h"
#include "steer/models/ar_model.h"
#include "steer/models/text_model.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// A vocabulary of a few letters as GPT-2's two files.
void put_tokenizer(const TemporaryFolder& folder) {
  folder.put("vocab.json", R"({"a": 0, "b": 1, "c": 2, "ab": 3, "<|endoftext|>": 4})");
  folder.put("merges.txt", "#version: 0.2\na b\n");
}

constexpr int64_t kWidth = 8, kBlocks = 2, kTokens = 5;

void put_gpt2(const TemporaryFolder& folder, const std::string& without = "") {
  torch::manual_seed(3);
  put_tokenizer(folder);
  folder.put("config.json",
             R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 6,
                                "vocab_size": 5, "activation_function": "gelu_new"})");
  Checkpoint checkpoint;
  const auto put = [&](const std::string& name, std::vector<int64_t> sizes) {
    if (name != without) checkpoint.tensors[name] = torch::randn(sizes) * 0.3;
  };
  put("wte.weight", {kTokens, kWidth}), put("wpe.weight", {6, kWidth});
  put("ln_f.weight", {kWidth}), put("ln_f.bias", {kWidth});
  for (int i = 0; i < kBlocks; ++i) {
    const std::string at = "h." + std::to_string(i) + ".";
    for (const char* norm : {"ln_1", "ln_2"})
      put(at + norm + ".weight", {kWidth}), put(at + norm + ".bias", {kWidth});
    put(at + "attn.c_attn.weight", {kWidth, 3 * kWidth}), put(at + "attn.c_attn.bias", {3 * kWidth});
    put(at + "attn.c_proj.weight", {kWidth, kWidth}), put(at + "attn.c_proj.bias", {kWidth});
    put(at + "mlp.c_fc.weight", {kWidth, 4 * kWidth}), put(at + "mlp.c_fc.bias", {4 * kWidth});
    put(at + "mlp.c_proj.weight", {4 * kWidth, kWidth}), put(at + "mlp.c_proj.bias", {kWidth});
    checkpoint.tensors[at + "attn.bias"] = torch::ones({1, 1, 6, 6});
  }
  write_checkpoint(folder / "model.safetensors", checkpoint);
}

void put_ddit(const TemporaryFolder& folder, bool time) {
  torch::manual_seed(4);
  put_tokenizer(folder);
  Json config = {{"model_type", "mdlm"}, {"hidden_dim", 8},   {"n_blocks", 2},   {"n_heads", 2},
                 {"cond_dim", 4},        {"model_length", 6}, {"vocab_size", 6}, {"time_conditioning", time}};
  folder.put("config.json", config.dump());
  Checkpoint checkpoint;
  const auto put = [&](const std::string& name, std::vector<int64_t> sizes) {
    checkpoint.tensors["backbone." + name] = torch::randn(sizes) * 0.3;
  };
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    put(name + ".weight", {out, in}), put(name + ".bias", {out});
  };
  put("vocab_embed.embedding", {6, kWidth});
  linear("sigma_map.mlp.0", 256, 4), linear("sigma_map.mlp.2", 4, 4);
  for (int i = 0; i < kBlocks; ++i) {
    const std::string at = "blocks." + std::to_string(i) + ".";
    put(at + "norm1.weight", {kWidth}), put(at + "norm2.weight", {kWidth});
    put(at + "attn_qkv.weight", {3 * kWidth, kWidth}), put(at + "attn_out.weight", {kWidth, kWidth});
    linear(at + "mlp.0", kWidth, 4 * kWidth), linear(at + "mlp.2", 4 * kWidth, kWidth);
    linear(at + "adaLN_modulation", 4, 6 * kWidth);
  }
  put("output_layer.norm_final.weight", {kWidth});
  linear("output_layer.linear", kWidth, 6), linear("output_layer.adaLN_modulation", 4, 2 * kWidth);
  write_checkpoint(folder / "model.safetensors", checkpoint);
}

TEST(TextImport, TakesGpt2Over) {
  const TemporaryFolder folder;
  put_gpt2(folder);
  const auto made = import_text(folder.path());
  const auto& model = dynamic_cast<const ArModel&>(*made);
  EXPECT_EQ(model.start(), 4) << "<|endoftext|>";
  EXPECT_EQ(text_of(model.space()), "text 6 of 5");
  EXPECT_EQ(model.settings().transformer.activation, "gelu_tanh");
  // Its projections lie the other way.
  const Checkpoint theirs = read_checkpoint(folder / "model.safetensors");
  const auto ours = module_tensors(made->module());
  EXPECT_TRUE(ours.at("blocks.1.mlp_in.weight").equal(theirs.tensors.at("h.1.mlp.c_fc.weight").t()));
  EXPECT_TRUE(ours.at("table").equal(theirs.tensors.at("wte.weight")));
}

TEST(TextImport, NoiseThatIsAlwaysZeroIsFoldedIn) {
  const TemporaryFolder folder;
  put_ddit(folder, true);
  const auto told = import_text(folder.path());
  put_ddit(folder, false);
  const auto folded = import_text(folder.path());
  const auto& one = dynamic_cast<const TextModel&>(*told);
  const auto& other = dynamic_cast<const TextModel&>(*folded);
  EXPECT_TRUE(one.told_noise());
  EXPECT_FALSE(other.told_noise());
  const Tensor tokens = torch::randint(0, 6, {3, 6}, torch::kInt64);
  TokenContext context;
  const Tensor quiet = other.network()->forward(tokens, context);
  context.noise = torch::zeros({3});
  EXPECT_TRUE(torch::allclose(one.network()->forward(tokens, context), quiet, 1e-4, 1e-5));
  context.noise = torch::full({3}, 2.0);
  EXPECT_FALSE(torch::allclose(one.network()->forward(tokens, context), quiet, 1e-2, 1e-2));
}

TEST(TextImport, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  put_gpt2(folder, "h.1.mlp.c_fc.bias");
  EXPECT_NE(refusal([&] { import_text(folder.path()); }).find("blocks.1.mlp_in.bias"), std::string::npos);
  put_gpt2(folder);
  folder.put("vocab.json", R"({"a": 0, "b": 1, "c": 2, "ab": 3})");
  EXPECT_NE(refusal([&] {
              import_text(folder.path());
            }).find("a tokenizer of 5 tokens, as the model has, but got one of 4"),
            std::string::npos);
  folder.put("config.json", R"({"model_type": "llama"})");
  EXPECT_NE(refusal([&] { import_text(folder.path()); }).find("expected model_type gpt2 or mdlm"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
