// Pictures of molecules: atoms as balls, bonds as sticks.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

using torch::Tensor;

// The largest side of such a picture, in pixels.
constexpr int64_t kLargestMoleculeSide = 4096;

// How a molecule is looked at.
struct BallAndStickOptions {
  int64_t side = 256;  // of the picture, in pixels: 1 to kLargestMoleculeSide
  // Turned so that it shows its broad side before all else: the direction of greatest extent to the right,
  // that of least extent toward the viewer, by principal axes of the positions. Otherwise x points to the
  // right, y up and z toward the viewer. A molecule is never mirrored.
  bool broad_side = true;
  double turn = 0;   // radians about the vertical axis: what is in front goes to the right
  double tilt = 0;   // radians about the horizontal axis, after the turn: what is in front goes down
  double scale = 0;  // pixels for an Angstrom; 0: as large as fits whatever the turn and tilt
  // Of each atom, 0 to 1: how much of its colour has gone to white; at 1 it is not drawn, nor its half of
  // each bond. Empty: 0 for all.
  std::vector<double> fade;
};

// The molecule as a picture float32 [3, side, side] in [-1, 1] on white. Balls have about a quarter of their
// element's van der Waals radius and its usual colour (hydrogen white, carbon dark grey, nitrogen blue,
// oxygen red, fluorine green); sticks run along the bonds the molecule has, as many as their order, each half
// in its atom's colour. Light falls from the upper left in front, and what is farther away is paler. All is
// seen without perspective, with the nearer before the farther one. Error as check_molecule, for options
// outside their ranges, and for positions that are not finite or farther than 1e6 Angstrom from the origin.
Tensor ball_and_stick(const Molecule& molecule, const BallAndStickOptions& options = {});

// The same view as an SVG of side x side: circles with a soft light on them over lines, the farther first.
std::string ball_and_stick_svg(const Molecule& molecule, const BallAndStickOptions& options = {});

}  // namespace steer
