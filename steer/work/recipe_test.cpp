#include "steer/work/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/models/small_models.h"
#include "steer/picture/grid.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

using testing::HasSubstr;

// A folder with two models, "ddn" and "diffusion", the latter of five classes.
class RecipeTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto ddn = small_ddn("pyramid");
    save_model(folder_ / "ddn.safetensors", *ddn, {}, nullptr);
    const auto diffusion = small_diffusion("edm", 5);
    save_model(folder_ / "diffusion.safetensors", *diffusion, {}, nullptr);
  }

  Recipe sampled(const std::string& model, int64_t count) const {
    Recipe recipe;
    recipe.model.path = folder_ / (model + ".safetensors");
    recipe.count = count, recipe.batch = 2, recipe.precision = "float32";
    if (model == "diffusion") recipe.telling.label = "1,3", recipe.settings = {{"steps", 3}, {"scale", 2}};
    return recipe;
  }
  Recipe guided(const std::string& model, int64_t count) const {
    Recipe recipe = sampled(model, count);
    recipe.work = "guide", recipe.objective = "gaussian(mean=0.2)";
    return recipe;
  }
  RecipeRun run(const Recipe& recipe) const { return run_recipe(recipe, open_for(recipe)); }

  TemporaryFolder folder_;
};

TEST(Recipe, RoundTrips) {
  Recipe recipe;
  recipe.work = "guide", recipe.objective = "inpaint(x.png, mask=left)", recipe.fit = "pad";
  recipe.model = {"runs/a", "0123456789abcdef"};
  recipe.count = 3, recipe.seeds = {3, -7, 20}, recipe.first = 2, recipe.noise_seed = 9;
  recipe.settings = {{"top", 2}, {"guidance", {{"climb", {{"rho", 0.5}}}}}};
  recipe.telling = {"1,2", {"a.png", "b.png"}, "resize"};
  recipe.from = Begun{{"c.png"}, 0.25, "pad"};
  recipe.then = {{{"runs/b", ""}, 0.4, {{"steps", 3}}}, {{"runs/c", "0123"}, 0.1, Json::object()}};
  recipe.shown = 1, recipe.zoom = 4, recipe.precision = "bfloat16", recipe.device = "cuda", recipe.batch = 8;
  const Json json = recipe_json(recipe);
  EXPECT_EQ(recipe_json(recipe_of(parse_json(json.dump(), "x"), "x")), json);
  EXPECT_EQ(json["seeds"], Json({3, -7, 20}));
  EXPECT_EQ(json["version"], 1);
}

TEST(Recipe, LeavesOutWhatSuits) {
  const Recipe recipe = recipe_of(Json({{"version", 1}, {"model", {{"path", "a"}}}}), "x");
  EXPECT_EQ(recipe.work, "sample");
  EXPECT_EQ(recipe.count, 1);
  EXPECT_FALSE(recipe.noise_seed.has_value());
}

