#include "steer/diffusion/multistep.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

constexpr double kE = 2.718281828459045;

// The integral over w from 0 to h of f by Simpson's rule on 2,000 pieces.
template <class F>
double simpson(double h, const F& f) {
  constexpr int kPieces = 2000;
  double sum = f(0.0) + f(h);
  for (int i = 1; i < kPieces; ++i) sum += (i % 2 == 1 ? 4 : 2) * f(h * i / kPieces);
  return sum * h / (3 * kPieces);
}

// What a step makes of a denoiser whose answers at sigma are value(sigma), along levels with no zero.
template <class F>
double end_of(Step step, const F& value, const std::vector<double>& sigmas, double start) {
  const Denoiser D = [&](const Tensor& x, const Tensor& sigma) {
    return at::full_like(x, value(sigma[0].item<double>(), x[0][0].item<double>()));
  };
  Tensor x = at::full({1, 1}, start, torch::kFloat64);
  for (size_t i = 0; i + 1 < sigmas.size(); ++i) x = step(D, x, sigmas[i], sigmas[i + 1]);
  return x.item<double>();
}

TEST(Multistep, PhiIsItsSeriesAndItsIntegral) {
  EXPECT_NEAR(phi(0, 1), kE, 1e-14);
  EXPECT_NEAR(phi(1, 1), kE - 1, 1e-14);
  EXPECT_NEAR(phi(2, 1), kE - 2, 1e-14);
  EXPECT_NEAR(phi(3, 1), kE - 2.5, 1e-14);
  EXPECT_NEAR(phi(3, 0), 1.0 / 6, 1e-16);
  // phi_k(z) = integral over u from 0 to 1 of e^((1 - u) z) u^(k - 1) / (k - 1)!, on both sides of |z| = 1.
  for (const double z : {-9.0, -1.01, -0.99, -1e-5, 0.3, 2.0}) {
    EXPECT_NEAR(phi(2, z), simpson(1, [&](double u) { return std::exp((1 - u) * z) * u; }), 1e-12) << z;
    EXPECT_NEAR(phi(4, z), simpson(1, [&](double u) { return std::exp((1 - u) * z) * u * u * u / 6; }), 1e-12)
        << z;
  }
}

TEST(Multistep, WeightsIntegratePolynomialsExactly) {
  // Nodes 0, -1, 2 and the integral from 0 to 3: of 5 - w + 2 w^2 it is 15 - 4.5 + 18.
  const std::vector<double> nodes = {0, -1, 2}, moments = {3, 4.5, 9};
  const std::vector<double> weights = interpolating_weights(nodes, moments);
  double sum = 0;
  for (size_t j = 0; j < 3; ++j) sum += weights[j] * (5 - nodes[j] + 2 * nodes[j] * nodes[j]);
  EXPECT_NEAR(sum, 28.5, 1e-12);
  EXPECT_NEAR(interpolating_weights({0}, {7})[0], 7, 0);
}

TEST(Multistep, DeisIsExactWhereTheNoiseIsAPolynomialInLnSigma) {
  // d = 2 + l + 3 l^2 with l = ln sigma: x moves by the integral of d over sigma.
  const auto noise = [](double sigma) { return 2 + std::log(sigma) + 3 * std::pow(std::log(sigma), 2); };
  const auto answer = [&](double sigma, double x) { return x - sigma * noise(sigma); };
  const std::vector<double> sigmas = {9, 4, 1.5, 0.7, 0.2};
  const auto moved = [&](double from, double to) {
    return simpson(to - from, [&](double s) { return noise(from + s); });
  };
  // The first steps are of lower order: what remains is exact.
  const double begun = end_of(deis(3), answer, {9, 4, 1.5}, 5.0);
  EXPECT_NEAR(end_of(deis(3), answer, sigmas, 5.0), begun + moved(1.5, 0.2), 1e-9);
  EXPECT_GT(std::abs(end_of(deis(2), answer, sigmas, 5.0) - begun - moved(1.5, 0.2)), 1e-2);
}

