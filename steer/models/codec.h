// What has a discrete code for every sample.
#pragma once

#include <vector>

#include "steer/codes/code_file.h"
#include "steer/core/space.h"
#include "steer/core/state.h"

namespace steer {

// What encoding gives.
struct Encoded {
  State state;   // what the codes decode to
  Tensor code;   // int64 [N, L]
  Tensor error;  // float64 [N, L]: mean squared error after each layer, at its own size, of the best beam
};

// The beginning of a code, and how likely a model finds its last index after those before it.
struct LikelyPrefix {
  std::vector<int64_t> code;  // indices, the first layer's first
  double p = 0;               // of the last one
  State state;                // one sample: what it says
};

// Samples to codes and back.
class Codec {
 public:
  virtual ~Codec() = default;

  // Samples encoded: at each layer the nearest candidate, or the nearest `beam` prefixes side by side. Where
  // rows are told what they need and it is not given, samples are their own condition. Error when a label is
  // needed and missing.
  virtual Encoded encode(const State& samples, int64_t beam = 1, const Told& told = {}) const = 0;

  // Samples encoded as far as they may: the first held[n] (int64 [N]) layers are those of code int64 [N, L],
  // the others take what comes nearest to the sample from there.
  virtual Encoded continued(const Tensor& code, const Tensor& held, const State& samples,
                            const Told& told = {}) const = 0;

  // The samples of codes int64 [N, L], told what the encoder was told.
  virtual State decode(const Tensor& code, const Told& told = {}) const = 0;

  // What codes int64 [N, L] say after each of `layers` (from 0, rising; empty: all), as samples of the space.
  virtual std::vector<State> unfolded(const Tensor& code, const std::vector<int64_t>& layers = {},
                                      const Told& told = {}) const = 0;

  // All prefixes of the first `levels` layers as samples: K^(l + 1) of level l, child k of prefix i in row
  // i K + k. Told is of one row. Error when these layers differ in K, or the last level has more than `most`.
  virtual std::vector<State> prefixes(int64_t levels, int64_t most, const Told& told = {}) const = 0;

  // Beginnings of up to `levels` layers, of each the `each` likeliest indices: a walk through their tree,
  // every prefix followed by those that begin with it, the likeliest first. Of texts behind the tokens of
  // `before` (int64 [1, T], undefined: none), which are not in the states. Empty where the model has no prior
  // of its own. Error for more than `most` of the last level.
  virtual std::vector<LikelyPrefix> likely(const State& before, int64_t levels, int64_t each,
                                           int64_t most) const;

  virtual Space space() const = 0;                      // of the samples
  virtual std::vector<int64_t> candidates() const = 0;  // K of each layer
  // What each layer decides, as its sizes: [h, w] of images.
  virtual std::vector<std::vector<int64_t>> places() const = 0;
  virtual uint64_t fingerprint() const = 0;  // of the weights, which a file of codes names

  double bits() const;  // log2 of the number of codes

  // Codes int64 [N, L] ready for a file.
  CodeFile code_file(const Tensor& code, Coder coder) const;
  // The codes int64 [N, L] in a file. Error, beginning with the file's name, when another model made them.
  Tensor code_in(const CodeFile& file, const std::string& name) const;
};

}  // namespace steer
