// Models as Python holds them.
#pragma once

#include <memory>
#include <string>

#include "python/_steer.h"
#include "steer/models/models.h"

namespace steer {

// A model with how it computes: the classes steer.Model and those below. Copies are one model.
struct PythonModel {
  std::shared_ptr<LoadedModel> loaded;
  torch::Device device = torch::kCPU;
  std::string precision = "auto";

  Model& model() const { return *loaded->model; }
};

// One that samples; which family's, the last three say.
struct PythonGenerator : PythonModel {};
struct PythonDdn : PythonGenerator {};
struct PythonDiffusion : PythonGenerator {};
struct PythonText : PythonGenerator {};
// One that tells classes.
struct PythonClassifier : PythonModel {};

// The model as the Python class of its family.
py::object python_model(PythonModel model);

// What a conditional model is told of `count` samples: labels (a number, name, list or tensor of them, "all"
// or "none") and samples [N or 1, ...] that a condition is made from, or None; numbers by name as the command
// line writes them. With the lock.
Told told_of(const Model& model, const py::object& label, const py::object& image, int64_t count,
             const std::string& numbers = "");
// Numbers by name, a dict of numbers or lists of them, as the command line writes them: "alpha=75 gap=6,7".
std::string told_text(const py::object& told);
// The labels as the command line writes them: "3,dog".
std::string label_text(const py::object& label);

}  // namespace steer
