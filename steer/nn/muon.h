// Muon: steps of matrices along the nearest matrix whose columns or rows are orthogonal.
#pragma once

#include "steer/nn/adam.h"

namespace steer {

// The constants of Muon, but for the learning rate.
struct MuonOptions {
  double momentum = 0.95;
  double size = 0.2;

  void fields(OptionFields& f) {
    f("momentum", momentum, "decay of the sum of gradients", from_below(0, 1));
    f("size", size, "root of the mean square of a step, over the learning rate; Adam's are about 0.2",
      more_than(0));
  }
};

// Nearly u v' of m = u s v' [rows, columns]: singular values come to lie between 0.7 and 1.2 or so, those
// that are next to nothing lower (five Newton-Schulz steps of degree 5; Jordan et al. 2024). Products run in
// `type`; the answer is float32. A matrix of zeros stays one.
Tensor orthogonalised(const Tensor& m, torch::ScalarType type);

// Muon (Jordan et al. 2024) over float32 matrices: m <- momentum m + g, and the parameter moves by
// -rate size sqrt(max(rows, columns)) orthogonalised(g + momentum m), so that the mean square of a step does
// not depend on the shape and Adam's rates serve (Liu et al. 2025). Those without a gradient stand still.
class Muon {
 public:
  // Moments begin at zero. Error for a parameter that is no matrix.
  Muon(NamedTensors parameters, const MuonOptions& options);

  // One update with this learning rate. Gradients are read, not cleared.
  void step(double rate);

  // Moments as "m.NAME".
  std::map<std::string, Tensor> state() const;
  // Takes such a state over; Error as Adam's.
  void load(const std::map<std::string, Tensor>& state, const std::string& what = "[muon]");

 private:
  MuonOptions options_;
  NamedTensors parameters_;
  std::vector<Tensor> moments_;
};

}  // namespace steer
