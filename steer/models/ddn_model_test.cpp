#include "steer/models/ddn_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/models/models.h"
#include "steer/models/small_models.h"
#include "steer/modalities/objectives.h"
#include "steer/testing/refusal.h"
#include "steer/image/image_space.h"

namespace steer {
namespace {

TEST(DdnModel, ReconstructionIsTheDecodedCode) {
  for (const char* network : {"pyramid", "recurrent"}) {
    auto model = small_ddn(network);
    const int64_t size = model->shape().height;
    const Tensor x = torch::rand({3, 1, size, size}) * 2 - 1;
    const Reconstruction made = model->reconstruct(x);
    EXPECT_TRUE(torch::equal(model->decode(made.code), made.images));
    EXPECT_NEAR(made.error.select(1, -1).mean().item<double>(),
                (made.images - x).square().mean().item<double>(), 1e-6);
    EXPECT_THROW(model->decode(made.code.narrow(1, 0, 2)), Error);
  }
}

TEST(DdnModel, ABeamEncodesAtLeastAsWellOnAverage) {
  auto model = small_ddn("pyramid");
  const Tensor x = torch::rand({6, 1, 8, 8}) * 2 - 1;
  const Reconstruction greedy = model->reconstruct(x), beam = model->reconstruct(x, 8);
  EXPECT_EQ(beam.code.sizes(), greedy.code.sizes());
  EXPECT_EQ(beam.error.sizes(), greedy.error.sizes());
  EXPECT_LE(beam.error.select(1, -1).mean().item<double>(),
            greedy.error.select(1, -1).mean().item<double>() + 1e-6);
  EXPECT_TRUE(torch::allclose(model->decode(beam.code), beam.images, 1e-5, 1e-5));
  EXPECT_THROW(model->reconstruct(x, 0), Error);
}

TEST(DdnModel, AFileOfCodesGivesTheReconstruction) {
  for (const char* network : {"pyramid", "recurrent"})
    for (Coder coder : {Coder::kPacked, Coder::kAdaptive}) {
      const auto model = small_ddn(network);
      const int64_t size = model->shape().height;
      const Reconstruction made = model->reconstruct(torch::rand({5, 1, size, size}) * 2 - 1);
      const std::string bytes = write_codes(model->code_file(made.code, coder));
      const Tensor code = model->code_in(read_codes(bytes, "x.ddn"), "x.ddn");
      EXPECT_TRUE(torch::equal(model->decode(code), made.images));
      EXPECT_EQ(write_codes(model->code_file(code, coder)), bytes);
    }
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
  ASSERT_EQ(model->counted().size(), 4u);
  EXPECT_EQ(model->counted()[3].sum().item<double>(), 5);
  EXPECT_EQ(model->network().layers()[0]->counts.sum().item<double>(), 0);
  model->after_step(1, nullptr, nullptr);
  EXPECT_TRUE(model->counted().empty());
  // One set of nodes serves all four applications.
  EXPECT_EQ(model->network().layers()[0]->counts.sum().item<double>(), 20);
}

TEST(DdnModel, SamplesStayInRangeAndFollowTheirSeeds) {
  auto model = small_ddn("pyramid");
  SampleRequest request;
  request.seeds = sample_seeds(5, 6);
  double last = 0;
  request.progress = [&](double share) { last = share; };
  const Samples samples = model->sample(request);
  EXPECT_EQ(last, 1);
  EXPECT_LE(samples.images.abs().max().item<double>(), 1);
  request.seeds = sample_seeds(8, 1);
  EXPECT_TRUE(torch::equal(model->sample(request).code[0], samples.code[3]));
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
    const int64_t size = model->shape().height;
    const Tensor x = torch::rand({3, 1, size, size}) * 2 - 1, label = torch::tensor({4, 0, 9});
    const Reconstruction made = model->reconstruct(x, 1, label);
    EXPECT_TRUE(torch::equal(model->decode(made.code, label), made.images));
    EXPECT_FALSE(torch::allclose(model->decode(made.code, label.flip(0)), made.images));
    const Reconstruction beam = model->reconstruct(x, 4, label);
    EXPECT_TRUE(torch::allclose(model->decode(beam.code, label), beam.images, 1e-5, 1e-5));
    EXPECT_THROW(model->decode(made.code), Error);
    EXPECT_THROW(model->reconstruct(x), Error);
    EXPECT_THROW(model->reconstruct(x, 1, torch::tensor({4, 0, 10})), Error);
    EXPECT_THROW(small_ddn(network)->reconstruct(x, 1, label), Error);
    EXPECT_TRUE(std::isfinite(model->loss({x, label, {}}, 1).loss.item<double>()));
    EXPECT_THROW(model->loss({x, torch::tensor({4, -1, 9}), {}}, 1), Error);
  }
}

TEST(DdnModel, AConditionMadeFromTheImageNeedsNoLabels) {
  for (const char* type : {"colour", "edge", "resize"}) {
    const auto model = conditional_ddn("pyramid", type);
    EXPECT_TRUE(model->needs().image);
    const Tensor x = torch::rand({3, 1, 8, 8}) * 2 - 1;
    const Reconstruction made = model->reconstruct(x);
    EXPECT_TRUE(torch::equal(model->decode(made.code, {}, x), made.images));
    EXPECT_THROW(model->decode(made.code), Error);
    EXPECT_TRUE(std::isfinite(model->loss({x, {}, {}}, 1).loss.item<double>()));
  }
}

TEST(DdnModel, ASampleIsAFunctionOfItsSeedAndItsLabel) {
  const auto model = conditional_ddn("pyramid", "class");
  SampleRequest request;
  request.seeds = sample_seeds(5, 6);
  EXPECT_THROW(model->sample(request), Error);
  request.label = torch::tensor({3, 1, 4, 1, 5, 9});
  const Samples samples = model->sample(request);
  request.seeds = sample_seeds(8, 1);
  request.label = torch::tensor({1});
  EXPECT_TRUE(torch::allclose(model->sample(request).images[0], samples.images[3], 1e-5, 1e-5));
  request.label = torch::tensor({9});
  EXPECT_FALSE(torch::allclose(model->sample(request).images[0], samples.images[3], 1e-5, 1e-5));
}

TEST(DdnModel, ABeamSearchesEachLabelForItself) {
  const auto model = conditional_ddn("pyramid", "class");
  ObjectiveContext context;
  context.space = image_space(1, 8, 8);
  context.truth = torch::rand({1, 1, 8, 8}) * 2 - 1;
  const auto objective = make_objective("inpaint(mask=left)", context);
  SampleRequest request;
  request.seeds = sample_seeds(0, 2);
  request.objective = objective.get();
  request.beam = 4;
  request.label = torch::tensor({3, 8});
  const Tensor both = model->sample(request).images;
  for (int64_t i = 0; i < 2; ++i) {
    request.seeds = sample_seeds(0, 1);
    request.label = torch::tensor({i == 0 ? 3 : 8});
    EXPECT_TRUE(torch::allclose(model->sample(request).images[0], both[i], 1e-4, 1e-4));
  }
  // Told the same, the samples of one target are the best beams of one search.
  request.seeds = sample_seeds(0, 2);
  request.label = torch::tensor({3, 3});
  EXPECT_FALSE(torch::allclose(model->sample(request).images[0], model->sample(request).images[1]));
}

TEST(DdnModel, WrongOptionsNameThemselves) {
  EXPECT_THROW(make_model("ddn", {{"network", "tower"}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"chain_dropout", 1.5}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"balance", "sometimes"}}, 0), Error);
  EXPECT_THROW(make_model("ddn", {{"split", {{"rule", "sometimes"}}}}, 0), Error);
  EXPECT_THROW(make_model("dnd", Json::object(), 0), Error);
}

}  // namespace
}  // namespace steer
