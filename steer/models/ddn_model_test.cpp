#include "steer/models/ddn_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(DdnModel, ReconstructionIsTheDecodedCode) {
  for (const char* network : {"pyramid", "recurrent"}) {
    auto model = small_ddn(network);
    const int64_t size = model->space().sizes[1];
    const Tensor x = torch::rand({3, 1, size, size}) * 2 - 1;
    const Encoded made = model->encode(x);
    EXPECT_TRUE(torch::equal(model->decode(made.code).x, made.state.x));
    EXPECT_NEAR(made.error.select(1, -1).mean().item<double>(),
                (made.state.x - x).square().mean().item<double>(), 1e-6);
    EXPECT_THROW(model->decode(made.code.narrow(1, 0, 2)), Error);
  }
}

TEST(DdnModel, ABeamEncodesAtLeastAsWellOnAverage) {
  auto model = small_ddn("pyramid");
  const Tensor x = torch::rand({6, 1, 8, 8}) * 2 - 1;
  const Encoded greedy = model->encode(x), beam = model->encode(x, 8);
  EXPECT_EQ(beam.code.sizes(), greedy.code.sizes());
  EXPECT_EQ(beam.error.sizes(), greedy.error.sizes());
  EXPECT_LE(beam.error.select(1, -1).mean().item<double>(),
            greedy.error.select(1, -1).mean().item<double>() + 1e-6);
  EXPECT_TRUE(torch::allclose(model->decode(beam.code).x, beam.state.x, 1e-5, 1e-5));
  EXPECT_THROW(model->encode(x, 0), Error);
}

TEST(DdnModel, AFileOfCodesGivesTheReconstruction) {
  for (const char* network : {"pyramid", "recurrent"})
    for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
      const auto model = small_ddn(network);
      const int64_t size = model->space().sizes[1];
      const Encoded made = model->encode(torch::rand({5, 1, size, size}) * 2 - 1);
      const std::string bytes = write_codes(model->code_file(made.code, coder));
      const Tensor code = model->code_in(read_codes(bytes, "x.ddn"), "x.ddn");
      EXPECT_TRUE(torch::equal(model->decode(code).x, made.state.x));
      EXPECT_EQ(write_codes(model->code_file(code, coder)), bytes);
    }
}

TEST(DdnModel, ACodeUnfoldsToWhatItDecodesTo) {
  for (const char* network : {"pyramid", "recurrent"}) {
    const auto model = small_ddn(network);
    const int64_t size = model->space().sizes[1], depth = model->network().depth();
    const Encoded made = model->encode(torch::rand({3, 1, size, size}) * 2 - 1);
    const std::vector<State> all = model->unfolded(made.code);
    ASSERT_EQ(static_cast<int64_t>(all.size()), depth);
    for (const State& some : all) EXPECT_EQ(some.x.sizes(), made.state.x.sizes());
    EXPECT_TRUE(torch::equal(all.back().x, made.state.x));
    // The first layer's samples know nothing of later indices.
    Tensor other = made.code.clone();
    other.select(1, depth - 1).copy_((other.select(1, depth - 1) + 1) % model->candidates().back());
    EXPECT_TRUE(torch::equal(model->unfolded(other, {0})[0].x, all[0].x));
    EXPECT_FALSE(torch::equal(model->unfolded(other, {depth - 1})[0].x, all.back().x));
    EXPECT_THROW(model->unfolded(made.code, {1, 0}), Error);
    EXPECT_THROW(model->unfolded(made.code.narrow(1, 0, 2)), Error);
  }
}

TEST(DdnModel, PrefixesAreWhatTheirCodesSay) {
  const auto model = small_ddn("recurrent");
  const std::vector<State> levels = model->prefixes(2, 64);
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[0].size(), 8);
  EXPECT_EQ(levels[1].size(), 64);
  EXPECT_THROW(model->prefixes(2, 63), Error);
}

TEST(DdnModel, CodesOfAnotherModelAreRefused) {
  const auto model = small_ddn("pyramid");
  const Tensor code = torch::zeros({2, model->network().depth()}, torch::kInt64);
  CodeFile file = model->code_file(code, Coder::kPacked);
  EXPECT_TRUE(torch::equal(model->code_in(file, "x.ddn"), code));
  const auto code_refusal = [&] { return refusal([&] { model->code_in(file, "x.ddn"); }); };
  const uint64_t own = file.fingerprint;
  ++file.fingerprint;
  EXPECT_NE(
      code_refusal().find("x.ddn: expected codes of the model with fingerprint " + fingerprint_text(own)),
      std::string::npos)
      << code_refusal();
  file.fingerprint = own;
  file.candidates[0] = 9;
  EXPECT_NE(code_refusal().find("x.ddn: expected"), std::string::npos);
}

