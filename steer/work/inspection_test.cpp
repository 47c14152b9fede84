#include "steer/work/inspection.h"

#include <gtest/gtest.h>

#include <ctime>

#include "steer/core/files.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

CodeFile small_codes(const DdnModel& model) {
  return model.code_file(torch::zeros({3, 6}, torch::kInt64), Coder::kAdaptive);
}

TEST(Inspection, TellsOfEveryFamilyWhatIsItsOwn) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  save_model(path, *small_ddn("pyramid"), {1000, 10, 2.5}, nullptr);
  for (const std::string& at : {path, folder.path()}) {
    const Json figures = inspect(at).figures;
    EXPECT_EQ(figures["family"], "ddn");
    EXPECT_EQ(figures["image"], Json({1, 8, 8}));
    EXPECT_EQ(figures["images"], 1000);
    EXPECT_EQ(figures["latent_bits"], 18);
    EXPECT_EQ(figures["layers"].size(), 6u);
    EXPECT_EQ(figures["layers"][5]["size"], 8);
    EXPECT_EQ(figures["layers"][5]["candidates"], 8);
  }
  save_model(path, *small_diffusion("flow"), {}, nullptr);
  const Json diffusion = inspect(path).figures;
  EXPECT_EQ(diffusion["process"], "flow");
  EXPECT_EQ(diffusion["prediction"], "velocity");
  const Json network = {{"channels", 1}, {"size", 8}, {"classes", 5}, {"widths", {8}}};
  save_model(path, *make_model("classifier", {{"network", network}}, 7), {}, nullptr);
  EXPECT_EQ(inspect(path).figures["classes"], 5);
}

TEST(Inspection, ListsVeryManyTensorsInTimeInProportion) {
  const TemporaryFolder folder;
  Checkpoint many;
  for (int i = 0; i < 50000; ++i) many.tensors.emplace("t" + std::to_string(i), at::empty({0}));
  write_checkpoint(folder / "x.safetensors", many);
  const std::clock_t begin = std::clock();  // processor time: others may be at work
  EXPECT_EQ(inspect(folder / "x.safetensors").figures["tensors"].size(), 50000u);
  EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 8);
}

TEST(Inspection, ListsTensorsOfAnySafetensorsFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_checkpoint(path,
                   {{{"a", torch::zeros({2, 3})}, {"b", torch::zeros({}, torch::kInt64)}}, {{"k", "v"}}});
  const Inspection found = inspect(path);
  EXPECT_EQ(std::get<InspectedTensors>(found.what).values, 7);
  EXPECT_EQ(found.figures["tensors"]["a"]["shape"], Json({2, 3}));
  EXPECT_EQ(found.figures["metadata"]["k"], "v");
  save_model(folder / "model.safetensors", *small_ddn("pyramid"), {}, nullptr);
  EXPECT_TRUE(std::holds_alternative<InspectedTensors>(inspect(folder.path(), true).what));
}

TEST(Inspection, TellsWhoseCodesAFileHolds) {
  const TemporaryFolder folder;
  const auto model = small_ddn("pyramid");
  const std::string bytes = write_codes(small_codes(*model)), path = folder.put("x.ddn", bytes);
  const Json figures = inspect(path).figures;
  EXPECT_EQ(figures["model"], fingerprint_text(model->fingerprint()));
  EXPECT_EQ(figures["codes"], 3);
  EXPECT_EQ(figures["latent_bits"], 18);
  EXPECT_EQ(figures["coder"], "adaptive");
  EXPECT_EQ(figures["bytes"], bytes.size());
  folder.put("cut.ddn", bytes.substr(0, bytes.size() - 1));
  EXPECT_NE(refusal([&] { inspect(folder / "cut.ddn"); }).find("cut off"), std::string::npos);
}

TEST(Inspection, CodesByAPriorAreToldOfWithoutIt) {
  const TemporaryFolder folder;
  const auto model = small_ddn("pyramid");
  PriorNumbers numbers;
  numbers.candidates = model->candidates();
  numbers.embedding = torch::zeros({48, 2}, torch::kInt16);
  numbers.bias = torch::zeros({6, 2}, torch::kInt16);
  numbers.head = torch::zeros({48, 2}, torch::kInt16);
  numbers.head_bias = torch::zeros({48}, torch::kInt32);
  numbers.head_bits = 4;
  const Prior prior(numbers, model->fingerprint());
  write_prior(folder / "prior.safetensors", prior, "learned from 3 codes");
  const Inspection found = inspect(folder / "prior.safetensors");
  EXPECT_EQ(std::get<InspectedPrior>(found.what).width, 2);
  EXPECT_EQ(found.figures["fingerprint"], fingerprint_text(prior.fingerprint()));
  EXPECT_EQ(found.figures["training"], "learned from 3 codes");
  CodeFile codes = small_codes(*model);
  codes.coder = Coder::kPrior;
  folder.put("x.ddn", write_codes(codes, &prior));
  const Json figures = inspect(folder / "x.ddn").figures;
  EXPECT_EQ(figures["coder"], "prior");
  EXPECT_EQ(figures["prior"], fingerprint_text(prior.fingerprint()));
  EXPECT_EQ(figures["codes"], 3);
}

TEST(Inspection, TellsWhatAnIndexIsOf) {
  const TemporaryFolder folder;
  CodeIndex index;
  index.codes = small_codes(*small_ddn("pyramid"));
  index.sketch = torch::zeros({3, 1, 4, 4}, torch::kUInt8);
  index.data = "shapes", index.split = "test";
  const Json figures = inspect(folder.put("x.idx", write_index(index))).figures;
  EXPECT_EQ(figures["data"], "shapes");
  EXPECT_EQ(figures["codes"], 3);
  EXPECT_EQ(figures["sketch"], Json({1, 4, 4}));
}

TEST(Inspection, APictureTellsHowItWasMade) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.png";
  write_png(path, torch::zeros({3, 4, 6}), {{"steer", "{\"work\": \"sample\"}"}, {"parameters", "Steps: 4"}});
  const Json figures = inspect(path).figures;
  EXPECT_EQ(figures["width"], 6);
  EXPECT_EQ(figures["height"], 4);
  EXPECT_EQ(figures["recipe"]["work"], "sample");
  EXPECT_EQ(figures["texts"], Json({{"parameters", "Steps: 4"}}));
}

TEST(Inspection, NothingAndForeignFilesAreRefused) {
  const TemporaryFolder folder;
  EXPECT_NE(refusal([&] { inspect(folder / "absent"); }).find("there is nothing"), std::string::npos);
  EXPECT_NE(refusal([&] { inspect(folder.put("empty", "")); }), "accepted");
  EXPECT_NE(refusal([&] { inspect(folder.put("words", "some words of no kind that is known")); }),
            "accepted");
}

}  // namespace
}  // namespace steer
