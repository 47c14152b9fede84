#include "python/_steer_objectives.h"

#include <algorithm>
#include <cmath>

#include "python/_steer_callables.h"
#include "python/_steer_samples.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"
#include "steer/modalities/objectives.h"
#include "steer/objectives/syntax.h"

namespace steer {
namespace {

using Terms = std::vector<WishedTerm>;

// Words without the image that a tensor stands in for, and that tensor.
struct WithoutImage {
  Call call;
  Tensor image;  // undefined: none
};

WithoutImage without_image(const Call& call, const NamedImages& images) {
  WithoutImage found{call, {}};
  std::vector<Argument>& arguments = found.call.arguments;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto named = images.find(arguments[i].value);
    if (named == images.end()) continue;
    found.image = named->second.dim() == 3 ? named->second.unsqueeze(0) : named->second;
    arguments.erase(arguments.begin() + static_cast<int64_t>(i));
    break;
  }
  return found;
}

std::unique_ptr<Objective> objective_of_call(const Call& call, const NamedImages& images,
                                             const ObjectiveContext& context) {
  if (!call.terms.empty()) {
    std::vector<WeightedSum::Term> terms;
    for (const Call& term : call.terms)
      terms.push_back({term.weight, objective_of_call(term, images, context)});
    return std::make_unique<RankSum>(std::move(terms));
  }
  const auto [plain, image] = without_image(call, images);
  ObjectiveContext told = context;
  if (image.defined()) told.truth = image.detach().to(context.device, torch::kFloat32);
  return make_objective(to_text(plain), told);
}

bool names_images(const Call& call, const NamedImages& images) {
  for (const Argument& argument : call.arguments)
    if (images.count(argument.value) > 0) return true;
  for (const Call& term : call.terms)
    if (names_images(term, images)) return true;
  return false;
}

// Error, as the parser of words says it, for words that no kind of sample knows.
void check_known(const Call& call, const std::string& words) {
  if (find_word(all_words(), call.name) == nullptr) objective_of(words, all_words(), {});
  for (const Call& term : call.terms) check_known(term, words);
}

std::string context_text(const ObjectiveContext& context) {
  return joined(text_of(context.space), " ", context.space.alphabet, " ", context.seed, " ",
                context.device.str(), " ", context.fit, " ", context.first_sample, " ", context.samples);
}

WishedTerm times(WishedTerm term, double factor) {
  if (!std::isfinite(factor) || factor == 0)
    throw py::value_error(joined("[objective] expected a finite weight that is not 0 but got ", factor));
  term.weight *= factor;
  return term;
}

std::shared_ptr<Wish> scaled(const Wish& wish, double factor) {
  Terms terms;
  for (const WishedTerm& term : wish.terms()) terms.push_back(times(term, factor));
  return std::make_shared<Wish>(std::move(terms));
}

std::shared_ptr<Wish> added(const Wish& a, const Wish& b) {
  Terms terms = a.terms();
  terms.insert(terms.end(), b.terms().begin(), b.terms().end());
  return std::make_shared<Wish>(std::move(terms));
}

std::shared_ptr<Wish> ranked(const py::object& value) {
  const std::shared_ptr<Wish> wish = wish_of_python(value);
  if (!wish) throw py::type_error("[rank] expected a steer.Objective or words but got None");
  WishedTerm rank;
  rank.words = "rank(" + wish->words() + ")", rank.plain = wish->plain();
  rank.make = [wish](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    std::vector<WeightedSum::Term> terms;
    for (const WishedTerm& term : wish->terms()) terms.push_back({term.weight, term.make(context)});
    return std::make_unique<RankSum>(std::move(terms));
  };
  return std::make_shared<Wish>(Terms{std::move(rank)});
}

std::shared_ptr<Wish> scored_by(py::object function, bool gradient, const py::object& name, bool texts) {
  CallableOptions options;
  options.name = name.is_none() ? callable_name(function) : std::string(py::str(name));
  options.gradient = gradient, options.texts = texts;
  if (texts && gradient)
    throw py::value_error("[score] texts=True: expected gradient=False, because texts have none");
  const PyRef held = checked_callable(std::move(function), "score");
  WishedTerm term;
  term.words = options.name + "()";
  term.make = [held, options](const ObjectiveContext& context) -> std::unique_ptr<Objective> {
    std::function<std::vector<std::string>(const State&)> texts;
    if (const auto& of = modality_of(context.space).texts)
      texts = [of, space = context.space](const State& samples) { return of(space, samples); };
    return std::make_unique<CallableObjective>(held, options, texts);
  };
  return std::make_shared<Wish>(Terms{std::move(term)});
}

ObjectiveContext context_of(const State& state, const Space& space, uint64_t seed) {
  ObjectiveContext context;
  context.space = space, context.seed = seed, context.samples = state.size();
  context.device = (state.x.defined() ? state.x : state.token).device();
  return context;
}

// The score [N] of samples: a tensor, or what was drawn. Differentiable in a tensor.
Tensor score_of(const Wish& wish, const py::object& samples, uint64_t seed) {
  State state;
  Space space;
  if (py::isinstance<PythonSamples>(samples)) {
    const auto& drawn = samples.cast<const PythonSamples&>();
    state = drawn.state, space = drawn.space();
  } else {
    state = State(tensor_or_none(samples, "objective"));
    if (!state.defined()) throw py::type_error("[objective] expected samples but got None");
    if (state.x.dim() < 2) throw py::value_error("[objective] expected samples [N, ...] but got one number");
    space = space_of_shape(state.x.sizes().slice(1).vec());
  }
  return without_lock(
      [&] {
        const OwnNumberType as_they_are;
        return wish.kept(context_of(state, space, seed))->score(state);
      },
      true);
}

// "linear", "gradient" or "black box", for samples of a shape.
std::string nature_of(const Wish& wish, const std::vector<int64_t>& shape) {
  const Space space = space_of_shape(shape);
  return without_lock([&]() -> std::string {
    ObjectiveContext context;
    context.space = space, context.samples = 1;
    const auto objective = wish.kept(context);
    if (!objective->linear().empty()) return name_of(Nature::kLinear);
    return name_of(objective->differentiable() ? Nature::kGradient : Nature::kBlackBox);
  });
}

bool holds_name(const std::vector<Word>& words, const std::string& name) {
  return std::any_of(words.begin(), words.end(), [&](const Word& word) { return word.name == name; });
}

// A name that the grammar reads, after what stands before the first bracket of a term: "ink" of "ink()".
std::string name_for(const std::string& words, const std::vector<Word>& taken) {
  std::string name;
  for (const char letter : words.substr(0, words.find('('))) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       letter == '_' || (letter >= '0' && letter <= '9' && !name.empty());
    if (plain) name += letter;
  }
  if (name.empty()) name = "own";
  const auto known = [&](const std::string& one) {
    return one == "rank" || holds_name(taken, one) || find_word(all_words(), one) != nullptr;
  };
  if (!known(name)) return name;
  for (int64_t i = 2;; ++i)
    if (const std::string other = joined(name, "_", i); !known(other)) return other;
}

