#include "python/_steer_models.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/precision.h"
#include "steer/modalities/modalities.h"
#include "steer/models/facts.h"
#include "steer/models/families.h"
#include "steer/models/judge.h"
#include "steer/nn/classifier.h"
#include "steer/work/opening.h"
#include "steer/work/telling.h"

namespace steer {
namespace {

template <class Door>
py::object as_door(const PythonModel& model) {
  auto door = std::make_shared<Door>();
  static_cast<PythonModel&>(*door) = model;
  return py::cast(door);
}

torch::Device device_of_python(const py::object& device) {
  const std::string word = py::str(device);
  return device_of(word.substr(0, word.find(':')));
}

py::object loaded_by(const py::object& path, const py::object& device, const std::string& precision) {
  PythonModel model;
  model.device = device_of_python(device), model.precision = precision;
  const std::string name = path_text(path, "load");
  model.loaded = without_lock([&] {
    return std::make_shared<LoadedModel>(open_model(name, {model.device, model.precision}));
  });
  return python_model(std::move(model));
}

py::object made_by(const std::string& family, const py::dict& options, int64_t seed, const py::object& data,
                   const py::object& device, const std::string& precision) {
  PythonModel model;
  model.device = device_of_python(device), model.precision = precision;
  Json json = json_of_python(options, "options");
  const std::string path = data.is_none() ? "" : path_text(data, "new");
  model.loaded = without_lock([&] {
    auto loaded = std::make_shared<LoadedModel>();
    if (!path.empty()) {
      DataOptions data_options;
      data_options.path = path;
      const auto samples = make_dataset(data_for(family, json, data_options));
      json = fitted_options(family, json, *samples, path);
      loaded->model = make_model(family, json, static_cast<uint64_t>(seed));
      loaded->model->meet(*samples);
      loaded->model->set_class_names(samples->classes());
    } else {
      loaded->model = make_model(family, json, static_cast<uint64_t>(seed));
    }
    loaded->path = "new " + family;
    loaded->model->module().to(model.device);
    loaded->model->set_compute_type(scalar_type(make_precision(precision, model.device)));
    return loaded;
  });
  return python_model(std::move(model));
}

py::dict tensors_of(const std::vector<std::pair<std::string, Tensor>>& named) {
  py::dict dict;
  for (const auto& [name, tensor] : named) dict[py::str(name)] = tensor;
  return dict;
}

py::dict state_of(const PythonModel& self) {
  torch::nn::Module& module = self.model().module();
  py::dict dict;
  for (const auto& item : module.named_parameters()) dict[py::str(item.key())] = item.value();
  for (const auto& item : module.named_buffers()) dict[py::str(item.key())] = item.value();
  return dict;
}

// Copies values in by name; the model's own tensors stay the same objects.
void load_state(const PythonModel& self, const py::dict& state) {
  torch::nn::Module& module = self.model().module();
  std::map<std::string, Tensor> own;
  for (const auto& item : module.named_parameters()) own[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) own[item.key()] = item.value();
  std::map<std::string, Tensor> given;
  for (const auto& [key, value] : state)
    given[py::cast<std::string>(key)] = tensor_or_none(value, "load_state_dict");
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    STEER_CHECK(found != given.end(), "[load_state_dict] expected a tensor ", name, " but there is none");
    STEER_CHECK(found->second.sizes() == tensor.sizes(), "[load_state_dict] ", name,
                ": expected a tensor of another shape");
  }
  for (const auto& [name, tensor] : given)
    STEER_CHECK(own.count(name) > 0, "[load_state_dict] expected no tensor ", name,
                ", which the model lacks");
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : own) tensor.copy_(given.at(name));
}

void save_to(const PythonModel& self, const py::object& path) {
  const std::string name = path_text(path, "save");
  without_lock([&] {
    save_model(name, self.model(), self.loaded->state, nullptr);
    return 0;
  });
}

// Logits [N, classes], differentiable in x where the network is an image classifier.
Tensor logits_of(const PythonClassifier& self, const Tensor& x) {
  return without_lock(
      [&] {
        const Tensor here = x.to(self.device);
        if (auto* network = dynamic_cast<ClassifierImpl*>(&self.model().module()))
          return network->forward(here.to(torch::kFloat32));
        return self.model().judge()->logits(here);
      },
      true);
}

