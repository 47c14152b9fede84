// An outside program as a black-box judge.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/objectives/objective.h"

namespace steer {

// Which program, and how long it may take.
struct ProgramOptions {
  std::string command;          // run by /bin/sh -c
  double timeout_seconds = 60;  // for one batch
};

// What a program writes to its standard output when these bytes are its standard input; at most `most` bytes.
// Error and Interrupted as those of ProgramObjective.
std::string answer_of(const ProgramOptions& options, const std::string& bytes, size_t most);

// Each batch starts the program once: a NumPy .npy file (float32, C order, [N, C, H, W], values in [-1, 1]),
// or of texts a JSON string a line, goes to its standard input, and it writes one number per line, N in all,
// higher is better, to its standard output. Its standard error is the user's. A program that cannot start,
// fails, takes too long, or writes anything but N finite numbers is an Error that says so; Interrupted where
// this process is asked to end meanwhile (core/interruption.h). The program and what it started end with the
// process, however that ends.
class ProgramObjective : public Objective {
 public:
  // Samples as texts.
  using Texts = std::function<std::vector<std::string>(const State& samples)>;
  // `texts` as ObjectiveContext::texts. Error for an empty command and a time that is not above 0.
  explicit ProgramObjective(ProgramOptions options, Texts texts = {});

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return false; }
  bool in_nats() const override { return false; }
  std::string words() const override;

 private:
  ProgramOptions options_;
  Texts texts_;
};

// The bytes of a .npy file, format version 1.0 (numpy.lib.format), of a tensor as float32.
std::string npy_bytes(const Tensor& tensor);

}  // namespace steer
