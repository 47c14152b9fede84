// A variational autoencoder whose code is one of K letters, three times over: gradients through the choice by
// straight-through and Gumbel-softmax, beside the exact ones, which a sum over all K^3 codes gives. Prints
// how near each comes to the exact gradient, and where training by each ends: categorical_vae [STEPS]
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "steer/core/machine.h"
#include "steer/core/random.h"
#include "steer/discrete/relaxation.h"
#include "steer/nn/initial_values.h"

namespace {

using torch::Tensor;

constexpr int64_t kLetters = 5, kCode = 3, kBits = 24, kBatch = 64, kAll = kLetters * kLetters * kLetters;

// Patterns of bits: one of eight prototypes, each bit turned with probability 0.05.
Tensor patterns(uint64_t seed, int64_t count) {
  const Tensor seeds = steer::sample_seeds(seed, count);
  const Tensor prototypes =
      (steer::uniform_rows(steer::sample_seeds(7, 8), 1, {kBits}) < 0.5).to(torch::kFloat32);
  const Tensor which = (steer::uniform_rows(seeds, 2, {1}) * 8).to(torch::kInt64).squeeze(1);
  const Tensor turned = (steer::uniform_rows(seeds, 3, {kBits}) < 0.05).to(torch::kFloat32);
  return (prototypes.index_select(0, which) - turned).abs();
}

struct Vae : torch::nn::Module {
  Vae() {
    encoder =
        register_module("encoder", torch::nn::Sequential(torch::nn::Linear(kBits, 32), torch::nn::ReLU(),
                                                         torch::nn::Linear(32, kCode * kLetters)));
    decoder =
        register_module("decoder", torch::nn::Sequential(torch::nn::Linear(kCode * kLetters, 32),
                                                         torch::nn::ReLU(), torch::nn::Linear(32, kBits)));
  }

  // [B, kCode, kLetters]
  Tensor logits(const Tensor& x) { return encoder->forward(x).view({-1, kCode, kLetters}); }

  // ln p(x | code), codes [..., kCode, kLetters] for x [..., kBits].
  Tensor log_likelihood(const Tensor& code, const Tensor& x) {
    const Tensor said = decoder->forward(code.flatten(-2));
    return -torch::binary_cross_entropy_with_logits(said, x.expand_as(said), {}, {}, at::Reduction::None)
                .sum(-1);
  }

  torch::nn::Sequential encoder{nullptr}, decoder{nullptr};
};

// KL(q || uniform) of each row.
Tensor divergence(const Tensor& logits) {
  const Tensor log_q = logits.log_softmax(-1);
  return (log_q.exp() * (log_q + std::log(static_cast<double>(kLetters)))).sum({1, 2});
}

// Minus the evidence lower bound, by the sum over all codes.
Tensor exact_loss(Vae& vae, const Tensor& x) {
  const Tensor logits = vae.logits(x), log_q = logits.log_softmax(-1);
  const Tensor number = torch::arange(kAll);
  const Tensor letters =
      torch::stack({number.div(kLetters * kLetters, "floor"),
                    number.div(kLetters, "floor").remainder(kLetters), number.remainder(kLetters)},
                   1);
  const Tensor codes = steer::one_hot_tokens(letters, kLetters);  // [kAll, kCode, kLetters]
  const Tensor q = torch::einsum("bcl,acl->ba", {log_q, codes}).exp();
  const Tensor fits =
      vae.log_likelihood(codes.unsqueeze(0).expand({x.size(0), kAll, kCode, kLetters}), x.unsqueeze(1));
  return (divergence(logits) - (q * fits).sum(1)).mean();
}

// The same by one drawn code for each row; `relaxed` makes codes of logits and uniform numbers.
using Relaxed = std::function<Tensor(const Tensor& logits, const Tensor& u)>;
Tensor drawn_loss(Vae& vae, const Tensor& x, const Relaxed& relaxed, uint64_t seed) {
  const Tensor logits = vae.logits(x);
  const Tensor u = steer::fine_uniform_rows(steer::sample_seeds(steer::derive_seed(seed, 4), x.size(0)), 5,
                                            {kCode, kLetters});
  return (divergence(logits) - vae.log_likelihood(relaxed(logits, u), x)).mean();
}

Tensor gradient_of(Vae& vae, const Tensor& loss) {
  std::vector<Tensor> parts;
  for (const Tensor& part : torch::autograd::grad({loss}, vae.encoder->parameters()))
    parts.push_back(part.flatten());
  return torch::cat(parts);
}

// A draw whose gradient is that of the argmax of the noised logits' softmax at temperature 1.
Tensor straight(const Tensor& logits, const Tensor& u) {
  const Tensor noise = -(-u.clamp_min(1e-300).log()).log();
  return steer::straight_through(logits + noise.to(logits.scalar_type()));
}

double end_of_training(const Relaxed& relaxed, int64_t steps) {
  const steer::InitialValues values(1);
  Vae vae;
  torch::optim::Adam adam(vae.parameters(), 3e-3);
  for (int64_t step = 0; step < steps; ++step) {
    const Tensor x = patterns(1000 + static_cast<uint64_t>(step * kBatch), kBatch);
    const Tensor loss =
        relaxed ? drawn_loss(vae, x, relaxed, static_cast<uint64_t>(step)) : exact_loss(vae, x);
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  return exact_loss(vae, patterns(1, 512)).item<double>();
}

void compare(const char* name, const Relaxed& relaxed, int64_t steps) {
  constexpr int64_t kDraws = 400;
  const steer::InitialValues values(1);
  Vae vae;
  const Tensor x = patterns(50, kBatch), exact = gradient_of(vae, exact_loss(vae, x));
  Tensor sum = torch::zeros_like(exact), squares = torch::zeros({});
  for (uint64_t draw = 0; draw < kDraws; ++draw) {
    const Tensor one = gradient_of(vae, drawn_loss(vae, x, relaxed, draw));
    sum = sum + one;
    squares = squares + (one - exact).square().sum();
  }
  const Tensor mean = sum / kDraws;
  const double size = exact.norm().item<double>();
  std::printf("%-28s %8.3f %8.3f %10.3f\n", name, ((mean - exact).norm() / size).item<double>(),
              (squares / kDraws).sqrt().item<double>() / size, end_of_training(relaxed, steps));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    steer::prepare_process(1);
    const int64_t steps = argc > 1 ? std::atoll(argv[1]) : 1500;
    std::printf("%-28s %8s %8s %10s\n", "gradient through the choice", "bias", "error", "loss after");
    std::printf("%-28s %8s %8s %10.3f\n", "exact (sum over 125 codes)", "0", "0", end_of_training({}, steps));
    compare("straight-through", straight, steps);
    for (const double temperature : {1.0, 0.5, 0.2}) {
      char name[64];
      std::snprintf(name, sizeof name, "Gumbel-softmax, hard, %.1f", temperature);
      compare(
          name,
          [&](const Tensor& l, const Tensor& u) { return steer::gumbel_softmax(l, u, temperature, true); },
          steps);
      std::snprintf(name, sizeof name, "Gumbel-softmax, soft, %.1f", temperature);
      compare(
          name,
          [&](const Tensor& l, const Tensor& u) { return steer::gumbel_softmax(l, u, temperature, false); },
          steps);
    }
    std::printf(
        "bias and error of one draw as shares of the exact gradient's length, at the start; loss in nats\n");
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
