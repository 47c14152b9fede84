#include "steer/molecule/molecule_objectives.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

constexpr int64_t kCoordinates = 3;
constexpr double kTinySquare = 1e-12;  // roots have a gradient at 0, too

class MoleculeObjective : public Objective {
 public:
  MoleculeObjective(std::function<Tensor(const SeenMolecules&)> score, std::string words)
      : score_(std::move(score)), words_(std::move(words)) {}

  Tensor score(const State& samples) const override { return score_(seen_molecules(samples)); }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  std::function<Tensor(const SeenMolecules&)> score_;
  std::string words_;
};

// Measurements that have no picture.
class PartObjective : public Objective {
 public:
  PartObjective(std::vector<Measurement> measurements, std::string words)
      : measurements_(std::move(measurements)), words_(std::move(words)) {}

  Tensor score(const State& sample) const override {
    return log_likelihood(measurements_[0], sample.x) + log_likelihood(measurements_[1], sample.x);
  }
  bool differentiable() const override { return true; }
  std::vector<Measurement> linear() const override { return measurements_; }
  std::string words() const override { return words_; }

 private:
  std::vector<Measurement> measurements_;
  std::string words_;
};

}  // namespace

SeenMolecules seen_molecules(const State& samples) {
  const Tensor& x = samples.x;
  STEER_CHECK(x.defined() && x.dim() == 3 && x.size(2) > 3,
              "[molecule] expected molecules [N, A, 3 + types] but got ",
              x.defined() ? shape_text(x.sizes()) : "none");
  const Tensor wide = x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32);
  const Tensor place = places_of(samples).to(wide.device(), wide.scalar_type());
  const Tensor held = wide * place.unsqueeze(2);
  return {held, held.narrow(2, 0, 3), held.narrow(2, 3, x.size(2) - 3), place};
}

std::unique_ptr<Objective> molecule_objective(std::function<Tensor(const SeenMolecules&)> score,
                                              std::string words) {
  return std::make_unique<MoleculeObjective>(std::move(score), std::move(words));
}

Tensor gyration_radius(const SeenMolecules& m) {
  const Tensor place = m.place.unsqueeze(2), atoms = m.place.sum(1).clamp_min(1);
  const Tensor mean = (m.position * place).sum(1, true) / atoms.view({-1, 1, 1});
  const Tensor square = ((m.position - mean) * place).square().sum({1, 2}) / atoms;
  return (square + kTinySquare).sqrt();
}

Tensor type_count(const SeenMolecules& m, int64_t type) {
  return m.type.select(2, type).sum(1);
}

Tensor nearness_of_pairs(const SeenMolecules& m, double least) {
  const Tensor apart = m.position.unsqueeze(2) - m.position.unsqueeze(1);
  const Tensor distance = (apart.square().sum(3) + kTinySquare).sqrt();
  const Tensor pairs = (m.place.unsqueeze(2) * m.place.unsqueeze(1)).triu(1);
  return ((least - distance).clamp_min(0).square() * pairs).sum({1, 2});
}

std::unique_ptr<Objective> part_objective(const Tensor& part, int64_t places, double noise,
                                          std::string words) {
  const int64_t atoms = part.size(1), values = part.size(2);
  STEER_CHECK(atoms <= places, "[molecule] expected a part of at most ", places, " atoms but got ", atoms);
  const Tensor
      first = at::eye(atoms, places, part.options()),
      positions = (at::arange(values, part.options()) < kCoordinates).to(part.scalar_type()).view({1, 1, -1});
  const double scale = 1 / (2 * noise * noise);
  const auto measured = [&](const Tensor& mix, const Tensor& weight) {
    const LinearMap map{mix, {}, {}};
    return Measurement{map, at::matmul(mix.narrow(1, 0, atoms), part), weight, scale};
  };
  return std::make_unique<PartObjective>(
      std::vector<Measurement>{measured(first - first.mean(0, true), positions),
                               measured(first, 1 - positions)},
      std::move(words));
}

}  // namespace steer