TEST(DdnModel, LossCountsEveryLayersNearestNode) {
  auto model = small_ddn("recurrent");
  model->loss({torch::rand({5, 1, 16, 16}), {}, {}}, 1);
  // Of four applications the times, then pairs and losses.
  const std::vector<Tensor> counts = model->step_counts();
  ASSERT_EQ(counts.size(), 12u);
  EXPECT_EQ(counts[3].sum().item<double>(), 5);
  EXPECT_TRUE(torch::equal(counts[10].sum(1), counts[3]));
  EXPECT_EQ(counts[11].sizes(), at::IntArrayRef({8}));
  EXPECT_EQ(model->network().layers()[0]->counts.sum().item<double>(), 0);
  model->after_step(1, nullptr, nullptr);
  EXPECT_TRUE(model->step_counts().empty());
  // One set of nodes serves all four applications.
  EXPECT_EQ(model->network().layers()[0]->counts.sum().item<double>(), 20);
}

// Rows whose prefixes are drawn go toward other rows, and layers that are held teach nothing.
TEST(DdnModel, TrainsOnPrefixesOfItsOwn) {
  Json options = small_ddn_options("pyramid");
  const auto plain = make_model("ddn", options, 7);
  options["own_prefixes"] = 0.9;
  const auto own = make_model("ddn", options, 7);
  Batch batch;
  torch::manual_seed(4);
  batch.data.x = torch::rand({16, 1, 8, 8}) * 2 - 1;
  batch.told.label = torch::full({16}, -1, torch::kInt64);
  const LossReport first = plain->loss(batch, 3), second = own->loss(batch, 3);
  EXPECT_NE(first.loss.item<float>(), second.loss.item<float>());
  second.loss.backward();
  for (const auto& [name, parameter] : own->trainable_parameters())
    EXPECT_TRUE(parameter.grad().defined()) << name;
}

TEST(DdnModel, CoarseDistancesReachTheChoiceOfTraining) {
  Json options = small_ddn_options("pyramid");
  const auto plain = make_model("ddn", options, 7);
  options["coarse"] = 100;
  const auto coarse = make_model("ddn", options, 7);
  const torch::NoGradGuard no_grad;
  for (const auto& model : {plain.get(), coarse.get()}) {
    torch::manual_seed(5);
    for (const auto& [name, parameter] : model->trainable_parameters()) at::Tensor(parameter).normal_(0, 0.3);
  }
  Batch batch;
  torch::manual_seed(4);
  batch.data.x = torch::rand({16, 1, 8, 8}) * 2 - 1;
  EXPECT_NE(plain->loss(batch, 3).loss.item<float>(), coarse->loss(batch, 3).loss.item<float>());
  options["coarse"] = -1;
  EXPECT_NE(refusal([&] { make_model("ddn", options, 0); }).find("coarse"), std::string::npos);
}

TEST(DdnModel, SamplesStayInRangeAndFollowTheirSeeds) {
  auto model = small_ddn("pyramid");
  double last = 0;
  Tensor code;
  const Watch watch = [&](const Glimpse& glimpse) {
    last = glimpse.share(), code = glimpse.code;
    EXPECT_EQ(glimpse.sample().x.sizes(), (std::vector<int64_t>{6, 1, 8, 8}));
    return true;
  };
  const Samples samples = model->plan()->draw({sample_seeds(5, 6), {}}, watch);
  EXPECT_EQ(last, 1);
  EXPECT_TRUE(torch::equal(code, samples.code));
  EXPECT_LE(samples.state.x.abs().max().item<double>(), 1);
  EXPECT_TRUE(torch::equal(model->draw({sample_seeds(8, 1), {}}).code[0], samples.code[3]));
}

