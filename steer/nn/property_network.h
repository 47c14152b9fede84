// A network that tells numbers about molecules: a judge of properties, and with its gradient a guide to them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/nn/egnn.h"

namespace steer {

// The shape of the network, and what it tells.
struct PropertyNetworkOptions {
  std::string elements = "HCNOF";
  int64_t atoms = 29;
  std::vector<std::string> names;
  int64_t width = 128;
  int64_t layers = 7;

  void fields(OptionFields& f) {
    f("elements", elements, "symbols of the elements, one after the other: a type for each");
    f("atoms", atoms, "the most atoms of training molecules; it takes others, too", from_to(1, 1 << 12));
    f("names", names, "what is told, by the names of the data set; empty = follows the training data");
    f("width", width, "features of an atom", from_to(1, 1024));
    f("layers", layers, "layers of messages", from_to(1, 4096));
  }
};

// Error that names the option where the network could not be built.
void check(const PropertyNetworkOptions& options);

// How much such a network is, without building it. Error as check(options).
Extent extent(const PropertyNetworkOptions& options);

// Layers of messages over all pairs of atoms, which stay where they are; a decoder of each atom, the sum over
// a molecule's atoms, a decoder of that (Satorras et al. 2021, the network of properties). Rotations,
// reflections, shifts and orders of the atoms do not change what it tells.
struct PropertyNetworkImpl : torch::nn::Module {
  // Error as check(options).
  explicit PropertyNetworkImpl(const PropertyNetworkOptions& options);

  // Molecules x [N, A, 3 + types], Angstrom and types of 0 to 1, empty places all zero -> float [N, names]:
  // numbers less `mean`, divided by `deviation`. Differentiable in x.
  Tensor forward(const Tensor& x) const;

  PropertyNetworkOptions options;
  torch::ScalarType compute_type = torch::kFloat32;  // of products over pairs
  Tensor mean, deviation;  // [names], of the data: the mean, and the mean absolute deviation from it
  Projection embedding{nullptr};
  std::vector<Messages> gcls;  // "gcl_0" and so on
  PairMlp node_dec{nullptr}, graph_dec{nullptr};
  Projection told{nullptr};
};
TORCH_MODULE(PropertyNetwork);

// Such a network out of a file.
struct SavedProperties {
  std::function<Tensor(const Tensor&)> network;  // x as above -> float [N, names], in the names' units
  std::string elements;                          // of the types
  std::vector<std::string> names;                // what is told
  Tensor deviation;                              // [names], the mean absolute deviation of the data
  std::string path;                              // the file, for errors
};

// The network of a run folder, a checkpoint of the family "property" or the name of one that ships with the
// program (core/shipped.h). Its weights have no gradient. Error where there is nothing, or anything else.
SavedProperties load_properties(const std::string& path, torch::Device device);

}  // namespace steer