TEST(Recipe, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const char* text) {
    return refusal([&] { recipe_of(parse_json(text, "x.json"), "x.json"); });
  };
  EXPECT_THAT(refused(R"({"version": 1, "cuont": 3})"), HasSubstr("did you mean count"));
  EXPECT_THAT(refused(R"({"version": 1, "telling": {"lable": "3"}})"), HasSubstr("telling.lable"));
  EXPECT_THAT(refused(R"({"version": 1, "count": "many"})"), HasSubstr("count"));
  EXPECT_THAT(refused(R"({"version": 2, "stages": []})"),
              HasSubstr("expected version 1 of recipes but got 2"));
  EXPECT_THAT(refused(R"({"count": 3})"), HasSubstr("x.json: expected the version"));
  EXPECT_THAT(refused(R"([1])"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(refused(R"({"version": 1, "work": "train"})"), HasSubstr("but got \"train\""));
  EXPECT_THAT(refused(R"({"version": 1, "work": "guide"})"), HasSubstr("expected an objective"));
  EXPECT_THAT(refused(R"#({"version": 1, "objective": "gaussian()"})#"), HasSubstr("expected an objective"));
  EXPECT_THAT(refused(R"({"version": 1, "count": 0})"),
              HasSubstr("expected 1 to 1073741824 for count but got 0"));
  EXPECT_THAT(refused(R"({"version": 1, "count": 3, "seeds": [1, 2]})"),
              HasSubstr("expected one seed, or 3"));
  EXPECT_THAT(refused(R"({"version": 1, "shown": 1})"), HasSubstr("shown from -1 to 0"));
  EXPECT_THAT(refused(R"({"version": 1, "zoom": 65})"), HasSubstr("zoom of 1 to 64"));
  EXPECT_THAT(refused(R"({"version": 1, "settings": 3})"), HasSubstr("settings: expected a JSON object"));
  EXPECT_THAT(refused(R"({"version": 1, "noise_seed": "x"})"),
              HasSubstr("noise_seed: expected a whole number"));
}

TEST(Recipe, KnowsWhichStartPrograms) {
  Recipe recipe;
  EXPECT_FALSE(runs_programs(recipe));
  recipe.objective = "gaussian() + label(3, classifier=program)";
  EXPECT_FALSE(runs_programs(recipe));
  recipe.objective = "rank(gaussian() + 0.5*program('rm -r x'))";
  EXPECT_TRUE(runs_programs(recipe));
}

TEST_F(RecipeTest, ARunFromTheCompletedRecipeIsTheSameBitForBit) {
  for (const Recipe& recipe :
       {sampled("ddn", 5), sampled("diffusion", 5), guided("ddn", 3), guided("diffusion", 3)}) {
    const RecipeRun first = run(recipe);
    const std::string text = recipe_json(first.recipe).dump();
    EXPECT_FALSE(first.recipe.model.fingerprint.empty());
    const RecipeRun second = run(recipe_of(parse_json(text, "x"), "x"));
    EXPECT_TRUE(torch::equal(first.state.x, second.state.x)) << text;
    EXPECT_EQ(recipe_json(second.recipe).dump(), text);
    if (first.scores.defined()) {
      EXPECT_TRUE(torch::equal(first.scores, second.scores));
    }
  }
}

TEST_F(RecipeTest, ASampleByItselfIsTheSampleOfTheWhole) {
  Recipe beam = guided("ddn", 3);
  beam.settings = {{"beam", 4}};
  for (const Recipe& recipe :
       {sampled("ddn", 5), sampled("diffusion", 5), guided("ddn", 3), guided("diffusion", 3), beam}) {
    const RecipeRun whole = run(recipe);
    const Recipe alone = recipe_of_sample(whole, 2);
    EXPECT_EQ(alone.count, recipe.settings.contains("beam") ? 3 : 1);
    const RecipeRun part = run(alone);
    const Tensor picture = picture_of(part);
    EXPECT_TRUE(torch::equal(to_bytes(picture), to_bytes(whole.state.x[2]))) << recipe_json(recipe).dump();
  }
}

TEST_F(RecipeTest, SamplesBeginFromTheirFilesInTurn) {
  std::vector<std::string> files;
  for (const double grey : {-0.5, 0.1, 0.6}) {
    files.push_back(folder_ / (std::to_string(files.size()) + ".png"));
    write_png(files.back(), at::full({1, 8, 8}, grey));
  }
  for (const char* model : {"ddn", "diffusion"}) {
    Recipe recipe = sampled(model, 5);
    recipe.precision = "float32";
    recipe.from = Begun{files, 0.02, ""};
    const RecipeRun whole = run(recipe);
    EXPECT_EQ(whole.given.size(), 3);
    for (int64_t i = 0; i < 5 && std::string(model) == "diffusion"; ++i)
      EXPECT_NEAR(whole.state.x[i].mean().item<double>(), whole.given.x[i % 3].mean().item<double>(), 0.02);
    for (const int64_t index : {1, 4})
      EXPECT_TRUE(
          torch::allclose(run(recipe_of_sample(whole, index)).state.x[0], whole.state.x[index], 0, 1e-4))
          << model << index;
    recipe.from->noise = 0;
    const RecipeRun same = run(recipe);
    EXPECT_TRUE(torch::equal(same.state.x, same.given.x.index_select(0, at::arange(5) % 3))) << model;
  }
}

TEST_F(RecipeTest, AChainGoesOnFromTheSamplesBefore) {
  for (const bool objective : {false, true}) {
    Recipe alone = objective ? guided("ddn", 4) : sampled("ddn", 4);
    Recipe second = objective ? guided("diffusion", 4) : sampled("diffusion", 4);
    Recipe chain = alone;
    chain.telling = second.telling;  // which the ddn is not told
    const auto with_noise = [&](double noise) {
      chain.then = {{{folder_ / "diffusion.safetensors", ""}, noise, second.settings}};
      return run(chain);
    };
    const RecipeRun first = run(alone), nothing = with_noise(0), all = with_noise(1), some = with_noise(0.3);
    EXPECT_TRUE(torch::equal(nothing.state.x, first.state.x));
    EXPECT_TRUE(torch::equal(all.state.x, run(second).state.x));
    EXPECT_FALSE(torch::equal(some.state.x, first.state.x));
    EXPECT_EQ(some.scores.defined(), objective);
    EXPECT_EQ(some.recipe.then[0].model.fingerprint.size(), 16u);
    // Again by what was completed, and by its text.
    const RecipeRun again = run(recipe_of(parse_json(recipe_json(some.recipe).dump(), "x"), "x"));
    EXPECT_TRUE(torch::equal(again.state.x, some.state.x));
    EXPECT_EQ(again.text.find("then from noise 0.3") == std::string::npos, false) << again.text;
  }
}

TEST_F(RecipeTest, AChainGoesOnInAnotherSize) {
  Json options = small_diffusion("flow")->options();
  const int64_t side = options["unet"]["sample_size"];
  for (const int64_t times : {2, -2}) {
    options["unet"]["sample_size"] = times > 0 ? side * times : side / -times;
    const std::string path = folder_ / "other.safetensors";
    save_model(path, *make_model("diffusion", options, 4), {}, nullptr);
    Recipe chain = guided("ddn", 2);
    const RecipeRun first = run(chain);
    chain.then = {{{path, ""}, 0, {{"steps", 2}}}};
    const RecipeRun second = run(chain);
    const int64_t other = options["unet"]["sample_size"];
    EXPECT_EQ(second.space.sizes[2], other);
    EXPECT_EQ(second.state.x.size(3), other);
    // At noise 0 what was made is brought to its size; its mean over squares stays near.
    EXPECT_LT(
        (area_resize(second.state.x, 4, 4) - area_resize(first.state.x, 4, 4)).abs().max().item<double>(),
        0.2);
    chain.then[0].noise = 0.5;
    EXPECT_EQ(run(chain).state.x.size(2), other);
  }
}

TEST_F(RecipeTest, AChainSharesItsSettings) {
  Recipe chain = guided("ddn", 2);
  chain.settings = {{"top", 3}, {"steps", 4}, {"temperature", 2}};
  chain.then = {{{folder_ / "diffusion.safetensors", ""}, 0.4, Json::object()}};
  share_settings(chain, open_for(chain));
  EXPECT_EQ(chain.settings, Json({{"top", 3}, {"temperature", 2}}));
  EXPECT_EQ(chain.then[0].settings, Json({{"steps", 4}, {"temperature", 2}}));
  chain.settings = {{"nucleus", 0.5}};
  EXPECT_THAT(refusal([&] { share_settings(chain, open_for(chain)); }),
              HasSubstr("nucleus: expected a setting"));
  Recipe plain = sampled("ddn", 2);
  plain.telling.label = "1";
  plain.then = {{{folder_ / "ddn.safetensors", ""}, 0.4, Json::object()}};
  EXPECT_THAT(refusal([&] { share_settings(plain, open_for(plain)); }), HasSubstr("no model of this chain"));
  Json options = small_diffusion("flow")->options();
  options["unet"]["in_channels"] = options["unet"]["out_channels"] = 3;
  save_model(folder_ / "coloured.safetensors", *make_model("diffusion", options, 3), {}, nullptr);
  chain.settings = Json::object();
  chain.then[0].model.path = folder_ / "coloured.safetensors";
  EXPECT_THAT(refusal([&] { run(chain); }), HasSubstr("expected images of as many channels"));
}

TEST_F(RecipeTest, RoundingMakesNoDifferenceToASampleByItself) {
  Recipe recipe = guided("diffusion", 3);
  recipe.precision = "bfloat16", recipe.settings["method"] = "tfg";
  const RecipeRun whole = run(recipe);
  const Recipe alone = recipe_of_sample(whole, 1);
  EXPECT_EQ(alone.count, 3);
  EXPECT_EQ(alone.shown, 1);
  EXPECT_TRUE(torch::equal(picture_of(run(alone)), whole.state.x[1]));
}

TEST(Recipe, OfASampleOnAGpuKeepsItsBatch) {
  RecipeRun whole;
  whole.recipe.device = "cuda", whole.recipe.count = 5, whole.recipe.batch = 2, whole.recipe.seeds = {7};
  const Recipe third = recipe_of_sample(whole, 3), last = recipe_of_sample(whole, 4);
  EXPECT_EQ(third.seeds, std::vector<int64_t>{9});
  EXPECT_EQ(third.count, 2);
  EXPECT_EQ(third.first, 2);
  EXPECT_EQ(third.shown, 1);
  EXPECT_EQ(last.count, 1);
  EXPECT_EQ(last.first, 4);
  EXPECT_EQ(last.seeds, std::vector<int64_t>{11});
}

TEST_F(RecipeTest, APictureHoldsItsRecipe) {
  Recipe recipe = guided("ddn", 2);
  recipe.zoom = 3;
  const RecipeRun made = run(recipe);
  write_run(folder_ / "x.png", made, figures_of(made));
  for (const char* name : {"x.png", "x.json"}) {
    const Recipe read = read_recipe(folder_ / name);
    EXPECT_EQ(recipe_json(read), recipe_json(made.recipe));
    const RecipeRun again = run(read);
    write_run(folder_ / "again.png", again, figures_of(again));
    EXPECT_EQ(read_file(folder_ / "again.png"), read_file(folder_ / "x.png"));
  }
  const std::vector<PngText> texts = png_texts(folder_ / "x.png");
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].key, "parameters");
  EXPECT_EQ(texts[0].text, "gaussian(mean=0.2)\nSteps: 6, Seed: 0, Model: ddn, Model hash: " +
                               made.recipe.model.fingerprint);
  EXPECT_THAT(recipe_json(read_recipe(folder_ / "x.png")).dump(2),
              HasSubstr("\"objective\": \"gaussian(mean=0.2)\""));
}

