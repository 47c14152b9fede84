// Several threads draw from one model at once, and nothing draws from libtorch's global generator.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/modalities/objectives.h"
#include "steer/models/small_models.h"

namespace steer {
namespace {

constexpr int64_t kDrawnEach = 64;
constexpr int kRounds = 2;

// ATen's threads per caller while it lives: sums must not depend on who else is at work.
class OneThread {
 public:
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

Tensor global_state() {
  return at::globalContext().defaultGenerator(torch::kCPU).get_state();
}

// A network whose last layers say something.
void stir(Model& model) {
  const torch::NoGradGuard no_grad;
  const Tensor seeds = sample_seeds(1, 1);
  uint64_t stream = 0;
  for (Tensor& parameter : model.module().parameters())
    parameter.add_(normal_rows(seeds, stream++, parameter.sizes())[0], 0.1);
}

std::unique_ptr<Objective> half_known(const Model& model) {
  ObjectiveContext context;
  context.space = model.space();
  context.truth =
      at::linspace(-1, 1, values_of(context.space)).view({1, -1}).view(with_rows(1, context.space.sizes));
  return make_objective("inpaint(mask=left)", context);
}

using Draw = std::function<Tensor()>;

// What the draws give one after the other, and then at once, again and again.
void expect_the_same_at_once(const std::vector<Draw>& draws) {
  const OneThread one;
  std::vector<Tensor> alone;
  for (const Draw& draw : draws) alone.push_back(draw());
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Tensor> together(draws.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < draws.size(); ++i)
      threads.emplace_back([&, i] {
        at::set_num_threads(1);
        together[i] = draws[i]();
      });
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < draws.size(); ++i)
      EXPECT_TRUE(torch::equal(together[i], alone[i])) << "draw " << i << ", round " << round;
  }
}

Tensor drawn(const Generator& model, uint64_t seed, const std::string& solver = {},
             const Objective* objective = nullptr) {
  SamplerOptions sampler;
  sampler.levels.steps = 4;
  sampler.levels.sigma_max = 2;
  sampler.solver.rtol = sampler.solver.atol = 0.1;
  sampler.solver.name = solver.empty() ? sampler.solver.name : solver;
  const Json settings = solver.empty() ? Json::object()
                        : objective    ? settings_of(sampler, guidance_preset("pigdm"))
                                       : settings_of(sampler);
  return model.draw({sample_seeds(seed, kDrawnEach), {}}, objective, settings).state.x;
}

TEST(Threads, DrawFromOneDiffusionAtOnce) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    auto model = small_diffusion("edm");
    stir(*model);
    model->set_compute_type(type);
    const auto objective = half_known(*model);
    expect_the_same_at_once(
        {[&] { return drawn(*model, 0, "heun"); }, [&] { return drawn(*model, 100, "heun"); }});
    expect_the_same_at_once({[&] { return drawn(*model, 0, "heun", objective.get()); },
                             [&] { return drawn(*model, 100, "heun", objective.get()); }});
    // One computes in float32, one differentiates.
    expect_the_same_at_once({[&] { return drawn(*model, 0, "dopri5"); },
                             [&] { return drawn(*model, 100, "heun", objective.get()); },
                             [&] { return drawn(*model, 200, "heun"); }});
    for (const Tensor& parameter : model->module().parameters()) EXPECT_TRUE(parameter.requires_grad());
  }
}

TEST(Threads, DrawFromOneDdnAtOnce) {
  for (const char* network : {"pyramid", "recurrent"}) {
    auto model = small_ddn(network);
    stir(*model);
    const auto objective = half_known(*model);
    expect_the_same_at_once({[&] { return drawn(*model, 0); }, [&] { return drawn(*model, 100); }});
    expect_the_same_at_once({[&] { return drawn(*model, 0, {}, objective.get()); },
                             [&] { return drawn(*model, 100, {}, objective.get()); },
                             [&] { return model->encode(drawn(*model, 200)).state.x; }});
  }
}

TEST(Threads, NothingTouchesTheGlobalGenerator) {
  torch::manual_seed(5);
  torch::randn({1});
  const Tensor before = global_state();
  Json diffusion = small_diffusion("edm", 3)->options(), ddn = small_ddn_options("pyramid");
  diffusion["unet"]["dropout"] = 0.2;
  ddn["pyramid"]["dropout"] = ddn["chain_dropout"] = 0.2;
  const Json classifier = {
      {"network", {{"channels", 1}, {"size", 8}, {"classes", 3}, {"widths", {8, 16}}, {"dropout", 0.2}}}};
  const std::vector<std::pair<std::string, Json>> all = {
      {"diffusion", diffusion}, {"ddn", ddn}, {"classifier", classifier}};
  const Batch batch{
      at::linspace(-1, 1, 6 * 64).view({6, 1, 8, 8}), {at::arange(6, torch::kInt64).remainder(3), {}}, {}};
  for (const auto& [family, options] : all) {
    auto model = make_model(family, options, 7);
    EXPECT_TRUE(torch::equal(global_state(), before)) << family << ": make_model";
    const Tensor loss = model->loss(batch, 3).loss;
    loss.backward();
    EXPECT_TRUE(torch::equal(global_state(), before)) << family << ": loss";
    // The seed decides what is dropped.
    EXPECT_TRUE(torch::equal(model->loss(batch, 3).loss, loss)) << family;
    EXPECT_FALSE(torch::equal(model->loss(batch, 4).loss, loss)) << family;
    if (family == "classifier") continue;
    SamplerOptions sampler;
    sampler.solver.name = "heun";
    sampler.levels.steps = 3;
    const auto& generator = dynamic_cast<const Generator&>(*model);
    DrawRequest request;
    request.seeds = sample_seeds(0, 3);
    if (model->needs().classes > 0) request.told.label = torch::tensor({0, 1, 2});
    const auto objective = half_known(*model);
    for (const Objective* guide : std::vector<const Objective*>{nullptr, objective.get()}) {
      generator.draw(request, guide, family == "diffusion" ? settings_of(sampler) : Json::object());
      EXPECT_TRUE(torch::equal(global_state(), before)) << family << ": draw";
    }
    EXPECT_THROW(make_model(family, {{"no such option", 1}}, 7), Error);
    EXPECT_TRUE(torch::equal(global_state(), before)) << family << ": a refusal";
  }
}

}  // namespace
}  // namespace steer
