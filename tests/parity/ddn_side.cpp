// steer's side of official_ddn.py: reads a problem (a safetensors file of weights and inputs, with what is
// asked in its metadata), solves it by the library, and writes the answer. Usage: parity_ddn PROBLEM ANSWER
#include <cmath>
#include <iostream>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/ddn/split_prune.h"
#include "steer/models/models.h"
#include "steer/points/densities.h"
#include "steer/train/learner.h"

namespace steer {
namespace {

// The problem's tensors and words.
struct Problem {
  Checkpoint file;

  Tensor tensor(const std::string& name) const {
    const auto found = file.tensors.find(name);
    return found == file.tensors.end() ? Tensor() : found->second;
  }
  std::string word(const std::string& name, const std::string& otherwise = "") const {
    const auto found = file.metadata.find(name);
    return found == file.metadata.end() ? otherwise : found->second;
  }
};

// The network that the problem describes, with its weights.
std::unique_ptr<DdnModel> model_of(const Problem& problem) {
  const Json options = parse_json(problem.word("options"), "options");
  std::unique_ptr<DdnModel> model(static_cast<DdnModel*>(make_model("ddn", options, 0).release()));
  const torch::NoGradGuard no_grad;
  for (auto& item : model->module().named_parameters()) {
    const Tensor weight = problem.tensor("weight." + item.key());
    STEER_CHECK(weight.defined(), "[parity] expected the tensor ", item.key());
    item.value().copy_(weight);
  }
  return model;
}

Told told_of(const Problem& problem) {
  Told told;
  told.label = problem.tensor("label");
  if (problem.tensor("given").defined()) told.given.x = problem.tensor("given");
  return told;
}

// Image, code and error of each layer of the encoding of x.
Tensors encoded(const Problem& problem) {
  const Encoded made = model_of(problem)->encode(State{problem.tensor("x")}, 1, told_of(problem));
  return {{"image", made.state.x}, {"code", made.code}, {"error", made.error}};
}

Tensors decoded(const Problem& problem) {
  return {{"image", model_of(problem)->decode(problem.tensor("code"), told_of(problem)).x}};
}

// The images of all codes of the first layers, in steer's order.
Tensors tree(const Problem& problem) {
  Tensors answer;
  int64_t level = 0;
  for (const State& images : model_of(problem)->prefixes(std::stoll(problem.word("levels")), 100000))
    answer[joined("level", level++)] = images.x;
  return answer;
}

// One step of training for each batch of x [S, B, ...]: losses, splits, counts and near2 after each step, and
// the weights that come out.
Tensors trained(const Problem& problem) {
  const auto model = model_of(problem);
  Learner learner(*model, TrainOptions());
  const Tensor x = problem.tensor("x"), label = problem.tensor("label");
  std::vector<Tensor> mse, splits;
  std::map<std::string, std::vector<Tensor>> kept;
  for (int64_t s = 0; s < x.size(0); ++s) {
    Batch batch;
    batch.data.x = x[s];
    if (label.defined()) batch.told.label = label[s];
    for (const auto& [name, figure] : learner.step(batch, 1, std::stod(problem.word("rate"))))
      if (name == "mse")
        mse.push_back(figure.to(torch::kFloat64));
      else if (name == "splits")
        splits.push_back(figure.clone());
    const auto layers = model->network().layers();
    for (size_t l = 0; l < layers.size(); ++l)
      kept[joined("counts.", l)].push_back(layers[l]->counts.clone());
    for (const auto& [name, tensor] : model->training_state()) kept[name].push_back(tensor.clone());
  }
  Tensors answer = {{"mse", at::stack(mse)}, {"splits", at::stack(splits)}};
  for (const auto& [name, all] : kept) answer[name] = at::stack(all);
  for (const auto& [name, tensor] : module_tensors(model->module())) answer["weight." + name] = tensor;
  return answer;
}

SplitOptions split_of(const Problem& problem) {
  SplitOptions options;
  options.near2 = problem.word("near2", "on");
  return options;
}

// Split-and-prune alone, over distances [S, B, K]: the split of each step (split, prune; -1 where there is
// none), counts, near2 and losses after it.
Tensors counted(const Problem& problem) {
  const Tensor distance = problem.tensor("distance");
  const int64_t steps = distance.size(0), nodes = distance.size(2);
  Layer layer(LayerOptions{8, 1, nodes, true, true});
  Rivals rivals = even_rivals(layer->counts);
  const Tensor log = at::full({steps, 2}, -1, torch::kInt64);
  std::vector<Tensor> counts, near2, losses;
  for (int64_t s = 0; s < steps; ++s) {
    const Tensor nearest = distance[s].argmin(1), times = times_nearest(nearest, nodes);
    const Seconds seconds = seconds_of(distance[s], nearest);
    record(layer, times, 0);
    record(rivals, times, seconds.losses, {}, nearest, seconds.second, 0);
    for (const Split& split : split_and_prune(layer, split_of(problem), nullptr, nullptr, &rivals))
      log[s][0] = split.split, log[s][1] = split.prune;
    counts.push_back(layer->counts.clone());
    near2.push_back(rivals.near2.clone());
    losses.push_back(rivals.losses.clone());
  }
  return {{"log", log},
          {"counts", at::stack(counts)},
          {"near2", at::stack(near2)},
          {"losses", at::stack(losses)}};
}

// The one-layer network of Yang's toy experiment: K points in the plane take a step toward the targets to
// which they are nearest (L1), 0.4 of the way, or less and less. Gives the mean squared distance of fresh
// targets to their nearest points (mean over both coordinates, nearest by L2) and how many splits there were.
Tensors plane(const Problem& problem) {
  const auto number = [&](const char* name) { return std::stoll(problem.word(name)); };
  const int64_t nodes = number("nodes"), rows = number("batch"), steps = number("steps"),
                seed = number("seed");
  const double last_step = std::stod(problem.word("last_step", "0.4"));
  const Density density = make_density(problem.word("density"), 100);
  const Tensor targets = sample_points(density, steps * rows, seed).to(torch::kFloat32);
  // The weights of a layer are the points: two channels, one of its features in use.
  Layer layer(LayerOptions{4, 2, nodes, true, false});
  const torch::NoGradGuard no_grad;
  const Tensor points = layer->multi_out_conv1x1->weight.detach().view({nodes, 2, -1}).select(2, 0);
  points.copy_(uniform_rows(sample_seeds(seed + 1000, 1), 0, {nodes, 2})[0] * 2 - 1);
  Rivals rivals = even_rivals(layer->counts);
  const SplitOptions options = split_of(problem);
  auto point = points.accessor<float, 2>();
  int64_t splits = 0;
  for (int64_t s = 0; s < steps; ++s) {
    const Tensor batch = targets.narrow(0, s * rows, rows);
    const Tensor distance = (batch.unsqueeze(1) - points).abs().sum(2);
    const Tensor nearest = distance.argmin(1), times = times_nearest(nearest, nodes);
    const Seconds seconds = seconds_of(distance, nearest);
    record(layer, times, 0);
    record(rivals, times, seconds.losses, {}, nearest, seconds.second, 0);
    splits += static_cast<int64_t>(
        split_and_prune(layer, options, nullptr, nullptr, options.near2 == "off" ? nullptr : &rivals).size());
    const auto target = batch.accessor<float, 2>();
    const double share = static_cast<double>(s) / static_cast<double>(steps);
    const auto step = static_cast<float>(0.4 + (last_step - 0.4) * share);
    for (int64_t b = 0; b < rows; ++b)
      for (int64_t c = 0; c < 2; ++c) {
        float& place = point[nearest.data_ptr<int64_t>()[b]][c];
        place += step * (target[b][c] - place);
      }
  }
  const Tensor fresh = sample_points(density, 20000, seed + 2000).to(torch::kFloat32);
  const Tensor error = at::cdist(fresh, points.contiguous()).square().amin({1}).mean() / 2;
  return {{"mse", error.to(torch::kFloat64).view({1})}, {"splits", at::full({1}, splits, torch::kInt64)}};
}

Tensors answer_of(const Problem& problem) {
  const std::string what = problem.word("what");
  if (what == "encode") return encoded(problem);
  if (what == "decode") return decoded(problem);
  if (what == "tree") return tree(problem);
  if (what == "train") return trained(problem);
  if (what == "counts") return counted(problem);
  if (what == "plane") return plane(problem);
  fail("[parity] expected encode, decode, tree, train, counts or plane but got \"", what, "\"");
}

}  // namespace
}  // namespace steer

int main(int argc, char** argv) {
  try {
    STEER_CHECK(argc == 3, "usage: parity_ddn PROBLEM ANSWER");
    at::set_num_threads(1);
    const steer::Problem problem{steer::read_checkpoint(argv[1])};
    steer::Tensors answer = steer::answer_of(problem);
    for (auto& [name, tensor] : answer) tensor = tensor.detach().contiguous();
    steer::write_checkpoint(argv[2], {answer, {}});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "parity_ddn: " << error.what() << std::endl;
    return 1;
  }
}
