#include "steer/objectives/linear_map.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Maps of every structure, for images [3, 8, 8], waves [2, 12] and points [3].
struct MapOfASpace {
  LinearMap map;
  std::vector<int64_t> sizes;
};

std::vector<MapOfASpace> all_maps() {
  torch::manual_seed(3);
  const auto blur = [](const Tensor& x) { return 0.5 * x + 0.3 * x.flip({-1}) - 0.1 * x.roll({1}, {-1}); };
  const Tensor mix = torch::randn({2, 3}, torch::kFloat64), mono = torch::randn({1, 2}, torch::kFloat64);
  return {{{{}, {}, {}}, {3, 8, 8}},        {{mix, {}, {}}, {3, 8, 8}},
          {{{}, blur, {}}, {3, 8, 8}},      {{{}, {}, {4, 2}}, {3, 8, 8}},
          {{mix, blur, {4, 4}}, {3, 8, 8}}, {{mono, blur, {3}}, {2, 12}},
          {{{}, {}, {6}}, {2, 12}},         {{mix, {}, {}}, {3}}};
}

TEST(LinearMap, TheAdjointIsTheTransposedMap) {
  for (const auto& [map, sizes] : all_maps()) {
    const std::vector<int64_t> all = with_rows(4, sizes);
    const Tensor x = torch::randn(all, torch::kFloat64), seen = map.measure(x), y = torch::randn_like(seen);
    const Tensor back = map.adjoint(y, sizes);
    ASSERT_EQ(back.sizes(), x.sizes());
    for (int64_t n = 0; n < 4; ++n)
      EXPECT_NEAR((seen[n] * y[n]).sum().item<double>(), (x[n] * back[n]).sum().item<double>(), 1e-10);
  }
}

TEST(LinearMap, IsLinear) {
  for (const auto& [map, sizes] : all_maps()) {
    const std::vector<int64_t> all = with_rows(2, sizes);
    const Tensor a = torch::randn(all, torch::kFloat64), b = torch::randn(all, torch::kFloat64);
    EXPECT_TRUE(torch::allclose(map.measure(2 * a - b), 2 * map.measure(a) - map.measure(b)));
  }
}

TEST(LinearMap, RefusesSamplesOfOtherShapes) {
  LinearMap map;
  map.mix = torch::ones({1, 3});
  EXPECT_THROW(map.measure(torch::zeros({2, 2})), Error);
  map.mix = Tensor();
  map.places = {2, 2};
  EXPECT_THROW(map.measure(torch::zeros({2, 1, 8})), Error);
  EXPECT_THROW(map.measure(torch::zeros({8})), Error);
}

}  // namespace
}  // namespace steer
