// Noise processes of tokens: at time t, 0 for data and 1 for noise, a token still is what it was with
// probability alpha(t); else it is the mask (absorbing) or any token, all alike (uniform).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// Which process.
struct TokenProcessOptions {
  std::string type = "absorbing";
  std::string schedule = "loglinear";
  double least = 1e-3;
  double sigma_min = 1e-4;
  double sigma_max = 20;

  void fields(OptionFields& f) {
    f("type", type, "absorbing (tokens become a mask) or uniform (any token)");
    f("schedule", schedule, "how alpha falls: loglinear, cosine or geometric");
    f("least", least, "loglinear: alpha(1)", from_below(0, 1));
    f("sigma_min", sigma_min, "geometric: total noise at t = 0", more_than(0));
    f("sigma_max", sigma_max, "geometric: total noise at t = 1", more_than(0));
  }
};

// The words of `type` and of `schedule`, each with what it means.
const std::vector<Named>& token_processes();
const std::vector<Named>& token_schedules();

// A process on `vocabulary` tokens. Times, alphas and rates are float64 tensors of any shape.
//
//   schedule   alpha(t)                                            source
//   loglinear  1 - (1 - least) t                                   Lou et al. 2024 (SEDD), Sahoo et al. 2024
//   cosine     cos(pi t / 2)                                       Chang et al. 2022 (MaskGIT)
//   geometric  exp(-sigma_min^(1 - t) sigma_max^t)                 Lou et al. 2024
//
// The total noise of SEDD is S = -ln alpha, its rate dS/dt = -alpha' / alpha.
class TokenProcess {
 public:
  // Error for words that are none, a vocabulary below 2 (1 with a mask), and sigma_min >= sigma_max.
  TokenProcess(const TokenProcessOptions& options, int64_t vocabulary);

  const TokenProcessOptions& options() const { return options_; }                 // as given
  bool absorbing() const { return mask_ >= 0; }                                   // whether there is a mask
  int64_t vocabulary() const { return vocabulary_; }                              // N, without the mask
  int64_t states() const { return absorbing() ? vocabulary_ + 1 : vocabulary_; }  // with it
  int64_t mask() const { return mask_; }  // its number, N; -1 where there is none

  Tensor alpha(const Tensor& t) const;  // in [0, 1], falling
  Tensor fall(const Tensor& t) const;   // -d alpha / dt, at least 0
  // The time at which alpha is so; of alphas that the schedule reaches.
  Tensor time_of(const Tensor& alpha) const;

  // Tokens int64 [B, T] noised to times t float64 [B]. `u` [B, T, 2] in [0, 1): the first says whether a
  // token changes, the second to which. Error for a token that is none or the mask.
  Tensor noised(const Tensor& token, const Tensor& t, const Tensor& u) const;

  // What pure noise is: tokens int64 of u's shape, u in [0, 1).
  Tensor noise(const Tensor& u) const;

 private:
  TokenProcessOptions options_;
  int64_t vocabulary_;
  int64_t mask_;
};

// What networks are told of the noise at times t: the total noise -ln alpha, at most 30, float32.
Tensor noise_label(const TokenProcess& process, const Tensor& t);

// Error unless tokens int64 are all in 0 to `states` - 1; `what` begins it.
void check_tokens(const Tensor& token, int64_t states, const std::string& what);

}  // namespace steer
