#include "steer/codes/prior.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "steer/codes/prior_kernels.h"
#include "steer/codes/prior_network.h"
#include "steer/codes/small_priors.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/random.h"
#include "steer/testing/mutations.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(PriorKernels, AreExactAtTheirBounds) {
  // 4096 weights of 64 are the largest row that is allowed, 4095 the largest unit.
  const std::vector<int16_t> high(4096, 64), low(4096, -64), units(4096, 4095);
  std::vector<int16_t> both(high);
  both.insert(both.end(), low.begin(), low.end());
  const std::vector<int32_t> offset = {1 << 30, -(1 << 30)};
  std::vector<int32_t> to(2);
  integer_products(both.data(), units.data(), offset.data(), 2, 4096, to.data());
  EXPECT_EQ(to[0], (1 << 30) + 4096 * 64 * 4095);
  EXPECT_EQ(to[1], -to[0]);
}

TEST(PriorKernels, UnitsAreRoundedAndClipped) {
  const std::vector<int32_t> sum = {-900, 0, 1, 2, 5, 6, 16383, 900000};
  const std::vector<int16_t> bias(sum.size(), 0);
  std::vector<int16_t> to(sum.size());
  clipped_units(sum.data(), bias.data(), 8, to.data());
  EXPECT_EQ(to, (std::vector<int16_t>{0, 0, 0, 1, 1, 2, 4095, 4095}));
}

TEST(PriorKernels, EqualThePlainLoops) {
  Random random(3);
  for (int64_t width : {1, 7, 16, 33, 64, 129}) {
    const int64_t rows = 5;
    std::vector<int16_t> weight(static_cast<size_t>(rows * width)), x(static_cast<size_t>(width));
    for (int16_t& w : weight) w = static_cast<int16_t>(random.below(4001)) - 2000;
    for (int16_t& u : x) u = static_cast<int16_t>(random.below(4096));
    const std::vector<int32_t> offset = {1, -2, 3, -4, 5};
    std::vector<int32_t> to(5);
    integer_products(weight.data(), x.data(), offset.data(), rows, width, to.data());
    for (int64_t k = 0; k < rows; ++k) {
      int64_t sum = offset[static_cast<size_t>(k)];
      for (int64_t i = 0; i < width; ++i)
        sum += int64_t{weight[static_cast<size_t>(k * width + i)]} * x[static_cast<size_t>(i)];
      EXPECT_EQ(to[static_cast<size_t>(k)], sum);
    }
  }
}

TEST(Prior, FrequenciesSuitARangeCoder) {
  const Prior prior = small_prior({1, 4, 300, 65536}, 1);
  Prior::Walk walk(prior);
  for (int64_t k : prior.candidates()) {
    const std::vector<uint32_t>& counts = walk.frequencies();
    ASSERT_EQ(static_cast<int64_t>(counts.size()), k);
    EXPECT_GE(*std::min_element(counts.begin(), counts.end()), 1u);
    EXPECT_LE(std::accumulate(counts.begin(), counts.end(), uint64_t{0}), 65536u);
    walk.take(k - 1);
  }
}

TEST(Prior, AHalvingOfTheWeightIsOneBitOfTheLogit) {
  PriorNumbers n;
  n.candidates = {4};
  n.head_bits = 1;
  n.embedding = torch::zeros({4, 1}, torch::kInt16);
  n.bias = torch::zeros({1, 1}, torch::kInt16);
  n.head = torch::zeros({4, 1}, torch::kInt16);
  // Steps of 2^-10 bits: 0, 1, 1.5 and 40 below the top.
  n.head_bias = torch::tensor({40960, 40960 - 1024, 40960 - 1536, 0}, torch::kInt32);
  const Prior prior(n, 0);
  Prior::Walk walk(prior);
  const std::vector<uint32_t> weights = walk.weights();
  EXPECT_EQ(weights[0], 1u << 30);
  EXPECT_EQ(weights[1], 1u << 29);
  EXPECT_NEAR(weights[2], std::exp2(28.5), 2);
  EXPECT_EQ(weights[3], 0u);
  // Twice the heat: half as many bits below.
  EXPECT_NEAR(Prior::Walk(prior).weights(2048)[1], std::exp2(29.5), 2);
}

