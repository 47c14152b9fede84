#include "steer/work/prior_learning.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/random.h"
#include "steer/modalities/objectives.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/prior_files.h"
#include "steer/work/samples.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

// A model in a folder, and what is asked of it.
struct PriorWorld {
  TemporaryFolder folder;
  LoadedModel loaded;
  PriorRequest request;

  PriorWorld() {
    loaded.model = small_ddn("pyramid");
    loaded.path = folder / "model.safetensors";
    save_model(loaded.path, *loaded.model, {}, nullptr);
    request.run = folder / "";
    request.data = "shapes";
    request.count = 40, request.test_count = 10, request.batch = 16;
    request.options.steps = 6;
    request.options.width = 8;
  }
};

TEST(PriorLearning, WritesAPriorOfTheModel) {
  PriorWorld world;
  std::vector<std::string> titles;
  const PriorLearning made = learn_prior(world.loaded, world.request, [&](const Moment& moment) {
    if (titles.empty() || titles.back() != moment.title) titles.push_back(moment.title);
    return true;
  });
  EXPECT_EQ(titles, (std::vector<std::string>{"encode train", "encode test", "prior " + made.out}));
  EXPECT_EQ(made.codes, 40);
  EXPECT_EQ(made.test_codes, 10);
  EXPECT_FALSE(made.interrupted);
  EXPECT_EQ(made.latent_bits, 18);  // six layers of eight candidates
  const auto prior = open_prior("", world.request.run, made.model);
  EXPECT_EQ(prior->fingerprint(), made.fingerprint);
  EXPECT_EQ(prior_json(made, world.request)["bits"], made.bits);
  EXPECT_NE(refusal([&] { learn_prior(world.loaded, world.request); }).find("expected no prior there"),
            std::string::npos);
  world.request.resume = true;
  EXPECT_EQ(learn_prior(world.loaded, world.request).training.steps, 6);
}

TEST(PriorLearning, AConditionalModelIsToldTheLabelsOfTheData) {
  PriorWorld world;
  world.loaded.model = loaded_class_ddn().model;
  const PriorLearning made = learn_prior(world.loaded, world.request);
  EXPECT_EQ(made.codes, 40);
  const Model& model = *world.loaded.model;
  EXPECT_EQ(made.labels, model.needs().classes);
  EXPECT_EQ(prior_json(made, world.request)["labels"], made.labels);
  // Codes of a file teach the same, with labels of the data beside them.
  const Codec& codec = as_codec(world.loaded, "test");
  const LoadedSamples data = load_samples("shapes", "train", "", model.space(), 40);
  const Encoded encoded = codec.encode(data.state, 1, {data.label, {}});
  write_file(world.folder / "codes.ddn", write_codes(codec.code_file(encoded.code, Coder::kPacked)));
  PriorRequest again = world.request;
  again.codes = world.folder / "codes.ddn", again.out = world.folder / "other.safetensors";
  EXPECT_EQ(learn_prior(world.loaded, again).fingerprint, made.fingerprint);
  // Samples are told their label twice: by the prior and by the network.
  const auto plan = as_generator(world.loaded, "test").plan(nullptr, {{"prior", made.out}});
  const Tensor seeds = sample_seeds(1, 3), label = torch::tensor({0, 1, 1}, torch::kInt64);
  DrawRequest request;
  request.seeds = seeds, request.told.label = label;
  EXPECT_TRUE(torch::equal(plan->draw(request).code, read_prior(made.out).sample(seeds, 1, label)));
  // An objective chooses beside it: one that hardly says anything leaves the likeliest codes.
  ObjectiveContext context;
  context.space = model.space();
  const auto objective = make_objective("0.000001*gaussian(mean=0, std=1)", context);
  const auto chosen =
      as_generator(world.loaded, "test").plan(objective.get(), {{"prior", made.out}, {"top", 1}});
  const Tensor code = chosen->draw(request).code;
  const Prior prior = read_prior(made.out);
  for (int64_t l = 0; l < code.size(1); ++l) {
    const Tensor nats = prior.next(l == 0 ? Tensor() : code.narrow(1, 0, l), 3, label);
    EXPECT_GT((nats.gather(1, code.narrow(1, l, 1)) - nats.amax(1, true)).min().item<double>(), -1e-3);
  }
  // Layers outside --levels are drawn from the prior.
  const int64_t many = 800;
  request.seeds = sample_seeds(2, many), request.told.label = at::ones({many}, torch::kInt64);
  const Tensor first = as_generator(world.loaded, "test")
                           .plan(objective.get(), {{"prior", made.out}, {"levels", "3:3"}})
                           ->draw(request)
                           .code.select(1, 0);
  const Tensor law = prior.next({}, 1, request.told.label.narrow(0, 0, 1)).exp()[0];
  const Tensor shares = at::bincount(first, {}, law.size(0)) / static_cast<double>(many);
  EXPECT_GT((law - 1.0 / static_cast<double>(law.size(0))).abs().sum().item<double>(), 0.1);
  EXPECT_LT((shares - law).abs().sum().item<double>(), 0.12);
  request.seeds = seeds, request.told.label = label;
  for (const Json& how : {Json({{"beam", 4}}), Json({{"particles", 4}})}) {
    Json settings = how;
    settings["prior"] = made.out;
    EXPECT_EQ(as_generator(world.loaded, "test").plan(objective.get(), settings)->draw(request).code.size(0),
              3);
  }
}

TEST(PriorLearning, CodesOfAFileTeachTheSame) {
  PriorWorld world;
  const PriorLearning first = learn_prior(world.loaded, world.request);
  const Codec& codec = as_codec(world.loaded, "test");
  const State samples = load_samples("shapes", "train", "", world.loaded.model->space(), 40).state;
  write_file(world.folder / "codes.ddn",
             write_codes(codec.code_file(codec.encode(samples).code, Coder::kPacked)));
  world.request.codes = world.folder / "codes.ddn";
  world.request.out = world.folder / "other.safetensors";
  EXPECT_EQ(learn_prior(world.loaded, world.request).fingerprint, first.fingerprint);
}

TEST(PriorLearning, AWatchKeepsTheBestSoFarButNotHalfACoding) {
  PriorWorld world;
  world.request.options.steps = 1000;
  int64_t steps = 0;
  const PriorLearning made = learn_prior(world.loaded, world.request, [&](const Moment& moment) {
    return moment.title.rfind("prior", 0) != 0 || ++steps < 4;
  });
  EXPECT_TRUE(made.interrupted);
  EXPECT_LT(made.training.steps, 10);
  EXPECT_TRUE(std::filesystem::exists(made.out));
  world.request.out = world.folder / "none.safetensors";
  EXPECT_NE(refusal([&] {
              learn_prior(world.loaded, world.request, [](const Moment&) { return false; });
            }).find("interrupted"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(world.request.out));
}

TEST(PriorLearning, AModelWithoutCodesIsRefused) {
  PriorWorld world;
  world.loaded.model = small_diffusion("edm");
  EXPECT_NE(refusal([&] { learn_prior(world.loaded, world.request); }).find("expected a model with codes"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
