#include "python/_steer_samples.h"

#include <algorithm>
#include <sstream>

#include "python/_steer_moment.h"
#include "python/_steer_objectives.h"
#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/files.h"
#include "steer/core/machine.h"
#include "steer/core/options.h"
#include "steer/core/precision.h"
#include "steer/core/seed_list.h"
#include "steer/ddn/chooser.h"
#include "steer/modalities/modalities.h"
#include "steer/molecule/canonical.h"
#include "steer/molecule/molecule_space.h"
#include "steer/picture/images.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"
#include "steer/work/preset_files.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

constexpr int64_t kUsualBatch = 64;

bool is_molecules(const Space& space) {
  return space.kind == "molecule";
}

// What is asked for, out of Python's arguments.
struct Asked {
  int64_t count = 1, batch = kUsualBatch;
  std::vector<int64_t> seeds;
  Json settings = Json::object();
  std::string label, numbers;
  Told told;
  Beginning begin;
  std::shared_ptr<Wish> wish;
  std::string words;
  bool gradient = false, plain = true;
};

std::vector<int64_t> seeds_asked(const py::object& seeds, int64_t seed, int64_t& count, bool counted) {
  if (seeds.is_none()) return {seed};
  std::vector<int64_t> list = whole_numbers_of(seeds, "seeds");
  const auto listed = static_cast<int64_t>(list.size());
  if (counted && count != listed)
    throw py::value_error(
        joined("[seeds] expected no n beside seeds, or their number, ", listed, ", but got ", count));
  count = listed;
  return list;
}

Asked asked_by(const PythonGenerator& self, const py::object& n, int64_t seed, const py::object& seeds,
               const py::object& label, const py::object& numbers, const py::object& image,
               const py::object& objective, const py::object& begin, double noise, int64_t batch,
               bool gradient, const py::kwargs& kwargs) {
  Asked asked;
  if (!n.is_none()) asked.count = whole_numbers_of(n, "n").at(0);
  asked.seeds = seeds_asked(seeds, seed, asked.count, !n.is_none());
  if (asked.count < 1 || batch < 1)
    throw py::value_error(
        joined("[sample] expected at least one sample but got ", std::min(asked.count, batch)));
  asked.batch = batch, asked.gradient = gradient;
  put_settings(asked.settings, self, kwargs);
  const Model& model = self.model();
  asked.label = label_text(label);
  asked.numbers = told_text(numbers);
  asked.told = told_of(model, label, image, asked.count, asked.numbers);
  if (const Tensor from = tensor_or_none(begin, "begin"); from.defined()) {
    const Tensor x =
        from.dim() == static_cast<int64_t>(model.space().sizes.size()) ? from.unsqueeze(0) : from;
    STEER_CHECK(asked.count % x.size(0) == 0, "[begin] expected one sample, or one for each of ", asked.count,
                ", but got ", x.size(0));
    asked.begin.from = x.detach().to(torch::kFloat32).repeat_interleave(asked.count / x.size(0), 0);
    asked.begin.noise = noise;
  }
  asked.wish = wish_of_python(objective);
  if (asked.wish) asked.words = asked.wish->words(), asked.plain = asked.wish->plain();
  asked.plain = asked.plain && image.is_none() && begin.is_none();
  return asked;
}

