// Models of points in the plane: both families behind the same seams as those of images.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/data/tensor_dataset.h"
#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"
#include "steer/models/ddn_model.h"
#include "steer/models/diffusion_model.h"
#include "steer/models/small_models.h"
#include "steer/points/points_space.h"
#include "steer/points/words.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

constexpr int64_t kDrawn = 21;

// A DDN and diffusions of points, with weights that make every part matter; of three classes or of none.
std::vector<std::unique_ptr<Model>> point_models(int64_t classes = 0) {
  Json ddn = {{"network", "points"}, {"points", {{"width", 32}, {"layers", 4}, {"candidates", {8}}}}};
  if (classes > 0) ddn["condition"] = {{"type", "class"}, {"classes", classes}};
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(make_model("ddn", ddn, 3));
  for (const char* process : {"edm", "flow", "ddpm"}) {
    const Json options = {{"network", "mlp"},
                          {"mlp", {{"width", 32}, {"blocks", 2}}},
                          {"process", {{"type", process}}},
                          {"classes", classes}};
    models.push_back(make_model("diffusion", options, 3));
    const torch::NoGradGuard no_grad;
    for (Tensor& parameter : models.back()->module().parameters())
      if (parameter.abs().max().item<float>() == 0) parameter.normal_(0, 0.05);
  }
  return models;
}

const Generator& sampling(const Model& model) {
  return dynamic_cast<const Generator&>(model);
}

DrawRequest drawn(int64_t from, int64_t count, int64_t classes) {
  DrawRequest request;
  request.seeds = sample_seeds(static_cast<uint64_t>(from), count);
  if (classes > 0) request.told.label = (torch::arange(count) + from) % classes;
  return request;
}

TEST(PointsModels, DrawPointsThatDependOnTheirSeedAlone) {
  for (const int64_t classes : {0, 3})
    for (const auto& model : point_models(classes)) {
      EXPECT_EQ(model->space(), points_space());
      EXPECT_EQ(model->needs().classes, classes);
      const Tensor all = sampling(*model).draw(drawn(0, kDrawn, classes)).state.x;
      EXPECT_EQ(all.sizes(), (std::vector<int64_t>{kDrawn, 2}));
      const Tensor last = sampling(*model).draw(drawn(kDrawn - 2, 2, classes)).state.x;
      EXPECT_TRUE(torch::allclose(last, all.narrow(0, kDrawn - 2, 2), 1e-5, 1e-5)) << model->family();
      EXPECT_FALSE(torch::allclose(last[0], last[1])) << model->family();
    }
}

TEST(PointsModels, ReloadedTheyDrawTheSame) {
  const TemporaryFolder folder;
  for (const auto& model : point_models(3)) {
    save_model(folder / "model.safetensors", *model, {}, nullptr);
    const LoadedModel loaded = load_model(folder.path(), torch::kCPU);
    EXPECT_EQ(loaded.model->options(), model->options());
    EXPECT_TRUE(torch::equal(as_generator(loaded, "test").draw(drawn(0, 6, 3)).state.x,
                             sampling(*model).draw(drawn(0, 6, 3)).state.x));
  }
}

TEST(PointsModels, CodesAreTakenAndGivenBack) {
  const auto models = point_models();
  const Codec& codec = *sampling(*models[0]).codec();
  const Tensor x = torch::rand({9, 2}) * 2 - 1;
  for (const int64_t beam : {1, 4}) {
    const Encoded made = codec.encode(x, beam);
    EXPECT_EQ(made.state.x.sizes(), x.sizes());
    EXPECT_TRUE(torch::allclose(codec.decode(made.code).x, made.state.x, 1e-6, 1e-6));
    EXPECT_NEAR(made.error.select(1, -1).mean().item<double>(),
                (made.state.x - x).square().mean().item<double>(), 1e-6);
  }
  EXPECT_EQ(sampling(*models[1]).codec(), nullptr);
}

TEST(PointsModels, EveryWordGuidesEveryOne) {
  ObjectiveContext context;
  context.space = points_space();
  std::vector<std::string> asked = {"gaussian(mean=0.2)", "near() + 0.5*ring()", "rank(near() + ring())"};
  for (const Word& word : points_words()) asked.push_back(word.example);
  for (const auto& model : point_models()) {
    for (const std::string& words : asked) {
      const auto objective = make_objective(words, context);
      std::vector<Json> ways = {Json::object(), {{"particles", 4}}};
      if (model->family() == "ddn")
        ways.insert(ways.end(), {{{"beam", 4}}, {{"top", 1}}, {{"shortlist", 3}}});
      for (Json& settings : ways) {
        if (model->family() == "diffusion") settings["steps"] = 4;
        const Tensor x = sampling(*model).draw(drawn(0, 4, 0), objective.get(), settings).state.x;
        EXPECT_EQ(x.sizes(), (std::vector<int64_t>{4, 2})) << words << settings.dump();
        EXPECT_TRUE(at::isfinite(x).all().item<bool>()) << model->family() << " " << words << settings.dump();
      }
    }
  }
}

