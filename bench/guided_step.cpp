// What a guided step of discrete diffusion costs beside what it cannot do without: steer_guided_step
// [ROUNDS]. A transformer of 6 x 256 that says what noised texts were and a classifier of the same shape, 16
// texts of 128 letters out of 65, masks; medians of interleaved rounds, one thread unless OMP_NUM_THREADS
// says more.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>

#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/discrete/token_solver.h"
#include "steer/discrete/token_step.h"
#include "steer/guidance/token_guide.h"
#include "steer/models/models.h"
#include "steer/models/text_model.h"
#include "steer/objectives/token_labels.h"
#include "steer/text/text_space.h"

namespace steer::bench {
namespace {

constexpr int64_t kTexts = 16, kLetters = 65, kTokens = 128, kSteps = 4;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Json shape() {
  return {{"width", 256}, {"blocks", 6}, {"heads", 8}};
}

std::unique_ptr<TextModel> denoising_model() {
  std::string letters;
  for (char letter = ' '; letter < ' ' + kLetters; ++letter) letters += letter;
  const Json text = {{"alphabet", text_space(Tokenizer::characters(letters), 1).alphabet},
                     {"length", kTokens}};
  auto model = make_model("text", {{"transformer", shape()}, {"text", text}, {"timeless", false}}, 1);
  return std::unique_ptr<TextModel>(dynamic_cast<TextModel*>(model.release()));
}

TokenClassifier classifier() {
  TokenClassifierOptions options;
  options.transformer.width = 256, options.transformer.blocks = 6, options.transformer.heads = 8;
  options.states = kLetters + 1, options.classes = 10, options.length = kTokens;
  TokenClassifier network(options);
  for (Tensor& parameter : network->parameters()) parameter.set_requires_grad(false);
  return network;
}

struct Bench {
  std::unique_ptr<TextModel> model = denoising_model();
  TokenClassifier network = classifier();
  TokenLabelObjective objective{{network, "here", "", {}}, at::full({1}, 3, torch::kInt64), 1, "label(3)"};
  Tensor seeds = sample_seeds(1, kTexts);

  // The plain ways to what a step needs.
  void denoise(const Tensor& token) const {
    const torch::NoGradGuard no_grad;
    model->denoiser()(token, at::full({kTexts}, 0.5, torch::kFloat64));
  }
  void classify_and_back(const Tensor& token) const {
    const Tensor x = at::one_hot(token, kLetters + 1).to(torch::kFloat32).requires_grad_(true);
    const Tensor logits = network->forward(x, at::full({kTexts}, 0.7));
    torch::autograd::grad({logits.log_softmax(1).select(1, 3).sum()}, {x});
  }

  // A step of a solver on a grid, guided or not.
  void solve(bool guided) const {
    const torch::NoGradGuard no_grad;
    TokenSolverOptions solver;
    solver.steps = kSteps;
    TokenGuidance guidance = token_guidance("cbg", 1, objective);
    guidance.population.method = "none";
    const TokenGuide guide(objective, guidance, seeds, kLetters, kTokens);
    TokenSteering steering;
    if (guided)
      steering.mix = [&](const Tensor& law, const Tensor& token, const Tensor& t, const LawOfStep&) {
        return guide.step_law(law, token, noise_label(model->process(), t));
      };
    solve_tokens(model->denoiser(), model->process(), solver, seeds, kTokens, {}, false, {}, steering);
  }
};

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

void measure(int64_t rounds) {
  const Bench bench;
  const Tensor token = torch::randint(0, kLetters, {kTexts, kTokens}, torch::kInt64);
  std::vector<double> forward, both, plain, guided;
  for (int64_t round = 0; round < rounds + 1; ++round) {
    const double a = milliseconds([&] { bench.denoise(token); });
    const double b = milliseconds([&] { bench.classify_and_back(token); });
    const double c = milliseconds([&] { bench.solve(false); }) / kSteps;
    const double d = milliseconds([&] { bench.solve(true); }) / kSteps;
    if (round == 0) continue;  // the first makes kernels
    forward.push_back(a), both.push_back(b), plain.push_back(c), guided.push_back(d);
  }
  const double needed = median(forward) + median(both);
  fmt::print(
      "| denoiser, forward | classifier, forward and backward | plain step | guided step | guided / needed "
      "|\n");
  fmt::print("|---|---|---|---|---|\n| {:.1f} ms | {:.1f} ms | {:.1f} ms | {:.1f} ms | {:.3f} |\n",
             median(forward), median(both), median(plain), median(guided), median(guided) / needed);
}

}  // namespace
}  // namespace steer::bench

int main(int argc, char** argv) {
  steer::bench::measure(argc > 1 ? std::stoll(argv[1]) : 9);
}