TEST(Prior, WholeNumbersStandForTheRealNetwork) {
  PriorNetwork network(std::vector<int64_t>{8, 300, 64, 512}, 32, 5);
  {
    torch::NoGradGuard no_grad;
    network->embedding.mul_(12);
    network->head.mul_(40);
  }
  const Prior prior(network->numbers(), 0);
  const Tensor code = prior.sample(sample_seeds(1, 400), 1);
  const double real = network->loss(code, {}).sum(1).mean().item<double>() / std::log(2.0);
  const double whole = prior.bits(code).sum(1).mean().item<double>();
  EXPECT_GT(27 - real, 1);  // it knows something: 3 + 8.2 + 6 + 9 bits are even
  EXPECT_NEAR(whole / real, 1, 0.005);
  // There and back is the same network.
  EXPECT_TRUE(torch::equal(PriorNetwork(prior.numbers())->numbers().head, prior.numbers().head));
}

TEST(Prior, ALabelActsAsAnIndexBeforeTheFirst) {
  PriorNetwork network(std::vector<int64_t>{8, 300, 64}, 32, 5, 4);
  {
    torch::NoGradGuard no_grad;
    network->told.mul_(30);
    network->head.mul_(40);
  }
  const Prior prior(network->numbers(), 0);
  EXPECT_EQ(prior.labels(), 4);
  const Tensor seeds = sample_seeds(1, 400), label = at::arange(400, torch::kInt64).remainder(4);
  const Tensor code = prior.sample(seeds, 1, label);
  const auto cost = [&](const Tensor& told) { return prior.bits(code, told).sum(1).mean().item<double>(); };
  EXPECT_NEAR(cost(label) * std::log(2.0) / network->loss(code, label).sum(1).mean().item<double>(), 1,
              0.005);
  EXPECT_GT(cost((label + 1).remainder(4)), cost(label) + 0.1);
  EXPECT_TRUE(torch::equal(PriorNetwork(prior.numbers())->numbers().told, prior.numbers().told));
  // A sample is a function of its seed and label.
  EXPECT_TRUE(torch::equal(prior.sample(seeds.narrow(0, 7, 1), 1, label.narrow(0, 7, 1))[0], code[7]));
  EXPECT_FALSE(torch::equal(prior.sample(seeds, 1, (label + 1).remainder(4)), code));
  EXPECT_THROW(prior.bits(code), Error);
  EXPECT_THROW(prior.bits(code, label + 1), Error);
  EXPECT_THROW(prior.bits(code, label.narrow(0, 0, 3)), Error);
  // One that is told nothing takes no heed of labels.
  const Prior untold = small_prior({8, 300, 64}, 1);
  EXPECT_TRUE(torch::equal(untold.bits(code, label), untold.bits(code)));
}

TEST(Prior, TellsHowLikelyEachNextIndexIs) {
  const Prior prior = small_prior({4, 300, 7}, 1, 1, 6, 3);
  const Tensor label = torch::tensor({2, 0}, torch::kInt64),
               code = prior.sample(sample_seeds(3, 2), 1, label);
  const Tensor bits = prior.bits(code, label);
  for (int64_t l = 0; l < 3; ++l) {
    const Tensor nats = prior.next(l == 0 ? Tensor() : code.narrow(1, 0, l), 2, label);
    EXPECT_LT((nats.exp().sum(1) - 1).abs().max().item<double>(), 1e-12);
    const Tensor taken = nats.gather(1, code.narrow(1, l, 1)).squeeze(1) / -std::log(2.0);
    EXPECT_LT((taken - bits.select(1, l)).abs().max().item<double>(), 1e-12);
  }
  EXPECT_THROW(prior.next(code, 2, label), Error);
  EXPECT_THROW(prior.next({}, 2), Error);
}

TEST(Prior, ResultsDoNotDependOnThreads) {
  const Prior prior = small_prior({16, 64, 64, 128}, 1);
  const Tensor code = prior.sample(sample_seeds(9, 200), 1), bits = prior.bits(code);
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  EXPECT_TRUE(torch::equal(prior.sample(sample_seeds(9, 200), 1), code));
  EXPECT_TRUE(torch::equal(prior.bits(code), bits));
  at::set_num_threads(threads);
  EXPECT_TRUE(torch::equal(prior.sample(sample_seeds(12, 1), 1)[0], code[3]));
}

