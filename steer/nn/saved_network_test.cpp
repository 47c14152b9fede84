#include "steer/nn/saved_network.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/nn/classifier.h"
#include "steer/nn/module_tensors.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

Classifier small_classifier() {
  torch::manual_seed(4);
  ClassifierOptions options;
  options.channels = 1;
  options.size = 8;
  options.classes = 3;
  options.widths = {8};
  return Classifier(options);
}

void write_classifier(const std::string& path, Classifier& network,
                      const std::string& family = "classifier") {
  Checkpoint checkpoint;
  checkpoint.tensors = module_tensors(*network);
  checkpoint.metadata = {{"format", "steer"},
                         {"family", family},
                         {"options", Json({{"network", options_json(network->options)}}).dump()}};
  write_checkpoint(path, checkpoint);
}

std::string classifier_refusal(const std::string& path) {
  return refusal([&] { load_classifier(path, torch::kCPU); });
}

TEST(SavedNetwork, ACheckpointGivesItsNetworksLogits) {
  const TemporaryFolder folder;
  Classifier network = small_classifier();
  write_classifier(folder / "run/model.safetensors", network);
  const Tensor x = torch::rand({2, 1, 8, 8}) * 2 - 1;
  for (const std::string& path : {folder / "run", folder / "run/model.safetensors"}) {
    const SavedNetwork saved = load_classifier(path, torch::kCPU);
    EXPECT_TRUE(torch::equal(saved(x), network->forward(x)));
    EXPECT_EQ(saved.size, 8);
  }
  // Larger images are averaged down, smaller ones repeated, colour taken to grey.
  const SavedNetwork saved = load_classifier(folder / "run", torch::kCPU);
  const Tensor large = at::upsample_nearest2d(x, {24, 24}), colour = x.expand({2, 3, 8, 8});
  EXPECT_TRUE(torch::allclose(saved(large), saved(x), 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(saved(colour), saved(x), 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(saved(x.narrow(2, 0, 4).narrow(3, 0, 4)),
                              saved(at::upsample_nearest2d(x.narrow(2, 0, 4).narrow(3, 0, 4), {8, 8}))));
}

TEST(SavedNetwork, OneThatShipsHasItsNameAlone) {
  const TemporaryFolder share;
  std::filesystem::create_directories(share / "models");
  Classifier network = small_classifier();
  write_classifier(share / "models/a_judge_that_ships.safetensors", network);
  setenv("STEER_SHARE", share.path().c_str(), 1);
  const Tensor x = torch::rand({2, 1, 8, 8});
  network->eval();
  EXPECT_TRUE(torch::equal(load_classifier("a_judge_that_ships", torch::kCPU)(x), network->forward(x)));
  EXPECT_NE(classifier_refusal("no_judge_that_ships").find("there is nothing"), std::string::npos);
  unsetenv("STEER_SHARE");
}

TEST(SavedNetwork, HasAGradientInItsInputAlone) {
  const TemporaryFolder folder;
  Classifier network = small_classifier();
  write_classifier(folder / "c.safetensors", network);
  const Tensor x = torch::rand({2, 1, 8, 8}).requires_grad_();
  load_classifier(folder / "c.safetensors", torch::kCPU)(x).sum().backward();
  EXPECT_GT(x.grad().abs().sum().item<float>(), 0);
}

TEST(SavedNetwork, ATorchScriptFileDeclaresItsInput) {
  const TemporaryFolder folder;
  const SavedNetwork saved =
      load_classifier(write_script(folder / "a.pt",
                                   "def forward(self, x):\n  assert x.size(1) == 3 and x.size(2) == 4\n"
                                   "  m = x.mean(dim=[1, 2, 3])\n  return torch.stack([m, -m], 1)\n",
                                   {{"size", 4}, {"channels", 3}}),
                      torch::kCPU);
  const Tensor x = torch::rand({5, 1, 8, 8});
  EXPECT_TRUE(torch::allclose(saved(x).select(1, 0), x.mean({1, 2, 3})));
  const SavedNetwork flat = load_classifier(
      write_script(folder / "b.pt", "def forward(self, x):\n  return x.flatten()\n"), torch::kCPU);
  EXPECT_THROW(flat(x), Error);
}

TEST(SavedNetwork, FeaturesAreWhatTheLastLayerSees) {
  const TemporaryFolder folder;
  Classifier network = small_classifier();
  write_classifier(folder / "run/model.safetensors", network);
  const Tensor x = torch::rand({3, 1, 8, 8}) * 2 - 1;
  const Tensor features = load_features(folder / "run", torch::kCPU)(x);
  EXPECT_EQ(features.sizes(), at::IntArrayRef({3, 8}));
  EXPECT_TRUE(torch::allclose(network->last->forward(features), network->forward(x)));
  const std::string maps =
      write_script(folder / "maps.pt", "def forward(self, x):\n  return x[:, :, ::4, ::4]\n");
  EXPECT_EQ(load_features(maps, torch::kCPU)(x).sizes(), at::IntArrayRef({3, 4}));
}

TEST(SavedNetwork, RefusesWhatIsNoClassifier) {
  const TemporaryFolder folder;
  Classifier network = small_classifier();
  write_classifier(folder / "ddn.safetensors", network, "ddn");
  EXPECT_EQ(classifier_refusal(folder / "ddn.safetensors"),
            "[classifier] " + folder.path() +
                "/ddn.safetensors: expected a checkpoint of the family "
                "classifier but got \"ddn\"");
  EXPECT_NE(classifier_refusal(folder / "absent").find("there is nothing"), std::string::npos);
  EXPECT_NE(classifier_refusal(folder.path()).find("model.safetensors but it has none"), std::string::npos);
  write_file(folder / "text.pt", "hello");
  EXPECT_NE(classifier_refusal(folder / "text.pt"), "accepted");
}

TEST(SavedNetwork, DamagedCheckpointsAreRefusedInOneLineOrStillLoad) {
  const TemporaryFolder folder;
  Classifier network = small_classifier();
  const std::string path = folder / "c.safetensors";
  write_classifier(path, network);
  const std::string bytes = read_file(path);
  Random random(5);
  for (int i = 0; i < 100; ++i) {
    write_file(path, damaged(bytes, random));
    classifier_refusal(path);  // looks for one line
  }
}

}  // namespace
}  // namespace steer