TEST_F(RecipeTest, ASeedInTheNameGivesEachSampleAFile) {
  Recipe recipe = sampled("diffusion", 3);
  recipe.seeds = {5, 2, 9}, recipe.zoom = 2;
  const RecipeRun made = run(recipe);
  write_run(folder_ / "{seed}.png", made, figures_of(made));
  for (int64_t i = 0; i < 3; ++i) {
    const std::string file = folder_ / (std::to_string(recipe.seeds[static_cast<size_t>(i)]) + ".png");
    EXPECT_TRUE(torch::equal(to_bytes(read_image(file, 0)), to_bytes(enlarged(made.state.x[i], 2))));
    const Recipe own = read_recipe(file);
    EXPECT_EQ(own.seeds, std::vector<int64_t>{recipe.seeds[static_cast<size_t>(i)]});
    EXPECT_EQ(own.count, 1);
    const RecipeRun again = run(own);
    write_run(folder_ / "again.png", again, figures_of(again));
    EXPECT_EQ(read_file(folder_ / "again.png"), read_file(file));
  }
  recipe.seeds = {5, 2, 5};
  const RecipeRun twice = run(recipe);
  EXPECT_THAT(refusal([&] { write_run(folder_ / "{seed}.png", twice, {}); }), HasSubstr("each seed once"));
}

TEST_F(RecipeTest, AnotherModelOrNoneIsRefused) {
  const RecipeRun made = run(sampled("ddn", 1));
  Recipe other = made.recipe;
  other.model.path = folder_ / "diffusion.safetensors";
  EXPECT_THAT(refusal([&] { open_for(other); }), HasSubstr("expected the model with fingerprint " +
                                                           other.model.fingerprint + " but this one has"));
  other.model.path = folder_ / "gone";
  EXPECT_THAT(refusal([&] { open_for(other); }), HasSubstr("--model PATH names it"));
}

TEST_F(RecipeTest, PicturesWithoutRecipesAreRefused) {
  const std::string file = folder_ / "x.png";
  write_png(file, torch::zeros({1, 8, 8}));
  EXPECT_THAT(refusal([&] { read_recipe(file); }), HasSubstr("expected a picture with its recipe inside"));
  write_png(file, torch::zeros({1, 8, 8}), {{"steer", "{]", false}});
  EXPECT_THAT(refusal([&] { read_recipe(file); }), HasSubstr(file));
  write_file(file, "no picture");
  EXPECT_THAT(refusal([&] { read_recipe(file); }), HasSubstr(file));
}

}  // namespace
}  // namespace steer
