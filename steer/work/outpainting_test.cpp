#include "steer/work/outpainting.h"

#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(Outpainting, EveryFamilyGrowsAPictureAndLeavesItAsItIs) {
  const TemporaryFolder folder;
  torch::manual_seed(6);
  const Tensor photo = torch::randint(0, 256, {1, 10, 12}) / 127.5 - 1;
  write_png(folder / "photo.png", photo);
  OutpaintOptions options;
  options.picture = folder / "photo.png";
  options.margins = {3, 6, 0, 5};
  options.count = 2;
  const auto ddn = small_ddn("pyramid");
  const auto diffusion = small_diffusion("edm");
  for (const Generator* generator :
       {static_cast<const Generator*>(ddn.get()), static_cast<const Generator*>(diffusion.get())}) {
    if (generator == diffusion.get()) options.settings = {{"sampler", {{"levels", {{"steps", 3}}}}}};
    const Outpainted made = outpaint(*generator, options, torch::kCPU);
    const Tensor& x = made.pictures.x;
    ASSERT_EQ(x.sizes(), at::IntArrayRef({2, 1, 15, 21}));
    EXPECT_LT((x[1].narrow(1, 0, 10).narrow(2, 3, 12) - photo).abs().max().item<double>(), 1e-6);
    EXPECT_FALSE(at::equal(x[0], x[1]));
    EXPECT_GT(made.windows, 2);
    EXPECT_TRUE(made.picture.defined());
    // The same seeds do the same, whatever stands beside them.
    OutpaintOptions second = options;
    second.count = 1, second.seeds = {1};
    EXPECT_LT((outpaint(*generator, second, torch::kCPU).pictures.x[0] - x[1]).abs().max().item<double>(),
              1e-4);
  }
}

TEST(Outpainting, WhatDoesNotGrowIsRefused) {
  const TemporaryFolder folder;
  write_png(folder / "photo.png", torch::zeros({1, 4, 12}));
  OutpaintOptions options;
  options.picture = folder / "photo.png";
  const auto ddn = small_ddn("pyramid");
  const auto said = [&] { return refusal([&] { outpaint(*ddn, options, torch::kCPU); }); };
  EXPECT_NE(said().find("pixels to add"), std::string::npos);
  options.margins.right = 4;
  EXPECT_NE(said().find("at least 8 x 8 pixels"), std::string::npos);
  options.picture = folder / "none.png";
  EXPECT_NE(said().find("none.png"), std::string::npos);
}

}  // namespace
}  // namespace steer
