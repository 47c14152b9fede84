// How far each solver on each grid ends from where the probability flow leads: steer_samplers WHERE [SAMPLES
// [GRID...]]; with "tuned" in place of grids, how near `adams` comes on grids whose parameters were searched
// for each budget. WHERE is a world whose denoiser is known exactly (two_moons, spirals, checkerboard,
// eight_gaussians; two_moons:ddpm on the grids of that process) or the run of a diffusion. Prints a table for
// each grid, least distance first: the median over samples of the root mean square difference to dopri5 from
// the same noise, in units of the data, at 5, 10, 20 and 40 evaluations.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/diffusion/solver.h"
#include "steer/diffusion/worlds.h"
#include "steer/models/models.h"
#include "steer/search/knobs.h"

namespace steer::bench {
namespace {

const std::vector<int64_t>& budgets() {
  static const std::vector<int64_t> all = {5, 10, 20, 40};
  return all;
}

// Where samples are taken to begin; grids of a table begin at its own end.
constexpr double kReach = 80;

struct Row {
  std::string name;
  std::vector<double> distances;  // one for each budget; NaN where the solver failed
};

// What is sampled: a denoiser, its process, and the shape of a sample.
struct Ground {
  LoadedModel loaded;
  DenoiserOf denoiser_of;  // as solve() wants it
  std::optional<Process> process;
  std::vector<int64_t> sizes;
  double tolerance;
};

Ground ground_of(const std::string& where, int64_t samples) {
  Ground ground;
  const auto colon = where.find(':');
  if (const std::string world = where.substr(0, colon); among(world, world_names())) {
    ground.denoiser_of = [D = exact_denoiser(make_world(world))](const Tensor&) { return D; };
    ProcessOptions process;
    if (colon != std::string::npos) process.type = where.substr(colon + 1);
    ground.process.emplace(process);
    ground.sizes = {2}, ground.tolerance = 1e-9;
    return ground;
  }
  ground.loaded = load_model(where, torch::kCPU);
  const DiffusionModel& model = as_diffusion(ground.loaded, "steer_samplers");
  const Needs needs = model.needs();
  Tensor label;
  if (needs.classes > 0) label = at::arange(samples, torch::kInt64).remainder(needs.classes);
  Forwarding how;
  how.compute_type = torch::kFloat32;
  ground.denoiser_of = [&model, label, how](const Tensor& rows) {
    return model.guided_denoiser(label.defined() ? label.index_select(0, rows) : label, 1, nullptr, how);
  };
  ground.process.emplace(model.process());
  ground.sizes = model.space().sizes, ground.tolerance = 1e-5;
  return ground;
}

std::vector<SolverOptions> candidates() {
  std::vector<SolverOptions> all;
  const auto add = [&](const std::string& name, const std::string& time = "", int64_t order = 4) {
    all.emplace_back();
    all.back().name = name, all.back().time = time, all.back().order = order;
  };
  add("euler"), add("heun"), add("heun", "flow"), add("dpmpp_2s"), add("dpmpp_2m"), add("dpmpp_3m"),
      add("lms");
  for (const int64_t order : {2, 3}) {
    add("lms", "flow", order), add("adams", "flow", order);
    add("deis", "", order), add("unipc", "", order);
  }
  return all;
}

std::string text_of(const SolverOptions& o) {
  std::string text = o.name;
  if (o.time == "flow") text += ", flow time";
  if (o.order < 4) text += fmt::format(", order {}", o.order);
  return text;
}

// As many steps as the budget pays for.
int64_t steps_of(const SolverOptions& o, int64_t budget) {
  return among(o.name, {"heun", "second_order", "dpmpp_2s"}) ? (budget + 1) / 2 : budget;
}

std::vector<LevelOptions> grids(const Process& process) {
  std::vector<LevelOptions> all;
  const auto add = [&](const std::string& type, double rho, double shift, double low) {
    all.emplace_back();
    all.back().type = type, all.back().rho = rho, all.back().shift = shift, all.back().sigma_min = low;
  };
  add("karras", 0, 1, 0.002), add("karras", 0, 1, 0.02), add("flow", 0, 1, 0), add("flow", 0, 2, 0);
  add("exponential", 0, 1, 0.002), add("exponential", 0, 1, 0.02), add("cosine", 0, 1, 0.02);
  if (process.table().defined()) add("ddpm_trailing", 0, 1, 0), add("ddpm_linspace", 0, 1, 0);
  return all;
}

// Samples' beginnings and where the flow leads them.
struct Ways {
  Tensor seeds, start, end;
};

Ways ways_of(const Ground& ground, int64_t samples, uint64_t first_seed) {
  constexpr double kLow = 0.002;
  Ways ways;
  ways.seeds = sample_seeds(first_seed, samples);
  ways.start = starting_noise(ways.seeds, ground.sizes, kReach);
  SolverOptions fine;
  fine.name = "dopri5", fine.rtol = fine.atol = ground.tolerance;
  const Tensor ends = at::tensor({kReach, kLow, 0.0}, at::TensorOptions().dtype(torch::kFloat64));
  ways.end = solve(ground.denoiser_of, ways.start, ends, fine, ways.seeds).x;
  return ways;
}

// The median distance to the ends; NaN where the solver fails.
double distance(const Ground& ground, const Ways& ways, const LevelOptions& grid,
                const SolverOptions& solver) {
  const Tensor levels = make_levels(grid, *ground.process);
  const Tensor first = ways.start * (levels[0].item<double>() / kReach);
  try {
    const Tensor x = solve(ground.denoiser_of, first, levels, solver, ways.seeds).x;
    return (x - ways.end).square().flatten(1).mean(1).sqrt().median().item<double>();
  } catch (const Error&) {
    return std::nan("");
  }
}

// One grid whose parameters are searched.
struct Tuned {
  std::string type;
  std::vector<Knob> knobs;
};

LevelOptions grid_at(const Tuned& tuned, const std::vector<double>& values, int64_t steps) {
  Json json = {{"type", tuned.type}, {"steps", steps}, {"sigma_max", kReach}};
  for (size_t k = 0; k < values.size(); ++k) json[tuned.knobs[k].name] = values[k];
  LevelOptions grid;
  read_options(grid, json, "grid");
  return grid;
}

// Searches on one half of the samples and prints the distances of the other.
void tune(const Ground& ground, int64_t samples) {
  const Ways searched = ways_of(ground, samples, 0), fresh = ways_of(ground, samples, 1000000);
  SolverOptions solver = suited_sampler(ground.process->options().type).solver;
  const LevelOptions own = suited_sampler(ground.process->options().type).levels;
  const std::vector<Tuned> all = {
      {"poly_exponential", {{"rho", 0.6, 1.15, 1.6}, {"sigma_min", 0.0025, 2, 0.1}}},
      {"karras", {{"rho", 2, 1.5, 40}, {"sigma_min", 0.0025, 2, 0.1}}},
      {"flow", {{"shift", 0.35, 1.4, 5}}},
  };
  SearchOptions options;
  options.higher_is_better = false, options.sweeps = 20, options.keep = 3, options.samples = samples;
  for (const int64_t order : {2, 3}) {
    solver.order = order, solver.name = "adams";
    for (const int64_t steps : budgets()) {
      LevelOptions plain = own;
      plain.steps = steps, plain.sigma_max = kReach;
      std::cout << fmt::format("adams {}, {} evaluations: {} {:.5f}", order, steps, plain.type,
                               distance(ground, fresh, plain, solver));
      for (const Tuned& tuned : all) {
        SearchHooks hooks;
        hooks.run = [&](const std::vector<double>& values, int64_t n) {
          Trial trial;
          trial.values = values, trial.samples = n;
          trial.metric = distance(ground, searched, grid_at(tuned, values, steps), solver);
          return trial;
        };
        const SearchResult result = search(tuned.knobs, options, hooks);
        const Trial& best = result.trials.at(static_cast<size_t>(result.best));
        std::cout << fmt::format("; {} ({}) {:.5f}", tuned.type, described(tuned.knobs, best.values),
                                 distance(ground, fresh, grid_at(tuned, best.values, steps), solver));
        std::cerr << '.' << std::flush;
      }
      std::cout << std::endl;
    }
  }
}

void table(const Ground& ground, int64_t samples, const std::vector<std::string>& only) {
  const Ways ways = ways_of(ground, samples, 0);
  for (LevelOptions grid : grids(*ground.process)) {
    if (!only.empty() && !among(grid.type, only)) continue;
    std::vector<Row> rows;
    const bool own = grid.type.rfind("ddpm", 0) == 0;
    for (const SolverOptions& solver : candidates()) {
      Row row{text_of(solver), {}};
      for (const int64_t budget : budgets()) {
        grid.steps = steps_of(solver, budget);
        if (!own) grid.sigma_max = kReach;
        row.distances.push_back(distance(ground, ways, grid, solver));
      }
      rows.push_back(row);
      std::cerr << '.' << std::flush;
    }
    std::cerr << '\n';
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return a.distances[2] < b.distances[2]; });
    std::cout << fmt::format("\n{} rho {:g} shift {:g} lowest {:g}\n", grid.type, grid.rho, grid.shift,
                             grid.sigma_min);
    for (const Row& row : rows) {
      std::cout << fmt::format("  {:<24}", row.name);
      for (const double d : row.distances) std::cout << fmt::format(" {:>9.5f}", d);
      std::cout << '\n';
    }
    std::cout << std::flush;
  }
}

int measure(int argc, char** argv) {
  STEER_CHECK(argc >= 2, "usage: steer_samplers WORLD|RUN [SAMPLES [tuned|GRID...]]");
  prepare_process(0);
  const int64_t samples = argc > 2 ? std::stoll(argv[2]) : 200;
  const std::vector<std::string> only(argv + std::min(argc, 3), argv + argc);
  const torch::NoGradGuard no_grad;
  const Ground ground = ground_of(argv[1], samples);
  if (among("tuned", only))
    tune(ground, samples);
  else
    table(ground, samples, only);
  return 0;
}

}  // namespace
}  // namespace steer::bench

int main(int argc, char** argv) {
  try {
    return steer::bench::measure(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
