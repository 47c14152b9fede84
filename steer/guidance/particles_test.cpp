#include "steer/guidance/particles.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/ddn/beam.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

Recurrent three_layers_of_three() {
  torch::manual_seed(62);
  RecurrentOptions options;
  options.size = 16;
  options.base = 4;
  options.candidates = 3;
  options.repeats = 3;
  return Recurrent(options);
}

// Any function of an image, smooth and far from constant.
Tensor score_of(const Tensor& images) {
  const int64_t half = std::max<int64_t>(1, images.size(3) / 2);
  return images.narrow(3, 0, half).mean({1, 2, 3}) * 60 - images.square().mean({1, 2, 3}) * 20;
}

Scorer liking() {
  return [](const Candidates& candidates) {
    return score_of(candidates.images().flatten(0, 1)).view({candidates.rows(), candidates.count()});
  };
}

TEST(Particles, DrawFromTheExactPosteriorOverAllCodes) {
  torch::NoGradGuard no_grad;
  const Recurrent network = three_layers_of_three();
  std::vector<Tensor> codes;
  for (int64_t c = 0; c < 27; ++c) codes.push_back(torch::tensor({c / 9, c / 3 % 3, c % 3}, torch::kInt64));
  const Tensor exact = at::softmax(score_of(network.run(27, follow(at::stack(codes)), {}).image), 0);
  constexpr int64_t kSamples = 1000;
  const Generated made =
      network.run(kSamples, particles(liking(), sample_seeds(0, kSamples), {16, 1, 2}), {});
  ASSERT_EQ(made.code.size(0), kSamples);
  const Tensor number = (made.code * torch::tensor({9, 3, 1}, torch::kInt64)).sum(1);
  const Tensor share = at::bincount(number, {}, 27).to(torch::kFloat32) / kSamples;
  EXPECT_LT((share - exact).abs().sum().item<double>() / 2, 0.12);
  // The posterior is far from uniform, so that the bound says something.
  EXPECT_GT((exact - 1.0 / 27).abs().sum().item<double>() / 2, 0.3);
}

// ln p of codes of three layers of three: the second index avoids the first, the third follows the second.
Tensor chained(const Tensor& code, int64_t rows) {
  const Tensor share =
      torch::tensor({0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.25, 0.15, 0.6}, torch::kFloat64).view({3, 3});
  if (!code.defined()) return share.narrow(0, 0, 1).log().expand({rows, 3});
  const Tensor last = code.select(1, code.size(1) - 1);
  return (code.size(1) == 1 ? share.flip(1) : share).index_select(0, last).log();
}

TEST(Particles, DrawFromThePosteriorOfAPrior) {
  torch::NoGradGuard no_grad;
  const Recurrent network = three_layers_of_three();
  std::vector<Tensor> codes;
  for (int64_t c = 0; c < 27; ++c) codes.push_back(torch::tensor({c / 9, c / 3 % 3, c % 3}, torch::kInt64));
  const Tensor all = at::stack(codes);
  Tensor likely = at::zeros({27}, torch::kFloat64);
  for (int64_t l = 0; l < 3; ++l) {
    const Tensor before = l == 0 ? Tensor() : all.narrow(1, 0, l);
    likely = likely + chained(before, 27).gather(1, all.narrow(1, l, 1)).squeeze(1);
  }
  EXPECT_NEAR(likely.exp().sum().item<double>(), 1, 1e-9);
  const Tensor score = score_of(network.run(27, follow(all), {}).image).to(torch::kFloat64);
  const Tensor exact = at::softmax(score + likely, 0);
  const Scorer prior = [](const Candidates& candidates) {
    return chained(candidates.code(), candidates.rows());
  };
  constexpr int64_t kSamples = 1000;
  const Generated made =
      network.run(kSamples, particles(liking(), sample_seeds(0, kSamples), {16, 1, 2}, prior), {});
  const Tensor number = (made.code * torch::tensor({9, 3, 1}, torch::kInt64)).sum(1);
  const Tensor share = at::bincount(number, {}, 27).to(torch::kFloat64) / kSamples;
  EXPECT_LT((share - exact).abs().sum().item<double>() / 2, 0.12);
  // Far from the posterior of a uniform prior and from the prior itself.
  EXPECT_GT((at::softmax(score, 0) - exact).abs().sum().item<double>() / 2, 0.3);
  EXPECT_GT((likely.exp() - exact).abs().sum().item<double>() / 2, 0.3);
  // A search that keeps everything finds the likeliest code.
  const Generated found = network.run(1, beam_search(liking(), {1, 27, 1, 3}, prior), {});
  EXPECT_EQ((found.code * torch::tensor({9, 3, 1}, torch::kInt64)).sum().item<int64_t>(),
            exact.argmax().item<int64_t>());
}

TEST(Particles, ASampleDependsOnItsSeedAlone) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const auto run = [&](const Tensor& seeds) {
    return network->run(seeds.size(0), particles(liking(), seeds, {6, 1, network->depth() - 1})).code;
  };
  const Tensor together = run(sample_seeds(4, 5));
  EXPECT_TRUE(torch::equal(run(sample_seeds(7, 1))[0], together[3]));
}

TEST(Particles, ALowTemperatureFindsHighScores) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const Tensor seeds = sample_seeds(1, 32);
  const auto mean = [&](double temperature) {
    const auto chooser = particles(liking(), seeds, {8, temperature, network->depth() - 1});
    return score_of(network->run(32, chooser).image).mean().item<double>();
  };
  const double cold = mean(0.01), warm = mean(100),
               random = score_of(network->run(32, at_random(seeds)).image).mean().item<double>();
  EXPECT_GT(cold, warm);
  EXPECT_GT(cold, random);
}

TEST(Particles, ImpossibleOptionsAreRefused) {
  EXPECT_THROW(particles(liking(), sample_seeds(0, 1), {0, 1, 1}), Error);
  EXPECT_THROW(particles(liking(), sample_seeds(0, 1), {4, 0, 1}), Error);
}

}  // namespace
}  // namespace steer
