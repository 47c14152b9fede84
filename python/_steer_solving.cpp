// Denoisers made in Python, and the library's solvers and guidance with them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <torch/csrc/Dtype.h>
#include <torch/csrc/autograd/python_variable.h>

#include "python/_steer_callables.h"
#include "python/_steer_moment.h"
#include "python/_steer_objectives.h"
#include "python/_steer_samples.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/adaptive.h"
#include "steer/diffusion/levels.h"
#include "steer/guidance/guide.h"
#include "steer/guidance/presets.h"
#include "steer/picture/images.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

// D(x; sigma) with the process whose grids suit it: the class steer.Denoiser.
struct PythonDenoiser {
  Denoiser function;
  Process process{ProcessOptions()};
  double sigma_min = 0, sigma_max = 0;  // 0: the process's own
  bool own_table = false;               // another one than the process's
};

// Numbers as a callable of this number type takes them.
torch::ScalarType number_type_of(const py::object& dtype) {
  if (dtype.is_none()) return torch::kFloat32;
  if (!THPDtype_Check(dtype.ptr())) throw py::type_error("[denoiser] dtype: expected a torch.dtype");
  return reinterpret_cast<THPDtype*>(dtype.ptr())->scalar_type;
}

PythonDenoiser denoiser_of_callable(py::object function, const py::object& dtype) {
  const torch::ScalarType type = number_type_of(dtype);
  const std::string name = "denoiser " + callable_name(function);
  const PyRef held = checked_callable(std::move(function), "denoiser");
  PythonDenoiser made;
  made.function = [held, name, type](const Tensor& x, const Tensor& sigma) {
    const Tensor answer = answer_of_callable(held, name, {x.to(type), sigma.to(type)}, x.size(0));
    STEER_CHECK(answer.sizes() == x.sizes(), "[", name, "] expected x0 ", shape_text(x.sizes()), " but got ",
                shape_text(answer.sizes()));
    return answer.to(x.scalar_type());
  };
  return made;
}

Process process_of_python(const py::object& process) {
  ProcessOptions options;
  if (py::isinstance<py::str>(process))
    options.type = py::str(process);
  else
    read_options(options, json_of_python(process, "process"), "process");
  return Process(options);
}

// Sigma of each entry of a table of products of alphas, float64 [T], which must rise.
Tensor sigmas_of_table(const py::object& table) {
  const Tensor kept = tensor_or_none(table, "table").detach().to(torch::kCPU, torch::kFloat64);
  STEER_CHECK(kept.dim() == 1 && kept.size(0) > 1 && (kept > 0).all().item<bool>() &&
                  (kept < 1).all().item<bool>() && (kept.diff() < 0).all().item<bool>(),
              "[from_network] table: expected alphas_cumprod [T], T > 1, falling within (0, 1)");
  return ((1 - kept) / kept).sqrt();
}

// The index, between entries too, at which a rising table has these sigmas; ln sigma is linear between them.
Tensor index_in(const Tensor& table, const Tensor& sigma) {
  const Tensor logs = table.log(), wanted = sigma.to(torch::kCPU, torch::kFloat64).log();
  const Tensor above = at::searchsorted(logs, wanted).clamp(1, table.size(0) - 1), below = above - 1;
  const Tensor low = logs.index_select(0, below), high = logs.index_select(0, above);
  return (below + ((wanted - low) / (high - low)).clamp(0, 1)).to(sigma.device());
}

