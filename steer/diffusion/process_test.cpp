#include "steer/diffusion/process.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

double sigma_at(const Process& process, double time) {
  return process.sigma(doubles({time})).item<double>();
}

TEST(Process, TimeOfSigmaIsTheInverseOfSigmaOfTimeForEveryType) {
  for (const std::string& type : process_names()) {
    const Process process = process_of(type);
    const Tensor sigma = doubles({process.sigma_min(), 0.1, 0.5, 1, 7, 30, process.sigma_max()});
    EXPECT_LT(largest(process.sigma(process.time(sigma)) / sigma - 1), 1e-9) << type;
    EXPECT_LT(process.sigma_min(), process.sigma_max());
    EXPECT_LE(process.train_sigma_min(), process.sigma_min());
    EXPECT_GE(process.train_sigma_max(), process.sigma_max());
  }
}

TEST(Process, RangesAreThePublishedOnes) {
  // Golden: Karras et al. 2022, table 1, from the formulas at t = 1e-5, 1e-3 and 1.
  const Process vp = process_of("vp");
  EXPECT_NEAR(sigma_at(vp, 1e-5), 0.0010005, 5e-8);
  EXPECT_NEAR(vp.sigma_min(), 0.010486, 5e-7);
  EXPECT_NEAR(vp.sigma_max(), 152.167, 5e-4);
  EXPECT_NEAR(sigma_at(process_of("ve"), 0), 0.01, 1e-15);
  EXPECT_NEAR(sigma_at(process_of("ve"), 1), 50, 1e-12);
  EXPECT_NEAR(process_of("flow").sigma_max(), 999, 1e-9);
  EXPECT_EQ(process_of("edm").sigma_min(), 0.002);
}

TEST(Process, ScaleAndSigmaGiveMeanAndDeviationOfEachType) {
  const Tensor sigma = doubles({0.01, 0.3, 2, 40});
  // VP and its tables: s^2 + (s sigma)^2 = 1; flow: s + s sigma = 1; sub-VP: deviation 1 - mean^2.
  for (const std::string type : {"vp", "ddpm", "cosine", "polynomial"}) {
    const Tensor s = process_of(type).scale(sigma);
    EXPECT_LT(largest(s.square() + (s * sigma).square() - 1), 1e-12) << type;
  }
  const Tensor flow = process_of("flow").scale(sigma);
  EXPECT_LT(largest(flow + flow * sigma - 1), 1e-12);
  const Tensor subvp = process_of("subvp").scale(sigma);
  EXPECT_LT(largest(subvp * sigma - (1 - subvp.square())), 1e-12);
  // Sub-VP has VP's mean at the same time.
  const Tensor time = doubles({0.01, 0.3, 0.9});
  EXPECT_LT(largest(process_of("subvp").scale(process_of("subvp").sigma(time)) -
                    process_of("vp").scale(process_of("vp").sigma(time))),
            1e-12);
}

TEST(Process, DdpmTableHasTheKnownEnds) {
  // Golden: linear betas 1e-4 to 0.02 in 1000 steps; abar_999 = 4.03583e-5.
  const Tensor table = process_of("ddpm").table();
  EXPECT_EQ(table.size(0), 1000);
  EXPECT_NEAR(table[0].item<double>(), 0.0100005, 5e-8);
  EXPECT_NEAR(table[999].item<double>(), 157.407, 5e-4);
  EXPECT_NEAR(1 / (1 + std::pow(table[999].item<double>(), 2)), 4.03583e-5, 5e-11);
}

TEST(Process, CosineTableHasTheKnownEntries) {
  // Golden: Karras et al. 2022, table 1, with M = 1000, C1 = 0.001, C2 = 0.008; u_j is entry 999 - j.
  const Tensor table = process_of("cosine").table();
  EXPECT_NEAR(table[999].item<double>(), 20291.17, 5e-3);
  EXPECT_NEAR(table[998].item<double>(), 641.6623, 5e-5);
  EXPECT_NEAR(table[0].item<double>(), 0.006425413, 5e-10);
  EXPECT_EQ(at::logical_and(table >= 0.002, table <= 81).sum().item<int64_t>(), 992);
}

