#include "steer/models/edm_import.h"

#include <map>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/nn/extent.h"
#include "steer/nn/initial_values.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

const std::string kNetwork = "dynamics.egnn.";

// How many of the 100,000 training molecules of QM9 have 0, 1, 2 ... atoms.
const std::vector<int64_t> kQm9Sizes = {0,    0,    0,    1,    4,    5,    9,     16,    49,    124,
                                        362,  807,  1689, 3060, 5136, 7796, 10644, 13025, 13364, 13832,
                                        9482, 9970, 3393, 4848, 539,  1506, 48,    266,   0,     25};

bool starts(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

// Tensors of the network by their own names; the schedule's are dropped.
Tensors network_in(const std::string& file) {
  Tensors weights;
  for (const auto& [name, tensor] : read_checkpoint(file).tensors) {
    if (name == "buffer" || starts(name, "gamma.")) continue;
    const std::string bare = starts(name, kNetwork) ? name.substr(kNetwork.size()) : name;
    STEER_CHECK(tensor.is_floating_point() && weights.emplace(bare, tensor.to(torch::kFloat32)).second,
                "[import] ", file, ": ", bare, ": expected floating point numbers, once");
  }
  return weights;
}

int64_t blocks_in(const Tensors& weights) {
  int64_t blocks = 0;
  while (weights.count(joined("e_block_", blocks, ".gcl_0.edge_mlp.0.weight"))) ++blocks;
  return blocks;
}

EgnnOptions shape_in(const Tensors& weights, const std::string& file, const EdmImport& options) {
  EgnnOptions shape;
  shape.elements = options.elements, shape.type_scale = options.type_scale, shape.divisor = options.divisor;
  const auto found = weights.find("embedding.weight");
  STEER_CHECK(found != weights.end() && found->second.dim() == 2, "[import] ", file, ": expected ", kNetwork,
              "embedding.weight, a matrix, but got ",
              found == weights.end() ? "none among " + std::to_string(weights.size()) + " tensors"
                                     : shape_text(found->second.sizes()));
  const auto types = static_cast<int64_t>(element_symbols(options.elements).size());
  STEER_CHECK(
      found->second.size(1) == types + 1, "[import] ", file, ": expected a network that is told ", types,
      " types and the time but it is told ", found->second.size(1),
      " numbers; those told charges (include_charges) or properties (conditioning) are not taken over");
  shape.width = found->second.size(0), shape.blocks = blocks_in(weights);
  STEER_CHECK(shape.blocks > 0, "[import] ", file, ": expected blocks, e_block_0 and so on, but got none");
  shape.atoms = static_cast<int64_t>(kQm9Sizes.size()) - 1, shape.sizes = kQm9Sizes;
  return shape;
}

}  // namespace

std::unique_ptr<DiffusionModel> import_edm(const std::string& file, const EdmImport& options) {
  check_options(options, "import");
  const Tensors weights = network_in(file);
  DiffusionOptions all;
  all.network = "egnn", all.egnn = shape_in(weights, file, options);
  all.process.type = "polynomial", all.process.steps = options.steps, all.process.sigma_data = 1;
  all.prediction = "eps";
  all.sampler.levels.type = "karras", all.sampler.levels.steps = 50;
  all.sampler.solver.name = "dpmpp_2m_sde";
  check_extent(weights, extent(all), "[import] " + file);
  const InitialValues values(0);  // all are read from the file
  auto model = std::make_unique<DiffusionModel>(all);
  load_tensors(model->module(), weights, "[import] " + file);
  return model;
}

}  // namespace steer
