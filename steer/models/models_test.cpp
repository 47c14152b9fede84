#include "steer/models/models.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/random.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// The text of the error that `body` throws, or nothing.
TEST(Models, AReloadedModelSamplesTheSame) {
  const TemporaryFolder folder;
  for (const char* network : {"pyramid", "recurrent"}) {
    auto model = small_ddn(network);
    model->loss({torch::rand({4, 1, model->space().sizes[1], model->space().sizes[1]}), {}, {}}, 1);
    model->after_step(1, nullptr, nullptr);  // so that counts are not zero
    const std::string path = folder / "model.safetensors";
    save_model(path, *model, {120, 30, 4.5}, nullptr);
    const std::string half = path + ".half";
    save_model(half, *model, {}, nullptr, torch::kFloat16);
    EXPECT_LT(std::filesystem::file_size(half), 0.65 * static_cast<double>(std::filesystem::file_size(path)));
    const auto first = [](Model& any) { return any.module().parameters()[0].detach(); };
    EXPECT_TRUE(torch::allclose(first(*load_model(half, torch::kCPU).model), first(*model), 1e-3, 1e-4));
    LoadedModel loaded = load_model(path, torch::kCPU);
    EXPECT_EQ(loaded.state.images, 120);
    EXPECT_EQ(loaded.state.steps, 30);
    EXPECT_DOUBLE_EQ(loaded.state.seconds, 4.5);
    EXPECT_EQ(loaded.model->options(), model->options());
    const DrawRequest request{sample_seeds(3, 4), {}};
    EXPECT_TRUE(
        torch::equal(as_generator(loaded, "test").draw(request).state.x, model->draw(request).state.x));
    const LoadedDdn ddn = as_ddn(std::move(loaded), "test");
    EXPECT_TRUE(torch::equal(ddn.model->network().layers()[0]->counts, model->network().layers()[0]->counts));
    EXPECT_TRUE(load_model(folder.path(), torch::kCPU).model != nullptr);
  }
}

TEST(Models, EqualSeedsGiveEqualInitialValues) {
  const auto a = small_ddn("pyramid"), b = small_ddn("pyramid");
  const auto first = module_tensors(a->module()), second = module_tensors(b->module());
  for (const auto& [name, tensor] : first) EXPECT_TRUE(torch::equal(tensor, second.at(name))) << name;
}

TEST(Models, TheFingerprintFollowsTheWeightsAlone) {
  const auto a = small_ddn("pyramid"), b = small_ddn("pyramid");
  const uint64_t print = weight_fingerprint(a->module());
  EXPECT_EQ(weight_fingerprint(b->module()), print);
  EXPECT_NE(weight_fingerprint(small_ddn("recurrent")->module()), print);
  b->network().layers()[0]->counts.add_(3);
  EXPECT_EQ(weight_fingerprint(b->module()), print);
  for (Tensor& parameter : b->module().parameters()) {
    float& value = *parameter.data_ptr<float>();
    const float before = value;
    value += 1e-3f;
    EXPECT_NE(weight_fingerprint(b->module()), print);
    value = before;
  }
  EXPECT_EQ(weight_fingerprint(b->module()), print);
}

TEST(Models, MissingUnexpectedAndMisshapedTensorsAreNamed) {
  auto model = small_ddn("pyramid");
  auto tensors = module_tensors(model->module());
  const std::string name = "block_1x1_0.block.conv0.weight";
  auto missing = tensors;
  missing.erase(name);
  EXPECT_NE(refusal([&] { load_tensors(model->module(), missing, "[t]"); }).find(name), std::string::npos);
  auto extra = tensors;
  extra["nobody"] = torch::zeros({1});
  EXPECT_NE(refusal([&] { load_tensors(model->module(), extra, "[t]"); }).find("nobody"), std::string::npos);
  tensors[name] = torch::zeros({3});
  const std::string shape = refusal([&] { load_tensors(model->module(), tensors, "[t]"); });
  EXPECT_NE(shape.find(name + ": expected shape [16, 16, 3, 3] but got [3]"), std::string::npos) << shape;
}

// The file of a small model whose metadata say something else.
std::string changed_file(const TemporaryFolder& folder, const std::string& key, const std::string& word) {
  const std::string path = folder / "x.safetensors";
  save_model(path, *small_ddn("pyramid"), {}, nullptr);
  Checkpoint file = read_checkpoint(path);
  file.metadata[key] = word;
  write_checkpoint(path, file);
  return path;
}