// The samples of a plan, batch by batch without an objective, else side by side.
void draw_into(PythonSamples& samples, const Plan& plan, const Asked& asked, const Watch& watch) {
  const int64_t count = asked.count, at_once = asked.wish ? count : asked.batch;
  const Tensor seeds = at::tensor(seeds_for(asked.seeds, count), torch::kInt64).to(samples.model.device);
  std::vector<State> states;
  std::vector<Tensor> codes;
  for (int64_t at = 0; at < count && !samples.stopped; at += at_once) {
    const int64_t rows = std::min(at_once, count - at);
    const Watch each = [&](const Glimpse& glimpse) {
      samples.run.steps = std::max(samples.run.steps, glimpse.index + 1);
      return watch(glimpse);
    };
    DrawRequest request{seeds.narrow(0, at, rows), asked.told.narrow(at, rows), asked.begin};
    if (request.begin.from.defined()) request.begin.from = asked.begin.from.narrow(at, rows);
    Samples made = plan.draw(request, each);
    samples.evaluations = std::max(samples.evaluations, made.evaluations);
    samples.stopped = made.stopped;
    if (made.stopped) break;
    states.push_back(std::move(made.state));
    if (made.code.defined()) codes.push_back(made.code);
  }
  if (!states.empty()) samples.state = states.size() == 1 ? states[0] : concatenated(states);
  if (!codes.empty()) samples.code = codes.size() == 1 ? codes[0] : at::cat(codes);
}

void put_recipe(PythonSamples& samples, const Asked& asked) {
  Recipe& recipe = samples.run.recipe;
  recipe.work = asked.wish ? "guide" : "sample";
  recipe.objective = asked.words;
  recipe.model.path = samples.model.loaded->path;
  recipe.count = asked.count, recipe.seeds = asked.seeds, recipe.batch = asked.batch;
  recipe.telling.label = asked.label, recipe.telling.value = asked.numbers;
  recipe.device = samples.model.device.is_cuda() ? "cuda" : "cpu";
  if (asked.wish) recipe.noise_seed = asked.seeds.at(0);
  constexpr size_t kMostColumns = 32;  // a column for each label of several
  const size_t labels = labels_of(recipe.telling, samples.model.model()).size();
  if (!asked.wish && labels > 1 && labels <= kMostColumns) samples.run.columns = static_cast<int64_t>(labels);
  samples.run.words = asked.words, samples.run.asked.label = asked.told.label;
  samples.run.asked.names = samples.model.model().class_names();
  samples.repeats = asked.plain;
}

// The chosen images again, with a gradient in the weights.
State with_gradient(const PythonModel& model, const Tensor& code, const Told& told) {
  auto* ddn = dynamic_cast<DdnModel*>(&model.model());
  STEER_CHECK(ddn, "[sample] gradient=True: expected a ddn, whose samples have a gradient in its weights");
  const torch::AutoGradMode with_gradients(true);
  return finished_maps(ddn->space(),
                       ddn->network().run(code.size(0), follow(code), {}, ddn->condition(told)).image);
}

PythonSamples drawn_by(const PythonGenerator& self, const Asked& asked, const Watch& watch) {
  const Generator& generator = as_generator(*self.loaded, "sample");
  const Space space = generator.space();
  // Looking at the machine's memory takes longer than few samples do.
  constexpr double kMuch = 1 << 26;
  const double bytes =
      static_cast<double>(asked.count) * static_cast<double>(values_of(space)) * sizeof(float);
  if (bytes > kMuch) check_memory(bytes, "[sample] n", joined(asked.count, " samples"));
  PythonSamples samples;
  samples.model = self, samples.run.space = space;
  std::shared_ptr<const Objective> objective;
  if (asked.wish) {
    ObjectiveContext context;
    context.space = space, context.device = self.device, context.samples = asked.count;
    context.seed = static_cast<uint64_t>(asked.seeds.at(0));
    objective = asked.wish->kept(context);
    if (const Tensor given = objective->degraded(); given.defined())
      samples.given = within(space, given.cpu());
  }
  const auto plan = generator.plan(objective.get(), asked.settings);
  put_recipe(samples, asked);
  samples.run.recipe.settings = plan->settings(), samples.run.text = plan->text();
  samples.run.together = plan->together();
  const WatchedSpace watched_space(space);
  const double started = now_seconds();
  draw_into(samples, *plan, asked, watch);
  samples.run.seconds = now_seconds() - started;
  if (samples.stopped) return samples;
  if (objective) {
    const torch::NoGradGuard no_grad;
    samples.scores = objective->score(samples.state);
  }
  if (asked.gradient) samples.state = with_gradient(self, samples.code, asked.told);
  return samples;
}