std::shared_ptr<Wish> objective_in_words(const std::string& words, const py::object& shape,
                                         const NamedImages& images) {
  auto wish = wish_of_words(words, images);
  // Made once at least, so that what does not suit the shape is said here.
  if (!shape.is_none()) nature_of(*wish, whole_numbers_of(shape, "objective"));
  return wish;
}

}  // namespace

std::string Wish::words() const {
  std::string text;
  for (const WishedTerm& term : terms_)
    text += weight_text(term.weight, &term == &terms_.front()) + term.words;
  return text;
}

bool Wish::plain() const {
  for (const WishedTerm& term : terms_)
    if (!term.plain) return false;
  return true;
}

WrittenWish written(const Wish& wish, const std::vector<Word>& taken) {
  WrittenWish found;
  std::vector<Word> names = taken;
  for (const WishedTerm& term : wish.terms()) {
    found.words += weight_text(term.weight, found.words.empty());
    if (term.plain) {
      found.words += term.words;
      continue;
    }
    Word word;
    word.name = name_for(term.words, names);
    word.make = [make = term.make](const Arguments&, const ObjectiveContext& context) {
      return make(context);
    };
    found.words += word.name + "()";
    names.push_back(word), found.own.push_back(std::move(word));
  }
  return found;
}

std::unique_ptr<Objective> Wish::make(const ObjectiveContext& context) const {
  std::vector<WeightedSum::Term> terms;
  for (const WishedTerm& term : terms_) terms.push_back({term.weight, term.make(context)});
  if (terms.size() == 1 && terms[0].weight == 1.0) return std::move(terms[0].objective);
  return std::make_unique<WeightedSum>(std::move(terms));
}