TEST(Process, PolynomialTableHasTheKnownEntries) {
  // By hand: A_0 = 1, A_500 = (3/4)^2, and the last is a thousandth of the one before, A_999 = 0.001999^2.
  const Process process = process_of("polynomial");
  const Tensor kept = 1 / (1 + process.table().square());
  EXPECT_EQ(kept.size(0), 1001);
  EXPECT_NEAR(kept[0].item<double>(), 0.99999, 1e-12);
  EXPECT_NEAR(kept[500].item<double>(), 0.99998 * 0.5625 + 1e-5, 1e-12);
  EXPECT_NEAR(kept[1000].item<double>(), 1e-5 + 0.99998e-3 * std::pow(0.001999, 2), 1e-15);
  EXPECT_NEAR(process.noise_label(process.table().narrow(0, 250, 1)).item<double>(), 0.25, 1e-12);
}

TEST(Process, LabelsAreWhatEachNetworkIsFed) {
  const Tensor sigma = doubles({0.02, 1, 30});
  EXPECT_LT(largest(process_of("edm").noise_label(sigma) - sigma.log() / 4), 1e-15);
  EXPECT_LT(largest(process_of("vp").noise_label(sigma) - 999 * process_of("vp").time(sigma)), 1e-12);
  EXPECT_LT(largest(process_of("flow").noise_label(sigma) - 999 * sigma / (1 + sigma)), 1e-9);
  for (const std::string type : {"ddpm", "cosine"}) {
    const Process process = process_of(type);
    const Tensor index = doubles({0, 1, 17, 500, 998, 999});
    const Tensor entries = process.table().take(index.to(torch::kInt64));
    EXPECT_TRUE(torch::equal(process.sigma(index), entries)) << type;
    EXPECT_LT(largest(process.noise_label(entries) - index), 1e-9) << type;
    // Between entries the index grows with sigma; outside it stays at the ends.
    const double between =
        process.noise_label((entries[2] * entries[2] * 1.0001).sqrt().unsqueeze(0)).item<double>();
    EXPECT_GT(between, 17);
    EXPECT_LT(between, 18);
    EXPECT_EQ(process.noise_label(doubles({1e-9})).item<double>(), 0);
    EXPECT_NEAR(process.noise_label(doubles({1e9})).item<double>(), 999, 1e-9);
  }
}

TEST(Process, OptionsOverrideTheRange) {
  ProcessOptions options;
  options.type = "ve", options.sigma_min = 0.02, options.sigma_max = 100;
  const Process process(options);
  EXPECT_NEAR(sigma_at(process, 0), 0.02, 1e-15);
  EXPECT_NEAR(sigma_at(process, 0.5), std::sqrt(2.0), 1e-12);
  EXPECT_EQ(process.sigma_max(), 100);
}

TEST(Process, WrongOptionsAreRefused) {
  const auto refused = [](const std::string& json) {
    const auto made = [&] {
      ProcessOptions options;
      read_options(options, Json::parse(json), "test");
      make_process(options);
    };
    EXPECT_THROW(made(), Error) << json;
  };
  refused(R"({"type": "emd"})");
  refused(R"({"sigma_min": 90})");
  refused(R"({"sigma_max": -1})");
  refused(R"({"beta_max": 0.05})");
  refused(R"({"sigma_data": 0})");
  refused(R"({"steps": 1})");
  refused(R"({"type": "ddpm", "steps": 10})");
}

TEST(Process, AFlowIsToldItsTimeTimesOneLessThanItsSteps) {
  ProcessOptions options;
  options.type = "flow";
  const Tensor sigma = at::ones({1}, torch::kFloat64);  // half of the time
  EXPECT_NEAR(make_process(options).noise_label(sigma).item<double>(), 499.5, 1e-9);
  options.steps = 1001;
  EXPECT_NEAR(make_process(options).noise_label(sigma).item<double>(), 500, 1e-9);
}

}  // namespace
}  // namespace steer
