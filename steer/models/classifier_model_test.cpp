#include "steer/models/classifier_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/data/tensor_dataset.h"
#include "steer/image/memory_dataset.h"
#include "steer/models/families.h"
#include "steer/models/models.h"
#include "steer/nn/saved_network.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/wave_space.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

Json small_options() {
  return {{"network", {{"channels", 1}, {"size", 16}, {"classes", 3}, {"widths", {8, 16}}}}};
}

Batch batch_of(int64_t count) {
  torch::manual_seed(6);
  return {torch::rand({count, 1, 16, 16}) * 2 - 1, {at::arange(count, torch::kInt64).remainder(3), {}}, {}};
}

TEST(ClassifierModel, LosesTheCrossEntropyOfItsAnswersAndHasAGradient) {
  auto model = make_model("classifier", small_options(), 1);
  const Batch batch = batch_of(12);
  const LossReport report = model->loss(batch, 3);
  const Tensor said = dynamic_cast<ClassifierModel&>(*model).logits(batch.data.x).log_softmax(1);
  const Tensor of_asked = said.gather(1, batch.told.label.unsqueeze(1));
  // But for what augmentation and dropout of the step make of it.
  EXPECT_NEAR(report.loss.item<double>(), -of_asked.mean().item<double>(), 5e-3);
  EXPECT_LT(std::abs(report.loss.item<double>() - std::log(3)), 0.2);  // nothing is known yet
  report.loss.backward();
  for (const auto& [name, parameter] : model->trainable_parameters())
    EXPECT_TRUE(parameter.grad().defined()) << name;
  // The step's seed decides everything random.
  EXPECT_EQ(model->loss(batch_of(12), 3).loss.item<float>(), report.loss.item<float>());
}

TEST(ClassifierModel, RefusesLabelsOutsideItsClassesAndDrawsNothing) {
  auto model = make_model("classifier", small_options(), 1);
  Batch batch = batch_of(4);
  batch.told.label[2] = 3;
  EXPECT_NE(refusal([&] { model->loss(batch, 0); }).find("from 0 to 2 for every image but got label 3"),
            std::string::npos);
  batch.told.label[2] = -1;
  EXPECT_NE(refusal([&] { model->loss(batch, 0); }).find("without one"), std::string::npos);
  EXPECT_FALSE(model->preview(64, {}).defined());
}

TEST(ClassifierModel, IsSavedAndLoadedAsAModelAndAsAJudge) {
  const TemporaryFolder folder;
  auto model = make_model("classifier", small_options(), 2);
  save_model(folder / "c.safetensors", *model, {7, 1, 0.5}, nullptr);
  const LoadedModel loaded = load_model(folder / "c.safetensors", torch::kCPU);
  EXPECT_EQ(loaded.model->family(), "classifier");
  const Tensor x = batch_of(4).data.x;
  const Tensor logits = dynamic_cast<ClassifierModel&>(*model).logits(x);
  EXPECT_TRUE(torch::equal(dynamic_cast<ClassifierModel&>(*loaded.model).logits(x), logits));
  EXPECT_TRUE(torch::equal(load_classifier(folder / "c.safetensors", torch::kCPU)(x), logits));
}

TEST(ClassifierModel, TakesChannelsAndClassesFromItsData) {
  const MemoryDataset data(torch::zeros({4, 3, 8, 8}, torch::kUInt8),
                           torch::tensor({0, 1, 1, 0}, torch::kInt64), {"cat", "dog"});
  const Json fitted = fitted_to(Json::object(), data, "pets");
  EXPECT_EQ(fitted["network"]["channels"], 3);
  EXPECT_EQ(fitted["network"]["classes"], 2);
  EXPECT_EQ(fitted_to({{"network", {{"classes", 5}}}}, data, "pets")["network"]["classes"], 5);
  const MemoryDataset many(torch::zeros({2, 3, 8, 8}, torch::kUInt8), torch::tensor({0, 2}, torch::kInt64),
                           {"cat", "dog", "fox"});
  EXPECT_NE(refusal([&] {
              fitted_to({{"network", {{"classes", 2}}}}, many, "pets");
            }).find("pets: expected labels below 2"),
            std::string::npos);
  const MemoryDataset bare(torch::zeros({1, 3, 8, 8}, torch::kUInt8), torch::full({1}, -1, torch::kInt64),
                           {});
  EXPECT_NE(refusal([&] { fitted_to(Json::object(), bare, "pets"); }).find("labels"), std::string::npos);
}