template <class Door, class Class>
void add_properties(Class& model) {
  model
      .def_property_readonly(
          "family", [](const Door& m) { return m.model().family(); },
          "\"ddn\", \"diffusion\", \"text\", \"classifier\" ...")
      .def_property_readonly(
          "path", [](const Door& m) { return m.loaded->path; }, "The file that it came from.")
      .def_property_readonly(
          "kind", [](const Door& m) { return m.model().space().kind; },
          "Of its samples: \"image\", \"points\", \"text\", \"molecule\".")
      .def_property_readonly(
          "shape", [](const Door& m) { return py::tuple(py::cast(m.model().space().sizes)); },
          "Sizes of one sample: (C, H, W) of images.")
      .def_property_readonly(
          "classes", [](const Door& m) { return m.model().needs().classes; },
          "How many classes it is told; 0 of an unconditional one.")
      .def_property_readonly(
          "class_names", [](const Door& m) { return m.model().class_names(); },
          "What they are called, where that is known.")
      .def_property_readonly(
          "options", [](const Door& m) { return python_of_json(m.model().options()); },
          "All options of the model, as a dict.")
      .def_property_readonly(
          "device", [](const Door& m) { return m.device.str(); }, "\"cpu\" or \"cuda\".")
      .def_property_readonly(
          "parameter_count", [](const Door& m) { return m.model().parameter_count(); },
          "Values in all trainable parameters.")
      .def_property_readonly(
          "images_seen", [](const Door& m) { return m.loaded->state.images; },
          "Samples that it was trained on.")
      .def(
          "facts",
          [](const Door& m) {
            return python_of_json(without_lock([&] { return m.model().facts(); }).figures);
          },
          "What is worth knowing beside the options, as a dict.")
      .def(
          "parameters", [](const Door& m) { return m.model().module().parameters(); },
          "The trainable tensors themselves: what is written to them, the model sees.")
      .def(
          "named_parameters",
          [](const Door& m) {
            std::vector<std::pair<std::string, Tensor>> named;
            for (const auto& item : m.model().module().named_parameters())
              named.emplace_back(item.key(), item.value());
            return tensors_of(named);
          },
          "The same by name, as a dict.")
      .def(
          "state_dict", [](const Door& m) { return state_of(m); },
          "All tensors of the model themselves by name, buffers too.")
      .def(
          "load_state_dict", [](const Door& m, const py::dict& state) { load_state(m, state); },
          py::arg("state"), "Copies values in by name. Error for missing, unknown and misshaped ones.")
      .def(
          "save", [](const Door& m, const py::object& path) { save_to(m, path); }, py::arg("path"),
          "Writes a checkpoint file that steer.load and the steer program open.")
      .def("__repr__", [](const Door& m) {
        return joined("<steer ", m.model().family(), " of ", text_of(m.model().space()), ", ",
                      m.model().parameter_count(), " parameters>");
      });
}

}  // namespace

py::object python_model(PythonModel model) {
  const Model& held = *model.loaded->model;
  if (dynamic_cast<const DdnModel*>(&held)) return as_door<PythonDdn>(model);
  if (dynamic_cast<const DiffusionModel*>(&held)) return as_door<PythonDiffusion>(model);
  if (dynamic_cast<const Generator*>(&held) && held.space().vocabulary > 0) return as_door<PythonText>(model);
  if (dynamic_cast<const Generator*>(&held)) return as_door<PythonGenerator>(model);
  if (held.judge()) return as_door<PythonClassifier>(model);
  return as_door<PythonModel>(model);
}

