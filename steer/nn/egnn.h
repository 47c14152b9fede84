// An equivariant graph network that says what the noise in molecules is like (Satorras et al. 2021; Hoogeboom
// et al. 2022, "EDM").
#pragma once

#include <string>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/nn/extent.h"
#include "steer/nn/noise_network.h"
#include "steer/nn/pairs.h"
#include "steer/nn/projection.h"

namespace steer {

// The shape of the network and the molecules that it is for.
struct EgnnOptions {
  int64_t atoms = 29;
  std::string elements = "HCNOF";
  std::vector<int64_t> sizes;
  int64_t width = 128;
  int64_t blocks = 6;
  double range = 15;
  double divisor = 10;
  double type_scale = 4;
  std::vector<std::string> told;

  void fields(OptionFields& f) {
    f("atoms", atoms, "the most atoms of a molecule", from_to(1, 1 << 12));
    f("elements", elements, "symbols of the elements, one after the other: a type for each");
    f("sizes", sizes,
      "how many training molecules have 0, 1, 2 ... atoms: samples have as many; empty = all have the most",
      from_to(0, 1e15));
    f("width", width, "features of an atom", from_to(1, 1 << 14));
    f("blocks", blocks, "blocks, each with messages and a step of the positions", from_to(1, 4096));
    f("range", range, "the farthest that a pair moves an atom in a block", more_than(0));
    f("divisor", divisor,
      "sums over an atom's pairs are divided by this; 1 as published, which begins unsteadily", more_than(0));
    f("type_scale", type_scale, "one-hot types are divided by this where noise is added", more_than(0));
    f("told", told,
      "names of numbers that it is told of each molecule, as the data set calls them; empty = none");
  }
};

// The symbols in such a list, in order: "HCNOF" and "CHClBr" alike. Error for none, or the same twice.
std::vector<std::string> element_symbols(const std::string& elements);

// Error that names the option where the network could not be built.
void check(const EgnnOptions& options);

// How much such a network is, without building it. Error as check(options).
Extent extent(const EgnnOptions& options);

// Layers of a small network by their places in it, as published: silu between them.
struct PairMlpImpl : torch::nn::Module {
  // in -> width -> width, and with `last` a number without bias from it (Xavier gain 1e-3).
  PairMlpImpl(int64_t in, int64_t width, bool last = false);

  Projection first{nullptr}, second{nullptr};  // "0" and "2"
  Tensor last;                                 // [1, width], "4.weight"; undefined without
};
TORCH_MODULE(PairMlp);

// m_ij = silu(mlp(h_i, h_j, d)), gated by sigmoid(att_mlp(m_ij)); h_i + node_mlp(h_i, sum over j of m_ij).
struct MessagesImpl : torch::nn::Module {
  // Features of an atom, and of a message; numbers d of a pair.
  explicit MessagesImpl(int64_t width, int64_t distances = 2);

  // h [V, width], d [E, distances]: squared, now and perhaps at the input -> [V, width]; products over pairs
  // are of this type, sums over j are divided by `divisor`.
  Tensor forward(const Tensor& h, const Tensor& d, double divisor, torch::ScalarType type,
                 const SharedPairs& pairs) const;

  PairMlp edge_mlp{nullptr}, node_mlp{nullptr};
  Projection att_mlp{nullptr};
};
TORCH_MODULE(Messages);

// One block: messages, then x_i + sum over j of u_ij range tanh(coord_mlp(h_i, h_j, d)) with
// u_ij = (x_i - x_j) / (sqrt(d_ij + 1e-8) + 1).
struct EgnnBlockImpl : torch::nn::Module {
  explicit EgnnBlockImpl(const EgnnOptions& options);

  // (h, x) [V, width + 3] and d at the input [E, 1] -> the same two after the block.
  Tensor forward(const Tensor& both, const Tensor& d_input, torch::ScalarType type,
                 const SharedPairs& pairs) const;

  int64_t width;   // features of an atom
  double range;    // the farthest that a pair moves an atom
  double divisor;  // of sums over an atom's pairs
  Messages gcl_0{nullptr};
  PairMlp coord_mlp{nullptr};  // "gcl_equiv.coord_mlp"
};
TORCH_MODULE(EgnnBlock);

// Positions and types of molecules [B, A, 3 + types], divided by units(), empty places all zero -> the same
// shape: how far each atom moved, without the mean of a molecule, and what became of its types. Names of
// parameters are the published network's `dynamics.egnn`. Rotations and reflections of the input rotate and
// reflect the output, shifts do not change it, atoms may stand in any order. In float64 where its weights
// are. Which places are empty is seen in x: a place whose numbers are all exactly 0 is.
struct EgnnImpl : NoiseNetwork {
  // Error as check(options).
  explicit EgnnImpl(const EgnnOptions& options);

  // Numbers that it is told enter the features of every atom, less their mean and divided by their deviation,
  // beside a 1; where one is not told two zeros do.
  Tensor forward(const Tensor& x, const Tensor& label, const Tensor& told = {},
                 const Forwarding& how = {}) const override;
  // As many atoms as the options' sizes say, each number weighted by how well what is told suits molecules of
  // so many atoms: a normal density by told_by_atoms.
  Tensor places(const Tensor& seeds, const Tensor& told = {}) const override;
  Tensor places_of(const Tensor& x) const override;
  Tensor confined(const Tensor& x, const Tensor& places) const override;
  Tensor units() const override;
  void set_compute_type(torch::ScalarType type) override { compute_type_ = type; }
  void set_recompute(bool recompute) override { recompute_ = recompute; }

  // Takes in what it is told of training molecules: value float [N, told], atoms int64 [N], how many each
  // has.
  void meet(const Tensor& value, const Tensor& atoms);

  EgnnOptions options;
  Tensor told_mean, told_deviation;  // [told] of the data: the mean, the mean absolute deviation from it
  Tensor told_by_atoms;              // [2, atoms + 1, told]: mean and standard deviation for each size
  Projection embedding{nullptr}, embedding_out{nullptr};
  std::vector<EgnnBlock> e_blocks;  // "e_block_0" and so on

 private:
  // How well each number of atoms suits what rows are told, 1 for the best that the data have: [B, atoms +
  // 1].
  Tensor suiting(const Tensor& told) const;
  // What enters of each row: [B, 2 told].
  Tensor told_features(const Tensor& told, int64_t rows) const;

  torch::ScalarType compute_type_ = torch::kFloat32;  // of products over pairs
  bool recompute_ = false;
};
TORCH_MODULE(Egnn);

// Molecules [B, A, D] without their empty places.
struct PackedMolecules {
  Tensor values;      // [V, D]
  Tensor place;       // int64 [V]: which of the B A places each is
  SharedPairs pairs;  // of the V atoms
};

// Those of x, in this number type; empty places are all zeros.
PackedMolecules packed_molecules(const Tensor& x, torch::ScalarType type);

// Numbers [V, D'] of the atoms back at their places: [B, A, D'], zeros elsewhere.
Tensor unpacked(const Tensor& values, const PackedMolecules& packed, int64_t rows, int64_t places);

// Of each molecule the mean over its places taken from the first three numbers, and zeros at empty places:
// x [B, A, D], places bool [B, A].
Tensor centred(const Tensor& x, const Tensor& places);

// Which places of x [B, A, D] hold anything but zeros: bool [B, A].
Tensor filled_places(const Tensor& x);

}  // namespace steer