TEST(PointsModels, LossesHaveGradientsWhateverIsKept) {
  Batch batch{torch::rand({12, 2}), {torch::arange(12) % 3, {}}, torch::arange(12)};
  for (const int64_t classes : {0, 3})
    for (const auto& model : point_models(classes)) {
      std::vector<Tensor> gradients;
      for (const bool recompute : {false, true}) {
        model->set_recompute(recompute);
        model->module().zero_grad();
        model->loss(batch, 5).loss.backward();
        const Tensor gradient = model->trainable_parameters()[0].second.grad();
        ASSERT_TRUE(gradient.defined()) << model->family();
        gradients.push_back(gradient.clone());
      }
      EXPECT_TRUE(torch::allclose(gradients[0], gradients[1], 1e-4, 1e-6)) << model->family();
    }
}

TEST(PointsModels, APreviewShowsThousandsOfPoints) {
  for (const auto& model : point_models()) {
    const Tensor picture = model->preview(16, {});
    EXPECT_EQ(picture.size(0), 3);
    EXPECT_GT(picture.size(1), 100);
  }
}

TEST(PointsModels, TheDataChooseTheNetwork) {
  const TensorDataset points(points_space(), torch::rand({4, 2}), torch::tensor({0, 1, 0, 1}), {"a", "b"});
  const TensorDataset images(image_space(3, 8, 8), torch::rand({4, 3, 8, 8}));
  EXPECT_EQ(fitted_ddn({}, points, "here")["network"], "points");
  EXPECT_EQ(fitted_ddn({{"balance", "bias"}}, images, "here"), Json({{"balance", "bias"}}));
  EXPECT_NE(refusal([&] { fitted_ddn({{"network", "points"}}, images, "here"); }), "accepted");
  EXPECT_NE(refusal([&] { fitted_ddn({{"network", "recurrent"}}, points, "here"); }), "accepted");
  // Samples of any kind of one size.
  const TensorDataset dice(points_space(6, "dice"), torch::rand({4, 6}));
  EXPECT_EQ(make_model("ddn", fitted_ddn({}, dice, "here"), 0)->space(), dice.space());
  EXPECT_EQ(make_model("diffusion", fitted_diffusion({}, dice, "here"), 0)->space(), dice.space());
  const Json plane = fitted_diffusion({{"classes", 2}}, points, "here");
  EXPECT_EQ(plane["network"], "mlp");
  EXPECT_EQ(plane["mlp"]["num_class_embeds"].is_number(), true);
  EXPECT_EQ(make_model("diffusion", plane, 0)->space(), points.space());
  const Json pictures = fitted_diffusion({}, images, "here");
  EXPECT_EQ(pictures["network"], "unet");
  EXPECT_EQ(make_model("diffusion", pictures, 0)->space(), images.space());
  EXPECT_NE(refusal([&] {
              make_model("diffusion", {{"network", "mlp"}, {"flip", 0.5}}, 0);
            }).find("flip"),
            std::string::npos);
}

TEST(PointsModels, OptionsWithoutANetworkAreThoseOfImages) {
  EXPECT_EQ(small_diffusion("edm")->space().kind, "image");
  Json options = small_diffusion("edm")->options();
  options.erase("network");
  options.erase("mlp");
  EXPECT_EQ(make_model("diffusion", options, 7)->options(), small_diffusion("edm")->options());
  Json ddn = small_ddn("pyramid")->options();
  ddn.erase("points");
  EXPECT_EQ(make_model("ddn", ddn, 7)->options(), small_ddn("pyramid")->options());
}

// Blocks of sound: lists that lie in [-1, 1] and have a rate.
TEST(ListModels, LearnTheSpaceOfTheirData) {
  const Space space = list_space({"block", 8000, ""}, 16);
  torch::manual_seed(5);
  const TensorDataset data(space, 0.3 * torch::randn({40, 16}));
  const Json shape = {{"points", {{"width", 32}, {"layers", 3}, {"candidates", {8}}}}};
  const auto ddn = make_model("ddn", fitted_ddn(shape, data, "x"), 1);
  EXPECT_EQ(ddn->space(), space);
  EXPECT_EQ(make_model("ddn", ddn->options(), 1)->space(), space);
  const auto diffusion = make_model("diffusion", fitted_diffusion(Json::object(), data, "x"), 1);
  EXPECT_EQ(diffusion->space(), space);
  const auto& codec = dynamic_cast<const Codec&>(*ddn);
  const State all(data.batch({0, 1, 2}).data.x);
  const Encoded made = codec.encode(all, 1, {});
  EXPECT_EQ(made.state.x.sizes(), all.x.sizes());
  EXPECT_TRUE(torch::allclose(codec.decode(made.code, {}).x, made.state.x, 1e-5, 1e-6));
}

}  // namespace
}  // namespace steer
