#include "steer/nn/layer_norm_maps.h"

#include <gtest/gtest.h>

namespace steer {
namespace {

struct MapsCase {
  int64_t batch, channels, height, width, offsets;
  bool silu;
};

TEST(LayerNormMaps, FusedEqualsPlainForwardAndBackward) {
  torch::manual_seed(3);
  for (const MapsCase& c :
       {MapsCase{2, 32, 8, 8, 0, true}, MapsCase{3, 1, 5, 7, 1, false}, MapsCase{1, 48, 1, 1, 1, true},
        MapsCase{5, 6, 3, 1, 5, true}, MapsCase{4, 17, 2, 2, 4, false}, MapsCase{3, 8, 4, 4, 3, true}}) {
    const Tensor values = (torch::randn({c.batch, c.channels, c.height, c.width}) * 2 + 0.5)
                              .contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor w = torch::randn({c.channels, c.height, c.width}), b = torch::randn_like(w),
                 o = torch::randn({std::max<int64_t>(1, c.offsets), c.channels}),
                 pull = torch::randn_like(values);
    std::vector<std::vector<Tensor>> results;
    for (auto* way : {layer_norm_maps, layer_norm_maps_plain}) {
      const Tensor x = values.clone().requires_grad_(), weight = w.clone().requires_grad_(),
                   bias = b.clone().requires_grad_(), offset = o.clone().requires_grad_();
      const Tensor y = way(x, weight, bias, 1e-5, c.silu, c.offsets ? offset : Tensor());
      (y * pull).sum().backward();
      results.push_back({y.detach(), x.grad(), weight.grad(), bias.grad()});
      if (c.offsets) results.back().push_back(offset.grad());
    }
    for (size_t i = 0; i < results[0].size(); ++i)
      EXPECT_TRUE(torch::allclose(results[0][i], results[1][i], 2e-4, 2e-4))
          << "result " << i << ", channels " << c.channels;
  }
}

TEST(LayerNormMaps, BFloat16StaysNearFloat32) {
  torch::manual_seed(4);
  const Tensor values = torch::randn({4, 32, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast),
               w = torch::ones({32, 6, 6}), b = torch::zeros({32, 6, 6});
  std::vector<Tensor> results, gradients;
  for (auto type : {torch::kFloat32, torch::kBFloat16}) {
    const Tensor x = values.clone().to(type).requires_grad_();
    const Tensor y = layer_norm_maps(x, w, b, 1e-5, true);
    EXPECT_EQ(y.scalar_type(), type);
    y.square().sum().backward();
    results.push_back(y.detach().to(torch::kFloat32));
    gradients.push_back(x.grad().to(torch::kFloat32));
  }
  EXPECT_LT((results[0] - results[1]).abs().max().item<double>(), 0.05);
  EXPECT_LT((gradients[0] - gradients[1]).norm().item<double>(),
            0.05 * gradients[0].norm().item<double>() + 0.5);
}

TEST(LayerNormMaps, ForwardDoesNotDependOnTheBatchOrTheThreads) {
  torch::manual_seed(5);
  const Tensor x = torch::randn({6, 16, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast),
               w = torch::randn({16, 4, 4}), b = torch::randn({16, 4, 4});
  const Tensor all = layer_norm_maps(x, w, b, 1e-5, true);
  EXPECT_TRUE(torch::equal(all.narrow(0, 2, 1), layer_norm_maps(x.narrow(0, 2, 1), w, b, 1e-5, true)));
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(all, layer_norm_maps(x, w, b, 1e-5, true)));
  at::set_num_threads(2);
}

}  // namespace
}  // namespace steer
