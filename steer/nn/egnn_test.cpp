#include "steer/nn/egnn.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/nn/initial_values.h"

namespace steer {
namespace {

EgnnOptions small_options() {
  EgnnOptions options;
  options.atoms = 6, options.width = 16, options.blocks = 2;
  options.sizes = {0, 0, 1, 2, 0, 3, 2};
  return options;
}

// Weights large enough for atoms to move.
Egnn small_network() {
  const InitialValues values(3);
  Egnn network(small_options());
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) at::Tensor(parameter).normal_(0, 0.3);
  return network;
}

// Molecules of these numbers of atoms, as noise.
Tensor some_molecules(const Egnn& network, const std::vector<int64_t>& atoms) {
  torch::manual_seed(5);
  const Tensor count = torch::tensor(atoms).unsqueeze(1);
  const Tensor places = torch::arange(network->options.atoms).unsqueeze(0) < count;
  return network->confined(torch::randn({count.size(0), network->options.atoms, 8}, torch::kFloat64), places);
}

// Any orthogonal matrix: a rotation, or with `mirror` a reflection too.
Tensor orthogonal(bool mirror) {
  Tensor q = std::get<0>(torch::linalg_qr(torch::randn({3, 3}, torch::kFloat64)));
  if ((torch::linalg_det(q).item<double>() < 0) != mirror) q.select(1, 0).neg_();
  return q;
}

Tensor turned(const Tensor& x, const Tensor& q) {
  return torch::cat({x.narrow(2, 0, 3).matmul(q), x.narrow(2, 3, 5)}, 2);
}

TEST(Egnn, TurnsWithItsInputWhateverItsAtomsOrderAndPlace) {
  Egnn network = small_network();
  network->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const Tensor x = some_molecules(network, {6, 3, 1, 5}),
               label = torch::tensor({0.1, -0.5, 0.3, 1.0}, torch::kFloat64);
  const Tensor y = network->forward(x, label);
  EXPECT_EQ(y.scalar_type(), torch::kFloat64);
  EXPECT_GT(y.narrow(2, 0, 3).abs().max().item<double>(), 0.1);
  for (const bool mirror : {false, true}) {
    const Tensor q = orthogonal(mirror);
    EXPECT_LT((network->forward(turned(x, q), label) - turned(y, q)).abs().max().item<double>(), 1e-10);
  }
  const Tensor shift = torch::zeros_like(x);
  shift.narrow(2, 0, 3).fill_(0.7).mul_(filled_places(x).unsqueeze(2));
  EXPECT_LT((network->forward(x + shift, label) - y).abs().max().item<double>(), 1e-10);
  const Tensor order = torch::tensor({4, 1, 0, 5, 3, 2});
  EXPECT_LT((network->forward(x.index_select(1, order), label) - y.index_select(1, order))
                .abs()
                .max()
                .item<double>(),
            1e-10);
}

TEST(Egnn, EmptyPlacesStayEmptyAndTheMeanStaysAtTheOrigin) {
  Egnn network = small_network();
  const torch::NoGradGuard no_grad;
  const Tensor x = some_molecules(network, {2, 6}), y = network->forward(x, torch::zeros({2}));
  EXPECT_TRUE(torch::equal(filled_places(y), filled_places(x)));
  EXPECT_LT(y.narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-5);
}

TEST(Egnn, ARowDependsOnItselfAlone) {
  Egnn network = small_network();
  const torch::NoGradGuard no_grad;
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    network->set_compute_type(type);
    const Tensor x = some_molecules(network, {6, 3, 5, 2}), label = torch::tensor({0.1, -0.5, 0.3, 1.0});
    const Tensor y = network->forward(x, label);
    for (int64_t i = 0; i < 4; ++i) {
      const Tensor alone = network->forward(x.narrow(0, i, 1), label.narrow(0, i, 1))[0];
      // libtorch 2 gives the same bits; products of 1.13 round by their number of rows.
      EXPECT_LT((alone - y[i]).abs().max().item<double>(), 1e-5) << i << " in " << type;
    }
  }
}

TEST(Egnn, NumbersWhatItSees) {
  Egnn network = small_network();
  double numbers = 0;
  for (const auto& parameter : network->parameters()) numbers += static_cast<double>(parameter.numel());
  EXPECT_EQ(extent(small_options()).numbers, numbers);
  EXPECT_EQ(extent(small_options()).tensors, static_cast<double>(network->parameters().size()));
  // The published network of QM9: five types, a charge and the time; without the charge, two numbers less.
  EgnnOptions published;
  published.width = 256, published.blocks = 9, published.elements = "HCNOFP";
  EXPECT_EQ(extent(published).numbers, 5339920);
  const auto names = network->named_parameters();
  for (const char* name :
       {"embedding.weight", "e_block_1.gcl_0.edge_mlp.0.weight", "e_block_0.gcl_0.att_mlp.0.bias",
        "e_block_0.gcl_0.node_mlp.2.weight", "e_block_1.gcl_equiv.coord_mlp.4.weight"})
    EXPECT_NE(names.find(name), nullptr) << name;
}

TEST(Egnn, GradientsReachInputAndWeights) {
  for (const bool recompute : {false, true}) {
    Egnn network = small_network();
    network->set_recompute(recompute);
    Tensor x = some_molecules(network, {6, 2}).to(torch::kFloat32).requires_grad_();
    network->forward(x, torch::zeros({2})).square().sum().backward();
    EXPECT_GT(x.grad().abs().max().item<double>(), 0);
    for (const auto& named : network->named_parameters())
      EXPECT_TRUE(named.value().grad().defined()) << named.key();
  }
}

TEST(Egnn, SamplesHaveAsManyAtomsAsTheDataSay) {
  Egnn network = small_network();
  const Tensor atoms = network->places(sample_seeds(3, 4000)).sum(1);
  const Tensor counts = torch::bincount(atoms, {}, 7);
  const std::vector<double> expected = {0, 0, 500, 1000, 0, 1500, 1000};
  for (int64_t n = 0; n < 7; ++n) EXPECT_NEAR(counts[n].item<double>(), expected[n], 120) << n;
}

TEST(Egnn, MisfitsAreRefused) {
  EgnnOptions options = small_options();
  options.sizes = {0, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_THROW(check(options), Error);
  options = small_options();
  options.elements = "HCC";
  EXPECT_THROW(check(options), Error);
  options.elements = "";
  EXPECT_THROW(check(options), Error);
  Egnn network = small_network();
  EXPECT_THROW(network->forward(torch::ones({2, 6, 7}), torch::zeros({2})), Error);
  EXPECT_THROW(network->forward(torch::ones({2, 6, 8}), torch::zeros({3})), Error);
  EXPECT_EQ(element_symbols("CHClBr"), (std::vector<std::string>{"C", "H", "Cl", "Br"}));
}

TEST(Egnn, SizesOccurAsOftenAsTheySay) {
  const Egnn network(small_options());
  constexpr int64_t kMany = 8000;
  const Tensor atoms = network->places(sample_seeds(2, kMany)).sum(1).bincount({}, 7);
  double chi_square = 0;
  for (int64_t n = 0; n <= 6; ++n) {
    const double wanted = static_cast<double>(kMany * small_options().sizes[static_cast<size_t>(n)]) / 8;
    const double off = atoms[n].item<double>() - wanted;
    if (wanted > 0) {
      chi_square += off * off / wanted;
    } else {
      EXPECT_EQ(off, 0) << n;
    }
  }
  // Three degrees of freedom: once in a thousand above 16.3.
  EXPECT_LT(chi_square, 16.3);
}

}  // namespace
}  // namespace steer