TEST(Multistep, UnipcOfOrderThreeIsExactWhereTheAnswerIsAPolynomialInLnSigma) {
  // x' = e^-h x + integral of e^-(h - w) D over w from 0 to h.
  const auto value = [](double sigma, double) {
    const double l = -std::log(sigma);
    return 1 + l - 2 * l * l;
  };
  const auto exact = [&](double x, double from, double to) {
    const double h = std::log(from / to);
    return std::exp(-h) * x +
           simpson(h, [&](double w) { return std::exp(w - h) * value(from * std::exp(-w), 0); });
  };
  // The prediction with three answers is exact from where it begins, which is corrected already.
  const double begun = end_of(unipc(3, 0), value, {9, 4, 1.5, 0.7}, 5.0);
  EXPECT_NEAR(end_of(unipc(3, 0), value, {9, 4, 1.5, 0.7, 0.2}, 5.0), exact(begun, 0.7, 0.2), 1e-9);
  const double second = end_of(unipc(2, 0), value, {9, 4, 1.5, 0.7}, 5.0);
  EXPECT_GT(std::abs(end_of(unipc(2, 0), value, {9, 4, 1.5, 0.7, 0.2}, 5.0) - exact(second, 0.7, 0.2)), 1e-2);
}

TEST(Multistep, AdamsCorrectsByTheSlopeAtItsPrediction) {
  // dz/dt = t^2 in sigma's time: the first step, of order one, is corrected by the trapezoid before the
  // second.
  const auto value = [](double sigma, double x) { return x - std::pow(sigma, 3); };
  const double to4 = 5 + (4 - 9) * 81.0, corrected = 5 + (4 - 9) * (81 + 16) / 2.0;
  EXPECT_NEAR(end_of(adams(2, SolverTime("sigma")), value, {9, 4}, 5.0), to4, 1e-9);
  // Then the line through both slopes: at t from 4 to 3 its mean is 16 + (81 - 16) / (9 - 4) * -0.5.
  EXPECT_NEAR(end_of(adams(2, SolverTime("sigma")), value, {9, 4, 3}, 5.0), corrected - (16 - 6.5), 1e-9);
}

TEST(Multistep, OrdersFallToTheLevelsThatAreLeft) {
  // With two steps in all, the second has order one: UniPC of three is that of one but for the corrector.
  const auto value = [](double sigma, double x) { return std::cos(x) + sigma; };
  EXPECT_EQ(end_of(unipc(3, 2), value, {9, 4, 1.5}, 5.0), end_of(unipc(1, 0), value, {9, 4, 1.5}, 5.0));
  EXPECT_NE(end_of(unipc(3, 3), value, {9, 4, 1.5}, 5.0), end_of(unipc(1, 0), value, {9, 4, 1.5}, 5.0));
}

TEST(Multistep, AStepToZeroIsTheDenoisersAnswer) {
  const auto value = [](double sigma, double) { return 3 + sigma; };
  for (const Step& step : {deis(3), unipc(3, 0)}) EXPECT_EQ(end_of(step, value, {9, 4, 1.5, 0}, 5.0), 4.5);
}

TEST(SolverTime, BothSeeOneFlow) {
  const Tensor x = normals(1, {3}, 4), x0 = normals(2, {3}, 4);
  for (const std::string name : {"sigma", "flow"}) {
    const SolverTime time(name);
    EXPECT_NEAR(time.sigma(time.time(3.5)), 3.5, 1e-12);
    EXPECT_LT(largest(time.sample(time.place(x, 3.5), 3.5) - x), 1e-12);
    // One straight step of tiny length goes the same way in either.
    const double to = 3.5 - 1e-7;
    const Tensor moved =
        time.sample(time.place(x, 3.5) + (time.time(to) - time.time(3.5)) * time.slope(x, x0, 3.5), to);
    EXPECT_LT(largest((x - moved) / 1e-7 - (x - x0) / 3.5), 1e-6) << name;
  }
  EXPECT_THROW(SolverTime("minutes"), Error);
}

}  // namespace
}  // namespace steer
