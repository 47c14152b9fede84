#include "python/_steer_callables.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/python_variable.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

thread_local int own_type_depth = 0;

// Samples as a callable of float32 networks takes them.
Tensor given_to_callable(const Tensor& x) {
  return own_type_depth > 0 || !x.is_floating_point() ? x : x.to(torch::kFloat32);
}

std::string type_text(const py::handle& value) {
  return py::str(py::type::handle_of(value).attr("__name__"));
}

void check_no_nan(const Tensor& answer, const std::string& what) {
  const Tensor bad = answer.detach().isnan();
  if (!bad.any().item<bool>()) return;
  const Tensor rows = bad.dim() > 1 ? bad.flatten(1).any(1) : bad.view({-1});
  fail("[", what, "] expected numbers but got NaN for sample ", rows.nonzero()[0][0].item<int64_t>());
}

// A tensor where one is promised with a gradient, else numbers of any kind.
Tensor tensor_of_answer(const py::object& answer, const CallableOptions& options, torch::Device device) {
  if (THPVariable_Check(answer.ptr())) return answer.cast<Tensor>();
  if (options.gradient)
    throw py::type_error(joined("[", options.name, "] expected a torch.Tensor [N] but got ",
                                type_text(answer), "; gradient=False takes numbers of any kind"));
  if (answer.is_none())
    throw py::type_error(joined("[", options.name, "] expected a number for each sample but got None"));
  const py::module_ torch = py::module_::import("torch");
  return torch.attr("as_tensor")(answer, py::arg("dtype") = torch.attr("float32")).cast<Tensor>().to(device);
}

}  // namespace

OwnNumberType::OwnNumberType() {
  ++own_type_depth;
}
OwnNumberType::~OwnNumberType() {
  --own_type_depth;
}

std::string callable_name(const py::handle& callable) {
  if (py::hasattr(callable, "__qualname__")) {
    const std::string name = py::str(callable.attr("__qualname__"));
    const size_t local = name.rfind("<locals>.");
    return local == std::string::npos ? name : name.substr(local + 9);
  }
  return type_text(callable);
}

PyRef checked_callable(py::object callable, const char* what) {
  if (PyCallable_Check(callable.ptr()) == 0)
    throw py::type_error(joined("[", what, "] expected a callable but got ", type_text(callable)));
  const bool module = py::hasattr(callable, "training") && py::hasattr(callable, "eval");
  if (module && py::isinstance<py::bool_>(callable.attr("training")) &&
      callable.attr("training").cast<bool>())
    warn_of_notice(joined("[", what, "] ", type_text(callable),
                          " is in training mode; it is called as it is, eval() is yours to call"));
  return shared_object(std::move(callable));
}

CallableObjective::CallableObjective(PyRef function, CallableOptions options,
                                     std::function<std::vector<std::string>(const State&)> texts)
    : function_(std::move(function)), options_(std::move(options)), texts_(std::move(texts)) {
  STEER_CHECK(!options_.texts || texts_, "[", options_.name, "] texts=True: expected samples of text");
}

Tensor CallableObjective::score(const State& sample) const {
  const bool numbers = sample.x.defined();
  const Tensor x = numbers ? given_to_callable(sample.x) : sample.token;
  const py::gil_scoped_acquire lock;
  py::object answer;
  if (options_.texts)
    answer = (*function_)(texts_(sample));
  else if (sample.mask.defined())
    answer = (*function_)(x, sample.mask);
  else
    answer = (*function_)(x);
  const Tensor score = tensor_of_answer(answer, options_, x.device());
  const int64_t rows = sample.size();
  STEER_CHECK(score.dim() == 1 && score.size(0) == rows, "[", options_.name, "] expected a score [", rows,
              "], one for each sample, but got ", shape_text(score.sizes()));
  STEER_CHECK(score.device() == x.device(), "[", options_.name, "] expected a score on ", x.device().str(),
              " but got one on ", score.device().str());
  STEER_CHECK(score.is_floating_point() || !options_.gradient, "[", options_.name,
              "] expected a score of floating numbers but got ", score.dtype().name());
  STEER_CHECK(
      !options_.gradient || !c10::GradMode::is_enabled() || !x.requires_grad() || score.requires_grad(), "[",
      options_.name,
      "] expected a score with a gradient in the samples but it has none; gradient=False steers "
      "without one");
  check_no_nan(score, options_.name);
  return score.scalar_type() == torch::kFloat64 && x.scalar_type() == torch::kFloat64
             ? score
             : score.to(torch::kFloat32);
}

Tensor answer_of_callable(const PyRef& function, const std::string& what,
                          const std::vector<Tensor>& arguments, int64_t rows) {
  const py::gil_scoped_acquire lock;
  py::tuple given(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) given[i] = arguments[i];
  py::object answer = (*function)(*given);
  // Networks of diffusers give an object that holds their tensor.
  if (!THPVariable_Check(answer.ptr()) && py::hasattr(answer, "sample")) answer = answer.attr("sample");
  if (!THPVariable_Check(answer.ptr()))
    throw py::type_error(joined("[", what, "] expected a torch.Tensor but got ", type_text(answer)));
  const Tensor tensor = answer.cast<Tensor>();
  STEER_CHECK(tensor.dim() >= 1 && (rows < 0 || tensor.size(0) == rows), "[", what, "] expected ", rows,
              " rows, one for each sample, but got ", shape_text(tensor.sizes()));
  STEER_CHECK(tensor.device() == arguments[0].device(), "[", what, "] expected an answer on ",
              arguments[0].device().str(), " but got one on ", tensor.device().str());
  STEER_CHECK(tensor.is_floating_point(), "[", what, "] expected floating numbers but got ",
              tensor.dtype().name());
  check_no_nan(tensor, what);
  return tensor;
}

SavedNetwork network_of_callable(const py::object& function, const char* what) {
  SavedNetwork network;
  const std::string name = joined(what, ": ", callable_name(function));
  const PyRef held = checked_callable(function, what);
  network.path = callable_name(function);
  network.network = [held, name](const Tensor& x) {
    return answer_of_callable(held, name, {given_to_callable(x)}, x.size(0));
  };
  if (py::hasattr(function, "class_names") && py::isinstance<py::list>(function.attr("class_names")))
    network.class_names = function.attr("class_names").cast<std::vector<std::string>>();
  return network;
}

}  // namespace steer
