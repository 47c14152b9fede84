#include "steer/nn/muon.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Muon, SingularValuesComeNearOne) {
  torch::manual_seed(1);
  for (const auto& [rows, columns] : {std::pair{12, 12}, {8, 40}, {40, 8}}) {
    const Tensor m = torch::randn({rows, columns}) * 1e-3;
    const auto [u, s, v] = at::linalg_svd(m, false);
    const Tensor made = orthogonalised(m, torch::kFloat32);
    // In the singular vectors of m it is diagonal, with values near 1 but where m has next to none.
    const Tensor values = at::mm(at::mm(u.t(), made), v.t());
    const Tensor diagonal = values.diagonal();
    EXPECT_LT((values - at::diag(diagonal)).abs().max().item<float>(), 1e-4);
    EXPECT_LT(diagonal.max().item<float>(), 1.25);
    EXPECT_GT(diagonal.masked_select(s > 0.1 * s.max()).min().item<float>(), 0.65);
    const Tensor rough = orthogonalised(m, torch::kBFloat16);
    EXPECT_LT((rough - made).abs().max().item<float>(), 0.15);  // some libtorch sum in bfloat16
    EXPECT_LT((rough - made).square().mean().sqrt().item<float>(), 0.05);
  }
  EXPECT_EQ(orthogonalised(torch::zeros({3, 4}), torch::kFloat32).abs().max().item<float>(), 0);
}

TEST(Muon, AStepHasTheSizeThatIsAskedFor) {
  torch::manual_seed(2);
  for (const auto& [rows, columns] : {std::pair{64, 64}, {16, 96}, {96, 16}}) {
    Tensor w = torch::zeros({rows, columns}).requires_grad_();
    Muon muon({{"w", w}}, MuonOptions());
    w.mutable_grad() = torch::randn({rows, columns});
    muon.step(0.01);
    EXPECT_NEAR(w.detach().square().mean().sqrt().item<float>(), 0.01 * 0.2, 0.01 * 0.2 * 0.25);
    EXPECT_LT((w * w.grad()).sum().item<float>(), 0);  // downhill
  }
}

TEST(Muon, LooksAheadOfItsMomentum) {
  // Diagonal, so that bfloat16 on some machines rounds alike: 0.9 one + two > 0 where Nesterov's sum, the
  // newest gradient and then the momentum that has it already, is two + 0.9 (0.9 one + two) < 0.
  const Tensor one = 3 * torch::eye(8), two = -2 * torch::eye(8);
  Tensor w = torch::zeros({8, 8}).requires_grad_();
  MuonOptions options;
  options.momentum = 0.9, options.size = 1;
  Muon muon({{"w", w}}, options);
  w.mutable_grad() = one;
  muon.step(0);
  w.mutable_grad() = two;
  muon.step(1);
  const Tensor ahead = std::sqrt(8.0) * torch::eye(8);
  EXPECT_LT((w.detach() - ahead).norm().item<double>(), 0.35 * ahead.norm().item<double>());
}

TEST(Muon, GoesOnFromItsStateAsItWould) {
  torch::manual_seed(3);
  const Tensor begin = torch::randn({4, 6}), goal = torch::randn({4, 6});
  const auto steps = [&](Tensor& w, Muon& muon, int count) {
    for (int i = 0; i < count; ++i) {
      w.mutable_grad() = Tensor();
      (w - goal).square().sum().backward();
      muon.step(0.3);
    }
  };
  Tensor whole = begin.clone().requires_grad_(), parts = begin.clone().requires_grad_();
  Muon one({{"w", whole}}, MuonOptions()), first({{"w", parts}}, MuonOptions()),
      second({{"w", parts}}, MuonOptions());
  steps(whole, one, 20);
  steps(parts, first, 8);
  second.load(first.state());
  steps(parts, second, 12);
  EXPECT_TRUE(torch::equal(whole, parts));
  EXPECT_LT((whole - goal).norm().item<float>(), 0.3 * (begin - goal).norm().item<float>());
}

TEST(Muon, RefusesWhatIsNoMatrixOrNoState) {
  EXPECT_NE(refusal([] {
              Muon({{"b", torch::zeros({3})}}, MuonOptions());
            }).find("b: expected a matrix"),
            std::string::npos);
  Muon muon({{"w", torch::zeros({2, 3})}}, MuonOptions());
  EXPECT_NE(refusal([&] { muon.load({}); }).find("m.w"), std::string::npos);
  EXPECT_NE(refusal([&] {
              muon.load({{"m.w", torch::full({2, 3}, NAN)}});
            }).find("finite"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
