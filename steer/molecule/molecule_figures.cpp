#include "steer/molecule/molecule_figures.h"

#include <algorithm>
#include <set>
#include <string>

#include "steer/molecule/bonds.h"
#include "steer/molecule/canonical.h"

namespace steer {
namespace {

bool is_connected(const Molecule& molecule) {
  const std::vector<int64_t> fragment = fragment_of(molecule, molecule.bonds);
  return !fragment.empty() && *std::max_element(fragment.begin(), fragment.end()) == 0;
}

}  // namespace

MoleculeFigures molecule_figures(const std::vector<Molecule>& molecules, const std::vector<Molecule>& known) {
  MoleculeFigures figures;
  int64_t atoms = 0, stable_atoms = 0, stable = 0, valid = 0, connected = 0;
  std::set<std::string> texts, before;
  for (const Molecule& molecule : known) before.insert(canonical_text(largest_fragment(molecule)));
  for (const Molecule& molecule : molecules) {
    const Stability each = stability(molecule);
    atoms += each.atoms, stable_atoms += each.stable_atoms, stable += each.molecule;
    connected += is_connected(molecule);
    if (!is_valid(molecule)) continue;
    ++valid;
    texts.insert(canonical_text(largest_fragment(molecule)));
  }
  const auto all = static_cast<double>(std::max<size_t>(molecules.size(), 1));
  const auto different = static_cast<double>(texts.size());
  const auto old = static_cast<double>(
      std::count_if(texts.begin(), texts.end(), [&](const auto& text) { return before.count(text) > 0; }));
  figures.atoms_stable = static_cast<double>(stable_atoms) / static_cast<double>(std::max<int64_t>(atoms, 1));
  figures.molecules_stable = static_cast<double>(stable) / all;
  figures.valid = static_cast<double>(valid) / all;
  figures.connected = static_cast<double>(connected) / all;
  figures.unique = different / static_cast<double>(std::max<int64_t>(valid, 1));
  figures.novel = (different - old) / std::max(different, 1.0);
  figures.mean_atoms = static_cast<double>(atoms) / all;
  return figures;
}

}  // namespace steer
