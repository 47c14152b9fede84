#include "steer/nn/attend.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <utility>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

struct Parts {
  Tensor q, k, v;
};

Parts parts(int64_t queries, int64_t keys) {
  torch::manual_seed(1);
  return {torch::randn({2, 3, queries, 4}), torch::randn({2, 3, keys, 4}), torch::randn({2, 3, keys, 4})};
}

// The same written down at length.
Tensor plainly(const Parts& p, const Tensor& sees) {
  const Tensor weight = (at::matmul(p.q, p.k.transpose(2, 3)) / 2).masked_fill(sees.logical_not(), -INFINITY);
  return at::matmul(weight.softmax(-1), p.v);
}

// Which key a query sees, asked for each pair.
template <class Sees>
Tensor table(int64_t queries, int64_t keys, const Sees& sees) {
  Tensor mask = torch::zeros({queries, keys}, torch::kBool);
  auto at = mask.accessor<bool, 2>();
  for (int64_t i = 0; i < queries; ++i)
    for (int64_t j = 0; j < keys; ++j) at[i][j] = sees(i + keys - queries, j);
  return mask;
}

void expect_near(const Tensor& a, const Tensor& b) {
  EXPECT_TRUE(torch::allclose(a, b, 1e-5, 1e-6)) << (a - b).abs().max();
}

// Where gradients are asked for: what attend() gives, and its gradient.
void expect_same_gradients(Parts& p, const Sight& sight, const Tensor& mask) {
  for (Tensor* t : {&p.q, &p.k, &p.v}) t->set_requires_grad(true);
  const Tensor ours = attend(p.q, p.k, p.v, sight), theirs = plainly(p, mask);
  expect_near(ours, theirs);
  {
    const torch::NoGradGuard no_grad;
    expect_near(attend(p.q, p.k, p.v, sight), theirs);
  }
  const auto one = torch::autograd::grad({ours.square().sum()}, {p.q, p.k, p.v});
  const auto other = torch::autograd::grad({theirs.square().sum()}, {p.q, p.k, p.v});
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(torch::allclose(one[i], other[i], 1e-4, 1e-5))
        << sight.kind << sight.block << " of " << p.q.size(2);
}

TEST(Attend, SeesWhatItsKindSays) {
  for (const int64_t keys : {7, 12}) {
    const Parts p = parts(7, keys);
    expect_near(attend(p.q, p.k, p.v, {}), plainly(p, table(7, keys, [](int64_t, int64_t) { return true; })));
    Sight sight;
    sight.kind = "causal";
    expect_near(attend(p.q, p.k, p.v, sight),
                plainly(p, table(7, keys, [](int64_t i, int64_t j) { return j <= i; })));
    sight.kind = "blocks";
    for (const int64_t block : {1, 3, 4, 100}) {
      sight.block = block;
      const Tensor mask = table(7, keys, [&](int64_t i, int64_t j) { return j / block <= i / block; });
      expect_near(attend(p.q, p.k, p.v, sight), plainly(p, mask));
    }
  }
}

TEST(Attend, ALastBlockSeesAllThatIsThere) {
  const Parts p = parts(4, 12);
  Sight sight;
  sight.kind = "blocks", sight.block = 4;
  expect_near(attend(p.q, p.k, p.v, sight), attend(p.q, p.k, p.v, {}));
}

TEST(Attend, NoisedTokensSeeTheirBlockAndTheCleanOnesBefore) {
  // Shorter and longer than what goes at once, with blocks that end within it or not.
  for (const auto& [half, block] : {std::pair<int64_t, int64_t>{6, 2}, {150, 10}, {160, 80}}) {
    Parts p = parts(2 * half, 2 * half);
    Sight sight;
    sight.kind = "blocks", sight.block = block, sight.doubled = true;
    const Tensor mask = table(2 * half, 2 * half, [&, half = half, block = block](int64_t i, int64_t j) {
      const bool noised_q = i < half, noised_k = j < half;
      const int64_t of_q = i % half / block, of_k = j % half / block;
      if (noised_q && noised_k) return of_q == of_k;
      if (noised_q) return of_q > of_k;
      return !noised_k && of_q >= of_k;
    });
    expect_near(attend(p.q, p.k, p.v, sight), plainly(p, mask));
    expect_same_gradients(p, sight, mask);
  }
}

