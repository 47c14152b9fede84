#include "steer/molecule/ani.h"

#include <torch/autograd.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/json_fields.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"
#include "steer/molecule/elements.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/nn/pairs.h"
#include "steer/nn/projection.h"

namespace steer {
namespace {

constexpr double kAniHartreeInEv = 27.211386;
constexpr double kLeastSquare = 1e-12;    // Angstrom^2; nearer atoms are seen as so far apart
constexpr double kLeastVariance = 1e-24;  // Hartree^2; roots have a gradient at 0, too
constexpr double kNarrowing = 0.95;       // of cosines, so that angles have a gradient everywhere
constexpr int64_t kMostAngles = 1 << 23;
constexpr int64_t kAnglesAtOnce = 1 << 14;
constexpr int64_t kMostShifts = 1024, kMostEnvironment = 1 << 16, kMostNetworks = 1024;

// Filled places of molecules, one after the other.
struct AniAtoms {
  Tensor row;                  // int64 [V]: its molecule
  Tensor type;                 // int64 [V]: which of the potential's elements
  Tensor position;             // [V, 3]
  std::vector<int64_t> count;  // atoms of each molecule
};

// Ordered pairs of atoms within a cutoff, by the first of them.
struct AniNeighbours {
  Tensor centre, other;     // int64 [E]: atoms
  Tensor vector, distance;  // [E, 3], from the centre, and [E]
};

// Pairs of neighbours of one atom, each once.
struct AniAngles {
  Tensor first, second;  // int64 [T]: which of the neighbours
};

void check_ani_shapes(const Tensor& position, const Tensor& number) {
  STEER_CHECK(position.defined() && position.dim() == 3 && position.size(2) == 3 &&
                  (position.scalar_type() == torch::kFloat32 || position.scalar_type() == torch::kFloat64),
              "[ani] expected positions float [B, A, 3] but got ",
              position.defined() ? shape_text(position.sizes()) : "none");
  STEER_CHECK(number.defined() && number.scalar_type() == torch::kInt64 && number.dim() == 2 &&
                  number.size(0) == position.size(0) && number.size(1) == position.size(1),
              "[ani] expected atomic numbers int64 [", position.size(0), ", ", position.size(1), "] but got ",
              number.defined() ? shape_text(number.sizes()) : "none");
}

// Error unless the potential knows the elements at all filled places; `type` [V] is -1 at others.
void check_ani_types(const Tensor& type, const Tensor& number) {
  const Tensor unknown = (type < 0).nonzero();
  if (unknown.size(0) == 0) return;
  const auto which = number.index_select(0, unknown[0]).item<int64_t>();
  fail("[ani] expected elements that the potential knows but got ", element_symbol(static_cast<int>(which)));
}

AniAtoms ani_atoms(const Tensor& position, const Tensor& number, const Tensor& type_of) {
  check_ani_shapes(position, number);
  STEER_CHECK(number.numel() == 0 ||
                  (number.min().item<int64_t>() >= 0 && number.max().item<int64_t>() <= kLastElement),
              "[ani] expected atomic numbers of 0 to ", kLastElement);
  const Tensor filled = number > 0, count = filled.sum(1).cpu();
  AniAtoms atoms;
  const Tensor place = filled.flatten().nonzero().squeeze(1);
  atoms.row = place.div(std::max<int64_t>(number.size(1), 1), "floor");
  const Tensor numbers = number.flatten().index_select(0, place);
  atoms.type = type_of.index_select(0, numbers);
  check_ani_types(atoms.type, numbers);
  atoms.position = position.flatten(0, 1).index_select(0, place);
  atoms.count.assign(count.data_ptr<int64_t>(), count.data_ptr<int64_t>() + count.size(0));
  return atoms;
}

// Where a distance is not beyond a cutoff, int64; what is not finite is among them.
Tensor within_cutoff(const Tensor& distance, double cutoff) {
  return (distance.detach() > cutoff).logical_not().nonzero().squeeze(1);
}

Tensor ani_distance(const Tensor& vector) {
  return vector.square().sum(1).clamp_min(kLeastSquare).sqrt();
}

Tensor ani_vectors(const Tensor& position, const Tensor& centre, const Tensor& other) {
  return position.index_select(0, other) - position.index_select(0, centre);
}

AniNeighbours ani_neighbours(const AniAtoms& atoms, double cutoff) {
  const AtomPairs pairs(atoms.count, atoms.position.device());
  const Tensor all = ani_distance(ani_vectors(atoms.position.detach(), pairs.first(), pairs.second())),
               near = within_cutoff(all, cutoff);
  AniNeighbours found;
  found.centre = pairs.first().index_select(0, near), found.other = pairs.second().index_select(0, near);
  found.vector = ani_vectors(atoms.position, found.centre, found.other);
  found.distance = ani_distance(found.vector);
  return found;
}

AniNeighbours nearer(const AniNeighbours& all, double cutoff) {
  const Tensor near = within_cutoff(all.distance, cutoff);
  return {all.centre.index_select(0, near), all.other.index_select(0, near), all.vector.index_select(0, near),
          all.distance.index_select(0, near)};
}

// Each neighbour with those behind it in the list of the same centre.
AniAngles ani_angles(const AniNeighbours& near, int64_t atoms) {
  const Tensor &centre = near.centre, one = at::ones_like(centre);
  const Tensor end = at::zeros({atoms}, centre.options()).index_add(0, centre, one).cumsum(0),
               number = at::arange(centre.size(0), centre.options()),
               behind = end.index_select(0, centre) - number - 1;
  const auto count = behind.sum().item<int64_t>();
  STEER_CHECK(count <= kMostAngles, "[ani] expected at most ", kMostAngles,
              " angles of two neighbours but got ", count, ": too many molecules or atoms too near");
  const Tensor first = at::repeat_interleave(behind),  // each neighbour as often as others are behind it
      begin = behind.cumsum(0) - behind;
  return {first, at::arange(count, centre.options()) - begin.index_select(0, first) + first + 1};
}

// 1 at a distance of 0, 0 at the cutoff.
Tensor ani_falloff(const Tensor& distance, double cutoff) {
  return (distance * (kPi / cutoff)).cos() * 0.5 + 0.5;
}

Tensor ani_row(const std::vector<double>& values, const Tensor& like) {
  return at::tensor(values, torch::kFloat64).to(like.device(), like.scalar_type()).unsqueeze(0);
}

// [V, elements * radial_shifts].
Tensor radial_part(const AniNeighbours& near, const AniAtoms& atoms, const AniConstants& c) {
  const auto kinds = static_cast<int64_t>(c.elements.size());
  const Tensor off = near.distance.unsqueeze(1) - ani_row(c.radial_shifts, near.distance),
               term = (off.square() * -c.radial_eta).exp() *
                      (ani_falloff(near.distance, c.radial_cutoff) * 0.25).unsqueeze(1);
  const Tensor place = near.centre * kinds + atoms.type.index_select(0, near.other);
  return at::zeros({atoms.type.size(0) * kinds, term.size(1)}, term.options())
      .index_add(0, place, term)
      .view({atoms.type.size(0), c.radial_length()});
}

// Of neighbours: the direction, half the distance, and the falloff, [E, 5].
Tensor angular_features(const AniNeighbours& near, double cutoff) {
  const Tensor distance = near.distance.unsqueeze(1);
  return at::cat({near.vector / distance, distance * 0.5, ani_falloff(distance, cutoff)}, 1);
}

// [T, angular_shifts * angle_shifts] of two neighbours' features: 2 ((1 + cos(angle - shift)) / 2)^zeta
// exp(-eta (mean distance - shift)^2) times both falloffs, where cos(angle) is the narrowed cosine.
Tensor angular_terms(const Tensor& a, const Tensor& b, const AniConstants& c) {
  const Tensor cosine = (a.narrow(1, 0, 3) * b.narrow(1, 0, 3)).sum(1, true) * kNarrowing,
               sine = (1 - cosine.square()).sqrt();
  const Tensor shift = ani_row(c.angle_shifts, a);
  const Tensor angular =
      (cosine * (shift.cos() * 0.5) + sine * (shift.sin() * 0.5) + 0.5).pow(c.zeta);  // [T, angle_shifts]
  const Tensor off = a.narrow(1, 3, 1) + b.narrow(1, 3, 1) - ani_row(c.angular_shifts, a);
  const Tensor radial = (off.square() * -c.angular_eta).exp() * (a.narrow(1, 4, 1) * b.narrow(1, 4, 1) * 2);
  return (radial.unsqueeze(2) * angular.unsqueeze(1)).flatten(1);
}

// Which unordered pair of types: (0, 0), (0, 1) ... (1, 1) and so on.
Tensor pair_of_types(const Tensor& a, const Tensor& b, int64_t kinds) {
  const Tensor low = at::minimum(a, b), high = at::maximum(a, b);
  return (low * (2 * kinds - 1 - low)).div(2, "floor") + high;
}

// [V, pairs of elements * angular_shifts * angle_shifts].
Tensor angular_part(const AniNeighbours& near, const AniAtoms& atoms, const AniConstants& c) {
  const auto kinds = static_cast<int64_t>(c.elements.size());
  const int64_t pairs = kinds * (kinds + 1) / 2, count = atoms.type.size(0);
  const AniAngles angles = ani_angles(near, count);
  const Tensor features = angular_features(near, c.angular_cutoff),
               type = atoms.type.index_select(0, near.other);
  Tensor sum = at::zeros({count * pairs, (c.length() - c.radial_length()) / pairs}, features.options());
  for (int64_t from = 0; from < angles.first.size(0); from += kAnglesAtOnce) {
    const int64_t some = std::min(kAnglesAtOnce, angles.first.size(0) - from);
    const Tensor first = angles.first.narrow(0, from, some), second = angles.second.narrow(0, from, some);
    const Tensor place = near.centre.index_select(0, first) * pairs +
                         pair_of_types(type.index_select(0, first), type.index_select(0, second), kinds);
    sum.index_add_(0, place,
                   angular_terms(features.index_select(0, first), features.index_select(0, second), c));
  }
  return sum.view({count, c.length() - c.radial_length()});
}

Tensor ani_environments(const AniAtoms& atoms, const AniConstants& constants) {
  const AniNeighbours near = ani_neighbours(atoms, constants.radial_cutoff);
  return at::cat({radial_part(near, atoms, constants),
                  angular_part(nearer(near, constants.angular_cutoff), atoms, constants)},
                 1);
}

// A number of a file's constants, within a range.
double ani_within(double value, double least, double most, const std::string& key, const std::string& path) {
  STEER_CHECK(value >= least && value <= most, "[ani] ", path, ": expected ", key, " of ", least, " to ",
              most, " but got ", value);
  return value;
}

double ani_number(const Json& json, const char* key, double least, double most, const std::string& path) {
  return ani_within(field<double>(json, key, path), least, most, key, path);
}

std::vector<double> ani_numbers(const Json& json, const char* key, double least, double most,
                                const std::string& path) {
  std::vector<double> numbers = numbers_field(json, key, path);
  STEER_CHECK(!numbers.empty() && static_cast<int64_t>(numbers.size()) <= kMostShifts, "[ani] ", path,
              ": expected 1 to ", kMostShifts, " numbers for ", key, " but got ", numbers.size());
  for (const double number : numbers) ani_within(number, least, most, key, path);
  return numbers;
}

std::vector<int> ani_elements(const Json& json, const std::string& path) {
  std::vector<int> elements;
  for (const std::string& symbol : field<std::vector<std::string>>(json, "elements", path)) {
    const int number = atomic_number(symbol);
    STEER_CHECK(number > 0 && element_symbol(number) == symbol &&
                    std::find(elements.begin(), elements.end(), number) == elements.end(),
                "[ani] ", path, ": expected different symbols of elements but got ", in_quotes(symbol));
    elements.push_back(number);
  }
  STEER_CHECK(!elements.empty(), "[ani] ", path, ": expected elements but got none");
  return elements;
}

AniConstants ani_constants(const Json& json, const std::string& path) {
  constexpr double kMostEnergy = 1e6, kMostEta = 1e4, kMostZeta = 1e3, kMostDistance = 100;
  AniConstants c;
  c.elements = ani_elements(json, path);
  c.radial_cutoff = ani_number(json, "radial_cutoff", 0.1, kMostDistance, path);
  c.angular_cutoff = ani_number(json, "angular_cutoff", 0.1, c.radial_cutoff, path);
  c.radial_eta = ani_number(json, "radial_eta", 0, kMostEta, path);
  c.angular_eta = ani_number(json, "angular_eta", 0, kMostEta, path);
  c.zeta = ani_number(json, "zeta", 1, kMostZeta, path);
  c.radial_shifts = ani_numbers(json, "radial_shifts", 0, kMostDistance, path);
  c.angular_shifts = ani_numbers(json, "angular_shifts", 0, kMostDistance, path);
  c.angle_shifts = ani_numbers(json, "angle_shifts", 0, kPi, path);
  c.celu_alpha = ani_number(json, "celu_alpha", 1e-3, 1e3, path);
  c.self_energies = ani_numbers(json, "self_energies", -kMostEnergy, kMostEnergy, path);
  STEER_CHECK(c.self_energies.size() == c.elements.size(), "[ani] ", path, ": expected ", c.elements.size(),
              " self energies but got ", c.self_energies.size());
  STEER_CHECK(c.length() <= kMostEnvironment, "[ani] ", path, ": expected environments of at most ",
              kMostEnvironment, " numbers but got ", c.length());
  return c;
}

// A tensor of a file, real and finite, of this shape; sizes of -1 are any above 0.
Tensor ani_tensor(const Checkpoint& file, const std::string& name, const std::vector<int64_t>& shape,
                  const std::string& path) {
  const auto found = file.tensors.find(name);
  STEER_CHECK(found != file.tensors.end(), "[ani] ", path, ": expected a tensor ", name, " but got none");
  const Tensor& tensor = found->second;
  bool fits = tensor.dim() == static_cast<int64_t>(shape.size()) && tensor.is_floating_point();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    const int64_t size = tensor.size(static_cast<int64_t>(i));
    fits = shape[i] < 0 ? size >= 1 : size == shape[i];
  }
  STEER_CHECK(fits, "[ani] ", path, ": expected real numbers ", shape_text(shape),
              ", where -1 is any number, as ", name, " but got ", shape_text(tensor.sizes()));
  STEER_CHECK(tensor.isfinite().all().item<bool>(), "[ani] ", path, ": expected finite numbers in ", name);
  return tensor.to(torch::kFloat32).contiguous();
}

}  // namespace

