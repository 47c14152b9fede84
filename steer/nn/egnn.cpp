#include "steer/nn/egnn.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/nn/recompute.h"
#include "steer/nn/silu_sum.h"

namespace steer {
namespace {

constexpr int64_t kSpace = 3;             // coordinates of a position
constexpr uint64_t kSizeStream = 700000;  // of random numbers: how many atoms a sample has
constexpr double kStillGain = 1e-3;       // of the layer that moves atoms, at the start
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLent = 10;  // molecules of any size that stand beside those of one

// The first layer over pairs: products with an atom's features are taken once for each atom.
Tensor entered(const PairMlp& mlp, const Tensor& h, const Tensor& d, torch::ScalarType type,
               const SharedPairs& pairs) {
  const int64_t width = h.size(1);
  const Tensor &weight = mlp->first->weight, features = h.to(type);
  const Tensor p = projected(features, weight.narrow(1, 0, width), mlp->first->bias),
               q = projected(features, weight.narrow(1, width, width));
  return pair_silu(p, q, d, weight.narrow(1, 2 * width, d.size(1)).t(), pairs);
}

Extent mlp_extent(int64_t in, int64_t width) {
  Extent sum;
  sum.add({width, in}), sum.add({width}), sum.add({width, width}), sum.add({width});
  return sum;
}

int64_t told_of(const EgnnOptions& o) {
  return static_cast<int64_t>(o.told.size());
}

int64_t values_of(const EgnnOptions& o) {
  return kSpace + static_cast<int64_t>(element_symbols(o.elements).size());
}

}  // namespace

std::vector<std::string> element_symbols(const std::string& elements) {
  std::vector<std::string> symbols;
  for (const char letter : elements) {
    if (std::islower(static_cast<unsigned char>(letter)) && !symbols.empty())
      symbols.back() += letter;
    else
      symbols.emplace_back(1, letter);
  }
  STEER_CHECK(!symbols.empty(), "[options] egnn.elements: expected symbols as HCNOF but got none");
  for (auto symbol = symbols.begin(); symbol != symbols.end(); ++symbol)
    STEER_CHECK(std::find(symbols.begin(), symbol, *symbol) == symbol && std::isupper((*symbol)[0]),
                "[options] egnn.elements: expected different symbols as HCNOF but got ", elements);
  return symbols;
}

void check(const EgnnOptions& o) {
  STEER_CHECK(o.atoms >= 1 && o.atoms <= 4096, "[options] egnn.atoms: expected 1 to 4096 but got ", o.atoms);
  STEER_CHECK(o.width >= 1 && o.width <= 1 << 14, "[options] egnn.width: expected 1 to 16384 but got ",
              o.width);
  STEER_CHECK(o.blocks >= 1 && o.blocks <= 4096, "[options] egnn.blocks: expected 1 to 4096 but got ",
              o.blocks);
  const auto most = static_cast<int64_t>(o.sizes.size()) - 1;
  STEER_CHECK(most <= o.atoms, "[options] egnn.sizes: expected molecules of at most ", o.atoms,
              " atoms but got some of ", most);
  STEER_CHECK(
      o.sizes.empty() || (std::all_of(o.sizes.begin(), o.sizes.end(), [](int64_t n) { return n >= 0; }) &&
                          o.sizes[0] == 0 && std::accumulate(o.sizes.begin(), o.sizes.end(), int64_t{0}) > 0),
      "[options] egnn.sizes: expected how many molecules have 0, 1, 2 ... atoms, none of them 0");
  element_symbols(o.elements);
  for (auto name = o.told.begin(); name != o.told.end(); ++name)
    STEER_CHECK(!name->empty() && std::find(o.told.begin(), name, *name) == name,
                "[options] egnn.told: expected different names but got \"", *name, "\"");
}

Extent extent(const EgnnOptions& o) {
  check(o);
  const int64_t w = o.width, types = values_of(o) - kSpace, numbers = types + 1;
  Extent sum;
  const int64_t told = told_of(o);
  sum.add({w, numbers + 2 * told}), sum.add({w}), sum.add({numbers, w}), sum.add({numbers});
  for (const Extent& part : {mlp_extent(2 * w + 2, w), mlp_extent(2 * w, w), mlp_extent(2 * w + 2, w)}) {
    sum.tensors += part.tensors * static_cast<double>(o.blocks);
    sum.numbers += part.numbers * static_cast<double>(o.blocks);
  }
  sum.add({1, w}, 2 * o.blocks);
  sum.add({1}, o.blocks);
  return sum;
}

PairMlpImpl::PairMlpImpl(int64_t in, int64_t width, bool with_last) {
  first = register_module("0", Projection(ProjectionOptions{in, width}));
  second = register_module("2", Projection(ProjectionOptions{width, width}));
  if (!with_last) return;
  ProjectionOptions narrow{width, 1, kStillGain};
  narrow.bias = false;
  last = register_module("4", Projection(narrow))->weight;
}

MessagesImpl::MessagesImpl(int64_t width, int64_t distances) {
  edge_mlp = register_module("edge_mlp", PairMlp(2 * width + distances, width));
  node_mlp = register_module("node_mlp", PairMlp(2 * width, width));
  auto att = std::make_shared<torch::nn::Module>();
  att_mlp = att->register_module("0", Projection(ProjectionOptions{width, 1}));
  register_module("att_mlp", att);
}

Tensor MessagesImpl::forward(const Tensor& h, const Tensor& d, double divisor, torch::ScalarType type,
                             const SharedPairs& pairs) const {
  const Tensor u = entered(edge_mlp, h, d, type, pairs);
  const Tensor v = projected(u, edge_mlp->second->weight, edge_mlp->second->bias);
  const Tensor sums = gated_sums(v, att_mlp->weight.squeeze(0), att_mlp->bias, pairs) / divisor;
  return h + node_mlp->second->forward(silu_sum({node_mlp->first->forward(at::cat({h, sums}, 1))}));
}

EgnnBlockImpl::EgnnBlockImpl(const EgnnOptions& options)
    : width(options.width), range(options.range), divisor(options.divisor) {
  gcl_0 = register_module("gcl_0", Messages(width));
  auto equiv = std::make_shared<torch::nn::Module>();
  coord_mlp = equiv->register_module("coord_mlp", PairMlp(2 * width + 2, width, true));
  register_module("gcl_equiv", equiv);
}

Tensor EgnnBlockImpl::forward(const Tensor& both, const Tensor& d_input, torch::ScalarType type,
                              const SharedPairs& pairs) const {
  end_if_interrupted();
  const Tensor x = both.narrow(1, width, kSpace);
  const Tensor d = at::cat({pair_squares(x, pairs), d_input}, 1);
  const Tensor h = gcl_0->forward(both.narrow(1, 0, width), d, divisor, type, pairs);
  const Tensor u = entered(coord_mlp, h, d, type, pairs);
  const Tensor v = projected(u, coord_mlp->second->weight, coord_mlp->second->bias);
  const Tensor phi = silu_dot(v, coord_mlp->last.squeeze(0));
  return at::cat({h, moved_by_pairs(x, phi, range / divisor, pairs)}, 1);
}

EgnnImpl::EgnnImpl(const EgnnOptions& given) : options(given) {
  check(options);
  const int64_t numbers = values_of(options) - kSpace + 1;
  const int64_t told = told_of(options);
  embedding = register_module("embedding", Projection(ProjectionOptions{numbers + 2 * told, options.width}));
  embedding_out = register_module("embedding_out", Projection(ProjectionOptions{options.width, numbers}));
  for (int64_t i = 0; i < options.blocks; ++i)
    e_blocks.push_back(register_module("e_block_" + std::to_string(i), EgnnBlock(options)));
  if (told == 0) return;
  told_mean = register_buffer("told_mean", at::zeros({told}));
  told_deviation = register_buffer("told_deviation", at::ones({told}));
  told_by_atoms =
      register_buffer("told_by_atoms",
                      at::stack({at::zeros({options.atoms + 1, told}), at::ones({options.atoms + 1, told})}));
}

void EgnnImpl::meet(const Tensor& value, const Tensor& atoms) {
  const torch::NoGradGuard no_grad;
  const Tensor all = value.to(torch::kFloat64), mean = all.mean(0);
  told_mean.copy_(mean);
  told_deviation.copy_((all - mean).abs().mean(0).clamp_min(1e-12));
  const Tensor sizes = at::zeros({options.atoms + 1, all.size(1)}, all.options());
  const Tensor count = sizes.index_add(0, atoms, at::ones_like(all)), sum = sizes.index_add(0, atoms, all),
               own = at::where(count > 0, sum / count.clamp_min(1), mean.expand_as(sum)),
               off = (all - own.index_select(0, atoms)).square(), squares = sizes.index_add(0, atoms, off);
  // A size of few molecules has about the variance of the others.
  const Tensor variance = (squares + kLent * off.mean(0)) / (count + kLent);
  told_by_atoms.copy_(
      at::stack({own, variance.clamp_min(1e-12 * all.var(0, false)).sqrt().clamp_min(1e-12)}));
}

Tensor EgnnImpl::told_features(const Tensor& told, int64_t rows) const {
  const int64_t numbers = told_of(options);
  STEER_CHECK(told.defined() == (numbers > 0), "[egnn] expected ", numbers > 0 ? "" : "no ",
              "numbers that it is told but got ", told.defined() ? "some" : "none");
  if (numbers == 0) return {};
  STEER_CHECK(told.dim() == 2 && told.size(0) == rows && told.size(1) == numbers && told.is_floating_point(),
              "[egnn] expected numbers that it is told [", rows, ", ", numbers, "] but got ",
              shape_text(told.sizes()));
  const Tensor known = at::isfinite(told), less = (told - told_mean.to(told.device())) / told_deviation;
  return at::cat({at::where(known, less, at::zeros_like(less)), known.to(less.scalar_type())}, 1);
}

Tensor EgnnImpl::forward(const Tensor& x, const Tensor& label, const Tensor& told,
                         const Forwarding& how) const {
  const int64_t values = values_of(options);
  STEER_CHECK(x.dim() == 3 && x.size(2) == values, "[egnn] expected molecules [B, A, ", values, "] but got ",
              shape_text(x.sizes()));
  STEER_CHECK(label.dim() == 1 && label.size(0) == x.size(0), "[egnn] expected noise labels [", x.size(0),
              "] but got ", shape_text(label.sizes()));
  const Tensor given = told_features(told, x.size(0));
  const torch::ScalarType exact = embedding->weight.scalar_type();
  const PackedMolecules packed = packed_molecules(x, exact);
  const SharedPairs& pairs = packed.pairs;
  const Tensor of_row = packed.place.div(x.size(1), "floor");
  const Tensor from = packed.values.narrow(1, 0, kSpace);
  std::vector<Tensor> features = {packed.values.narrow(1, kSpace, values - kSpace),
                                  label.to(exact).index_select(0, of_row).unsqueeze(1)};
  if (given.defined()) features.push_back(given.to(exact).index_select(0, of_row));
  const Tensor h = embedding->forward(at::cat(features, 1));
  const Tensor d = pair_squares(from, pairs);
  // In float64 all is; else products over pairs have the type of the network, or of this run.
  const torch::ScalarType type = exact == torch::kFloat64 ? exact : how.compute_type.value_or(compute_type_);
  Tensor both = at::cat({h, from}, 1);
  for (const EgnnBlock& block : e_blocks) {
    const auto through = [block, pairs, type](const std::vector<Tensor>& in) {
      return block->forward(in[0], in[1], type, pairs);
    };
    both = recompute_ ? recomputed(through, {both, d}) : through({both, d});
  }
  const Tensor types = embedding_out->forward(both.narrow(1, 0, options.width));
  const Tensor moved = both.narrow(1, options.width, kSpace) - from;
  const Tensor noise = at::cat({moved, types.narrow(1, 0, values - kSpace)}, 1);
  return centred(unpacked(noise, packed, x.size(0), x.size(1)), filled_places(x));
}

Tensor EgnnImpl::places(const Tensor& seeds, const Tensor& told) const {
  const Tensor number = at::arange(options.atoms, seeds.options()).unsqueeze(0);
  if (options.sizes.empty()) return at::ones({seeds.size(0), options.atoms}, seeds.options()) > 0;
  Tensor weight = at::tensor(options.sizes, at::kDouble).unsqueeze(0);
  if (told.defined() && told_of(options) > 0) weight = weight * suiting(told).narrow(1, 0, weight.size(1));
  const Tensor sums = weight.cumsum(1).to(seeds.device());
  const Tensor u = fine_uniform_rows(seeds.cpu(), kSizeStream, {1}).to(seeds.device());
  const Tensor atoms = (sums <= u * sums.narrow(1, sums.size(1) - 1, 1)).sum(1, true);
  return number < atoms;
}

Tensor EgnnImpl::suiting(const Tensor& told) const {
  const Tensor by = told_by_atoms.to(torch::kCPU, torch::kFloat64),
               value = told.to(torch::kCPU, torch::kFloat64).unsqueeze(1);
  const Tensor off = (value - by[0]) / by[1];
  const Tensor log =
      at::where(at::isfinite(value), -off.square() / 2 - by[1].log(), at::zeros_like(off)).sum(2);
  // Of sizes that the data have the best suited has 1, however badly it suits.
  const Tensor there = at::tensor(options.sizes, at::kLong) > 0;
  const Tensor most = log.narrow(1, 0, there.size(0)).masked_fill(~there, -kInfinity).amax(1, true);
  return (log - most).clamp_max(0).exp();
}

Tensor EgnnImpl::places_of(const Tensor& x) const {
  return filled_places(x);
}

Tensor EgnnImpl::confined(const Tensor& x, const Tensor& places) const {
  return centred(x, places);
}

Tensor EgnnImpl::units() const {
  const Tensor units = at::ones({values_of(options)}, at::kDouble);
  units.narrow(0, kSpace, values_of(options) - kSpace).fill_(options.type_scale);
  return units.to(embedding->weight.device());
}

PackedMolecules packed_molecules(const Tensor& x, torch::ScalarType type) {
  const Tensor filled = filled_places(x), atoms = filled.sum(1).cpu();
  PackedMolecules packed;
  packed.place = filled.flatten().nonzero().squeeze(1);
  packed.values = x.flatten(0, 1).index_select(0, packed.place).to(type);
  const int64_t* count = atoms.data_ptr<int64_t>();
  packed.pairs =
      std::make_shared<const AtomPairs>(std::vector<int64_t>(count, count + atoms.size(0)), x.device());
  return packed;
}

Tensor unpacked(const Tensor& values, const PackedMolecules& packed, int64_t rows, int64_t places) {
  const Tensor all = at::zeros({rows * places, values.size(1)}, values.options());
  return all.index_copy(0, packed.place, values).view({rows, places, values.size(1)});
}

Tensor centred(const Tensor& x, const Tensor& places) {
  const Tensor there = places.unsqueeze(2).to(x.scalar_type());
  const Tensor held = x * there, positions = held.narrow(2, 0, kSpace);
  // One atom after the other: libraries choose how to sum by the number of rows.
  Tensor sum = at::zeros_like(positions.select(1, 0));
  for (int64_t a = 0; a < x.size(1); ++a) sum = sum + positions.select(1, a);
  const Tensor mean = (sum / there.sum(1).clamp_min(1)).unsqueeze(1);
  return at::cat({positions - mean * there, held.narrow(2, kSpace, x.size(2) - kSpace)}, 2);
}

Tensor filled_places(const Tensor& x) {
  return (x.detach() != 0).any(2);
}

}  // namespace steer
