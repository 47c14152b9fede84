#include "steer/codes/prior_network.h"

#include <cmath>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/nn/forwarding.h"

namespace steer {
namespace {

constexpr double kEmbeddingSpread = 0.05, kHeadSpread = 0.01, kFirstUnit = 0.2;

std::vector<int64_t> begins_of(const std::vector<int64_t>& candidates) {
  std::vector<int64_t> begins(candidates.size());
  std::exclusive_scan(candidates.begin(), candidates.end(), begins.begin(), int64_t{0});
  return begins;
}

// Values times `scale` as whole numbers of at most `most`.
Tensor whole(const Tensor& values, double scale, double most, torch::ScalarType type) {
  return (values.detach().to(torch::kCPU, torch::kFloat64) * scale).round().clamp(-most, most).to(type);
}

}  // namespace

PriorNetworkImpl::PriorNetworkImpl(std::vector<int64_t> given, int64_t width, uint64_t seed, int64_t labels)
    : candidates(std::move(given)), begins(begins_of(candidates)) {
  const int64_t rows = std::accumulate(candidates.begin(), candidates.end(), int64_t{0});
  const auto layers = static_cast<int64_t>(candidates.size());
  const Tensor stream = sample_seeds(derive_seed(seed, 3), 1);
  embedding = normal_rows(stream, 0, {rows, width}).squeeze(0) * kEmbeddingSpread;
  head = normal_rows(stream, 1, {rows, width}).squeeze(0) * kHeadSpread;
  bias = normal_rows(stream, 2, {layers, width}).squeeze(0) * kEmbeddingSpread + kFirstUnit;
  head_bias = at::zeros({rows});
  if (labels > 0) told = normal_rows(stream, 3, {labels, width}).squeeze(0) * kEmbeddingSpread;
  register_all();
}

PriorNetworkImpl::PriorNetworkImpl(const PriorNumbers& n)
    : candidates(n.candidates), begins(begins_of(candidates)) {
  const double nats = std::log(2.0), head_step = std::exp2(-static_cast<double>(n.head_bits));
  embedding = n.embedding.to(torch::kFloat32) * std::exp2(-kPriorWeightBits);
  bias = n.bias.to(torch::kFloat32) * std::exp2(-kPriorWeightBits);
  if (n.told.defined()) told = n.told.to(torch::kFloat32) * std::exp2(-kPriorWeightBits);
  head = n.head.to(torch::kFloat32) * (head_step * nats);
  head_bias = n.head_bias.to(torch::kFloat32) * (head_step * std::exp2(-kPriorUnitBits) * nats);
  register_all();
}

void PriorNetworkImpl::register_all() {
  embedding = register_parameter("embedding", embedding);
  bias = register_parameter("bias", bias);
  head = register_parameter("head", head);
  head_bias = register_parameter("head_bias", head_bias);
  if (told.defined()) told = register_parameter("told", told);
}

Tensor PriorNetworkImpl::loss(const Tensor& given, const Tensor& label, double forget, double drop,
                              uint64_t seed) const {
  const torch::Device device = embedding.device();
  const Tensor code = given.to(device);
  const int64_t rows = code.size(0), layers = code.size(1);
  const Tensor row = code + at::tensor(at::IntArrayRef(begins), torch::kInt64).to(device);
  Tensor known = at::embedding(embedding, row);  // [B, L, H]
  if (forget > 0)
    known =
        known * (uniform_rows(sample_seeds(derive_seed(seed, 1), rows, device), 0, {layers, 1}) >= forget);
  Tensor before = known.cumsum(1) - known;
  if (told.defined()) before = before + at::embedding(told, label.to(device)).unsqueeze(1);
  const Tensor units = with_dropout((before + bias).clamp(0, kPriorUnitClip - std::exp2(-kPriorUnitBits)),
                                    drop, derive_seed(seed, 2));
  std::vector<Tensor> losses;
  for (int64_t l = 0; l < layers; ++l) {
    const int64_t begin = begins[static_cast<size_t>(l)], count = candidates[static_cast<size_t>(l)];
    const Tensor logits =
        at::addmm(head_bias.narrow(0, begin, count), units.select(1, l), head.narrow(0, begin, count).t());
    losses.push_back(at::cross_entropy_loss(logits, code.select(1, l), {}, at::Reduction::None));
  }
  return at::stack(losses, 1);
}

PriorNumbers PriorNetworkImpl::numbers() const {
  constexpr double kInt16 = 32767;
  PriorNumbers n;
  n.candidates = candidates;
  n.embedding = whole(embedding, std::exp2(kPriorWeightBits), kInt16, torch::kInt16);
  n.bias = whole(bias, std::exp2(kPriorWeightBits), kInt16, torch::kInt16);
  if (told.defined()) n.told = whole(told, std::exp2(kPriorWeightBits), kInt16, torch::kInt16);
  // In bits, so that whole parts of a logit are halvings.
  const Tensor bits = head.detach().to(torch::kFloat64) / std::log(2.0);
  const double widest = bits.abs().max().item<double>();
  const double longest = bits.abs().sum(1).max().item<double>() + 1e-9;
  const auto width = static_cast<double>(head.size(1));
  // The finest steps in which every row keeps within its bounds; rounding adds at most a half each.
  n.head_bits = kMaxPriorHeadBits;
  const auto fits = [&](double scale) {
    return widest * scale <= kInt16 && longest * scale + width / 2 <= kMaxPriorRowSum;
  };
  while (n.head_bits > 1 && !fits(std::exp2(static_cast<double>(n.head_bits)))) --n.head_bits;
  const double scale = std::exp2(static_cast<double>(n.head_bits));
  STEER_CHECK(fits(scale), "[prior] expected weights of a usual size but the largest is ", widest);
  n.head = whole(bits, scale, kInt16, torch::kInt16);
  n.head_bias =
      whole(head_bias / std::log(2.0), scale * std::exp2(kPriorUnitBits), kMaxPriorHeadBias, torch::kInt32);
  return n;
}

void PriorNetworkImpl::set_frequencies(const Tensor& code) {
  torch::NoGradGuard no_grad;
  for (size_t l = 0; l < candidates.size(); ++l) {
    const Tensor counts =
        at::bincount(code.select(1, static_cast<int64_t>(l)), {}, candidates[l]).to(torch::kFloat32) + 1;
    head_bias.narrow(0, begins[l], candidates[l]).copy_((counts / counts.sum()).log());
  }
}

}  // namespace steer
