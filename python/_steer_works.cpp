// What people ask of models beside samples: figures, searches, comparisons, lists of names.
#include <filesystem>

#include "python/_steer_callables.h"
#include "python/_steer_objectives.h"
#include "python/_steer_samples.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/shipped.h"
#include "steer/metrics/frechet.h"
#include "steer/modalities/own_words.h"
#include "steer/objectives/pieces.h"
#include "steer/work/comparing.h"
#include "steer/work/evaluation.h"
#include "steer/work/listings.h"
#include "steer/work/opening.h"
#include "steer/work/preset_files.h"
#include "steer/work/searching.h"

namespace steer {
namespace {

// An objective as a work takes it: words, and words of its own where it holds tensors or functions. Work that
// goes on from files of an earlier run cannot tell whether functions are those of that run.
WrittenWish written_for(const py::object& objective, const std::string& what, const std::string& kept,
                        const std::vector<Word>& taken = {}) {
  const auto wish = wish_of_python(objective);
  if (!wish) return {};
  WrittenWish found = written(*wish, taken);
  if (!found.own.empty() && !kept.empty() && std::filesystem::exists(kept))
    throw py::value_error(joined("[", what, "] ", kept, ": holds results of an earlier run, whose ",
                                 found.own.front().name,
                                 "() may have been another; remove it, or name another "
                                 "place, for an objective that words alone do not tell"));
  return found;
}

std::string text_or_none(const py::object& value, const char* what) {
  return value.is_none() ? "" : path_text(value, what);
}

py::object evaluated(const PythonModel& self, const py::object& data, const py::object& objective, int64_t n,
                     const std::string& split, const py::object& judge, const py::object& features,
                     const py::object& label, int64_t beam, int64_t batch, int64_t seed, bool neighbours,
                     const py::object& watch, const py::kwargs& settings) {
  EvaluationOptions options;
  options.source.data = text_or_none(data, "evaluate"), options.source.split = split;
  options.source.count = n, options.beam = beam, options.batch = batch, options.neighbours = neighbours;
  options.seed = static_cast<uint64_t>(seed);
  const WrittenWish wished = written_for(objective, "evaluate", "");
  options.objective = wished.words;
  options.judge.judge = text_or_none(judge, "evaluate"),
  options.features = text_or_none(features, "evaluate");
  options.telling.label = label_text(label);
  put_settings(options.settings, self, settings);
  Watching watching(watch, "evaluate");
  const Evaluation found = watched(watching, [&] {
    const OwnWords own(wished.own);
    return evaluate(*self.loaded, options, self.device, watching.of_work());
  });
  return python_of_json(found.figures);
}

py::object searched(const PythonModel& self, const py::object& objective, const py::object& out,
                    const py::object& data, const std::string& split, const std::string& metric,
                    const py::object& judge, const py::object& features, const py::object& reference,
                    const py::object& label, const std::vector<std::string>& knobs, int64_t samples,
                    int64_t budget, int64_t sweeps, const std::string& method, int64_t batch, int64_t confirm,
                    int64_t seed, const py::object& watch, const py::kwargs& settings) {
  SearchingOptions options;
  options.run = self.loaded->path;
  options.metric = metric, options.data = text_or_none(data, "search"), options.split = split;
  options.yardsticks.judge = text_or_none(judge, "search");
  options.yardsticks.features = text_or_none(features, "search");
  options.yardsticks.reference = text_or_none(reference, "search");
  options.telling.label = label_text(label);
  options.knobs = knobs, options.search.method = method, options.search.samples = samples;
  options.search.budget = budget, options.search.sweeps = sweeps;
  options.batch = batch, options.confirm = confirm, options.seed = static_cast<uint64_t>(seed);
  options.preset = path_text(out, "search"), options.journal = options.preset + ".trials.jsonl";
  const WrittenWish wished = written_for(objective, "search", options.journal);
  options.objective = wished.words;
  put_settings(options.settings, self, settings);
  Watching watching(watch, "search");
  const Searched found = watched(watching, [&] {
    const OwnWords own(wished.own);
    return search_guidance(*self.loaded, options, self.device, watching.of_work());
  });
  return python_of_json(found.figures);
}

// Each model again, since a comparison has its own.
std::vector<Contestant> contestants_of(const py::dict& models) {
  std::vector<Contestant> all;
  for (const auto& [name, value] : models) {
    const auto model = value.cast<std::shared_ptr<PythonModel>>();
    const std::string path = model->loaded->path, word = py::str(name);
    const Computing computing{model->device, model->precision};
    all.push_back({word, without_lock([&] { return open_model(path, computing); })});
  }
  return all;
}

// A plan as JSON; objectives of its tasks that are objects of Python become words, of which `own` takes some.
Json plan_json(const py::dict& plan, const std::string& results, std::vector<Word>& own) {
  const py::dict copy(plan);
  if (!copy.contains("tasks") || !py::isinstance<py::list>(copy["tasks"]))
    return json_of_python(copy, "plan");
  py::list tasks;
  for (const py::handle& given : copy["tasks"]) {
    if (!py::isinstance<py::dict>(given)) return json_of_python(copy, "plan");
    py::dict task = given.attr("copy")();
    if (task.contains("objective") && py::isinstance<Wish>(task["objective"])) {
      const WrittenWish wished = written_for(task["objective"], "compare", results, own);
      own.insert(own.end(), wished.own.begin(), wished.own.end());
      task["objective"] = wished.words;
    }
    tasks.append(task);
  }
  py::dict whole = copy.attr("copy")();
  whole["tasks"] = tasks;
  return json_of_python(whole, "plan");
}

py::object compared(const py::dict& models, const py::object& plan, const py::object& out, int64_t seed,
                    const py::object& watch) {
  ComparingOptions options;
  options.out = path_text(out, "compare"), options.seed = static_cast<uint64_t>(seed);
  std::string file;
  std::vector<Word> words;
  if (py::isinstance<py::dict>(plan)) {
    file = options.out + "/plan.json";
    write_file(file, json_text(plan_json(plan, options.out + "/results.jsonl", words), 2) + "\n");
  } else {
    file = path_text(plan, "compare");
  }
  options.plan = read_comparison(file);
  const std::vector<Contestant> contestants = contestants_of(models);
  if (contestants.empty()) throw py::value_error("[compare] expected at least one model");
  const torch::Device device = contestants[0].loaded.model->module().parameters().at(0).device();
  Watching watching(watch, "compare");
  const Compared found = watched(watching, [&] {
    const OwnWords own(words);
    return compare(contestants, options, device, watching.of_work());
  });
  return python_of_json(found.figures);
}

Tensor images_of_python(const py::object& value) {
  if (py::isinstance<PythonSamples>(value)) return value.cast<const PythonSamples&>().state.x;
  const Tensor x = tensor_or_none(value, "frechet");
  if (!x.defined()) throw py::type_error("[frechet] expected samples but got None");
  return x;
}

double frechet_of(const py::object& a, const py::object& b, const py::object& features) {
  const Tensor x = images_of_python(a), y = images_of_python(b);
  SavedNetwork network;
  if (PyCallable_Check(features.ptr()) != 0 && !py::isinstance<py::str>(features))
    network = network_of_callable(features, "frechet");
  const std::string path = network.network ? "" : path_text(features, "frechet");
  return without_lock([&] {
    const torch::NoGradGuard no_grad;
    if (!network.network) network = load_features(path, x.device());
    const auto of = [&](const Tensor& some) {
      return moments(in_pieces(some.detach(), [&](const Tensor& piece) {
                       return network(piece.to(torch::kFloat32)).flatten(1);
                     }).to(torch::kFloat64));
    };
    return frechet_distance(of(x), of(y));
  });
}

py::dict names_listed() {
  py::dict lists;
  for (const Listing& listing : listings()) {
    py::dict entries;
    for (const Named& named : listing.entries) entries[py::str(named.name)] = named.meaning;
    lists[py::str(listing.name)] = entries;
  }
  return lists;
}

}  // namespace

void bind_works(py::module_& m) {
  m.def(
      "evaluate", evaluated, py::arg("model"), py::arg("data") = py::none(), py::kw_only(),
      py::arg("objective") = py::none(), py::arg("n") = 0, py::arg("split") = "test",
      py::arg("judge") = py::none(), py::arg("features") = py::none(), py::arg("label") = py::none(),
      py::arg("beam") = 1, py::arg("batch") = 50, py::arg("seed") = 0, py::arg("neighbours") = false,
      py::arg("watch") = py::none(),
      "Figures of a model as a dict, as `steer evaluate` gives them: of how it keeps the data (codes), of\n"
      "its samples, or with an objective (words or a steer.Objective) of a task of which each of n data is\n"
      "the truth.");
  m.def("search", searched, py::arg("model"), py::arg("objective"), py::arg("out"), py::kw_only(),
        py::arg("data") = py::none(), py::arg("split") = "test", py::arg("metric") = "",
        py::arg("judge") = py::none(), py::arg("features") = py::none(), py::arg("reference") = py::none(),
        py::arg("label") = py::none(), py::arg("knobs") = std::vector<std::string>{}, py::arg("samples") = 64,
        py::arg("budget") = 0, py::arg("sweeps") = 6, py::arg("method") = "doubling", py::arg("batch") = 64,
        py::arg("confirm") = 0, py::arg("seed") = 0, py::arg("watch") = py::none(),
        "Strengths of guidance found by trying, as `steer search`; the preset goes to `out` (JSON), trials\n"
        "beside it, from which an interrupted search goes on, unless functions or tensors are wanted. Gives "
        "the preset as a dict, for\n"
        "sample(guidance=...); None where it was ended.");
  m.def("compare", compared, py::arg("models"), py::arg("plan"), py::arg("out"), py::kw_only(),
        py::arg("seed") = 0, py::arg("watch") = py::none(),
        "Models {name: model} put to the tasks of a plan (a path or a dict) by several ways of guidance, as\n"
        "`steer compare`; the report goes to the folder `out`. Objectives of a dict's tasks may be\n"
        "steer.Objectives. Gives all figures as a dict.");
  m.def("frechet", frechet_of, py::arg("a"), py::arg("b"), py::arg("features"),
        "The Frechet distance of two sets of samples [N, ...] by the features of a network: a callable\n"
        "x -> [N, D], or a path as `steer evaluate --features` takes.");
  m.def("names", names_listed,
        "What there is to choose from, as {list: {name: meaning}}: solvers, levels, methods and so on.");
  m.def(
      "shipped",
      [] {
        std::map<std::string, std::vector<std::string>> all;
        for (const std::string& name : shipped_names("models", ".safetensors")) all[name] = presets_of(name);
        return all;
      },
      "The models that come with steer, as {name: [names of its presets]}: load(name), and of a diffusion\n"
      "sample(preset=...).");
}

}  // namespace steer