int64_t AniConstants::radial_length() const {
  return static_cast<int64_t>(elements.size() * radial_shifts.size());
}

int64_t AniConstants::length() const {
  const size_t pairs = elements.size() * (elements.size() + 1) / 2;
  return radial_length() + static_cast<int64_t>(pairs * angular_shifts.size() * angle_shifts.size());
}

Ani::Ani(const std::string& path, torch::Device device) {
  const Checkpoint file = family_checkpoint(path, "ani");
  constants_ = ani_constants(network_options(file, path, "ani"), path);
  potential_ = metadata_word(file, "potential");
  size_t used = 0;
  std::vector<int64_t> types(kLastElement + 1, -1);
  int64_t members = -1;
  for (size_t e = 0; e < constants_.elements.size(); ++e) {
    const int number = constants_.elements[e];
    types[static_cast<size_t>(number)] = static_cast<int64_t>(e);
    std::vector<Layer> layers;
    int64_t out = constants_.length();
    while (layers.empty() || out != 1) {
      const std::string name = joined(element_symbol(number), ".", layers.size(), ".");
      const Tensor weight = ani_tensor(file, name + "weight", {members, -1, out}, path);
      members = weight.size(0), out = weight.size(1);
      const Tensor bias = ani_tensor(file, name + "bias", {members, out}, path);
      layers.push_back({weight.to(device), bias.to(device)});
      used += 2;
    }
    layers_.push_back(std::move(layers));
  }
  networks_ = members;
  STEER_CHECK(networks_ <= kMostNetworks && used == file.tensors.size(), "[ani] ", path, ": expected ", used,
              " tensors of at most ", kMostNetworks, " networks but got ", file.tensors.size(), " of ",
              networks_);
  type_of_ = at::tensor(types, torch::kInt64).to(device);
  self_ = (at::tensor(constants_.self_energies, torch::kFloat64) * kAniHartreeInEv).to(device);
}

