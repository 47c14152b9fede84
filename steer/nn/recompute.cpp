#include "steer/nn/recompute.h"

#include <torch/custom_class.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// Carries the function from the forward to the backward pass.
struct Carried : torch::CustomClassHolder {
  explicit Carried(Recomputable given) : f(std::move(given)) {}
  Recomputable f;
};

constexpr size_t kMostInputs = 4;

struct RecomputeFunction : torch::autograd::Function<RecomputeFunction> {
  // `anchor` asks for a gradient, so that the result does even where no input does. Absent inputs are empty
  // tensors, since undefined ones and lists cannot be arguments here.
  static Tensor forward(torch::autograd::AutogradContext* context, const Recomputable& f,
                        const Tensor& /*anchor*/, const Tensor& a, const Tensor& b, const Tensor& c,
                        const Tensor& d) {
    const std::vector<Tensor> inputs = {a, b, c, d};
    context->saved_data["f"] = c10::IValue::make_capsule(c10::make_intrusive<Carried>(f));
    context->save_for_backward(inputs);
    std::vector<bool> wanted;
    for (const Tensor& input : inputs) wanted.push_back(input.requires_grad());
    context->saved_data["wanted"] = wanted;
    return f(inputs);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto carried = context->saved_data["f"].toCapsule();
    const auto wanted = context->saved_data["wanted"].toBoolList();
    std::vector<Tensor> inputs;
    for (const Tensor& saved : context->get_saved_variables())
      inputs.push_back(saved.detach().requires_grad_(wanted[inputs.size()]));
    const torch::AutoGradMode with_gradients(true);
    const Tensor out = static_cast<Carried*>(carried.get())->f(inputs);
    torch::autograd::backward({out}, {gradients[0]});
    torch::autograd::variable_list back = {Tensor(), Tensor()};  // of f and the anchor
    for (const Tensor& input : inputs) back.push_back(input.grad());
    return back;
  }
};

}  // namespace

Tensor recomputed(const Recomputable& f, const std::vector<Tensor>& inputs) {
  if (!torch::GradMode::is_enabled()) return f(inputs);
  STEER_CHECK(inputs.size() <= kMostInputs, "[recompute] expected at most ", kMostInputs, " inputs but got ",
              inputs.size());
  std::vector<bool> present;
  for (const Tensor& input : inputs) present.push_back(input.defined());
  const Recomputable of_present = [f, present](const std::vector<Tensor>& given) {
    std::vector<Tensor> all;
    for (const bool there : present) all.push_back(there ? given[all.size()] : Tensor());
    return f(all);
  };
  const auto at = [&](size_t i) { return i < inputs.size() && present[i] ? inputs[i] : at::empty({0}); };
  return RecomputeFunction::apply(of_present, torch::empty({0}, torch::requires_grad()), at(0), at(1), at(2),
                                  at(3));
}

}  // namespace steer
