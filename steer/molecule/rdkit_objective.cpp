#include "steer/molecule/rdkit_objective.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "steer/core/check.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

constexpr char kStrainWish[] = "strain", kValidWish[] = "valid";

double heavy_atoms(const Molecule& molecule) {
  const auto heavy =
      std::count_if(molecule.number.begin(), molecule.number.end(), [](int n) { return n > 1; });
  return static_cast<double>(std::max<int64_t>(heavy, 1));
}

double wish_score(const RdkitWish& wish, double value) {
  if (wish.target) return -std::pow((value - *wish.target) / wish.unit, 2);
  return (wish.least ? -value : value) / wish.unit;
}

class RdkitObjective : public Objective {
 public:
  RdkitObjective(const Space& space, std::vector<RdkitWish> wanted, double cost, std::string words,
                 const RdkitOptions& options)
      : space_(space),
        wanted_(std::move(wanted)),
        cost_(cost),
        words_(std::move(words)),
        rdkit_(std::make_unique<Rdkit>(options)) {
    for (const RdkitWish& wish : wanted_) names_.push_back(wish.name);
    // Whether a molecule is a misfit is asked in any case; it comes first.
    names_.erase(std::remove(names_.begin(), names_.end(), kValidWish), names_.end());
    names_.insert(names_.begin(), kValidWish);
  }

  Tensor score(const State& samples) const override {
    const std::vector<Molecule> molecules = bonded_molecules(space_, samples);
    const std::vector<RdkitScore> told = rdkit_->scores(molecules, names_);
    std::vector<double> scores;
    for (size_t i = 0; i < molecules.size(); ++i) scores.push_back(score_of(molecules[i], told[i]));
    return at::tensor(scores, torch::kFloat64).to(torch::kFloat32).to(samples.x.device());
  }
  bool differentiable() const override { return false; }
  // Of values that are wanted it is a log-likelihood; what shall merely be high has a unit of its own.
  bool in_nats() const override {
    return std::all_of(wanted_.begin(), wanted_.end(),
                       [](const RdkitWish& wish) { return wish.target.has_value(); });
  }
  std::string words() const override { return words_; }

 private:
  double score_of(const Molecule& molecule, const RdkitScore& told) const {
    if (told.number[0] != 1) return -cost_;
    double score = 0;
    for (const RdkitWish& wish : wanted_) {
      const auto place = std::find(names_.begin(), names_.end(), wish.name) - names_.begin();
      const double share = wish.name == kStrainWish ? heavy_atoms(molecule) : 1;
      score += wish_score(wish, told.number[static_cast<size_t>(place)] / share);
    }
    return std::isnan(score) ? -cost_ : std::max(score, -cost_);
  }

  Space space_;
  std::vector<RdkitWish> wanted_;
  std::vector<std::string> names_;
  double cost_;
  std::string words_;
  std::unique_ptr<Rdkit> rdkit_;
};

void check_wishes(const Space& space, const std::vector<RdkitWish>& wanted, double cost) {
  const std::vector<int> elements = element_numbers(space);
  STEER_CHECK(!wanted.empty(), "[rdkit] expected at least one number that is wanted, as qed");
  std::vector<std::string> names;
  for (const RdkitWish& wish : wanted) {
    names.push_back(wish.name);
    STEER_CHECK(wish.name != "smiles", "[rdkit] expected a number that is wanted but got smiles, a text");
    STEER_CHECK(std::isfinite(wish.unit) && wish.unit > 0, "[rdkit] ", wish.name,
                ": expected a unit above 0 but got ", wish.unit);
    STEER_CHECK(!wish.target || std::isfinite(*wish.target), "[rdkit] ", wish.name,
                ": expected a finite target");
    STEER_CHECK(wish.name != kStrainWish || std::count(elements.begin(), elements.end(), 1) > 0,
                "[rdkit] strain: expected molecules with hydrogens but these are of ", space.alphabet);
  }
  check_rdkit_names(names);
  STEER_CHECK(std::isfinite(cost) && cost > 0, "[rdkit] expected a cost above 0 but got ", cost);
}

}  // namespace

std::unique_ptr<Objective> rdkit_objective(const Space& space, std::vector<RdkitWish> wanted, double cost,
                                           std::string words, const RdkitOptions& options) {
  check_wishes(space, wanted, cost);
  return std::make_unique<RdkitObjective>(space, std::move(wanted), cost, std::move(words), options);
}

}  // namespace steer