PythonSamples sampled(const PythonGenerator& self, const py::object& n, int64_t seed, const py::object& seeds,
                      const py::object& label, const py::object& told, const py::object& image,
                      const py::object& objective, const py::object& begin, double noise, int64_t batch,
                      bool gradient, const py::object& watch, const py::kwargs& settings) {
  const Asked asked =
      asked_by(self, n, seed, seeds, label, told, image, objective, begin, noise, batch, gradient, settings);
  Watching watching(watch, asked.wish ? "guide" : "sample");
  PythonSamples samples = watched(watching, [&] { return drawn_by(self, asked, watching.of_samples()); });
  samples.stopped = samples.stopped || watching.stopped();
  return samples;
}

// The run with what pictures need, on the processor. Error where there are no samples.
RecipeRun whole_run(const PythonSamples& self) {
  STEER_CHECK(self.state.defined(), "[samples] expected samples but the watch ended their drawing");
  const torch::NoGradGuard no_grad;
  RecipeRun run = self.run;
  run.state = self.state.to(torch::kCPU);
  if (run.state.x.defined()) run.state.x = run.state.x.detach();
  run.given = self.given;
  if (self.scores.defined()) run.scores = self.scores.detach().cpu();
  run.evaluations = self.evaluations;
  // As guide shows them: what was given stands before the samples, or above them where there are as many.
  constexpr int64_t kColumns = 9;
  const int64_t given = run.given.size(), count = run.recipe.count;
  if (run.recipe.work == "guide")
    run.columns =
        std::min(count > 1 && given == count && count <= kColumns ? count : given + count, kColumns);
  return run;
}

Recipe whole_recipe(const PythonSamples& self) {
  Recipe recipe = self.run.recipe;
  recipe.model.fingerprint = fingerprint_text(weight_fingerprint(self.model.model().module()));
  recipe.precision = name(make_precision(self.model.precision, self.model.device));
  return recipe;
}

py::object recipe_of_python(const PythonSamples& self) {
  if (!self.repeats) return py::none();
  return python_of_json(without_lock([&] { return recipe_json(whole_recipe(self)); }));
}

Tensor picture_of_samples(const PythonSamples& self, int64_t columns) {
  return without_lock([&] {
    RecipeRun run = whole_run(self);
    if (columns > 0) run.columns = columns;
    return picture_of(run);
  });
}

py::bytes png_of(const PythonSamples& self) {
  return py::bytes(without_lock([&] {
    RecipeRun run = whole_run(self);
    if (self.repeats) run.recipe = whole_recipe(self);
    return encode_png(picture_of(run), self.repeats ? recipe_texts(run) : std::vector<PngText>{});
  }));
}

void save_samples(const PythonSamples& self, const py::object& path, bool force) {
  const std::string name = path_text(path, "save");
  without_lock([&] {
    RecipeRun run = whole_run(self);
    if (has_own_format(run.space, name))
      check_file_output(name, OutputKind::kSamples, force);
    else
      check_picture_output(name, force);
    if (self.repeats) {
      run.recipe = whole_recipe(self);
      write_run(name, run, figures_of(run));
    } else if (has_own_format(run.space, name)) {
      write_file(name, modality_of(run.space).file_of(name, run.space, run.state));
      write_twin(name, {{"figures", figures_of(run)}});
    } else {
      write_picture(name, picture_of(run), {{"figures", figures_of(run)}});
    }
    return 0;
  });
}

std::vector<std::string> texts_of_samples(const PythonSamples& self) {
  const Space space = self.space();
  if (!self.state.defined()) return {};
  if (is_molecules(space))
    return without_lock([&] {
      std::vector<std::string> formulas;
      for (const Molecule& molecule : bonded_molecules(space, self.state.to(torch::kCPU)))
        formulas.push_back(formula(molecule));
      return formulas;
    });
  if (!has_texts(space)) return {};
  return without_lock([&] { return texts_of(space, self.state.to(torch::kCPU)); });
}

