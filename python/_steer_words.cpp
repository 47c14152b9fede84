// The words of objectives as functions that take tensors, modules and callables where words take files.
#include <algorithm>
#include <cmath>

#include "python/_steer_callables.h"
#include "python/_steer_models.h"
#include "python/_steer_objectives.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/tensors.h"
#include "steer/image/gram.h"
#include "steer/image/linear.h"
#include "steer/image/masks.h"
#include "steer/modalities/modalities.h"
#include "steer/modalities/objectives.h"
#include "steer/objectives/labels.h"
#include "steer/objectives/syntax.h"
#include "steer/work/listings.h"

namespace steer {
namespace {

// What a call of Python gives for each parameter, by its name.
struct GivenWord {
  Call call;                               // values that are text
  std::map<std::string, py::object> held;  // tensors and callables
};

std::string argument_text(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>() ? "true" : "false";
  if (py::isinstance<py::str>(value) || py::isinstance<py::int_>(value)) return py::str(value);
  if (py::isinstance<py::float_>(value)) return py::repr(value);
  if (py::hasattr(value, "__fspath__")) return py::str(value.attr("__fspath__")());
  if (py::hasattr(value, "__float__")) return py::repr(py::float_(value.attr("__float__")()));
  throw py::type_error(joined("[objective] expected a number, text, tensor or callable but got ",
                              std::string(py::str(py::type::handle_of(value).attr("__name__")))));
}

GivenWord given_by(const Word& word, const py::args& args, const py::kwargs& kwargs) {
  GivenWord given;
  given.call.name = word.name, given.call.column = 1;
  const auto put = [&](const std::string& name, const py::handle& value) {
    if (value.is_none()) return;
    const bool tensor = py::isinstance(value, py::module_::import("torch").attr("Tensor"));
    if (tensor || (PyCallable_Check(value.ptr()) != 0 && !py::isinstance<py::str>(value)))
      given.held[name] = py::reinterpret_borrow<py::object>(value);
    else
      given.call.arguments.push_back({name, argument_text(value), 1});
  };
  std::vector<std::string> places;
  for (const Parameter& parameter : word.parameters)
    if (parameter.positional) places.push_back(parameter.name);
  if (args.size() > places.size())
    throw py::type_error(joined("[objective] ", word.name, ": expected at most ", places.size(),
                                " arguments without a name but got ", args.size()));
  for (size_t i = 0; i < args.size(); ++i) put(places[i], args[i]);
  // In their places as long as no tensor stands before them.
  if (given.held.empty())
    for (Argument& argument : given.call.arguments) argument.name.clear();
  for (const auto& [name, value] : kwargs) put(py::str(name), value);
  return given;
}

// What was held under a name, once.
py::object taken_from(GivenWord& given, const std::string& name) {
  const auto found = given.held.find(name);
  if (found == given.held.end()) return py::none();
  py::object object = found->second;
  given.held.erase(found);
  return object;
}

Tensor batched(const py::object& value, const char* what) {
  const Tensor x = tensor_or_none(value, what);
  return x.defined() && x.dim() == 3 ? x.unsqueeze(0) : x;
}

// The arguments of the call as its word's parameters read them.
Arguments arguments_of(const Call& call, const Word& word, const std::vector<std::string>& but) {
  std::vector<Parameter> parameters;
  for (Parameter parameter : word.parameters) {
    if (std::find(but.begin(), but.end(), parameter.name) != but.end()) continue;
    parameters.push_back(std::move(parameter));
  }
  return {call, parameters};
}

using Maker = std::function<std::unique_ptr<Objective>(const ObjectiveContext&)>;

Tensor images_on(const Tensor& image, const ObjectiveContext& context, const char* what) {
  const Tensor x = image.defined() ? image : context.truth;
  STEER_CHECK(x.defined(), "[", what, "] expected an image: a tensor [C, H, W] or [T, C, H, W]");
  return x.detach().to(context.device, torch::kFloat32);
}

// inpaint with a mask that is a tensor: [H, W] or [T or 1, 1, H, W], 1 where the image is to be filled.
Maker inpainting(const Word& word, GivenWord& given) {
  Tensor fill = tensor_or_none(taken_from(given, "mask"), "inpaint");
  const Tensor image = batched(taken_from(given, "image"), "inpaint");
  while (fill.dim() < 4) fill = fill.unsqueeze(0);
  const Arguments arguments = arguments_of(given.call, word, {"image", "mask"});
  return [=](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    LinearTask task = inpaint(images_on(image, context, "inpaint"),
                              fill.detach().to(context.device, torch::kFloat32), arguments.number("noise"));
    return std::make_unique<LinearObjective>(std::move(task), "inpaint(..., mask=...)");
  };
}

// super_resolve of a tensor that has the small size.
Maker super_resolution(const Word& word, GivenWord& given) {
  const Tensor image = batched(taken_from(given, "image"), "super_resolve");
  const Arguments arguments = arguments_of(given.call, word, {"image"});
  return [=](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    const Tensor x = images_on(image, context, "super_resolve");
    const int64_t factor = arguments.integer("factor");
    const double noise = arguments.number("noise");
    const bool low = x.dim() == 4 && x.size(2) * factor == map_sizes(context.space).height;
    return std::make_unique<LinearObjective>(
        low ? super_resolve_from(x, factor, noise) : super_resolve(x, factor, noise),
        "super_resolve(..., factor=" + std::to_string(factor) + ")");
  };
}

// How many classes a network tells apart, shown by one sample.
int64_t classes_told_by(const SavedNetwork& network, const ObjectiveContext& context) {
  const torch::NoGradGuard no_grad;
  return network(at::zeros(with_rows(1, context.space.sizes), at::device(context.device))).size(1);
}

// label and certain of a callable that gives logits.
Maker labelling(const Word& word, GivenWord& given) {
  const SavedNetwork network = network_of_callable(taken_from(given, "classifier"), word.name.c_str());
  const Arguments arguments = arguments_of(given.call, word, {"classifier"});
  const std::string name = network.path;
  if (word.name == "certain")
    return [=](const ObjectiveContext&) -> std::unique_ptr<Objective> {
      return std::make_unique<CertainObjective>(network, "certain(classifier=" + name + ")");
    };
  return [=](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    const int64_t classes = classes_told_by(network, context);
    Tensor asked;
    if (arguments.has("class"))
      asked = at::full({1}, class_of(arguments.text("class"), network.class_names, classes, "[label] class"),
                       torch::kInt64);
    else
      asked = (at::arange(context.samples, torch::kInt64) + context.first_sample).remainder(classes);
    return std::make_unique<LabelObjective>(
        network, asked, arguments.number("temperature"),
        "label(" + (arguments.has("class") ? arguments.text("class") + ", " : "") + "classifier=" + name +
            ")");
  };
}

// Minus how far features of a callable are from those of a picture [T, C, H, W].
class FeatureObjective : public Objective {
 public:
  FeatureObjective(SavedNetwork network, const Tensor& truth, bool gram, std::string words)
      : network_(std::move(network)), truth_(truth), gram_(gram), words_(std::move(words)) {
    const torch::NoGradGuard no_grad;
    wanted_ = features(truth);
  }

