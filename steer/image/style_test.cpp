#include "steer/image/style.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/image/image_space.h"
#include "steer/image/words.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

const char* const kHalves =
    "def forward(self, x):\n  assert x.size(1) == 3 and x.size(2) == self.side\n"
    "  return torch.stack([x[:, 0], x[:, 2]], 1)\n";

TEST(Style, IsTheMeanSquaredDifferenceOfFeatures) {
  const TemporaryFolder folder;
  const ScriptedNetwork network(write_script(folder / "a.pt", kHalves, {{"side", 8}}), torch::kCPU);
  torch::manual_seed(10);
  const Tensor truth = torch::rand({2, 3, 4, 4}) * 2 - 1, x = torch::rand({4, 3, 4, 4}) * 2 - 1;
  const StyleObjective plain(network, truth, {8, false}, "style()");
  const Tensor difference = (x - truth.repeat_interleave(2, 0)).square();
  const Tensor expected = -(difference.select(1, 0) + difference.select(1, 2)).mean({1, 2}) / 2;
  EXPECT_TRUE(torch::allclose(plain.score(x), expected, 1e-4, 1e-6));
  // ImageNet's deviations of red and blue are 0.229 and 0.225; (x + 1) / 2 halves differences.
  const StyleObjective scaled(network, truth, {8, true}, "style()");
  const Tensor by_deviation =
      difference.select(1, 0) / (0.458 * 0.458) + difference.select(1, 2) / (0.45 * 0.45);
  EXPECT_TRUE(torch::allclose(scaled.score(x), -by_deviation.mean({1, 2}) / 2, 1e-4, 1e-5));
  // Grey samples are seen in three channels, and there is a gradient.
  const StyleObjective grey(network, truth.narrow(1, 0, 1), {8, false}, "style()");
  const Tensor y = torch::zeros({2, 1, 4, 4}).requires_grad_();
  grey.score(y).sum().backward();
  EXPECT_GT(y.grad().abs().sum().item<float>(), 0);
}

TEST(Style, WordsNameTheNetworkAndTheSize) {
  const TemporaryFolder folder;
  const std::string network = write_script(folder / "a.pt", kHalves, {{"side", 16}});
  write_png(folder / "x.png", torch::rand({3, 4, 4}) * 2 - 1);
  ObjectiveContext context;
  context.space = image_space(3, 4, 4);
  const auto style_refusal = [&](const std::string& arguments) {
    return refusal([&] {
      objective_of("style(" + (folder / "x.png") + ", " + arguments + ")", vocabulary_of({&image_words()}),
                   context);
    });
  };
  EXPECT_EQ(style_refusal("model=" + network + ", size=16"), "accepted");
  EXPECT_EQ(style_refusal("model=" + network + ", size=16, normalise=imagenet"), "accepted");
  EXPECT_NE(style_refusal("model=" + network).find("its forward failed"), std::string::npos);
  EXPECT_NE(style_refusal("size=16").find("needs the argument model"), std::string::npos);
  EXPECT_NE(style_refusal("model=" + network + ", normalise=twice").find("none or imagenet"),
            std::string::npos);
  EXPECT_NE(style_refusal("model=" + (folder / "x.png")).find("x.png: expected a whole TorchScript file"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
