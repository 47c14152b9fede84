#include "steer/nn/muon.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/tensors.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

// x <- a x + (b x x' + c (x x')^2) x raises small singular values fastest and keeps all below 1.3 or so.
constexpr double kFirst = 3.4445, kThird = -4.7750, kFifth = 2.0315;
constexpr int kNewtonSchulzSteps = 5;

torch::ScalarType type_of_products(const Tensor& parameter) {
  return parameter.is_cuda() || this_machine().bfloat16 ? torch::kBFloat16 : torch::kFloat32;
}

}  // namespace

Tensor orthogonalised(const Tensor& m, torch::ScalarType type) {
  STEER_CHECK(m.dim() == 2, "[muon] expected a matrix but got ", shape_text(m.sizes()));
  const bool tall = m.size(0) > m.size(1);
  Tensor x = (m / m.norm().clamp_min(1e-20)).to(type);
  if (tall) x = x.t();
  for (int i = 0; i < kNewtonSchulzSteps; ++i) {
    const Tensor square = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(square, square, square, kThird, kFifth), x, kFirst);
  }
  return (tall ? x.t() : x).to(torch::kFloat32);
}

Muon::Muon(NamedTensors parameters, const MuonOptions& options)
    : options_(options), parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) {
    STEER_CHECK(parameter.dim() == 2, "[muon] ", name, ": expected a matrix but got ",
                shape_text(parameter.sizes()));
    moments_.push_back(at::zeros_like(parameter, {}, at::MemoryFormat::Contiguous));
  }
}

void Muon::step(double rate) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Tensor parameter = parameters_[i].second;
    const Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    moments_[i].mul_(options_.momentum).add_(gradient);
    const Tensor ahead = gradient.add(moments_[i], options_.momentum);
    const auto longer = static_cast<double>(std::max(parameter.size(0), parameter.size(1)));
    parameter.sub_(orthogonalised(ahead, type_of_products(parameter)),
                   rate * options_.size * std::sqrt(longer));
  }
}

std::map<std::string, Tensor> Muon::state() const {
  std::map<std::string, Tensor> state;
  for (size_t i = 0; i < parameters_.size(); ++i) state["m." + parameters_[i].first] = moments_[i];
  return state;
}

void Muon::load(const std::map<std::string, Tensor>& state, const std::string& what) {
  const torch::NoGradGuard no_grad;
  check_saved(state, this->state(), what);
  for (size_t i = 0; i < parameters_.size(); ++i) moments_[i].copy_(state.at("m." + parameters_[i].first));
}

}  // namespace steer