  Tensor score(const State& sample) const override {
    const Tensor apart = features(sample.x) - per_sample(wanted_, sample.size(), "style");
    return gram_ ? -apart.flatten(1).norm(2, {1}) / 100 : -apart.square().flatten(1).mean(1);
  }
  int64_t targets() const override { return truth_.size(0); }
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  Tensor degraded() const override { return truth_; }
  Tensor hidden() const override { return at::ones_like(truth_.narrow(0, 0, 1).narrow(1, 0, 1)); }
  std::string words() const override { return words_; }

 private:
  Tensor features(const Tensor& x) const {
    const Tensor all = network_.network(x).to(torch::kFloat32);
    return gram_ ? gram_matrix(all) : all.flatten(1);
  }

  SavedNetwork network_;
  Tensor truth_, wanted_;
  bool gram_;
  std::string words_;
};

Maker likeness(const Word& word, GivenWord& given) {
  const SavedNetwork network = network_of_callable(taken_from(given, "model"), word.name.c_str());
  const Tensor image = batched(taken_from(given, "image"), word.name.c_str());
  const std::string name = word.name;
  return [=](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    return std::make_unique<FeatureObjective>(network, images_on(image, context, name.c_str()),
                                              name == "gram", name + "(..., model=" + network.path + ")");
  };
}

// Any word of which at most the image is a tensor: what a data set's sample is to it.
Maker by_truth(const Word& word, GivenWord& given) {
  Tensor image;
  for (const Parameter& parameter : word.parameters)
    if (parameter.type == ParameterType::kSample && given.held.count(parameter.name) > 0)
      image = batched(taken_from(given, parameter.name), word.name.c_str());
  for (const auto& [name, value] : given.held)
    throw py::type_error(joined("[objective] ", word.name, ": ", name, ": expected text or a number"));
  const std::string text = to_text(given.call);
  return [=](const ObjectiveContext& context) {
    ObjectiveContext told = context;
    if (image.defined()) told.truth = image.detach().to(context.device, torch::kFloat32);
    return make_objective(text, told);
  };
}

Maker maker_of(const Word& word, GivenWord& given) {
  const bool image = given.held.count("image") > 0;
  if (word.name == "inpaint" && given.held.count("mask") > 0) return inpainting(word, given);
  if (word.name == "super_resolve" && image) return super_resolution(word, given);
  if (given.held.count("classifier") > 0) return labelling(word, given);
  if (given.held.count("model") > 0 && (word.name == "style" || word.name == "gram") && image)
    return likeness(word, given);
  return by_truth(word, given);
}

// The word of a name that knows what is told by name: kinds of samples may share a name.
const Word* word_for(const std::string& name, const py::kwargs& kwargs) {
  const Word* first = nullptr;
  for (const Word* word : all_words()) {
    if (word->name != name) continue;
    const auto knows = [&](const std::string& argument) {
      return std::any_of(word->parameters.begin(), word->parameters.end(),
                         [&](const Parameter& parameter) { return parameter.name == argument; });
    };
    bool all = true;
    for (const auto& [argument, value] : kwargs) all = all && knows(py::str(argument));
    if (all) return word;
    if (!first) first = word;
  }
  return first;
}

std::shared_ptr<Wish> wish_of_word(const std::string& name, const py::args& args, const py::kwargs& kwargs) {
  const Word* word = word_for(name, kwargs);
  STEER_CHECK(word && word->make, "[objective] unknown objective ", name);
  GivenWord given = given_by(*word, args, kwargs);
  WishedTerm term;
  term.plain = given.held.empty();
  Call shown = given.call;
  for (const auto& [held, value] : given.held)
    shown.arguments.push_back(
        {held, PyCallable_Check(value.ptr()) != 0 ? callable_name(value) : "tensor", 1});
  term.words = to_text(shown);
  term.make = maker_of(*word, given);
  return std::make_shared<Wish>(std::vector<WishedTerm>{std::move(term)});
}

std::string help_of(const Word& word) {
  std::string text = word.meaning + ", as " + word.example + ".\n";
  for (const Parameter& parameter : word.parameters) {
    text += "\n" + parameter.name + " (" + name_of(parameter.type) + "): " + parameter.meaning;
    if (!parameter.otherwise.empty()) text += "; " + parameter.otherwise + " unless given";
  }
  return text +
         "\n\nSamples that are named may be tensors [C, H, W] or [T, C, H, W] in [-1, 1]; networks may "
         "be callables.";
}

// That of all words of a name.
std::string help_of_all(const std::string& name) {
  std::string text;
  for (const Word* word : all_words()) {
    if (word->name != name || !word->make) continue;
    if (!text.empty()) text += "\n\nOf samples of another kind:\n\n";
    text += help_of(*word);
  }
  return text;
}

}  // namespace

void bind_words(py::module_& m) {
  py::module_ words = m.def_submodule("objectives", "The words of objectives as functions.");
  py::list names;
  for (const Word* word : all_words()) {
    if (!word->make || py::hasattr(words, word->name.c_str())) continue;
    words.def(
        word->name.c_str(),
        [name = word->name](const py::args& args, const py::kwargs& kwargs) {
          return wish_of_word(name, args, kwargs);
        },
        help_of_all(word->name).c_str());
    names.append(word->name);
  }
  words.attr("__all__") = names;
  m.def(
      "words", [](const std::string& about) { return python_of_json(vocabulary_json(words_about(about))); },
      py::arg("about") = "",
      "The words of objectives as a list of dicts: name, kinds, nature, meaning, example and arguments. "
      "about:\n"
      "a kind of sample, or one word.");
}

}  // namespace steer
