// ANI potentials: what molecules of known elements are worth in energy, and how the energy pulls at their
// atoms (Smith, Isayev and Roitberg 2017; ANI-1x: Smith et al. 2018; ANI-2x: Devereux et al. 2020).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// The constants of a potential. An atom's environment is one number for each kind of neighbour and radial
// shift, then one for each two kinds of neighbours, angular shift and shift of the angle, in this order.
struct AniConstants {
  std::vector<int> elements;                     // atomic numbers in the order of the environment's kinds
  double radial_cutoff = 0, angular_cutoff = 0;  // Angstrom; neighbours farther away count for nothing
  double radial_eta = 0, angular_eta = 0;        // 1/Angstrom^2
  double zeta = 0;                               // exponent of the angles' factor
  std::vector<double> radial_shifts;             // Angstrom
  std::vector<double> angular_shifts;            // Angstrom
  std::vector<double> angle_shifts;              // radians
  double celu_alpha = 0;                         // of the networks' activations
  std::vector<double> self_energies;             // of an atom alone, Hartree, in the order of elements

  int64_t radial_length() const;  // numbers of an environment that distances alone give
  int64_t length() const;         // all numbers of an environment
};

// Energies of B molecules.
struct AniEnergies {
  Tensor told;       // [B], eV: the energy less the atoms' self energies, the mean of the ensemble
  Tensor deviation;  // [B], eV: the standard deviation between the networks of the ensemble; 0 for one
  Tensor self;       // float64 [B], eV: the sum of the atoms' self energies
};

// An ensemble of networks out of a file that tools/convert_torchani.py wrote. Molecules are positions float
// [B, A, 3] in Angstrom and atomic numbers int64 [B, A], 0 at empty places. What is computed has the number
// type of the positions, float32 or float64, and is differentiable in them, twice; two atoms at one place
// pull at each other with no force. A molecule with positions that are not finite has the energy NaN. Error
// for other shapes, for elements that the potential does not know, and for more than 2^23 angles of two
// neighbours in a call.
class Ani {
 public:
  // Error, which names the file, where it is anything else, contradicts itself or holds what is not finite.
  explicit Ani(const std::string& path, torch::Device device = torch::kCPU);

  // [B] float64, eV: told and self energies together.
  Tensor energy(const Tensor& position, const Tensor& number) const;

  // The same in its parts.
  AniEnergies energies(const Tensor& position, const Tensor& number) const;

  // Minus the gradient of the energy, [B, A, 3] in eV/Angstrom, 0 at empty places; differentiable where the
  // positions require a gradient.
  Tensor forces(const Tensor& position, const Tensor& number) const;

  // What the networks see: of each filled place, in order, its environment [V, length()]. Equations 3 and 4
  // of Smith et al. 2017 as NeuroChem computes them, where the radial one is taken a quarter times and an
  // angle is acos(0.95 cos) of itself.
  Tensor environments(const Tensor& position, const Tensor& number) const;

  bool knows(int number) const;                                 // whether it has networks of the element
  const AniConstants& constants() const { return constants_; }  // of its environments
  const std::string& potential() const { return potential_; }   // "ani2x" and the like, as the file says
  int64_t networks() const { return networks_; }                // of the ensemble

 private:
  struct Layer {
    Tensor weight, bias;  // float32 [M, out, in] and [M, out]
  };

  Tensor of_networks(const Tensor& environment, size_t element) const;

  AniConstants constants_;
  std::string potential_;
  int64_t networks_ = 0;
  std::vector<std::vector<Layer>> layers_;  // of each element
  Tensor type_of_;                          // int64 [kLastElement + 1]: which of the elements; -1: none
  Tensor self_;                             // float64 [elements], eV
};

}  // namespace steer
