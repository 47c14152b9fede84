#include "steer/nn/property_network.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"
#include "steer/core/tensors.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/nn/initial_values.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/silu_sum.h"

namespace steer {
namespace {

int64_t types_of(const PropertyNetworkOptions& o) {
  return static_cast<int64_t>(element_symbols(o.elements).size());
}

// second(silu(first(x))).
Tensor decoded(const PairMlp& mlp, const Tensor& x) {
  return mlp->second->forward(silu_sum({mlp->first->forward(x)}));
}

}  // namespace

void check(const PropertyNetworkOptions& o) {
  element_symbols(o.elements);
  STEER_CHECK(o.names.size() >= 1 && o.names.size() <= 1024,
              "[options] property.network.names: expected names of properties but got ", o.names.size());
  STEER_CHECK(o.width >= 1 && o.width <= 1024,
              "[options] property.network.width: expected 1 to 1024 but got ", o.width);
  STEER_CHECK(o.layers >= 1 && o.layers <= 4096,
              "[options] property.network.layers: expected 1 to 4096 but got ", o.layers);
}

Extent extent(const PropertyNetworkOptions& o) {
  check(o);
  const int64_t w = o.width, names = static_cast<int64_t>(o.names.size());
  Extent sum;
  const auto projection = [&sum](int64_t in, int64_t out, int64_t times = 1) {
    sum.add({out, in}, times), sum.add({out}, times);
  };
  projection(types_of(o), w);
  projection(2 * w + 1, w, o.layers);
  projection(w, w, o.layers);
  projection(2 * w, w, o.layers);
  projection(w, w, o.layers);
  projection(w, 1, o.layers);
  projection(w, w, 4);
  projection(w, names);
  sum.add({names}, 2);
  return sum;
}

PropertyNetworkImpl::PropertyNetworkImpl(const PropertyNetworkOptions& given) : options(given) {
  check(options);
  const int64_t width = options.width, names = static_cast<int64_t>(options.names.size());
  mean = register_buffer("mean", at::zeros({names}));
  deviation = register_buffer("deviation", at::ones({names}));
  embedding = register_module("embedding", Projection(ProjectionOptions{types_of(options), width}));
  for (int64_t i = 0; i < options.layers; ++i)
    gcls.push_back(register_module("gcl_" + std::to_string(i), Messages(width, 1)));
  node_dec = register_module("node_dec", PairMlp(width, width));
  graph_dec = register_module("graph_dec", PairMlp(width, width));
  told = register_module("told", Projection(ProjectionOptions{width, names}));
}

Tensor PropertyNetworkImpl::forward(const Tensor& x) const {
  const int64_t types = types_of(options);
  STEER_CHECK(x.dim() == 3 && x.size(2) == 3 + types, "[property] expected molecules [N, A, ", 3 + types,
              "] but got ", shape_text(x.sizes()));
  const PackedMolecules packed = packed_molecules(x, embedding->weight.scalar_type());
  const Tensor d = pair_squares(packed.values.narrow(1, 0, 3), packed.pairs);
  const torch::ScalarType type = d.scalar_type() == torch::kFloat64 ? torch::kFloat64 : compute_type;
  Tensor h = embedding->forward(packed.values.narrow(1, 3, types));
  for (const Messages& gcl : gcls) h = gcl->forward(h, d, 1, type, packed.pairs);
  const Tensor each = decoded(node_dec, h);
  // Sums over the places of a molecule, one after the other.
  const Tensor all = unpacked(each, packed, x.size(0), x.size(1));
  Tensor sum = at::zeros_like(all.select(1, 0));
  for (int64_t a = 0; a < x.size(1); ++a) sum = sum + all.select(1, a);
  return told->forward(silu_sum({decoded(graph_dec, sum)}));
}

SavedProperties load_properties(const std::string& name, torch::Device device) {
  namespace fs = std::filesystem;
  std::string path = found_or_shipped(name, "models", ".safetensors");
  if (fs::is_directory(path)) path = (fs::path(path) / "model.safetensors").string();
  STEER_CHECK(fs::exists(path), "[property] ", path,
              ": expected a run folder or a checkpoint of a network of properties but there is nothing");
  const Checkpoint checkpoint = family_checkpoint(path, "property");
  PropertyNetworkOptions options;
  read_options(options, network_options(checkpoint, path, "property"), path);
  check_extent(checkpoint.tensors, extent(options), "[property] " + path);
  const InitialValues values(0);  // all are read from the file
  PropertyNetwork network(options);
  load_tensors(*network, checkpoint.tensors, "[property] " + path);
  network->to(device);
  for (Tensor& parameter : network->parameters()) parameter.set_requires_grad(false);
  const auto told = [network](const Tensor& x) {
    return network->forward(x) * network->deviation + network->mean;
  };
  return {told, options.elements, options.names, network->deviation, path};
}

}  // namespace steer
