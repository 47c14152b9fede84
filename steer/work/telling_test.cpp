#include "steer/work/telling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

// A diffusion of three animals; with dropout of labels it also knows none.
std::unique_ptr<Model> model_of_animals(double dropout) {
  Json options = small_diffusion("edm", 3)->options();
  options["label_dropout"] = dropout;
  auto model = make_model("diffusion", options, 7);
  model->set_class_names({"ant", "bee", "cat"});
  return model;
}

std::vector<int64_t> labels_told(const Model& model, const std::string& words) {
  Telling telling;
  telling.label = words;
  return labels_of(telling, model);
}

TEST(Telling, LabelsAreNamesOrNumbersOrAllOrNone) {
  const auto model = model_of_animals(0.1);
  EXPECT_EQ(labels_told(*model, "cat,ant,1"), (std::vector<int64_t>{2, 0, 1}));
  EXPECT_EQ(labels_told(*model, "all"), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(labels_told(*model, "none"), (std::vector<int64_t>{3}));
  EXPECT_THAT(refusal([&] { labels_told(*model, "dog"); }), HasSubstr("out of ant, bee, cat"));
  EXPECT_THAT(refusal([&] { told_by({}, *model, 2); }), HasSubstr("ant, bee, cat, 0 to 2, all or none"));
}

TEST(Telling, NoneIsForModelsThatLearnedIt) {
  const auto model = model_of_animals(0);
  EXPECT_THAT(refusal([&] { labels_told(*model, "none"); }), HasSubstr("label_dropout"));
  const std::string missing = refusal([&] { told_by({}, *model, 2); });
  EXPECT_THAT(missing, HasSubstr("0 to 2 or all"));
}

TEST(Telling, LabelsOfDataGoOverByName) {
  const auto model = model_of_animals(0.1);
  const State samples(torch::zeros({2, 1, 8, 8}));
  const Tensor label = torch::tensor({0, 1}, torch::kInt64);
  const Told told = told_by({}, *model, samples, label, {"cat", "ant"});
  EXPECT_TRUE(torch::equal(told.label, torch::tensor({2, 0}, torch::kInt64)));
  EXPECT_THAT(refusal([&] {
                told_by({}, *model, samples, label, {"cat", "dog"});
              }),
              HasSubstr("expected classes out of ant, bee, cat but got \"dog\" out of cat, dog"));
}

TEST(Telling, WithoutAClassTheScaleHasNothingToStrengthen) {
  const auto model = generator_of(model_of_animals(0.1));
  DrawRequest request;
  request.seeds = torch::tensor({1, 2}, torch::kInt64);
  request.told.label = torch::full({2}, 3, torch::kInt64);
  const Json steps = {{"steps", 2}};
  const Tensor plain = model->draw(request, nullptr, steps).state.x;
  const Tensor scaled = model->draw(request, nullptr, {{"steps", 2}, {"scale", 3}}).state.x;
  EXPECT_TRUE(torch::equal(plain, scaled));
  // It is what the scale 0 draws, whatever the class.
  request.told.label = torch::zeros({2}, torch::kInt64);
  const Tensor ignored = model->draw(request, nullptr, {{"steps", 2}, {"scale", 0}}).state.x;
  EXPECT_TRUE(torch::allclose(plain, ignored, 1e-4, 1e-5));
}

// A diffusion of molecules told two numbers.
std::unique_ptr<Model> of_molecules() {
  const Json options = {{"network", "egnn"},
                        {"egnn", {{"width", 8}, {"blocks", 1}, {"told", {"mu", "gap"}}}},
                        {"process", {{"type", "edm"}}}};
  return make_model("diffusion", options, 0);
}

TEST(Telling, NumbersAreToldByNameAndAgainFromTheFirst) {
  const auto model = of_molecules();
  Telling telling;
  telling.value = "gap=7,8.5,-1e1  mu=2";
  const Tensor value = told_by(telling, *model, 4).value;
  EXPECT_TRUE(torch::equal(value, torch::tensor({{2.f, 7.f}, {2.f, 8.5f}, {2.f, -10.f}, {2.f, 7.f}})));
  telling.value = "mu=2";
  EXPECT_TRUE(told_by(telling, *model, 3).value.select(1, 1).isnan().all().item<bool>());
  EXPECT_TRUE(told_by({}, *model, 3).value.isnan().all().item<bool>());
}

TEST(Telling, NumbersThatCannotBeToldAreNamed) {
  const auto model = of_molecules(), plain = model_of_animals(0.1);
  const auto refused = [&](const std::string& words, const Model& by) {
    Telling telling;
    telling.value = words;
    return refusal([&] { values_of(telling, by, 2); });
  };
  EXPECT_THAT(refused("alpha=3", *model), HasSubstr("expected names out of mu, gap but got alpha"));
  EXPECT_THAT(refused("mu", *model), HasSubstr("expected NAME=NUMBER,... but got \"mu\""));
  for (const char* words : {"mu=", "mu=3,", "mu=3x", "mu=nan", "mu=inf", "mu= 3"})
    EXPECT_THAT(refused(words, *model), HasSubstr("expected numbers with commas between")) << words;
  EXPECT_THAT(refused("mu=3", *plain), HasSubstr("not told numbers"));
}

}  // namespace
}  // namespace steer