bool Ani::knows(int number) const {
  const auto& known = constants_.elements;
  return std::find(known.begin(), known.end(), number) != known.end();
}

// What each network says of atoms of one element: environments [N, length] -> [N, M].
Tensor Ani::of_networks(const Tensor& environment, size_t element) const {
  const std::vector<Layer>& layers = layers_[element];
  const auto activated = [&](const Tensor& x, size_t layer) {
    return layer + 1 < layers.size() ? at::celu(x, constants_.celu_alpha) : x;
  };
  // The first layers of all are one product, for they see the same.
  const Tensor entered =
      activated(projected(environment, layers[0].weight.flatten(0, 1), layers[0].bias.flatten()), 0);
  std::vector<Tensor> each;
  for (int64_t m = 0; m < networks_; ++m) {
    const int64_t width = layers[0].bias.size(1);
    Tensor h = entered.narrow(1, m * width, width);
    for (size_t layer = 1; layer < layers.size(); ++layer)
      h = activated(projected(h, layers[layer].weight[m], layers[layer].bias[m]), layer);
    each.push_back(h);
  }
  return at::cat(each, 1);
}

Tensor Ani::environments(const Tensor& position, const Tensor& number) const {
  return ani_environments(ani_atoms(position, number, type_of_), constants_);
}

