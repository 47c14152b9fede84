#include "steer/molecule/xtb.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/molecule/molecule_space.h"
#include "steer/molecule/xyz.h"
#include "steer/objectives/program.h"

namespace steer {
namespace {

constexpr double kHartreeInEv = 27.211386, kDebyeInAtomicUnits = 2.541746;
constexpr size_t kMostOfJson = 1 << 22;
constexpr char kNoProgram[] = "no xtb";

// Reads a molecule from its input, works in a folder of its own, prints the JSON file that xtb leaves.
constexpr char kRun[] =
    "command -v xtb >/dev/null || { cat >/dev/null; echo no xtb; exit 0; }; d=$(mktemp -d) || exit 1; "
    "trap 'rm -rf \"$d\"' EXIT; cd \"$d\" && cat > m.xyz && "
    "OMP_NUM_THREADS=1 xtb m.xyz --gfn 2 --json >/dev/null 2>&1; cat xtbout.json 2>/dev/null; exit 0";

class XtbObjective : public Objective {
 public:
  XtbObjective(const Space& space, std::vector<WantedProperty> wanted, double cost, std::string words)
      : space_(space), wanted_(std::move(wanted)), cost_(cost), words_(std::move(words)) {}

  Tensor score(const State& samples) const override {
    std::vector<double> scores;
    for (const Molecule& molecule : as_molecules(space_, samples)) {
      const auto found = molecule.size() > 0 ? xtb_properties(molecule) : std::nullopt;
      double score = found ? 0 : -cost_;
      if (found)
        for (const WantedProperty& wanted : wanted_)
          score -= std::pow((*found.*wanted.member - wanted.value) / wanted.noise, 2) / 2;
      scores.push_back(std::max(score, -cost_));
    }
    return at::tensor(scores, torch::kFloat64).to(torch::kFloat32).to(samples.x.device());
  }
  bool differentiable() const override { return false; }
  std::string words() const override { return words_; }

 private:
  Space space_;
  std::vector<WantedProperty> wanted_;
  double cost_;
  std::string words_;
};

}  // namespace

std::optional<XtbProperties> properties_from_xtb(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const Json energies = json.value("orbital energies/eV", Json()),
             filled = json.value("fractional occupation", Json()), dipole = json.value("dipole", Json()),
             total = json.value("total energy", Json());
  const auto numbers = [](const Json& list) {
    return list.is_array() &&
           std::all_of(list.begin(), list.end(), [](const Json& each) { return each.is_number(); });
  };
  if (!numbers(energies) || !numbers(filled) || energies.size() != filled.size() || !numbers(dipole) ||
      dipole.size() != 3 || !total.is_number())
    return std::nullopt;
  XtbProperties found;
  found.homo = -std::numeric_limits<double>::infinity(), found.lumo = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < energies.size(); ++i) {
    const double energy = energies[i].get<double>();
    if (filled[i].get<double>() > 0.5)
      found.homo = std::max(found.homo, energy);
    else
      found.lumo = std::min(found.lumo, energy);
  }
  found.gap = found.lumo - found.homo;
  double square = 0;
  for (const Json& each : dipole) square += std::pow(each.get<double>(), 2);
  found.mu = kDebyeInAtomicUnits * std::sqrt(square);
  found.energy = kHartreeInEv * total.get<double>();
  for (const double each : {found.energy, found.mu, found.homo, found.lumo})
    if (!std::isfinite(each)) return std::nullopt;
  return found;
}

std::optional<XtbProperties> xtb_properties(const Molecule& molecule, double timeout_seconds) {
  const std::string said = answer_of({kRun, timeout_seconds}, xyz_text({molecule}), kMostOfJson);
  STEER_CHECK(said.rfind(kNoProgram, 0) != 0,
              "[xtb] expected the program xtb, which Debian's package xtb has, but there is none");
  return properties_from_xtb(said);
}

std::unique_ptr<Objective> xtb_objective(const Space& space, std::vector<WantedProperty> wanted, double cost,
                                         std::string words) {
  return std::make_unique<XtbObjective>(space, std::move(wanted), cost, std::move(words));
}

}  // namespace steer
