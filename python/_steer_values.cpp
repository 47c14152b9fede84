// Values at the border: JSON, tensors, paths, numbers.
#include "python/_steer.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/python_variable.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <mutex>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/image/image_space.h"
#include "steer/points/points_space.h"

namespace steer {
namespace {

std::string type_name(const py::handle& value) {
  return py::str(py::type::handle_of(value).attr("__name__"));
}

Json json_of_dict(const py::dict& dict, const std::string& where) {
  Json json = Json::object();
  for (const auto& [key, value] : dict) {
    if (!py::isinstance<py::str>(key))
      throw py::type_error(joined(where, ": expected keys of str but got ", type_name(key)));
    const std::string name = py::str(key);
    json[name] = json_of_python(value, where + "." + name);
  }
  return json;
}

}  // namespace

PyRef shared_object(py::object object) {
  return {new py::object(std::move(object)), [](py::object* held) {
            // A process that ends has no interpreter to give it back to.
            if (Py_IsInitialized() == 0) return;
            const py::gil_scoped_acquire lock;
            delete held;
          }};
}

Json json_of_python(const py::handle& value, const std::string& where) {
  if (value.is_none()) return nullptr;
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
  if (py::isinstance<py::int_>(value)) return value.cast<int64_t>();
  if (py::isinstance<py::float_>(value)) return value.cast<double>();
  if (py::isinstance<py::str>(value)) return std::string(py::str(value));
  if (py::isinstance<py::dict>(value)) return json_of_dict(py::reinterpret_borrow<py::dict>(value), where);
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    Json list = Json::array();
    for (const py::handle& item : value) list.push_back(json_of_python(item, where));
    return list;
  }
  if (py::hasattr(value, "__fspath__")) return std::string(py::str(value.attr("__fspath__")()));
  if (py::hasattr(value, "__index__")) return value.attr("__index__")().cast<int64_t>();
  if (py::hasattr(value, "__float__")) return value.attr("__float__")().cast<double>();
  throw py::type_error(
      joined(where, ": expected numbers, texts, lists and dicts of them but got ", type_name(value)));
}

py::object python_of_json(const Json& json) {
  if (json.is_null()) return py::none();
  if (json.is_boolean()) return py::bool_(json.get<bool>());
  if (json.is_number_unsigned()) return py::int_(json.get<uint64_t>());
  if (json.is_number_integer()) return py::int_(json.get<int64_t>());
  if (json.is_number()) return py::float_(json.get<double>());
  if (json.is_string()) return py::str(json.get<std::string>());
  if (json.is_array()) {
    py::list list;
    for (const Json& item : json) list.append(python_of_json(item));
    return list;
  }
  py::dict dict;
  for (const auto& [key, item] : json.items()) dict[py::str(key)] = python_of_json(item);
  return dict;
}

Tensor tensor_or_none(const py::handle& value, const char* what) {
  if (value.is_none()) return {};
  if (!THPVariable_Check(value.ptr()))
    throw py::type_error(joined("[", what, "] expected a torch.Tensor but got ", type_name(value)));
  return value.cast<Tensor>();
}

std::string path_text(const py::handle& value, const char* what) {
  if (py::isinstance<py::str>(value)) return py::str(value);
  if (py::hasattr(value, "__fspath__")) return py::str(value.attr("__fspath__")());
  throw py::type_error(joined("[", what, "] expected a path but got ", type_name(value)));
}

std::vector<int64_t> whole_numbers_of(const py::handle& value, const char* what) {
  if (THPVariable_Check(value.ptr())) return whole_numbers_of(value.attr("tolist")(), what);
  const auto one = [&](const py::handle& number) {
    if (py::isinstance<py::bool_>(number) || !py::hasattr(number, "__index__"))
      throw py::type_error(joined("[", what, "] expected whole numbers but got ", type_name(number)));
    return number.attr("__index__")().cast<int64_t>();
  };
  if (py::hasattr(value, "__index__")) return {one(value)};
  if (!py::hasattr(value, "__iter__") || py::isinstance<py::str>(value))
    throw py::type_error(joined("[", what, "] expected whole numbers but got ", type_name(value)));
  std::vector<int64_t> numbers;
  for (const py::handle& item : value) numbers.push_back(one(item));
  return numbers;
}

Space space_of_shape(const std::vector<int64_t>& sizes) {
  if (sizes.size() == 3) return image_space(sizes[0], sizes[1], sizes[2]);
  if (sizes.size() == 1) return points_space(sizes[0]);
  throw py::value_error(
      joined("[shape] expected the sizes of one sample, [C, H, W] of images or [d] of points, but got ",
             sizes.size(), " of them"));
}

// The library's numbers without a type of their own are float32. Torch has one default for all threads: it is
// put back when the last call of any thread has ended.
class DefaultOfFloat32 {
 public:
  DefaultOfFloat32() {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (users_++ > 0) return;
    before_ = c10::get_default_dtype();
    if (before_ != caffe2::TypeMeta::Make<float>()) c10::set_default_dtype(caffe2::TypeMeta::Make<float>());
  }
  ~DefaultOfFloat32() {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (--users_ == 0 && before_ != c10::get_default_dtype()) c10::set_default_dtype(before_);
  }
  DefaultOfFloat32(const DefaultOfFloat32&) = delete;
  DefaultOfFloat32& operator=(const DefaultOfFloat32&) = delete;

 private:
  static inline std::mutex mutex_;
  static inline int64_t users_ = 0;
  static inline caffe2::TypeMeta before_;
};

struct OurModes::Held {
  explicit Held(bool gradients) : inference(false), mode(gradients) {}
  c10::InferenceMode inference;  // this one turns gradients on, so it stands first
  c10::AutoGradMode mode;
  DefaultOfFloat32 numbers;
  std::vector<torch::DeviceType> cast;
};

OurModes::OurModes(bool of_caller)
    : held_(std::make_unique<Held>(!of_caller || c10::GradMode::is_enabled())) {
  for (const torch::DeviceType device : {torch::kCPU, torch::kCUDA}) {
    if (!at::autocast::is_autocast_enabled(device)) continue;
    at::autocast::set_autocast_enabled(device, false);
    held_->cast.push_back(device);
  }
}

OurModes::~OurModes() {
  for (const torch::DeviceType device : held_->cast) at::autocast::set_autocast_enabled(device, true);
}

void check_not_forked() {
  static std::atomic<pid_t> first{0};
  pid_t none = 0;
  const pid_t here = ::getpid();
  if (first.compare_exchange_strong(none, here) || none == here || at::get_num_threads() == 1) return;
  fail(
      "[fork] this process was forked after steer had computed with several threads, which cannot go on in a "
      "fork: start it with multiprocessing.get_context(\"spawn\")");
}

}  // namespace steer
