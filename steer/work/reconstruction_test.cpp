#include "steer/work/reconstruction.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/testing/refusal.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

ReconstructionOptions shapes_to_reconstruct(int64_t count) {
  ReconstructionOptions options;
  options.source.data = "shapes";
  options.source.count = count;
  return options;
}

TEST(Reconstruct, TheLastLayersErrorIsThatOfTheSamples) {
  const LoadedModel loaded = loaded_ddn();
  const Reconstruction made = reconstruct(loaded, shapes_to_reconstruct(4));
  ASSERT_EQ(made.layers.size(), 6u);
  EXPECT_EQ(made.layers.back().places, (std::vector<int64_t>{8, 8}));
  EXPECT_EQ(made.layers[0].candidates, 8);
  EXPECT_DOUBLE_EQ(made.mse, made.layers.back().mse);
  EXPECT_LE(made.samples.x.abs().max().item<double>(), 1);
  EXPECT_FALSE(made.strip.defined());
  EXPECT_EQ(made.figures["mse_by_layer"].size(), 6u);
}

TEST(Reconstruct, AStripShowsEachSampleAndThenItsCode) {
  const LoadedModel loaded = loaded_ddn();
  ReconstructionOptions options = shapes_to_reconstruct(3);
  options.strip_columns = 2, options.film = true;
  options.batch = 2;
  const Reconstruction made = reconstruct(loaded, options);
  EXPECT_EQ(made.strip_layers, (std::vector<int64_t>{1, 6}));
  // Three rows of three images of 8x8, with 2 pixels around each.
  EXPECT_EQ(made.film.size(0), 2);
  EXPECT_TRUE(torch::equal(made.film[1], to_bytes(made.picture)));
  ASSERT_EQ(made.strip.sizes(), (std::vector<int64_t>{1, 32, 32}));
  const auto cell = [&](int64_t row, int64_t column) {
    return made.strip[0].narrow(0, 2 + 10 * row, 8).narrow(1, 2 + 10 * column, 8);
  };
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(torch::equal(cell(i, 0), made.truth.x[i][0]));
    EXPECT_TRUE(torch::allclose(cell(i, 2), made.samples.x[i][0], 1e-5, 1e-5));
  }
}

TEST(Reconstruct, AModelWithoutCodesIsRefused) {
  const LoadedModel loaded = {small_diffusion("edm"), {}, "edm.safetensors"};
  const std::string text = refusal([&] { reconstruct(loaded, shapes_to_reconstruct(1)); });
  EXPECT_NE(text.find("edm.safetensors: expected a model with codes"), std::string::npos) << text;
}

}  // namespace
}  // namespace steer
