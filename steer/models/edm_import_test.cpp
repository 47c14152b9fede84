#include "steer/models/edm_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/nn/module_tensors.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

EgnnOptions small_edm() {
  EgnnOptions shape;
  shape.width = 12, shape.blocks = 2, shape.divisor = 1, shape.type_scale = 8;
  return shape;
}

Egnn random_edm() {
  torch::manual_seed(5);
  Egnn network(small_edm());
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) at::Tensor(parameter).normal_(0, 0.1);
  return network;
}

// The file that the original's state dict would make of a network.
std::string edm_file(const TemporaryFolder& folder, Egnn& network, const Tensors& more = {},
                     const std::string& without = "") {
  Checkpoint file;
  for (const auto& [name, tensor] : module_tensors(*network))
    if (name != without) file.tensors["dynamics.egnn." + name] = tensor;
  file.tensors["gamma.gamma"] = torch::zeros({1001}), file.tensors["buffer"] = torch::zeros({1});
  for (const auto& [name, tensor] : more) file.tensors[name] = tensor;
  const std::string path = folder / "edm.safetensors";
  write_checkpoint(path, file);
  return path;
}

EdmImport of_small() {
  EdmImport options;
  options.type_scale = 8;
  return options;
}

TEST(EdmImport, PredictsWhatTheNetworkSaysOfTheNoise) {
  const TemporaryFolder folder;
  Egnn network = random_edm();
  const auto model = import_edm(edm_file(folder, network), of_small());
  EXPECT_EQ(model->settings().egnn.blocks, 2);
  EXPECT_EQ(model->settings().egnn.divisor, 1);
  const torch::NoGradGuard no_grad;
  // Water of which z = alpha x + sigma noise is known at the table's entry 400 of 1000: t = 0.4.
  Tensor x = torch::zeros({1, 3, 8});
  x[0].narrow(1, 0, 3).copy_(torch::tensor({{0.1, 0.2, 0.}, {0.9, 0.2, 0.}, {-1.0, -0.4, 0.}}));
  x[0][0][6] = x[0][1][3] = x[0][2][3] = 1;
  const Tensor units = torch::ones({8});
  units.narrow(0, 3, 5).fill_(8);
  const double kept = 0.99998 * std::pow(1 - 0.16, 2) + 1e-5, alpha = std::sqrt(kept),
               sigma = std::sqrt(1 - kept);
  const Tensor noise = centred(torch::randn({1, 3, 8}), torch::ones({1, 3}, torch::kBool));
  const Tensor z = alpha * x / units + sigma * noise;
  const Tensor eps = network->forward(z, torch::full({1}, 0.4));
  const Tensor wanted = (z - sigma * eps) / alpha * units;
  const Tensor given = model->denoiser()(z * units / alpha, torch::full({1}, sigma / alpha, torch::kFloat64));
  EXPECT_TRUE(torch::allclose(given.to(torch::kFloat32), wanted, 1e-4, 1e-5))
      << (given - wanted).abs().max().item<double>();
}

TEST(EdmImport, SamplesAreMoleculesOfQm9sSizes) {
  const TemporaryFolder folder;
  Egnn network = random_edm();
  const auto model = import_edm(edm_file(folder, network), of_small());
  const Samples samples = model->draw({sample_seeds(1, 20), {}}, nullptr, {{"steps", 3}});
  const Tensor atoms = samples.state.mask.sum(1);
  EXPECT_GE(atoms.min().item<int64_t>(), 5);
  EXPECT_GT(atoms.to(torch::kFloat32).mean().item<double>(), 15);
  EXPECT_TRUE(at::isfinite(samples.state.x).all().item<bool>());
}

TEST(EdmImport, RefusesWhatItIsNot) {
  const TemporaryFolder folder;
  Egnn network = random_edm();
  const auto refused = [&](const Tensors& more, const std::string& without, EdmImport options = of_small()) {
    return refusal([&] { import_edm(edm_file(folder, network, more, without), options); });
  };
  EXPECT_THAT(refused({{"dynamics.egnn.embedding.weight", torch::zeros({12, 7})}}, ""),
              HasSubstr("told 5 types and the time but it is told 7 numbers; those told charges"));
  EXPECT_THAT(refused({}, "embedding.weight"), HasSubstr("embedding.weight, a matrix, but got none"));
  EXPECT_THAT(refused({}, "e_block_1.gcl_0.att_mlp.0.bias"), HasSubstr("e_block_1.gcl_0.att_mlp.0.bias"));
  EXPECT_THAT(refused({{"dynamics.egnn.e_block_0.gcl_1.more", torch::zeros({2})}}, ""),
              HasSubstr("e_block_0.gcl_1.more"));
  EXPECT_THAT(refused({{"dynamics.egnn.embedding.bias", torch::zeros({11})}}, ""),
              HasSubstr("embedding.bias"));
  EdmImport ethane = of_small();
  ethane.elements = "HC";
  EXPECT_THAT(refused({}, "", ethane), HasSubstr("told 2 types and the time but it is told 6"));
}

}  // namespace
}  // namespace steer
