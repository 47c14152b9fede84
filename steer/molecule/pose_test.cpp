#include "steer/molecule/pose.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/nn/egnn.h"

namespace steer {
namespace {

Tensor some_posed() {
  torch::manual_seed(2);
  Tensor x =
      torch::cat({torch::randn({6, 5, 3}) * torch::tensor({3.0, 2.0, 1.0}), torch::zeros({6, 5, 2})}, 2);
  x.select(2, 3).fill_(1);
  x[1].narrow(0, 3, 2).zero_();
  return centred(x, filled_places(x));
}

TEST(Pose, DoesNotDependOnHowAMoleculeLay) {
  const Tensor x = some_posed(), q = std::get<0>(torch::linalg_qr(torch::randn({3, 3})));
  const Tensor rotation = torch::linalg_det(q).item<double>() < 0 ? -q : q;
  const Tensor turned = torch::cat({x.narrow(2, 0, 3).matmul(rotation), x.narrow(2, 3, 2)}, 2);
  EXPECT_LT((posed_molecules(x) - posed_molecules(turned)).abs().max().item<double>(), 1e-4);
}

TEST(Pose, TurnsAndNeverMirrors) {
  const Tensor x = some_posed(), y = posed_molecules(x);
  const auto distances = [](const Tensor& m) { return torch::cdist(m.narrow(2, 0, 3), m.narrow(2, 0, 3)); };
  EXPECT_LT((distances(x) - distances(y)).abs().max().item<double>(), 1e-4);
  // The volume that four atoms span keeps its sign.
  const auto volume = [](const Tensor& m) {
    return torch::linalg_det(m.narrow(2, 0, 3).narrow(1, 1, 3) - m.narrow(2, 0, 3).narrow(1, 0, 1));
  };
  for (const int64_t i : {0, 2, 3, 4, 5})
    EXPECT_NEAR(volume(x)[i].item<double>(), volume(y)[i].item<double>(), 1e-3) << i;
  const Tensor spread = y.narrow(2, 0, 3).square().sum(1);
  EXPECT_TRUE((spread.select(1, 0) >= spread.select(1, 1)).all().item<bool>());
  EXPECT_TRUE((spread.select(1, 1) >= spread.select(1, 2)).all().item<bool>());
}

TEST(Pose, FinishesNumbersThatAreNeverQuiteZero) {
  const Tensor x = some_posed();
  const State back = finished_molecules(x + 0.01 * torch::randn_like(x));
  EXPECT_TRUE(torch::equal(back.mask, filled_places(x)));
  EXPECT_TRUE(torch::equal(filled_places(back.x), back.mask));
  EXPECT_LT(back.x.narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-4);
  EXPECT_EQ(finished_molecules(torch::zeros({2, 3, 5})).mask.sum().item<int64_t>(), 2);
}

}  // namespace
}  // namespace steer