TEST(DdnModel, AWatchThatSaysNoEndsTheDrawing) {
  auto model = small_ddn("pyramid");
  int64_t seen = 0;
  const Samples samples =
      model->plan()->draw({sample_seeds(0, 2), {}}, [&](const Glimpse&) { return ++seen < 2; });
  EXPECT_TRUE(samples.stopped);
  EXPECT_FALSE(samples.state.defined());
  EXPECT_EQ(seen, 2);
}

TEST(DdnModel, RefusesSettingsThatItDoesNotHave) {
  auto model = small_ddn("pyramid");
  EXPECT_NE(refusal([&] { model->plan(nullptr, {{"solver", "heun"}}); }).find("solver"), std::string::npos);
  EXPECT_THROW(model->plan(nullptr, {{"levels", "9:2"}}), Error);
  EXPECT_THROW(model->plan(nullptr, {{"beam", 2}, {"particles", 2}}), Error);
}

// The small network, told something.
std::unique_ptr<DdnModel> conditional_ddn(const std::string& network, const std::string& type) {
  Json options = small_ddn_options(network);
  options["condition"] = {{"type", type}, {"size", 2}, {"everywhere", true}};
  auto model = make_model("ddn", options, 7);
  return std::unique_ptr<DdnModel>(dynamic_cast<DdnModel*>(model.release()));
}

TEST(DdnModel, AConditionalModelEncodesAndDecodesWithItsLabels) {
  for (const char* network : {"pyramid", "recurrent"}) {
    const auto model = conditional_ddn(network, "class");
    EXPECT_EQ(model->needs().classes, 10);
    const int64_t size = model->space().sizes[1];
    const Tensor x = torch::rand({3, 1, size, size}) * 2 - 1, label = torch::tensor({4, 0, 9});
    const Encoded made = model->encode(x, 1, {label, {}});
    EXPECT_TRUE(torch::equal(model->decode(made.code, {label, {}}).x, made.state.x));
    EXPECT_FALSE(torch::allclose(model->decode(made.code, {label.flip(0), {}}).x, made.state.x));
    const Encoded beam = model->encode(x, 4, {label, {}});
    EXPECT_TRUE(torch::allclose(model->decode(beam.code, {label, {}}).x, beam.state.x, 1e-5, 1e-5));
    EXPECT_THROW(model->decode(made.code), Error);
    EXPECT_THROW(model->encode(x), Error);
    EXPECT_THROW(model->encode(x, 1, {torch::tensor({4, 0, 10}), {}}), Error);
    EXPECT_THROW(small_ddn(network)->encode(x, 1, {label, {}}), Error);
    EXPECT_TRUE(std::isfinite(model->loss({x, {label, {}}, {}}, 1).loss.item<double>()));
    EXPECT_THROW(model->loss({x, {torch::tensor({4, -1, 9}), {}}, {}}, 1), Error);
  }
}

TEST(DdnModel, TheBestOfManyWholeSamples) {
  const auto model = conditional_ddn("pyramid", "class");
  const Generator& generator = *model;
  ObjectiveContext context;
  context.space = generator.space();
  const auto objective = make_objective("gaussian(mean=0.4)", context);
  const auto plan = generator.plan(objective.get(), {{"best_of", 300}});
  DrawRequest request;
  request.seeds = sample_seeds(3, 4), request.told.label = torch::tensor({0, 1, 2, 1}, torch::kInt64);
  const Samples made = plan->draw(request);
  EXPECT_EQ(made.state.size(), 4);
  // The first of each is the sample of its seed; one by itself is the same.
  const Samples plain = generator.draw(request);
  const Tensor better = objective->score(made.state) - objective->score(plain.state);
  EXPECT_GT(better.min().item<double>(), 0);
  const Samples twice = generator.plan(objective.get(), {{"best_of", 1}})->draw(request);
  EXPECT_EQ(twice.state.size(), 4);
  DrawRequest third;
  third.seeds = request.seeds.narrow(0, 2, 1), third.told = request.told.narrow(2, 1);
  EXPECT_TRUE(torch::equal(plan->draw(third).code[0], made.code[2]));
  const Codec& codec = *generator.codec();
  EXPECT_TRUE(torch::allclose(codec.decode(made.code, request.told).x, made.state.x, 1e-5, 1e-6));
  EXPECT_THROW(generator.plan(nullptr, {{"best_of", 4}}), Error);
  EXPECT_THROW(generator.plan(objective.get(), {{"best_of", 4}, {"beam", 2}}), Error);
}