std::shared_ptr<const Objective> Wish::kept(const ObjectiveContext& context) const {
  const std::string wanted = context_text(context);
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (kept_ && kept_for_ == wanted) return kept_;
  }
  std::shared_ptr<const Objective> made = make(context);
  const std::lock_guard<std::mutex> guard(mutex_);
  kept_ = made, kept_for_ = wanted;
  return made;
}

std::shared_ptr<Wish> wish_of_words(const std::string& words, const NamedImages& images) {
  Terms terms;
  for (const Call& call : parse_objective(words)) {
    check_known(call, words);
    WishedTerm term;
    term.weight = call.weight, term.words = to_text(call), term.plain = !names_images(call, images);
    Call alone = call;
    alone.weight = 1;
    term.make = [alone, images](const ObjectiveContext& context) {
      return objective_of_call(alone, images, context);
    };
    terms.push_back(std::move(term));
  }
  return std::make_shared<Wish>(std::move(terms));
}

std::shared_ptr<Wish> wish_of_python(const py::handle& value) {
  if (value.is_none()) return nullptr;
  if (py::isinstance<Wish>(value)) return value.cast<std::shared_ptr<Wish>>();
  if (py::isinstance<py::str>(value)) return wish_of_words(py::str(value));
  throw py::type_error(
      joined("[objective] expected a steer.Objective or words but got ",
             std::string(py::str(py::type::handle_of(value).attr("__name__"))),
             PyCallable_Check(value.ptr()) != 0 ? "; steer.score(function) makes one of it" : ""));
}

void bind_objectives(py::module_& m) {
  py::class_<Wish, std::shared_ptr<Wish>>(
      m, "Objective",
      "What is wanted of a finished sample: words, tensors and callables, and sums of them with weights.\n"
      "Called with samples [N, ...] it gives scores [N], higher is better, with a gradient where it has one.")
      .def("__call__", score_of, py::arg("samples"), py::arg("seed") = 0,
           "Scores [N] of samples: a tensor [N, C, H, W] of images or [N, d] of points, or steer.Samples.")
      .def_property_readonly("words", &Wish::words, "The objective as one would write it.")
      .def("nature", nature_of, py::arg("shape"),
           "\"linear\", \"gradient\" or \"black box\", for samples of a shape, as (3, 32, 32).")
      .def("__add__", added, py::is_operator())
      .def(
          "__add__", [](const Wish& a, const std::string& b) { return added(a, *wish_of_words(b)); },
          py::is_operator())
      .def(
          "__radd__", [](const Wish& b, const std::string& a) { return added(*wish_of_words(a), b); },
          py::is_operator())
      .def(
          "__sub__", [](const Wish& a, const Wish& b) { return added(a, *scaled(b, -1)); }, py::is_operator())
      .def("__mul__", scaled, py::is_operator())
      .def("__rmul__", scaled, py::is_operator())
      .def(
          "__truediv__", [](const Wish& a, double by) { return scaled(a, 1 / by); }, py::is_operator())
      .def(
          "__neg__", [](const Wish& a) { return scaled(a, -1); }, py::is_operator())
      .def("__repr__", [](const Wish& a) { return "<steer.Objective " + a.words() + ">"; });
  m.def("objective", objective_in_words, py::arg("words"), py::kw_only(), py::arg("shape") = py::none(),
        py::arg("images") = NamedImages{},
        "The objective that words describe, as `steer words` lists them: \"0.5*inpaint(x, mask=left)\".\n"
        "images: tensors [C, H, W] or [T, C, H, W] in [-1, 1] that the words may name in place of files; of\n"
        "T targets N samples are T equal consecutive groups. shape: of one sample; then words that do not\n"
        "suit it are refused at once. Error, with the column, for what is not understood.");
  m.def("score", scored_by, py::arg("function"), py::arg("gradient") = true, py::arg("name") = py::none(),
        py::arg("texts") = false,
        "An objective out of function(x) -> scores [N], higher is better; x are samples [N, ...], float32.\n"
        "gradient: it is differentiable in x by autograd, and taken for a log-likelihood; False for a black\n"
        "box, which may return numbers of any kind. texts: of texts, function gets a list of str.");
  m.def("rank", ranked, py::arg("objective"),
        "The sum of the terms' ranks among the samples compared in place of their scores.");
  bind_words(m);
}

}  // namespace steer
