// What tests/parity asks of steer. Tensors come and go in safetensors files.
//
// `steer_parity defaults` prints what steer takes for the fields of each scheduler's class.
//
// `steer_parity forward FOLDER IN OUT` is a network's answer. IN has x, label, and classes where it is told
// them; OUT gets f.
//
// `steer_parity way FOLDER SAMPLER IN OUT` is a sampler's way; SAMPLER is options as JSON. IN has start,
// noise of deviation 1 at the first level, and noise.0, noise.1, ... for the steps; levels, unless those of
// the sampler are meant. OUT gets levels, and x.1, x.2, ... behind the steps.
#include <fmt/format.h>

#include <exception>
#include <iostream>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/models/diffusers_model.h"

namespace {

using steer::Tensor;

int defaults() {
  steer::Json all = steer::Json::object();
  for (const std::string& name : steer::scheduler_names())
    all[name] = steer::options_json(steer::scheduler_defaults(name));
  std::cout << all.dump(2) << "\n";
  return 0;
}

int forward(const std::string& folder, const std::string& in, const std::string& out) {
  const auto model = steer::import_diffusers(folder);
  const steer::Tensors given = steer::read_checkpoint(in).tensors;
  const auto classes = given.find("classes");
  steer::Checkpoint answer;
  answer.tensors["f"] = model->network()->forward(given.at("x"), given.at("label"),
                                                  classes == given.end() ? Tensor() : classes->second);
  steer::write_checkpoint(out, answer);
  return 0;
}

int way(const std::string& folder, const std::string& sampler_json, const std::string& in,
        const std::string& out) {
  const auto model = steer::import_diffusers(folder);
  const steer::Tensors given = steer::read_checkpoint(in).tensors;
  steer::SamplerOptions sampler = model->sampler();
  steer::read_options(sampler, steer::parse_json(sampler_json, "SAMPLER"), "SAMPLER");
  const auto levels = given.find("levels");
  steer::Checkpoint answer;
  Tensor& grid = answer.tensors["levels"];
  grid = levels == given.end() ? model->levels(sampler) : levels->second.to(torch::kFloat64);
  const steer::Noise noise = [&](int64_t draw) {
    const auto found = given.find(fmt::format("noise.{}", draw));
    STEER_CHECK(found != given.end(), "[parity] expected a draw ", draw, " of noise but got none");
    return found->second.to(torch::kFloat64);
  };
  const steer::Step step = steer::make_step(sampler.solver, noise, grid.size(0) - 1);
  steer::solve(steer::clipped_for(sampler.solver, model->denoiser()),
               given.at("start").to(torch::kFloat64) * grid[0].item<double>(), grid, step,
               [&](const steer::SolverStep& seen) {
                 answer.tensors[fmt::format("x.{}", seen.index + 1)] = seen.x;
                 return true;
               });
  steer::write_checkpoint(out, answer);
  return 0;
}

int answered(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "defaults") return defaults();
  if (words.size() == 4 && words[0] == "forward") return forward(words[1], words[2], words[3]);
  if (words.size() == 5 && words[0] == "way") return way(words[1], words[2], words[3], words[4]);
  std::cerr << "expected: defaults, forward FOLDER IN OUT, or way FOLDER SAMPLER IN OUT\n";
  return 2;
}

}  // namespace

int main(int count, char** words) {
  try {
    const torch::NoGradGuard no_gradients;
    return answered({words + 1, words + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