TEST(DdnModel, AConditionMadeFromTheImageNeedsNoLabels) {
  for (const char* type : {"colour", "edge", "resize"}) {
    const auto model = conditional_ddn("pyramid", type);
    EXPECT_TRUE(model->needs().given);
    const Tensor x = torch::rand({3, 1, 8, 8}) * 2 - 1;
    const Encoded made = model->encode(x);
    EXPECT_TRUE(torch::equal(model->decode(made.code, {{}, x}).x, made.state.x));
    EXPECT_THROW(model->decode(made.code), Error);
    EXPECT_TRUE(std::isfinite(model->loss({x, {}, {}}, 1).loss.item<double>()));
  }
}

TEST(DdnModel, ASampleIsAFunctionOfItsSeedAndItsLabel) {
  const auto model = conditional_ddn("pyramid", "class");
  DrawRequest request;
  request.seeds = sample_seeds(5, 6);
  EXPECT_THROW(model->draw(request), Error);
  request.told.label = torch::tensor({3, 1, 4, 1, 5, 9});
  const Tensor samples = model->draw(request).state.x;
  request.seeds = sample_seeds(8, 1);
  request.told.label = torch::tensor({1});
  EXPECT_TRUE(torch::allclose(model->draw(request).state.x[0], samples[3], 1e-5, 1e-5));
  request.told.label = torch::tensor({9});
  EXPECT_FALSE(torch::allclose(model->draw(request).state.x[0], samples[3], 1e-5, 1e-5));
}

TEST(DdnModel, ABeamSearchesEachLabelForItself) {
  const auto model = conditional_ddn("pyramid", "class");
  ObjectiveContext context;
  context.space = image_space(1, 8, 8);
  context.truth = torch::rand({1, 1, 8, 8}) * 2 - 1;
  const auto objective = make_objective("inpaint(mask=left)", context);
  const auto plan = model->plan(objective.get(), {{"beam", 4}});
  const auto drawn = [&](int64_t count, const Tensor& label) {
    return plan->draw({sample_seeds(0, count), {label, {}}}).state.x;
  };
  const Tensor both = drawn(2, torch::tensor({3, 8}));
  for (int64_t i = 0; i < 2; ++i)
    EXPECT_TRUE(torch::allclose(drawn(1, torch::tensor({i == 0 ? 3 : 8}))[0], both[i], 1e-4, 1e-4));
  // Told the same, the samples of one target are the best beams of one search.
  const Tensor same = drawn(2, torch::tensor({3, 3}));
  EXPECT_FALSE(torch::allclose(same[0], same[1]));
}

TEST(DdnModel, FilesOfBeforeAnOptionKeepTheirMeaning) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  Json options = small_ddn_options("pyramid");
  options["pyramid"]["start_size"] = 2;
  options["pyramid"]["start_features"] = "plain";
  options["condition"] = {{"type", "class"}, {"every_scale", false}};
  const auto model = make_model("ddn", options, 7);
  save_model(path, *model, {}, nullptr);
  // Takes the two options out of the file, as if it had been written before there were any.
  Checkpoint file = read_checkpoint(path);
  Json stored = Json::parse(file.metadata["options"]);
  EXPECT_EQ(stored["pyramid"].erase("start_features") + stored["condition"].erase("every_scale"), 2u);
  file.metadata["options"] = stored.dump();
  write_checkpoint(path, file);
  EXPECT_EQ(load_model(path, torch::kCPU).model->options(), model->options());
  // What nobody stored is new.
  const auto fresh = make_model("ddn", small_ddn_options("pyramid"), 7)->options();
  EXPECT_EQ(fresh["pyramid"]["start_features"], "official");
  EXPECT_EQ(fresh["condition"]["every_scale"], true);
}

TEST(DdnModel, WrongOptionsNameThemselves) {
  EXPECT_THROW(make_model("ddn", {{"network", "tower"}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"chain_dropout", 1.5}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"balance", "sometimes"}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"split", {{"rule", "sometimes"}}}}, 0), Error);
  EXPECT_THROW(make_model("dnd", Json::object(), 0), Error);
  const Json told = {{"own_prefixes", 0.5}, {"condition", {{"type", "edge"}}}};
  EXPECT_NE(refusal([&] { make_model("ddn", told, 0); }).find("own_prefixes"), std::string::npos);
}

}  // namespace
}  // namespace steer