AniEnergies Ani::energies(const Tensor& position, const Tensor& number) const {
  const AniAtoms atoms = ani_atoms(position, number, type_of_);
  const Tensor environment = ani_environments(atoms, constants_);
  const int64_t rows = position.size(0);
  // Nothing, but what is not finite makes the energy so, and molecules of one atom have a gradient.
  const Tensor nothing = (atoms.position * 0).sum(1, true).expand({-1, networks_});
  Tensor sum = at::zeros({rows, networks_}, environment.options()).index_add(0, atoms.row, nothing);
  for (size_t e = 0; e < layers_.size(); ++e) {
    const Tensor those = (atoms.type == static_cast<int64_t>(e)).nonzero().squeeze(1);
    if (those.size(0) == 0) continue;
    sum = sum.index_add(0, atoms.row.index_select(0, those),
                        of_networks(environment.index_select(0, those), e));
  }
  AniEnergies energies;
  const Tensor mean = sum.mean(1), spread = (sum - mean.unsqueeze(1)).square().sum(1);
  energies.told = mean * kAniHartreeInEv;
  energies.deviation = networks_ == 1
                           ? at::zeros_like(mean)
                           : (spread / (networks_ - 1)).clamp_min(kLeastVariance).sqrt() * kAniHartreeInEv;
  energies.self =
      at::zeros({rows}, self_.options()).index_add(0, atoms.row, self_.index_select(0, atoms.type));
  return energies;
}

Tensor Ani::energy(const Tensor& position, const Tensor& number) const {
  const AniEnergies parts = energies(position, number);
  return parts.told.to(torch::kFloat64) + parts.self;
}

Tensor Ani::forces(const Tensor& position, const Tensor& number) const {
  const bool further = at::GradMode::is_enabled() && position.requires_grad();
  const torch::AutoGradMode with_gradients(true);
  const Tensor x = further ? position : position.detach().requires_grad_(true);
  const Tensor told = energies(x, number).told.sum();
  return -torch::autograd::grad({told}, {x}, {}, further, further)[0];
}

}  // namespace steer