// Spectrograms: what they are goes through the options of every family of maps, and through a file.
TEST(MapsOfOtherKinds, FollowTheData) {
  const Space space = mel_space(usual_mel_options(8000, 16), 16);
  const TensorDataset data(space, torch::zeros({4, 1, 16, 16}), torch::tensor({0, 1, 1, 0}, torch::kInt64),
                           {"no", "yes"});
  const Json judge = fitted_options("classifier", {{"network", {{"widths", {8, 16}}}}}, data, "words");
  EXPECT_EQ(judge["network"]["size"], 16);
  auto classifier = make_model("classifier", judge, 1);
  EXPECT_EQ(classifier->space(), space);
  const Json small = {{"block_out_channels", {8, 8}},
                      {"down_block_types", {"DownBlock2D", "DownBlock2D"}},
                      {"up_block_types", {"UpBlock2D", "UpBlock2D"}},
                      {"norm_num_groups", 4}};
  const Json flow =
      fitted_options("diffusion", {{"process", {{"type", "flow"}}}, {"unet", small}}, data, "words");
  EXPECT_EQ(make_model("diffusion", flow, 1)->space(), space);
  const Json pyramid = {{"widths", {8, 8}}, {"layers", {1, 1}}, {"candidates", {4}}, {"image_channels", 1}};
  const auto ddn = make_model("ddn", fitted_options("ddn", {{"pyramid", pyramid}}, data, "words"), 1);
  EXPECT_EQ(ddn->space().kind, "mel");
  EXPECT_EQ(ddn->space().alphabet, space.alphabet);
  const TemporaryFolder folder;
  save_model(folder / "c.safetensors", *classifier, {1, 1, 1}, nullptr);
  EXPECT_EQ(load_model(folder / "c.safetensors", torch::kCPU).model->space(), space);
}

// Waveforms are learned by a network of lines, silence as well.
TEST(MapsOfOtherKinds, WaveformsAreLines) {
  const Space space = wave_space(8000, 64, {0.5});
  const TensorDataset data(space, torch::zeros({4, 1, 1, 64}));
  const Json small = {{"block_out_channels", {8, 8}},
                      {"down_block_types", {"DownBlock2D", "AttnDownBlock2D"}},
                      {"up_block_types", {"AttnUpBlock2D", "UpBlock2D"}},
                      {"norm_num_groups", 4}};
  const Json flow = fitted_options(
      "diffusion", {{"process", {{"type", "flow"}}}, {"unet", small}, {"prediction", "edm"}}, data, "words");
  EXPECT_EQ(flow["unet"]["line"], 4);
  EXPECT_EQ(flow["unet"]["sample_size"], 64);
  const auto model = make_model("diffusion", flow, 1);
  EXPECT_EQ(model->space(), space);
  const Tensor loss = model->loss(data.batch({0, 1}), 1).loss;
  EXPECT_TRUE(std::isfinite(loss.item<double>()));
  const auto& generator = dynamic_cast<const Generator&>(*model);
  const Tensor x = generator.draw({sample_seeds(1, 2), {}}, nullptr, Json::object()).state.x;
  EXPECT_EQ(x.sizes(), at::IntArrayRef({2, 1, 1, 64}));
  EXPECT_TRUE(x.isfinite().all().item<bool>());
  EXPECT_NE(refusal([&] { fitted_to(Json::object(), data, "words"); }).find("as high as they are wide"),
            std::string::npos);
}

TEST(Augmentation, ShrinksShiftsAndAddsNoiseAsOftenAsTold) {
  const Tensor x = batch_of(400).data.x, seeds = sample_seeds(3, 400);
  AugmentOptions none{0, 0, 0, 0, 0};
  EXPECT_TRUE(torch::equal(augmented(x, seeds, none), x));
  AugmentOptions shrink{0, 0.25, 0, 0, 0};
  const Tensor coarse = augmented(x, seeds, shrink);
  const Tensor blocks = area_resize(area_resize(x, 4, 4), 16, 16);
  const Tensor shrunk = (coarse - blocks).abs().amax({1, 2, 3}).eq(0);
  EXPECT_NEAR(shrunk.sum().item<double>(), 100, 30);
  EXPECT_TRUE(torch::equal(coarse.index({shrunk.logical_not()}), x.index({shrunk.logical_not()})));
  AugmentOptions shift{0, 0, 0, 0, 2};
  const Tensor moved = augmented(x, seeds, shift);
  EXPECT_FALSE(torch::equal(moved, x));
  // Somewhere among the 25 shifts every image finds its middle again.
  const Tensor middle = moved.narrow(2, 4, 8).narrow(3, 4, 8);
  Tensor found = torch::zeros({400}, torch::kBool);
  for (int64_t dy = 2; dy <= 6; ++dy)
    for (int64_t dx = 2; dx <= 6; ++dx)
      found |= (x.narrow(2, dy, 8).narrow(3, dx, 8) - middle).abs().amax({1, 2, 3}).eq(0);
  EXPECT_TRUE(found.all().item<bool>());
  AugmentOptions noise{0, 0, 0, 0.6, 0};
  const Tensor deviation = (augmented(x, seeds, noise) - x).std({1, 2, 3});
  EXPECT_NEAR(deviation.mean().item<double>(), 0.3, 0.03);
  EXPECT_LT(deviation.max().item<double>(), 0.7);
  // An image's change is its own seed's.
  AugmentOptions all{0.2, 0.2, 0.2, 0.3, 2};
  EXPECT_TRUE(
      torch::equal(augmented(x, seeds, all)[7], augmented(x.narrow(0, 7, 1), seeds.narrow(0, 7, 1), all)[0]));
  EXPECT_THROW(check(AugmentOptions{0.5, 0.5, 0.5, 0, 0}), Error);
  EXPECT_THROW(check(AugmentOptions{0, 0, 0, -1, 0}), Error);
}

}  // namespace
}  // namespace steer