std::string escaped(const std::string& text) {
  std::string html;
  for (const char letter : text) {
    if (letter == '<')
      html += "&lt;";
    else if (letter == '>')
      html += "&gt;";
    else if (letter == '&')
      html += "&amp;";
    else
      html += letter;
  }
  return html;
}

// Bytes within a page.
std::string data_url(const std::string& type, const std::string& bytes) {
  const py::object encoded =
      py::module_::import("base64").attr("b64encode")(py::bytes(bytes)).attr("decode")();
  return "data:" + type + ";base64," + std::string(py::str(encoded));
}

std::string picture_in_page(const PythonSamples& self) {
  return "<img src=\"" + data_url("image/png", png_of(self)) + "\"><br>";
}

// A player for each sound below the picture of all.
std::string players_of(const PythonSamples& self) {
  constexpr int64_t kMostPlayers = 16;
  const Modality& modality = modality_of(self.space());
  std::string html = picture_in_page(self);
  const State all = self.state.to(torch::kCPU);
  for (int64_t i = 0; i < std::min(all.size(), kMostPlayers); ++i) {
    const std::string wav =
        without_lock([&] { return modality.file_of("sound.wav", self.space(), all.narrow(i, 1)); });
    html += "<audio controls src=\"" + data_url("audio/wav", wav) + "\"></audio> ";
  }
  return html;
}

// The formulas of molecules below their picture, and all of them as a file to keep.
std::string molecules_in_page(const PythonSamples& self) {
  std::string html = picture_in_page(self);
  for (const std::string& text : texts_of_samples(self)) html += "<code>" + escaped(text) + "</code> ";
  const State all = self.state.to(torch::kCPU);
  const std::string sdf =
      without_lock([&] { return modality_of(self.space()).file_of("samples.sdf", self.space(), all); });
  return html + "<br><a download=\"samples.sdf\" href=\"" + data_url("chemical/x-mdl-sdfile", sdf) +
         "\">samples.sdf</a>";
}

py::object html_of(const PythonSamples& self) {
  const Modality& modality = modality_of(self.space());
  if (self.state.defined() && is_molecules(self.space())) return py::str(molecules_in_page(self));
  if (self.state.defined() && modality.writes && modality.writes("sound.wav"))
    return py::str(players_of(self));
  if (self.space().vocabulary == 0) return py::none();
  std::string html;
  for (const std::string& text : texts_of_samples(self)) html += "<pre>" + escaped(text) + "</pre>";
  return py::str(html);
}

std::string text_of_samples(const PythonSamples& self) {
  if (!self.state.defined()) return "<steer.Samples: stopped>";
  return joined("<steer.Samples: ", self.state.size(), " of ", text_of(self.space()), "; ", self.run.text,
                ">");
}