PythonDenoiser denoiser_of_network(py::object function, const std::string& prediction,
                                   const py::object& process, const py::object& table) {
  const std::string name = "network " + callable_name(function);
  const PyRef held = checked_callable(std::move(function), "from_network");
  PythonDenoiser made;
  made.process = process_of_python(process);
  const Prediction kind = make_prediction(prediction);
  const NoisePredictor network = [held, name](const Tensor& x, const Tensor& label) {
    const Tensor answer = answer_of_callable(held, name, {x, label}, x.size(0));
    STEER_CHECK(answer.sizes() == x.sizes(), "[", name, "] expected ", shape_text(x.sizes()), " but got ",
                shape_text(answer.sizes()));
    return answer;
  };
  made.function = preconditioned(network, kind, made.process);
  if (table.is_none()) return made;
  const Tensor sigmas = sigmas_of_table(table);
  STEER_CHECK(made.process.table().defined(), "[from_network] table: expected the process ddpm or cosine");
  made.own_table = true;
  made.sigma_min = sigmas[0].item<double>(), made.sigma_max = sigmas[-1].item<double>();
  // The factors do not depend on the table, only what the network is told does.
  made.function = [network, kind, sigmas, process = made.process](const Tensor& x, const Tensor& sigma) {
    const Preconditioning by = preconditioning(kind, process, sigma);
    const Tensor input = (over(by.in, x) * x).to(torch::kFloat32);
    const Tensor answer = network(input, index_in(sigmas, sigma).to(torch::kFloat32)).to(x.scalar_type());
    return over(by.skip, x) * x + over(by.out, x) * answer;
  };
  return made;
}

PythonDenoiser denoiser_of_model(const PythonDiffusion& self, const py::object& label, double scale) {
  const auto& model = dynamic_cast<const DiffusionModel&>(self.model());
  PythonDenoiser made;
  made.process = model.process();
  const Tensor told = told_of(model, label, py::none(), 1).label;
  // The model lives as long as its denoiser.
  made.function = [held = self, told, scale](const Tensor& x, const Tensor& sigma) {
    const auto& model = dynamic_cast<const DiffusionModel&>(held.model());
    const Tensor rows = told.defined() ? told.expand({x.size(0)}) : told;
    return model.guided_denoiser(rows, scale)(x, sigma);
  };
  return made;
}

// What a run of a solver gives: the class steer.Solution.
struct PythonSolution {
  Tensor x, scores;
  double sigma = 0;
  int64_t evaluations = 0;
  bool stopped = false;
  std::string how;
  Space space;
};

// What is asked of solve().
struct SolvingAsked {
  PythonDenoiser denoiser;
  Space space;
  std::vector<int64_t> seeds;
  Tensor grid;  // float64 [n + 1]
  SolverOptions solver;
  std::shared_ptr<Wish> wish;
  std::string method;
  Json guidance;  // over the method's own; null: none
  double strength = kOwnStrength;
  int64_t particles = 0;
  torch::Device device = torch::kCPU;
};

Tensor grid_of(const PythonDenoiser& denoiser, const py::object& levels, int64_t steps) {
  if (!py::isinstance<py::str>(levels) && !py::isinstance<py::dict>(levels)) {
    const Tensor grid = tensor_or_none(levels, "levels");
    if (!grid.defined())
      throw py::type_error("[solve] levels: expected a word, a dict or a tensor of sigmas");
    return grid.detach().to(torch::kCPU, torch::kFloat64);
  }
  LevelOptions options;
  options.steps = steps, options.sigma_min = denoiser.sigma_min, options.sigma_max = denoiser.sigma_max;
  if (py::isinstance<py::str>(levels))
    options.type = py::str(levels);
  else
    read_options(options, json_of_python(levels, "levels"), "levels");
  const bool picks = options.type.rfind("ddpm_", 0) == 0 || options.type == "quadratic" ||
                     options.type == "iddpm" || options.type == "time";
  STEER_CHECK(!denoiser.own_table || !picks, "[solve] levels ", options.type,
              ": expected a grid that picks from no table, or a tensor of sigmas, for a network with a table "
              "of its own");
  return make_levels(options, denoiser.process);
}

SolverObserver observer_of_watch(const Watch& watch, const Space& space, bool& stopped) {
  return [&watch, &space, &stopped](const SolverStep& step) {
    Glimpse glimpse;
    glimpse.index = step.index, glimpse.of = step.steps, glimpse.sigma = step.sigma_next;
    glimpse.sample = [&] { return State(within(space, step.x0).to(torch::kFloat32)); };
    stopped = !watch(glimpse);
    return !stopped;
  };
}

void solve_alone(PythonSolution& found, const SolvingAsked& asked, const Watch& watch) {
  const Tensor seeds = at::tensor(asked.seeds, torch::kInt64).to(asked.device);
  const Tensor x = starting_noise(seeds, asked.space.sizes, asked.grid[0].item<double>());
  const Solution solution = solve(clipped_for(asked.solver, asked.denoiser.function), x, asked.grid,
                                  asked.solver, seeds, observer_of_watch(watch, asked.space, found.stopped));
  found.x = solution.x.to(torch::kFloat32);
  found.sigma = solution.sigma, found.evaluations = solution.evaluations;
  found.how = joined(asked.solver.name, ", ", asked.grid.size(0) - 1, " levels");
}

