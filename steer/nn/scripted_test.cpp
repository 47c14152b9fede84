#include "steer/nn/scripted.h"

#include <gtest/gtest.h>

#include "steer/core/files.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(Scripted, RunsItsForwardWithAndWithoutText) {
  const TemporaryFolder folder;
  const ScriptedNetwork mean(
      write_script(folder / "a.pt", "def forward(self, x):\n  return x.mean(dim=[1, 2, 3])\n", {{"size", 8}}),
      torch::kCPU);
  const Tensor x = torch::rand({3, 1, 4, 4}).requires_grad_();
  const Tensor y = mean(x);
  EXPECT_TRUE(torch::allclose(y, x.mean({1, 2, 3})));
  y.sum().backward();
  EXPECT_TRUE(torch::allclose(x.grad(), torch::full_like(x, 1.0 / 16)));
  EXPECT_EQ(mean.declared("size", 0), 8);
  EXPECT_EQ(mean.declared("channels", 3), 3);
  const ScriptedNetwork spelled(
      write_script(folder / "b.pt",
                   "def forward(self, x, text: str):\n  return x.mean(dim=[1, 2, 3]) * len(text)\n"),
      torch::kCPU);
  EXPECT_TRUE(torch::allclose(spelled(x, "four"), 4 * y));
}

TEST(Scripted, RefusesWhatItCannotRunInOneLine) {
  const TemporaryFolder folder;
  const ScriptedNetwork wide(
      write_script(folder / "wide.pt", "def forward(self, x):\n  return x.view(-1, 7)\n"), torch::kCPU);
  const std::string failed = refusal([&] { wide(torch::zeros({2, 1, 2, 2})); });
  EXPECT_EQ(failed.find("[scripted] " + folder.path() + "/wide.pt: its forward failed: "), 0u) << failed;
  const ScriptedNetwork raises(
      write_script(folder / "raises.pt",
                   "def forward(self, x):\n  assert x.size(0) > 5, 'no such day'\n  return x\n"),
      torch::kCPU);
  const std::string raised = refusal([&] { raises(torch::zeros({1, 1, 2, 2})); });
  EXPECT_NE(raised.find("no such day"), std::string::npos) << raised;
  const ScriptedNetwork pair(write_script(folder / "pair.pt", "def forward(self, x):\n  return (x, x)\n"),
                             torch::kCPU);
  EXPECT_NE(refusal([&] {
              pair(torch::zeros({1, 1, 2, 2}));
            }).find("expected a tensor from forward"),
            std::string::npos);
  EXPECT_NE(refusal([&] { ScriptedNetwork(folder / "absent.pt", torch::kCPU); }).find("there is none"),
            std::string::npos);
}

TEST(Scripted, ANetworkWithoutAGradientSaysSoToWhoAsksForOne) {
  const TemporaryFolder folder;
  const ScriptedNetwork whole(
      write_script(folder / "whole.pt", "def forward(self, x):\n  return x.argmax(dim=1).float()\n"),
      torch::kCPU);
  const Tensor x = torch::rand({3, 4});
  EXPECT_EQ(whole(x).sizes(), at::IntArrayRef({3}));
  const Tensor asking = x.clone().requires_grad_();
  EXPECT_EQ(refusal([&] {
              whole(asking);
            }).find("[scripted] " + folder.path() + "/whole.pt: this network gives no gradient"),
            0u);
  const torch::NoGradGuard no_grad;
  EXPECT_EQ(whole(asking).sizes(), at::IntArrayRef({3}));
}

TEST(Scripted, CutAndForeignFilesAreRefusedInOneLine) {
  const TemporaryFolder folder;
  const std::string path = write_script(folder / "a.pt", "def forward(self, x):\n  return x\n");
  const std::string bytes = read_file(path);
  for (const size_t length : {size_t{0}, size_t{3}, size_t{40}, bytes.size() / 2, bytes.size() - 30}) {
    write_file(path, std::string_view(bytes).substr(0, length));
    const std::string text = refusal([&] { ScriptedNetwork(path, torch::kCPU); });
    EXPECT_EQ(text.find("[scripted] " + path + ": expected a whole TorchScript file"), 0u) << text;
  }
}

TEST(Scripted, DamagedFilesAreRefusedOrStillRun) {
  const TemporaryFolder folder;
  const std::string path = write_script(folder / "a.pt", "def forward(self, x):\n  return x + 1\n");
  const std::string bytes = read_file(path);
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    write_file(path, damaged(bytes, random));
    refusal([&] { ScriptedNetwork(path, torch::kCPU); });  // looks for one line
  }
}

}  // namespace
}  // namespace steer