void bind_class_of_samples(py::module_& m) {
  py::class_<PythonSamples, std::shared_ptr<PythonSamples>>(
      m, "Samples", "What a model drew, with how it did. Shows itself in notebooks.")
      .def_property_readonly(
          "x", [](const PythonSamples& s) { return s.state.x; },
          "The samples [N, sizes...], in [-1, 1] of images; None of texts or when stopped.")
      .def_property_readonly(
          "images", [](const PythonSamples& s) { return s.state.x; }, "The same.")
      .def_property_readonly(
          "tokens", [](const PythonSamples& s) { return s.state.token; },
          "Of texts: int64 [N, T], else None.")
      .def_property_readonly(
          "mask", [](const PythonSamples& s) { return s.state.mask; },
          "Of molecules: bool [N, places] where there is an atom, else None.")
      .def_property_readonly("texts", texts_of_samples,
                             "Of texts: each as a str; of molecules their formulas, as \"C2H6O\".")
      .def_property_readonly(
          "code", [](const PythonSamples& s) { return s.code; },
          "int64 [N, L] of models with codes, else None.")
      .def_property_readonly(
          "scores", [](const PythonSamples& s) { return s.scores; }, "[N] by the objective, else None.")
      .def_property_readonly(
          "label", [](const PythonSamples& s) { return s.run.asked.label; },
          "int64 [N] that the model was told, else None.")
      .def_readonly("evaluations", &PythonSamples::evaluations,
                    "Of the network for one sample; 0 where they are not counted.")
      .def_readonly("stopped", &PythonSamples::stopped, "Whether the watch ended the drawing.")
      .def_property_readonly(
          "seconds", [](const PythonSamples& s) { return s.run.seconds; }, "Of drawing.")
      .def_property_readonly(
          "settings", [](const PythonSamples& s) { return python_of_json(s.run.recipe.settings); },
          "All that tells the plan of drawing from another, as a dict.")
      .def_property_readonly(
          "how", [](const PythonSamples& s) { return s.run.text; }, "The same for people, in a line.")
      .def_property_readonly(
          "recipe", recipe_of_python,
          "What `steer again` repeats them by, as a dict; None where tensors or callables\n"
          "had a part, which no recipe can hold.")
      .def("picture", picture_of_samples, py::arg("columns") = 0,
           "As one picture [C, h, w] in [-1, 1], what was given first. columns: side by side, 0: as suits.")
      .def("save", save_samples, py::arg("path"), py::arg("force") = false,
           "Writes them as the program does: a picture with the recipe inside and a .json beside it, or a "
           "file\n"
           "of their own kind (.txt, .xyz ...). Error for a file there that steer did not write, unless "
           "force.")
      .def("_repr_png_", png_of)
      .def("_repr_html_", html_of)
      .def("__len__", [](const PythonSamples& s) { return s.state.size(); })
      .def("__repr__", text_of_samples);
}

}  // namespace

void put_settings(Json& settings, const PythonModel& model, const py::dict& given) {
  for (const auto& [key, value] : given) {
    if (value.is_none()) continue;
    const std::string name = py::str(key);
    const Json json = json_of_python(value, name);
    if (name == "sampler")
      settings[json.is_string() ? "solver" : "sampler"] = json;
    else if (name == "guidance")
      settings[json.is_string() ? "method" : json.contains("guidance") ? "preset" : "guidance"] = json;
    else if (name == "preset" && json.is_string())
      settings[name] = read_preset(json.get<std::string>(), model.loaded->path);
    else
      settings[name] = json;
  }
}

void bind_samples(py::module_& m) {
  bind_class_of_samples(m);
  auto generator =
      py::class_<PythonGenerator, PythonModel, std::shared_ptr<PythonGenerator>>(m.attr("Generator"));
  generator.def(
      "sample", sampled, py::arg("n") = py::none(), py::kw_only(), py::arg("seed") = 0,
      py::arg("seeds") = py::none(), py::arg("label") = py::none(), py::arg("told") = py::none(),
      py::arg("image") = py::none(), py::arg("objective") = py::none(), py::arg("begin") = py::none(),
      py::arg("noise") = 0.5, py::arg("batch") = kUsualBatch, py::arg("gradient") = false,
      py::arg("watch") = py::none(),
      "Samples, unguided or steered by an objective (a steer.Objective or words).\n\n"
      "n: how many. Sample i has seed + i, or seeds[i]. label: of a class-conditional model, a class, a "
      "list\n"
      "with one for each sample, \"all\" or \"none\". told: numbers by name for a model that is told some, "
      "as\n"
      "{\"alpha\": 90}, each a number or a list. image: [C, H, W] or [N, C, H, W] for a model that is\n"
      "conditional on images. begin: samples to begin from with this share of noise, 0 to 1. gradient: of a\n"
      "DDN, images with a gradient in its weights. watch: a callable of a Moment, which ends the drawing by\n"
      "False; None for a bar in a terminal, False for none. sampler: a solver's name or a dict; guidance: a\n"
      "method's name or a dict; others as `steer list settings` has them: top, beam, particles, "
      "temperature,\n"
      "shortlist, levels, steps, eta, scale, strength ... Error, with the name, for unknown ones.");
}

}  // namespace steer