TEST(Models, OptionsThatAskForFarMoreThanTheFileHoldsAreRefusedAtOnce) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> huge = {
      {"ddn", R"({"pyramid": {"widths": [8], "layers": [4096], "candidates": [8]}})"},
      {"ddn", R"({"pyramid": {"widths": [65536, 65536], "layers": [4, 4], "candidates": [1048576]}})"},
      {"ddn", R"({"network": "recurrent", "recurrent": {"size": 4096, "base": 65536}})"},
      {"ddn",
       R"({"network": "points", "points": {"width": 65536, "layers": 1000, "candidates": [1048576]}})"},
      {"diffusion", R"({"unet": {"block_out_channels": [65536, 65536, 65536], "layers_per_block": 64}})"},
      {"diffusion", R"({"network": "mlp", "mlp": {"width": 65536, "blocks": 1000}})"},
      {"classifier",
       R"({"network": {"channels": 3, "classes": 1000000, "widths": [65536], "blocks": 1000}})"}};
  for (const auto& [family, options] : huge) {
    Checkpoint file = read_checkpoint(changed_file(folder, "family", family));
    file.metadata["options"] = options;
    write_checkpoint(folder / "x.safetensors", file);
    const std::string fault = refusal([&] { load_model(folder / "x.safetensors", torch::kCPU); });
    EXPECT_NE(fault.find(" numbers in all, as its options say, but got "), std::string::npos) << fault;
    EXPECT_NE(fault.find("x.safetensors"), std::string::npos) << fault;
    // Nor is it built where there is no file.
    const std::string alone = refusal([&, f = family, o = options] { make_model(f, parse_json(o, ""), 1); });
    EXPECT_TRUE(alone.find("fits into") != std::string::npos || options.find("4096]") != std::string::npos)
        << alone;
  }
}

TEST(Models, MetadataOfOtherTypesAreRefusedWithTheirKey) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> bad = {{"images", "1e300"},
                                                                {"steps", "-1"},
                                                                {"seconds", "nan"},
                                                                {"version", "x"},
                                                                {"options", "[]"},
                                                                {"options", "{"},
                                                                {"space", "[1]"},
                                                                {"space", "{\"sizes\": 3}"},
                                                                {"family", "x"},
                                                                {"format", "other"},
                                                                {"options", "{\"pyramid\": 3}"}};
  for (const auto& [key, word] : bad) {
    const std::string path = changed_file(folder, key, word);
    EXPECT_NE(refusal([&] { load_model(path, torch::kCPU); }), "accepted") << key << " " << word;
  }
}

TEST(Models, ADiffusionOfLargerPatchesBeginsFromOneOfSmaller) {
  LoadedModel from;
  from.path = "small.safetensors", from.model = small_diffusion("flow");
  Json options = from.model->options();
  options["unet"]["patch_size"] = 2, options["unet"]["sample_size"] = 16;
  const auto model = make_model("diffusion", options, 1);
  EXPECT_TRUE(take_weights(*model, from).fresh.empty());
  const Tensors theirs = module_tensors(from.model->module()), mine = module_tensors(model->module());
  EXPECT_TRUE(
      mine.at("mid_block.resnets.0.conv1.weight").equal(theirs.at("mid_block.resnets.0.conv1.weight")));
  const Tensor entering = mine.at("conv_in.weight").sum(1, true);
  EXPECT_TRUE(torch::allclose(entering, theirs.at("conv_in.weight"), 1e-5, 1e-6));
  options["unet"]["patch_size"] = 1;
  const auto other = make_model("diffusion", options, 1);
  EXPECT_TRUE(take_weights(*other, from).left.empty());
}

TEST(Models, ForeignCheckpointsAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  auto model = small_ddn("pyramid");
  save_model(path, *model, {}, nullptr);
  const Checkpoint good = read_checkpoint(path);
  const auto with = [&](const std::string& key, const std::string& value) {
    Checkpoint changed = good;
    changed.metadata[key] = value;
    write_checkpoint(path, changed);
    return refusal([&] { load_model(path, torch::kCPU); });
  };
  EXPECT_NE(with("family", "transformer").find("family"), std::string::npos);
  EXPECT_NE(with("version", "99").find("format version 1"), std::string::npos);
  EXPECT_NE(with("version", "one").find("number"), std::string::npos);
  EXPECT_NE(with("options", "{").find("options"), std::string::npos);
  EXPECT_NE(with("options", "{\"colour\": 3}").find("colour"), std::string::npos);
  EXPECT_NE(with("format", "pt").find("checkpoint of steer"), std::string::npos);
  EXPECT_NE(refusal([&] { load_model(folder / "absent", torch::kCPU); }).find("there is nothing"),
            std::string::npos);
  write_file(path, "short");
  EXPECT_NE(refusal([&] { load_model(path, torch::kCPU); }), "accepted");
}

}  // namespace
}  // namespace steer