TEST(Prior, SamplesFollowItsProbabilities) {
  const Prior prior = small_prior({3, 5}, 1);
  const int64_t count = 20000;
  const Tensor code = prior.sample(sample_seeds(1, count), 1);
  for (int64_t k = 0; k < 3; ++k) {
    const Tensor one = torch::tensor({{k, int64_t{0}}}, torch::kInt64);
    const double expected = std::exp2(-prior.bits(one)[0][0].item<double>());
    const double got = code.select(1, 0).eq(k).to(torch::kFloat64).mean().item<double>();
    EXPECT_NEAR(got, expected, 4 * std::sqrt(expected * (1 - expected) / count) + 1e-3);
  }
  // Cold samples cost fewer bits than warm ones.
  const auto cost = [&](double temperature) {
    return prior.bits(prior.sample(sample_seeds(1, 500), temperature)).sum(1).mean().item<double>();
  };
  EXPECT_LT(cost(0.3), cost(1));
  EXPECT_LT(cost(1), cost(5));
  EXPECT_THROW(prior.sample(sample_seeds(1, 1), 0), Error);
}

TEST(Prior, GoldenNumbers) {
  // From docs/code_format.md in a few lines of Python with whole numbers of any length. Every machine must
  // give these: codes written elsewhere are read by them.
  const Prior prior = small_prior({4, 300, 7}, 0x1122334455667788);
  EXPECT_EQ(prior.fingerprint(), 12888128535204309966u);
  const Tensor code = torch::tensor({1, 299, 3}, torch::kInt64);
  Prior::Walk walk(prior);
  std::vector<uint32_t> of;
  for (int64_t l = 0; l < 3; ++l) {
    of.push_back(walk.frequencies()[static_cast<size_t>(code[l].item<int64_t>())]);
    walk.take(code[l].item<int64_t>());
  }
  EXPECT_EQ(of, (std::vector<uint32_t>{13425, 118, 598}));
}

TEST(Prior, NumbersThatCouldOverflowAreRefused) {
  const PriorNumbers good = small_prior({4, 8}, 0).numbers();
  const auto refused = [&](const std::function<void(PriorNumbers&)>& change) {
    PriorNumbers numbers = good;
    change(numbers);
    EXPECT_THROW(Prior(numbers, 0), Error);
  };
  refused([](PriorNumbers& n) { n.head = at::full_like(n.head, 32767).repeat({1, 2}); });
  refused([](PriorNumbers& n) { n.head_bias = at::full_like(n.head_bias, (1 << 30) + 1); });
  refused([](PriorNumbers& n) { n.head_bits = 15; });
  refused([](PriorNumbers& n) { n.head_bits = 0; });
  refused([](PriorNumbers& n) { n.candidates = {4, 9}; });
  refused([](PriorNumbers& n) { n.candidates = {}; });
  refused([](PriorNumbers& n) { n.embedding = n.embedding.to(torch::kInt32); });
  refused([](PriorNumbers& n) { n.bias = Tensor(); });
  refused([](PriorNumbers& n) { n.told = at::zeros({3, 7}, torch::kInt16); });
  refused([](PriorNumbers& n) { n.told = at::zeros({3, 6}, torch::kInt32); });
}

TEST(PriorFile, ComesBack) {
  const TemporaryFolder folder;
  const Prior prior = small_prior({4, 300, 7}, 99);
  write_prior(folder / "prior.safetensors", prior, "{}");
  const Prior back = read_prior(folder / "prior.safetensors");
  EXPECT_EQ(back.fingerprint(), prior.fingerprint());
  EXPECT_EQ(back.model(), 99u);
  EXPECT_EQ(back.candidates(), prior.candidates());
  EXPECT_TRUE(torch::equal(back.numbers().head, prior.numbers().head));
  EXPECT_EQ(back.labels(), 0);
  const Prior told = small_prior({4, 300, 7}, 99, 1, 6, 3);
  EXPECT_NE(told.fingerprint(), prior.fingerprint());
  write_prior(folder / "told.safetensors", told, "{}");
  const Prior again = read_prior(folder / "told.safetensors");
  EXPECT_EQ(again.fingerprint(), told.fingerprint());
  EXPECT_TRUE(torch::equal(again.numbers().told, told.numbers().told));
}

TEST(PriorFile, DamageIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_prior(path, small_prior({4, 3}, 99), "{}");
  const std::string bytes = read_file(path);
  Random random(4);
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string other = damaged(bytes, random);
    if (other == bytes) continue;
    write_file(path, other);
    try {
      // What passes has the very numbers: the damage lies in words that do not count.
      EXPECT_EQ(read_prior(path).fingerprint(), small_prior({4, 3}, 99).fingerprint());
    } catch (const Error& error) {
      ++refused;
      EXPECT_THAT(error.what(), HasSubstr("x.safetensors"));
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace steer