std::string label_text(const py::object& label) {
  if (label.is_none()) return "";
  if (py::isinstance<py::str>(label)) return py::str(label);
  if (py::isinstance<py::list>(label) || py::isinstance<py::tuple>(label)) {
    std::string text;
    for (const py::handle& item : label)
      text += (text.empty() ? "" : ",") + label_text(py::reinterpret_borrow<py::object>(item));
    return text;
  }
  std::string text;
  for (const int64_t number : whole_numbers_of(label, "label"))
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

std::string told_text(const py::object& told) {
  if (told.is_none()) return "";
  if (py::isinstance<py::str>(told)) return py::str(told);
  if (!py::isinstance<py::dict>(told))
    throw py::type_error("[told] expected a dict of numbers by name, as {\"alpha\": 75}");
  std::string text;
  for (const auto& [name, value] : told.cast<py::dict>()) {
    const Json json = json_of_python(value, "told");
    const Json list = json.is_array() ? json : Json::array({json});
    std::string numbers;
    for (const Json& number : list) {
      if (!number.is_number()) throw py::type_error("[told] expected numbers, or lists of them");
      numbers += (numbers.empty() ? "" : ",") + number.dump();
    }
    text += (text.empty() ? "" : " ") + std::string(py::str(name)) + "=" + numbers;
  }
  return text;
}

Told told_of(const Model& model, const py::object& label, const py::object& image, int64_t count,
             const std::string& numbers) {
  Telling telling;
  telling.label = label_text(label), telling.value = numbers;
  Tensor given = tensor_or_none(image, "image");
  if (!given.defined()) return told_by(telling, model, count);
  if (!model.needs().given)
    throw py::value_error("[image] expected None, because the model is not conditional on images");
  const Space space = model.space();
  if (given.dim() == static_cast<int64_t>(space.sizes.size())) given = given.unsqueeze(0);
  STEER_CHECK(
      given.dim() > 0 && count % given.size(0) == 0 && given.sizes().slice(1) == at::IntArrayRef(space.sizes),
      "[image] expected ", text_of(space), ", one or one for each of ", count, " samples");
  Told told;
  told.given = given.to(torch::kFloat32).repeat_interleave(count / given.size(0), 0);
  if (model.needs().classes > 0) {
    const std::vector<int64_t> labels = labels_of(telling, model);
    STEER_CHECK(!labels.empty(), "[label] expected a class below ", model.needs().classes);
    told.label = at::tensor(labels, torch::kInt64)
                     .index_select(0, at::arange(count, torch::kInt64) % static_cast<int64_t>(labels.size()));
  }
  return told;
}

void bind_models(py::module_& m) {
  py::class_<PythonModel, std::shared_ptr<PythonModel>> model(m, "Model", "A trained thing with a name.");
  add_properties<PythonModel>(model);
  py::class_<PythonGenerator, PythonModel, std::shared_ptr<PythonGenerator>>(m, "Generator",
                                                                             "A model that samples.");
  py::class_<PythonDdn, PythonGenerator, std::shared_ptr<PythonDdn>>(
      m, "DDN", "A Discrete Distribution Network: chooses among K candidates, layer by layer; has codes.");
  py::class_<PythonDiffusion, PythonGenerator, std::shared_ptr<PythonDiffusion>>(
      m, "Diffusion", "A denoiser that a solver takes from noise to data: diffusion and flow models.");
  py::class_<PythonText, PythonGenerator, std::shared_ptr<PythonText>>(m, "Text", "A model of texts.");
  py::class_<PythonClassifier, PythonModel, std::shared_ptr<PythonClassifier>>(m, "Classifier",
                                                                               "Tells the class of samples.")
      .def("__call__", logits_of, py::arg("x"),
           "Logits float32 [N, classes] of samples [N, C, H, W] in [-1, 1], with a gradient in x.");
  m.def("load", loaded_by, py::arg("path"), py::arg("device") = "cpu", py::arg("precision") = "auto",
        "The model in a run folder or checkpoint file, or one that ships, by its name, as \"mnist_ddn\".\n"
        "device: cpu or cuda. precision of convolutions: auto, float32 or bfloat16. Error, in one line, for\n"
        "what is no model of ours.");
  m.def(
      "new", made_by, py::arg("family"), py::arg("options") = py::dict(), py::arg("seed") = 0, py::kw_only(),
      py::arg("data") = py::none(), py::arg("device") = "cpu", py::arg("precision") = "auto",
      "A fresh model of a family (\"ddn\", \"diffusion\", \"classifier\", \"text\" ...) with these options\n"
      "over its defaults; unknown keys are refused. data: a data set (path or word) that decides sizes and\n"
      "classes which the options leave out. Initial values follow the seed.");
}

}  // namespace steer
