#include "steer/work/rate_curve.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "steer/testing/temporary_folder.h"
#include "steer/work/encoding.h"
#include "steer/work/samples.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

RateOptions shapes_to_rate(const TemporaryFolder& folder) {
  RateOptions options;
  options.run = folder / "model.safetensors";  // beside which there is no prior
  options.data = "shapes";
  options.count = 5;
  return options;
}

TEST(RateCurve, HasEveryLayerAndEveryFormat) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  const RateCurve curve = rate_curve(loaded, shapes_to_rate(folder));
  ASSERT_EQ(curve.rates.size(), 6u + 3u * 8u);
  EXPECT_FALSE(curve.by_prior);
  for (int64_t l = 0; l < 6; ++l) {
    const Rate& rate = curve.rates[static_cast<size_t>(l)];
    EXPECT_EQ(rate.codec, "ddn");
    EXPECT_EQ(rate.setting, l + 1);
    EXPECT_DOUBLE_EQ(rate.bits, 3.0 * static_cast<double>(l + 1));  // log2 of 8 candidates
  }
  EXPECT_EQ(curve.rates[6].codec, "jpeg");
  EXPECT_EQ(curve.rates.back().codec, "jxl");
  const State truth = load_samples("shapes", "test", "", loaded.model->space(), 5).state;
  const Encoded made = encode_all(as_codec(loaded, "test"), truth, 64, 1, torch::kCPU);
  EXPECT_NEAR(curve.rates[5].mse, error_of(made.state.x.clamp(-1, 1), truth).mean().item<double>(), 1e-6);
  const std::string csv = csv_of(curve.rates);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 31);
  EXPECT_NE(csv.find("\nddn,1,3.000,3.000,"), std::string::npos);
}

TEST(RateCurve, DoesNotDependOnTheBatch) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  RateOptions options = shapes_to_rate(folder);
  const RateCurve whole = rate_curve(loaded, options);
  options.batch = 2;
  const RateCurve parts = rate_curve(loaded, options);
  for (size_t i = 0; i < whole.rates.size(); ++i) EXPECT_NEAR(whole.rates[i].psnr, parts.rates[i].psnr, 1e-4);
}

}  // namespace
}  // namespace steer
