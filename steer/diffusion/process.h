// Noise processes: how data y becomes x_t = s (y + sigma n), n standard normal, and what a network is told of
// it. Everything is a function of sigma, the noise of xbar = x_t / s = y + sigma n, so that one denoiser
// serves every process (Karras et al. 2022).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// Which process, and its constants.
struct ProcessOptions {
  std::string type = "edm";
  double beta_min = 0.1;
  double beta_max = 20;
  double sigma_min = 0;
  double sigma_max = 0;
  double sigma_data = 0.5;
  int64_t steps = 1000;

  void fields(OptionFields& f) {
    f("type", type, "edm, vp, subvp, ve, ddpm, cosine, polynomial or flow");
    f("beta_min", beta_min, "vp, subvp: beta(0); ddpm: the first beta times steps", at_least(0));
    f("beta_max", beta_max, "vp, subvp: beta(1); ddpm: the last beta times steps", at_least(0));
    f("sigma_min", sigma_min, "lowest noise above 0 of sampling; 0 = the type's own", at_least(0));
    f("sigma_max", sigma_max, "noise that sampling starts at; 0 = the type's own", at_least(0));
    f("sigma_data", sigma_data, "standard deviation of the data, for edm's preconditioning", more_than(0));
    f("steps", steps,
      "ddpm, cosine: entries of the table of noise levels, polynomial: one less; flow: one more than the "
      "label "
      "of pure noise",
      from_to(1, 1000001));
  }
};

// The words of ProcessOptions::type.
const std::vector<std::string>& process_names();
// The same with what each means.
const std::vector<Named>& processes();

// A noise process. Its functions are elementwise on float64 tensors of any shape and give float64.
//
//   type    s(sigma)               sigma(t)                                   noise label
//   edm     1                      t                                          ln(sigma) / 4
//   vp      1 / sqrt(1 + sigma^2)  sqrt(exp(B(t)) - 1)                        999 t
//   subvp   exp(-asinh(sigma / 2)) 2 sinh(B(t) / 2)                           999 t
//   ve      1                      smin (smax / smin)^t                       ln(sigma / 2)
//   ddpm    1 / sqrt(1 + sigma^2)  table of linear betas (Ho et al. 2020)     t
//   cosine  1 / sqrt(1 + sigma^2)  table of Nichol and Dhariwal 2021          t
//   polynomial  as cosine          table of Hoogeboom et al. 2022             t / steps
//   flow    1 / (1 + sigma)        t / (1 - t)                                (steps - 1) t
//
// B(t) = (beta_max - beta_min) t^2 / 2 + beta_min t (Song et al. 2021). The time of ddpm, cosine and
// polynomial is the index of the table's entry, from 0, least noise first; between its entries ln sigma is
// linear in the index, and sigmas outside the table have the index of its nearest end.
class Process {
 public:
  // Error for an unknown type and for constants outside their range.
  explicit Process(const ProcessOptions& options);

  Tensor sigma(const Tensor& time) const;         // sigma(t)
  Tensor time(const Tensor& sigma) const;         // t, the inverse of sigma(t)
  Tensor scale(const Tensor& sigma) const;        // s(sigma)
  Tensor noise_label(const Tensor& sigma) const;  // what a network is told

  // The range of sampling.
  double sigma_min() const { return sigma_min_; }
  double sigma_max() const { return sigma_max_; }

  // The range of training where times are drawn uniformly.
  double train_sigma_min() const { return train_sigma_min_; }
  double train_sigma_max() const { return train_sigma_max_; }

  double sigma_data() const { return options_.sigma_data; }   // the data's standard deviation
  const std::string& type() const { return options_.type; }   // one of process_names()
  const ProcessOptions& options() const { return options_; }  // as given

  // Sigma of each index, float64 [steps], of polynomial [steps + 1], ascending; undefined for types without a
  // table.
  const Tensor& table() const { return table_; }

 private:
  Tensor exponent(const Tensor& time) const;       // B(t)
  Tensor time_of_exponent(const Tensor& b) const;  // its inverse
  double sigma_at(double time) const;

  ProcessOptions options_;
  Tensor table_;
  double sigma_min_ = 0, sigma_max_ = 0, train_sigma_min_ = 0, train_sigma_max_ = 0;
};

// Process(options).
Process make_process(const ProcessOptions& options);

// Sigmas of the linear betas from beta_min / steps to beta_max / steps: float64 [steps], ascending.
Tensor ddpm_table(int64_t steps, double beta_min, double beta_max);

// Sigmas of the squared-cosine schedule with offset 0.008 and betas at most 0.999: float64 [steps],
// ascending.
Tensor cosine_table(int64_t steps);

// Sigmas of 1 / (1 + sigma^2) = (1 - 2e-5) A_i + 1e-5 with A_i = (1 - (i / steps)^2)^2, which falls by at
// most a factor of 1000 an entry: float64 [steps + 1], ascending (Hoogeboom et al. 2022, "polynomial_2").
Tensor polynomial_table(int64_t steps);

}  // namespace steer
