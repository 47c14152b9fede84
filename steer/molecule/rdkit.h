// RDKit as a judge of molecules, where a Python with it is installed; it is never linked.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "steer/core/named.h"
#include "steer/molecule/molecule.h"

namespace steer {

using torch::Tensor;

// Which Python has RDKit, and how long it may take.
struct RdkitOptions {
  std::string python;           // by name or path; empty: what STEER_RDKIT_PYTHON names, or else python3
  double timeout_seconds = 10;  // for one molecule
};

// What RDKit tells of a molecule, and what each is: qed, logp, tpsa, weight, rings, aromatic_rings, sa,
// strain, valid and smiles.
const std::vector<Named>& rdkit_names();

// Error unless these are some of rdkit_names, at least one, each once.
void check_rdkit_names(const std::vector<std::string>& names);

// What RDKit says of a molecule.
struct RdkitScore {
  std::vector<double> number;  // one for each name asked; NaN where there is none, and for smiles
  std::string smiles;          // canonical SMILES with stereo marks; empty: there is none, or nobody asked
};

// A Python with RDKit in a process that starts with the first question, which takes about half a second, and
// is kept for all others. Answers come in the order of the molecules. May be asked by several threads, which
// wait for one another.
//
// RDKit sees a molecule as sdf_text (sdf.h) writes it: places to 4 digits, and the bonds and charges that it
// has; bonds_by_distance (bonds.h) gives it bonds. Where an atom has fewer bonds than its usual valence,
// RDKit adds hydrogens. A misfit is a molecule that sdf_text refuses, that RDKit cannot sanitize, of several
// fragments, or at which RDKit takes too long or dies; its `valid` is 0 and its other numbers are NaN. After
// the latter two a new process is started.
//
// Error where there is no such Python, or what it says is no answer; Interrupted where this process is asked
// to end meanwhile (core/interruption.h).
class Rdkit {
 public:
  // Error for a time that is not above 0. Starts nothing yet.
  explicit Rdkit(RdkitOptions options = {});
  ~Rdkit();

  // RDKit's version, "2024.09.1".
  std::string version();

  // What the names are of each molecule. Error as check_rdkit_names, and for sa where RDKit came without its
  // folder Contrib/SA_Score.
  std::vector<RdkitScore> scores(const std::vector<Molecule>& molecules,
                                 const std::vector<std::string>& names);

  // The formula as a picture in SVG, `side` pixels wide and high, 16 to 4096: atoms in the plane, without
  // hydrogens, all fragments. None where RDKit cannot sanitize it, dies or takes too long.
  std::optional<std::string> svg(const Molecule& molecule, int64_t side = 300);
  // The same as pixels, float32 [3, side, side] in [-1, 1]. Error where RDKit came without Cairo.
  std::optional<Tensor> picture(const Molecule& molecule, int64_t side = 300);

  // At how many molecules RDKit died or took too long so far.
  int64_t lost() const;

 private:
  class Talk;
  std::unique_ptr<Talk> talk_;
};

// The same by a process for these molecules alone.
std::vector<RdkitScore> rdkit_scores(const std::vector<Molecule>& molecules,
                                     const std::vector<std::string>& names, const RdkitOptions& options = {});
std::optional<std::string> depiction_svg(const Molecule& molecule, int64_t side = 300,
                                         const RdkitOptions& options = {});
std::optional<Tensor> depiction(const Molecule& molecule, int64_t side = 300,
                                const RdkitOptions& options = {});

// What a line of RDKit's process says of a molecule: a list with a number for each name, a text for smiles,
// or null. Error for anything else.
RdkitScore score_from_rdkit(const std::string& line, const std::vector<std::string>& names);

// The bytes of a text in base64 (RFC 4648, section 4), with its padding. Error for anything else.
std::string bytes_from_base64(std::string_view text);

}  // namespace steer
