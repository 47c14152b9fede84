#include "steer/nn/adam.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/nn/adam_update.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Adam, StepsAsTorchsAdamDoes) {
  torch::manual_seed(1);
  Tensor ours = torch::randn({3, 4}).requires_grad_();
  Tensor theirs = ours.detach().clone().requires_grad_();
  Adam adam({{"w", ours}}, AdamOptions());
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(0.01));
  const Tensor goal = torch::randn({3, 4});
  for (int i = 0; i < 20; ++i) {
    adam.clear_gradients();
    (ours - goal).pow(4).sum().backward();
    adam.step(0.01);
    reference.zero_grad();
    (theirs - goal).pow(4).sum().backward();
    reference.step();
  }
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-5, 1e-6));
}

TEST(Adam, ClipsTheWholeGradientToItsNorm) {
  Tensor a = torch::zeros({2}).requires_grad_(), b = torch::zeros({1}).requires_grad_();
  AdamOptions options;
  options.clip = 1;
  options.beta1 = 0;
  Adam adam({{"a", a}, {"b", b}}, options);
  a.mutable_grad() = torch::tensor({30.0f, 0.0f});
  b.mutable_grad() = torch::tensor({40.0f});
  adam.step(0);
  EXPECT_NEAR(adam.moments(a)[0][0].item<float>(), 0.6, 1e-6);
  EXPECT_NEAR(adam.moments(b)[0][0].item<float>(), 0.8, 1e-6);
}

TEST(Adam, StateComesBackWhole) {
  Tensor w = torch::ones({2}).requires_grad_();
  Adam first({{"w", w}}, AdamOptions());
  w.mutable_grad() = torch::tensor({1.0f, -2.0f});
  first.step(0.1);
  Adam second({{"w", w}}, AdamOptions());
  second.load(first.state());
  EXPECT_TRUE(torch::equal(second.moments(w)[1], first.moments(w)[1]));
  EXPECT_TRUE(torch::equal(second.state()["steps"], first.state()["steps"]));
  EXPECT_THROW(second.load({}), Error);
  EXPECT_THROW(second.moments(torch::ones({2})), Error);
}

TEST(Adam, TakesOverNoStateThatNoUpdateLeaves) {
  Tensor w = torch::ones({2}).requires_grad_();
  Adam adam({{"w", w}}, AdamOptions());
  const auto fault = [&](const std::string& name, const Tensor& value) {
    std::map<std::string, Tensor> state = adam.state();
    state[name] = value;
    return refusal([&] { adam.load(state, "[resume] f: adam"); });
  };
  const Tensor fine = torch::ones({2}), steps = torch::full({}, 3, torch::kInt64);
  EXPECT_NE(fault("m.w", torch::ones({3})).find("misshaped: m.w (expected [2] but got [3])"),
            std::string::npos);
  EXPECT_NE(fault("m.other", fine).find("unknown: m.other"), std::string::npos);
  EXPECT_NE(fault("m.w", torch::tensor({1.0f, INFINITY})).find("m.w: expected finite"), std::string::npos);
  EXPECT_NE(fault("v.w", -fine).find("v.w: expected second moments of 0 or more"), std::string::npos);
  EXPECT_NE(fault("steps", -steps).find("steps: expected a whole number of 0 or more"), std::string::npos);
  EXPECT_NE(fault("steps", torch::full({}, 0.5)).find("steps: expected a whole number"), std::string::npos);
  EXPECT_EQ(adam.state().at("steps").item<int64_t>(), 0);  // as it was
  EXPECT_EQ(fault("steps", steps), "accepted");
  EXPECT_EQ(adam.state().at("steps").item<int64_t>(), 3);
}

TEST(Adam, FusedEqualsPlain) {
  torch::manual_seed(2);
  for (const int64_t count : {1, 17, 100003}) {
    const AdamUpdate update = {0.9, 0.999, 1e-8, 0.01, 0.3};
    const Tensor p = torch::randn({count}), g = torch::randn({count}), m = torch::randn({count}),
                 v = torch::rand({count});
    std::vector<std::vector<Tensor>> results;
    for (auto* way : {adam_update, adam_update_plain}) {
      Tensor parameter = p.clone(), first = m.clone(), second = v.clone();
      way(parameter, g, first, second, update);
      results.push_back({parameter, first, second});
    }
    for (size_t i = 0; i < 3; ++i)
      EXPECT_TRUE(torch::allclose(results[0][i], results[1][i], 1e-5, 1e-6)) << count << ", tensor " << i;
  }
}

}  // namespace
}  // namespace steer
