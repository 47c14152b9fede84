#include "steer/molecule/molecule_modality.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/pi.h"
#include "steer/molecule/ball_and_stick.h"
#include "steer/molecule/molecule_data.h"
#include "steer/molecule/molecule_figures.h"
#include "steer/molecule/molecule_files.h"
#include "steer/molecule/molecule_space.h"
#include "steer/molecule/molecule_words.h"
#include "steer/molecule/pose.h"
#include "steer/picture/grid.h"

namespace steer {
namespace {

constexpr int64_t kCellSide = 128, kTurnedSide = 200, kMostShownMolecules = 64;

State read_molecule(const std::string& path, const Space& space, const std::string&) {
  const std::vector<Molecule> molecules = read_molecules(path);
  return as_samples(space, {molecules[0]}, "[read] " + path);
}

Tensor drawn(const Space& space, const State& samples, const BallAndStickOptions& options) {
  std::vector<Tensor> pictures;
  for (const Molecule& molecule : bonded_molecules(space, samples))
    pictures.push_back(ball_and_stick(molecule, options));
  return at::stack(pictures);
}

// About a square of them.
int64_t side_by_side(int64_t count) {
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count)))));
}

Tensor picture_of_molecules(const Space& space, const std::vector<State>& sources, int64_t columns) {
  BallAndStickOptions options;
  options.side = kCellSide;
  std::vector<Tensor> pictures;
  for (const State& source : sources) pictures.push_back(drawn(space, source, options));
  return stacked_grid(pictures, columns > 0 ? columns : side_by_side(pictures[0].size(0)));
}

// All frames at one scale, so that nothing jumps.
Tensor turned_molecules(const Space& space, const State& samples, double share) {
  constexpr double kShownAngstrom = 10, kTilt = 0.35;
  BallAndStickOptions options;
  options.side = kTurnedSide, options.broad_side = false;
  options.scale = static_cast<double>(kTurnedSide) / kShownAngstrom;
  options.turn = 2 * kPi * share, options.tilt = kTilt;
  const Tensor pictures = drawn(space, samples, options);
  return stacked_grid({pictures}, side_by_side(pictures.size(0)));
}

std::vector<NamedDistance> molecule_distances(const Space& space, const State& samples, const State&) {
  const MoleculeFigures f = molecule_figures(bonded_molecules(space, samples), {});
  return {
      {"atoms_stable", f.atoms_stable, "share of atoms with the right valence by bonds told by distances"},
      {"molecules_stable", f.molecules_stable, "share of molecules all of whose atoms are so"},
      {"valid", f.valid, "share of molecules whose largest fragment has possible valences"},
      {"connected", f.connected, "share of molecules of one fragment"},
      {"unique", f.unique, "share of different ones of the valid"},
      {"mean_atoms", f.mean_atoms, "atoms of a molecule on average"}};
}

}  // namespace

const Modality& molecule_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = molecule_space(1, "C").kind;
    m.plural = "molecules";
    m.meaning = "molecules in space, positions [A, 3] in Angstrom with types; .xyz, .sdf and .pdb files, QM9";
    m.read = read_molecule;
    m.holds = names_molecules;
    m.dataset = make_molecule_dataset;
    m.data = molecule_data();
    m.fitted = [](DataOptions& options, const Space& space) {
      options.hydrogens = space.alphabet.rfind("H", 0) == 0;
    };
    m.picture = picture_of_molecules;
    m.turned = turned_molecules;
    m.posed = posed_molecules;
    m.finished = finished_molecules;
    m.writes = is_molecule_name;
    m.file_of = [](const std::string& path, const Space& space, const State& samples) {
      return molecule_text(path, bonded_molecules(space, samples));
    };
    m.shown = 16;
    m.most_shown = kMostShownMolecules;
    m.distances = molecule_distances;
    // It keeps molecules whole where others pull them apart (docs/results.md).
    m.method = "ugd";
    m.words = &molecule_words();
    return m;
  }();
  return modality;
}

}  // namespace steer
