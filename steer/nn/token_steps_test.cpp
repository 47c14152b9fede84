#include "steer/nn/token_steps.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace steer {
namespace {

void expect_close(const Tensor& a, const Tensor& b, double tolerance, const char* what) {
  ASSERT_EQ(a.defined(), b.defined()) << what;
  if (!a.defined()) return;
  EXPECT_EQ(a.scalar_type(), b.scalar_type()) << what;
  EXPECT_TRUE(torch::allclose(a.to(torch::kFloat32), b.to(torch::kFloat32), tolerance, tolerance))
      << what << " " << (a - b).abs().max();
}

TEST(SplitHeads, IsThePlainWayWithItsGradient) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16})
    for (const bool turned : {false, true}) {
      torch::manual_seed(1);
      const Tensor qkv = torch::randn({3, 5, 3 * 2 * 6}).to(type).requires_grad_(true);
      const Tensor place = turned ? torch::arange(4, 9) : Tensor();
      const Heads fused = split_heads(qkv, 2, place), plain = split_heads_plain(qkv, 2, place);
      const double tolerance = type == torch::kFloat32 ? 1e-5 : 3e-2;
      expect_close(fused.q, plain.q, tolerance, "q");
      expect_close(fused.k, plain.k, tolerance, "k");
      expect_close(fused.v, plain.v, tolerance, "v");
      const auto gradient = [&](const Heads& heads) {
        return torch::autograd::grad({(heads.q * 2 + heads.k * heads.v).to(torch::kFloat32).square().sum()},
                                     {qkv})[0];
      };
      const Tensor one = gradient(fused), other = gradient(plain);
      EXPECT_LT(((one - other).norm() / other.norm()).item<double>(), type == torch::kFloat32 ? 1e-5 : 2e-2);
    }
}

struct NormCase {
  Tensor h, y, gate;
  TokenNormWeights weights;

  std::vector<Tensor> inputs() const {
    std::vector<Tensor> all;
    for (const Tensor& each : {h, y, gate, weights.weight, weights.bias, weights.shift, weights.scale})
      if (each.defined()) all.push_back(each);
    return all;
  }
};

NormCase norm_case(int64_t width, torch::ScalarType type, bool adds, bool gated, bool biased, bool told) {
  torch::manual_seed(2);
  NormCase c;
  c.h = torch::randn({3, 4, width}) * 2 + 0.5;
  if (adds) c.y = torch::randn({3, 4, width}).to(type);
  if (gated) c.gate = torch::randn({3, 1, width});
  c.weights.weight = torch::randn({width});
  if (biased) c.weights.bias = torch::randn({width});
  if (told) c.weights.shift = torch::randn({3, 1, width}), c.weights.scale = torch::randn({3, 1, width});
  for (Tensor each : c.inputs()) each.requires_grad_(true);
  return c;
}

TEST(AddAndNorm, IsThePlainWayWithItsGradients) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16})
    for (const int64_t width : {7, 16, 37})
      for (int bits = 0; bits < 16; ++bits) {
        const bool adds = bits & 1, gated = adds && (bits & 2), biased = bits & 4, told = bits & 8;
        const NormCase c = norm_case(width, type, adds, gated, biased, told);
        const AddedAndNormed fused = add_and_norm(c.h, c.y, c.gate, c.weights, type),
                             plain = add_and_norm_plain(c.h, c.y, c.gate, c.weights, type);
        const double tolerance = type == torch::kFloat32 ? 1e-4 : 3e-2;
        expect_close(fused.sum, plain.sum, 1e-5, "sum");
        expect_close(fused.z, plain.z, tolerance, "z");
        const auto gradients = [&](const AddedAndNormed& made) {
          const Tensor loss = made.z.to(torch::kFloat32).sin().sum() + made.sum.cos().sum();
          return torch::autograd::grad({loss}, c.inputs());
        };
        const auto one = gradients(fused), other = gradients(plain);
        for (size_t i = 0; i < one.size(); ++i) {
          EXPECT_EQ(one[i].scalar_type(), other[i].scalar_type());
          EXPECT_LT(((one[i] - other[i]).norm() / other[i].norm().clamp_min(1e-3)).item<double>(),
                    type == torch::kFloat32 ? 1e-4 : 2e-2)
              << "input " << i << " of case " << bits << ", width " << width;
        }
      }
}

TEST(AddAndNorm, HasTheGradientOfOneOutputAlone) {
  const NormCase c = norm_case(16, torch::kFloat32, true, true, false, false);
  for (const bool of_sum : {false, true}) {
    const auto gradient = [&](const AddedAndNormed& made) {
      return torch::autograd::grad({(of_sum ? made.sum : made.z).sin().sum()}, {c.h, c.y})[0];
    };
    const Tensor one = gradient(add_and_norm(c.h, c.y, c.gate, c.weights, torch::kFloat32)),
                 other = gradient(add_and_norm_plain(c.h, c.y, c.gate, c.weights, torch::kFloat32));
    EXPECT_TRUE(torch::allclose(one, other, 1e-4, 1e-5)) << of_sum;
  }
}

}  // namespace
}  // namespace steer