GuidanceOptions guidance_asked(const SolvingAsked& asked, const Objective& objective) {
  std::string method = asked.method;
  if (method.empty() && asked.particles > 0 && asked.guidance.is_null()) method = "feynman_kac";
  GuidanceOptions guidance = suited_guidance(method, asked.strength, objective, asked.space);
  if (asked.particles > 0) {
    if (guidance.population.method == "none") guidance.population.method = "feynman_kac";
    guidance.population.count = asked.particles;
  }
  if (!asked.guidance.is_null()) read_options(guidance, asked.guidance, "guidance");
  return guidance;
}

void solve_guided(PythonSolution& found, const SolvingAsked& asked, const Objective& objective,
                  const Watch& watch) {
  const Guide guide(objective, asked.space, asked.solver, guidance_asked(asked, objective));
  Population population = guide.population(at::tensor(asked.seeds, torch::kInt64).to(asked.device));
  const auto calls = std::make_shared<int64_t>(0);
  const Denoiser denoiser = clipped_for(asked.solver, counted(asked.denoiser.function, calls));
  const Tensor x = starting_noise(population.row_seeds(), asked.space.sizes, asked.grid[0].item<double>());
  const Solution solution = solve(denoiser, x, asked.grid, guide.step(population, asked.grid),
                                  observer_of_watch(watch, asked.space, found.stopped));
  found.evaluations = *calls * guide.rows_each(), found.sigma = solution.sigma;
  found.how = joined(asked.method.empty() ? "auto" : asked.method, "; ", asked.solver.name);
  if (found.stopped) return;
  found.x = solution.x.index_select(0, population.winners()).to(torch::kFloat32);
  found.scores = objective.score(State(found.x));
}

PythonSolution solution_of(const SolvingAsked& asked, const Watch& watch) {
  const torch::NoGradGuard no_grad;
  const WatchedSpace watched_space(asked.space);
  PythonSolution found;
  found.space = asked.space;
  if (!asked.wish) {
    solve_alone(found, asked, watch);
    return found;
  }
  ObjectiveContext context;
  context.space = asked.space, context.device = asked.device;
  context.samples = static_cast<int64_t>(asked.seeds.size());
  context.seed = static_cast<uint64_t>(asked.seeds.at(0));
  solve_guided(found, asked, *asked.wish->kept(context), watch);
  return found;
}

PythonSolution solved(const PythonDenoiser& denoiser, const py::object& shape, const py::object& seeds,
                      const py::object& levels, const py::object& solver, int64_t steps,
                      const py::object& objective, const py::object& guidance, double strength,
                      int64_t particles, const py::object& device, const py::object& watch) {
  SolvingAsked asked;
  asked.denoiser = denoiser, asked.space = space_of_shape(whole_numbers_of(shape, "shape"));
  asked.seeds = whole_numbers_of(seeds, "seeds");
  if (asked.seeds.empty()) throw py::value_error("[solve] seeds: expected at least one");
  asked.wish = wish_of_python(objective);
  asked.strength = strength, asked.particles = particles;
  asked.device = torch::Device(std::string(py::str(device)));
  asked.solver.name = asked.wish ? "ddim" : "heun";
  if (asked.wish) asked.solver.eta = 1;
  if (py::isinstance<py::str>(solver))
    asked.solver = SolverOptions(), asked.solver.name = py::str(solver);
  else if (!solver.is_none())
    asked.solver = SolverOptions(), read_options(asked.solver, json_of_python(solver, "solver"), "solver");
  if (py::isinstance<py::str>(guidance))
    asked.method = py::str(guidance);
  else if (!guidance.is_none())
    asked.guidance = json_of_python(guidance, "guidance");
  if (!asked.wish && !guidance.is_none()) throw py::value_error("[solve] guidance: expected an objective");
  asked.grid = grid_of(denoiser, levels, steps);
  Watching watching(watch, "solve");
  PythonSolution found = watched(watching, [&] { return solution_of(asked, watching.of_samples()); });
  found.stopped = found.stopped || watching.stopped();
  return found;
}