TEST(Attend, TokensThatAreNotThereAreSeenByNone) {
  const Parts p = parts(7, 7);
  Sight sight;
  sight.present = torch::ones({2, 7}, torch::kBool);
  sight.present[0].narrow(0, 4, 3).fill_(false);
  for (const char* kind : {"all", "causal", "blocks"}) {
    sight.kind = kind, sight.block = 2;
    const Tensor padded = attend(p.q, p.k, p.v, sight).narrow(0, 0, 1).narrow(2, 0, 4);
    Sight alone = sight;
    alone.present = Tensor();
    const auto short_of = [](const Tensor& x) { return x.narrow(0, 0, 1).narrow(2, 0, 4); };
    expect_near(padded, attend(short_of(p.q), short_of(p.k), short_of(p.v), alone));
  }
}

TEST(Attend, HasTheGradientOfTheFormula) {
  // Longer than what goes at once of causal ones, and with tokens that are not there.
  for (const int64_t T : {6, 150})
    for (const char* kind : {"all", "causal", "blocks"})
      for (const bool padded : {false, true}) {
        Parts p = parts(T, T);
        Sight sight;
        sight.kind = kind, sight.block = 2;
        Tensor mask = table(T, T, [&](int64_t i, int64_t j) {
                        return sight.kind == "all" || (sight.kind == "causal" ? j <= i : j / 2 <= i / 2);
                      }).expand({2, 1, T, T});
        if (padded) {
          sight.present = torch::ones({2, T}, torch::kBool);
          sight.present[1].narrow(0, T - 2, 2).fill_(false);
          mask = mask & sight.present.unsqueeze(1).unsqueeze(1);
        }
        expect_same_gradients(p, sight, mask);
      }
}

TEST(Rotated, TurnsEachPlaneByThePlaceTimesItsFrequency) {
  torch::manual_seed(2);
  const Tensor x = torch::randn({1, 1, 3, 6}), place = torch::tensor({0, 1, 57}, torch::kInt64);
  const Tensor y = rotated(x, place);
  for (int64_t t = 0; t < 3; ++t)
    for (int64_t i = 0; i < 3; ++i) {
      const double angle = place[t].item<double>() * std::pow(10000, -2.0 * static_cast<double>(i) / 6);
      const double a = x[0][0][t][i].item<double>(), b = x[0][0][t][i + 3].item<double>();
      EXPECT_NEAR(y[0][0][t][i].item<double>(), a * std::cos(angle) - b * std::sin(angle), 2e-5);
      EXPECT_NEAR(y[0][0][t][i + 3].item<double>(), a * std::sin(angle) + b * std::cos(angle), 2e-5);
    }
}

TEST(Rotated, ProductsDependOnTheDistanceAlone) {
  torch::manual_seed(3);
  const Tensor q = torch::randn({1, 1, 1, 8}), k = torch::randn({1, 1, 1, 8});
  const auto product = [&](int64_t at, int64_t other) {
    return (rotated(q, torch::full({1}, at, torch::kInt64)) *
            rotated(k, torch::full({1}, other, torch::kInt64)))
        .sum()
        .item<double>();
  };
  EXPECT_NEAR(product(3, 10), product(45, 52), 1e-4);
  EXPECT_GT(std::abs(product(3, 10) - product(3, 12)), 1e-3);
}

TEST(Attend, RefusesWhatIsNone) {
  const Parts p = parts(4, 3);
  EXPECT_EQ(refusal([&] { attend(p.q, p.k, p.v, {}); }),
            "[attend] expected at least as many keys as queries but got 3 and 4");
  Sight sight;
  sight.kind = "some";
  EXPECT_EQ(refusal([&] { check(sight); }),
            "[attend] expected a sight all, causal or blocks but got \"some\"");
}

}  // namespace
}  // namespace steer