py::object png_of_solution(const PythonSolution& self) {
  if (!self.x.defined() || self.space.kind != "image") return py::none();
  return py::bytes(without_lock(
      [&] { return encode_png(picture_of(self.space, State(within(self.space, self.x).cpu()))); }));
}

void bind_class_of_solutions(py::module_& m) {
  py::class_<PythonSolution>(m, "Solution", "Where a run of a solver ended.")
      .def_readonly("x", &PythonSolution::x, "Samples float32 [N, ...].")
      .def_readonly("scores", &PythonSolution::scores, "[N] by the objective, else None.")
      .def_readonly("sigma", &PythonSolution::sigma, "The level reached; 0 at the end.")
      .def_readonly("evaluations", &PythonSolution::evaluations, "Of the denoiser for one sample.")
      .def_readonly("stopped", &PythonSolution::stopped, "Whether the watch ended it.")
      .def_readonly("how", &PythonSolution::how, "Method and solver, for people.")
      .def("_repr_png_", png_of_solution);
}

}  // namespace

void bind_solving(py::module_& m) {
  bind_class_of_solutions(m);
  py::class_<PythonDenoiser>(m, "Denoiser", "The mean D(x; sigma) of the data given x = data + sigma noise.")
      .def(
          "__call__",
          [](const PythonDenoiser& d, const Tensor& x, const py::object& sigma) {
            const Tensor level = THPVariable_Check(sigma.ptr())
                                     ? sigma.cast<Tensor>().to(torch::kFloat64).expand({x.size(0)})
                                     : at::full({x.size(0)}, sigma.cast<double>(), torch::kFloat64);
            return without_lock([&] { return d.function(x, level.to(x.device())); }, true);
          },
          py::arg("x"), py::arg("sigma"),
          "x0 [B, ...] of x [B, ...] at sigma, a number or [B]. Differentiable.")
      .def("levels", grid_of, py::arg("levels") = "karras", py::arg("steps") = 18,
           "The grid of sigmas, float64 [steps + 1], falling to 0.");
  m.def("denoiser", denoiser_of_callable, py::arg("function"), py::kw_only(), py::arg("dtype") = py::none(),
        "A denoiser out of function(x [B, ...], sigma [B]) -> x0 [B, ...]. dtype: of what it is given,\n"
        "float32 unless told; states between calls are float64.");
  m.def("from_network", denoiser_of_network, py::arg("network"), py::arg("prediction"),
        py::arg("process") = "ddpm", py::arg("table") = py::none(),
        "A denoiser out of network(x [B, ...], t [B]) that predicts eps, x0, v, velocity, score or edm under "
        "a\n"
        "process: edm, vp, subvp, ve, ddpm, cosine or flow, or a dict of its options. table: alphas_cumprod "
        "[T]\n"
        "in place of the process's own table; t is then the index.");
  auto diffusion =
      py::class_<PythonDiffusion, PythonGenerator, std::shared_ptr<PythonDiffusion>>(m.attr("Diffusion"));
  diffusion.def("denoiser", denoiser_of_model, py::arg("label") = py::none(), py::kw_only(),
                py::arg("scale") = 1.0, "The model as a denoiser, told one class.");
  m.def(
      "solve", solved, py::arg("denoiser"), py::arg("shape"), py::kw_only(), py::arg("seeds") = 0,
      py::arg("levels") = "karras", py::arg("solver") = py::none(), py::arg("steps") = 18,
      py::arg("objective") = py::none(), py::arg("guidance") = py::none(), py::arg("strength") = kOwnStrength,
      py::arg("particles") = 0, py::arg("device") = "cpu", py::arg("watch") = py::none(),
      "Goes from noise to samples [N, *shape] with any denoiser, one for each seed. levels: a grid's name, "
      "a\n"
      "dict of its options, or sigmas [n + 1] falling to 0. solver: a name or a dict; heun unless told, and\n"
      "ddim with fresh noise where an objective guides. guidance: a method's name or a dict; else as suits.");
}

}  // namespace steer
