#include "steer/codes/prior.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "steer/codes/prior_kernels.h"
#include "steer/codes/range_coder.h"
#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int kExponentBits = 10;  // of a logit behind the point
constexpr uint64_t kExponentMask = (1 << kExponentBits) - 1;
constexpr uint64_t kSampleLabel = 0x5052494F52;

// 2^(30 - i / 1024) for i below 1024, rounded down, from products of whole numbers alone.
const std::array<uint32_t, 1 << kExponentBits>& powers() {
  static const auto table = [] {
    constexpr unsigned __int128 kRoot = 18434261669329232139ULL;  // 2^(64 - 1/1024)
    std::array<uint32_t, 1 << kExponentBits> powers{};
    unsigned __int128 value = static_cast<unsigned __int128>(1) << 62;
    for (uint32_t& power : powers) {
      power = static_cast<uint32_t>(value >> 32);
      value = value * kRoot >> 64;
    }
    return powers;
  }();
  return table;
}

int64_t sum_of(const std::vector<int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

void check_tensor(const Tensor& tensor, torch::ScalarType type, at::IntArrayRef shape, const char* name) {
  STEER_CHECK(tensor.defined() && tensor.scalar_type() == type && tensor.sizes() == shape, "[prior] ", name,
              ": expected ", type, " ", shape_text(shape), " but got ",
              tensor.defined() ? joined(tensor.scalar_type(), " ", shape_text(tensor.sizes())) : "nothing");
}

void check_numbers(const PriorNumbers& n) {
  const auto layers = static_cast<int64_t>(n.candidates.size());
  STEER_CHECK(layers >= 1 && layers <= kMaxPriorLayers, "[prior] expected 1 to ", kMaxPriorLayers,
              " layers but got ", layers);
  for (int64_t k : n.candidates)
    STEER_CHECK(k >= 1 && k <= kMaxAlphabet, "[prior] expected 1 to ", kMaxAlphabet, " candidates but got ",
                k);
  STEER_CHECK(n.bias.defined() && n.bias.dim() == 2, "[prior] bias: expected int16 [L, H]");
  const int64_t width = n.bias.size(1), rows = sum_of(n.candidates);
  STEER_CHECK(width >= 1 && width <= kMaxPriorWidth, "[prior] expected 1 to ", kMaxPriorWidth,
              " units but got ", width);
  check_tensor(n.embedding, torch::kInt16, {rows, width}, "embedding");
  check_tensor(n.bias, torch::kInt16, {layers, width}, "bias");
  check_tensor(n.head, torch::kInt16, {rows, width}, "head");
  check_tensor(n.head_bias, torch::kInt32, {rows}, "head_bias");
  if (n.told.defined()) {
    STEER_CHECK(n.told.dim() == 2 && n.told.size(0) >= 1 && n.told.size(0) <= kMaxAlphabet,
                "[prior] told: expected int16 [Y, H] of 1 to ", kMaxAlphabet, " labels but got ",
                shape_text(n.told.sizes()));
    check_tensor(n.told, torch::kInt16, {n.told.size(0), width}, "told");
  }
  STEER_CHECK(n.head_bits >= 1 && n.head_bits <= kMaxPriorHeadBits, "[prior] expected 1 to ",
              kMaxPriorHeadBits, " head bits but got ", n.head_bits);
  const auto most = [](const Tensor& values) { return values.max().item<int64_t>(); };
  STEER_CHECK(most(n.head.to(torch::kInt64).abs().sum(1)) <= kMaxPriorRowSum,
              "[prior] head: expected rows whose absolute values add up to at most ", kMaxPriorRowSum);
  STEER_CHECK(most(n.head_bias.to(torch::kInt64).abs()) <= kMaxPriorHeadBias,
              "[prior] head_bias: expected at most ", kMaxPriorHeadBias);
}

uint64_t fingerprint_of(const PriorNumbers& n, uint64_t model) {
  uint64_t state = derive_seed(model, static_cast<uint64_t>(n.head_bits));
  for (int64_t k : n.candidates) state = derive_seed(state, static_cast<uint64_t>(k));
  for (const Tensor& tensor : {n.embedding, n.bias, n.head, n.head_bias, n.told}) {
    if (!tensor.defined()) continue;
    const Tensor values = tensor.to(torch::kInt64);
    const int64_t* value = values.data_ptr<int64_t>();
    for (int64_t i = 0; i < values.numel(); ++i) state = derive_seed(state, static_cast<uint64_t>(value[i]));
  }
  return state;
}

}  // namespace

Prior::Prior(PriorNumbers numbers, uint64_t model) : numbers_(std::move(numbers)), model_(model) {
  check_numbers(numbers_);
  for (Tensor* tensor :
       {&numbers_.embedding, &numbers_.bias, &numbers_.head, &numbers_.head_bias, &numbers_.told})
    if (tensor->defined()) *tensor = tensor->contiguous();
  int64_t row = 0;
  for (int64_t k : numbers_.candidates) {
    begins_.push_back(row);
    row += k;
  }
  fingerprint_ = fingerprint_of(numbers_, model_);
}

Prior::Walk::Walk(const Prior& prior, int64_t label)
    : prior_(prior),
      sum_(static_cast<size_t>(prior.numbers_.bias.size(1)), 0),
      units_(static_cast<size_t>(prior.numbers_.bias.size(1))) {
  if (prior.labels() == 0) return;
  STEER_CHECK(label >= 0 && label < prior.labels(), "[prior] expected a label from 0 to ", prior.labels() - 1,
              " but got ", label);
  const int64_t width = prior.numbers_.bias.size(1);
  add_row(prior.numbers_.told.data_ptr<int16_t>() + label * width, width, sum_.data());
}

const std::vector<uint32_t>& Prior::Walk::weights(int64_t heat) {
  const PriorNumbers& n = prior_.numbers_;
  const auto layer = static_cast<size_t>(layer_);
  const int64_t width = n.bias.size(1), begin = prior_.begins_[layer], count = n.candidates[layer];
  clipped_units(sum_.data(), n.bias.data_ptr<int16_t>() + layer_ * width, width, units_.data());
  logits_.resize(static_cast<size_t>(count));
  integer_products(n.head.data_ptr<int16_t>() + begin * width, units_.data(),
                   n.head_bias.data_ptr<int32_t>() + begin, count, width, logits_.data());
  const int64_t top = *std::max_element(logits_.begin(), logits_.end());
  const int64_t shift = n.head_bits + kPriorUnitBits - kExponentBits;
  const auto& power = powers();
  weights_.resize(logits_.size());
  for (size_t k = 0; k < weights_.size(); ++k) {
    // How far below the top, in 1/1024 bits.
    auto below = static_cast<uint64_t>(top - logits_[k]) >> shift;
    if (heat != 1024) below = below * 1024 / static_cast<uint64_t>(heat);
    const uint64_t halvings = below >> kExponentBits;
    weights_[k] = halvings > 31 ? 0 : power[below & kExponentMask] >> halvings;
  }
  return weights_;
}

const std::vector<uint32_t>& Prior::Walk::frequencies() {
  weights();
  const uint64_t sum = std::accumulate(weights_.begin(), weights_.end(), uint64_t{0});
  const uint64_t free = kMaxTotal - weights_.size();  // what is left when each has 1
  frequencies_.resize(weights_.size());
  for (size_t k = 0; k < weights_.size(); ++k)
    frequencies_[k] = static_cast<uint32_t>(1 + free * weights_[k] / sum);
  return frequencies_;
}

void Prior::Walk::take(int64_t index) {
  const int64_t width = prior_.numbers_.bias.size(1);
  const int64_t row = prior_.begins_[static_cast<size_t>(layer_++)] + index;
  add_row(prior_.numbers_.embedding.data_ptr<int16_t>() + row * width, width, sum_.data());
}

void Prior::check_code(const Tensor& code, const std::string& what) const {
  STEER_CHECK(
      code.defined() && code.dim() == 2 && code.scalar_type() == torch::kInt64 && code.size(1) == depth(),
      what, "expected int64 codes [N, ", depth(), "] but got ",
      code.defined() ? shape_text(code.sizes()) : "none");
  const Tensor limits = at::tensor(at::IntArrayRef(numbers_.candidates), torch::kInt64);
  const Tensor host = code.cpu();
  STEER_CHECK(host.ge(0).logical_and(host.lt(limits)).all().item<bool>(), what,
              "expected every index below the number of its layer's candidates");
}

Tensor Prior::checked_label(const Tensor& label, int64_t count, const std::string& what) const {
  if (labels() == 0) return at::full({count}, -1, torch::kInt64);
  STEER_CHECK(
      label.defined() && label.scalar_type() == torch::kInt64 && label.dim() == 1 && label.size(0) == count,
      what, "expected a label for each of ", count, " codes, because the prior is told them, but got ",
      label.defined() ? shape_text(label.sizes()) : "none");
  const Tensor host = label.cpu().contiguous();
  STEER_CHECK(host.ge(0).logical_and(host.lt(labels())).all().item<bool>(), what,
              "expected labels from 0 to ", labels() - 1);
  return host;
}

Tensor Prior::bits(const Tensor& given, const Tensor& label) const {
  check_code(given, "[prior] ");
  const Tensor told = checked_label(label, given.size(0), "[prior] ");
  const int64_t* tells = told.data_ptr<int64_t>();
  const Tensor code = given.cpu().contiguous();
  const Tensor bits = at::empty(code.sizes(), torch::kFloat64);
  const int64_t* index = code.data_ptr<int64_t>();
  double* to = bits.data_ptr<double>();
  const int64_t layers = depth();
  at::parallel_for(0, code.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      Walk walk(*this, tells[n]);
      for (int64_t l = n * layers; l < (n + 1) * layers; ++l) {
        const std::vector<uint32_t>& frequencies = walk.frequencies();
        const uint64_t total = std::accumulate(frequencies.begin(), frequencies.end(), uint64_t{0});
        to[l] = std::log2(static_cast<double>(total) / frequencies[static_cast<size_t>(index[l])]);
        walk.take(index[l]);
      }
    }
  });
  return bits;
}

Tensor Prior::next(const Tensor& prefix, int64_t rows, const Tensor& label) const {
  const int64_t layer = prefix.defined() ? prefix.size(1) : 0;
  STEER_CHECK(layer < depth() && (layer == 0 || prefix.size(0) == rows), "[prior] expected prefixes [", rows,
              ", l], l below ", depth(), ", but got ",
              prefix.defined() ? shape_text(prefix.sizes()) : "none");
  const Tensor told = checked_label(label, rows, "[prior] "),
               known = layer > 0 ? prefix.cpu().contiguous() : Tensor();
  const Tensor nats = at::empty({rows, numbers_.candidates[static_cast<size_t>(layer)]}, torch::kFloat64);
  const int64_t* index = layer > 0 ? known.data_ptr<int64_t>() : nullptr;
  double* to = nats.data_ptr<double>();
  const int64_t *tells = told.data_ptr<int64_t>(), count = nats.size(1);
  at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      Walk walk(*this, tells[n]);
      for (int64_t l = 0; l < layer; ++l) walk.take(index[n * layer + l]);
      const std::vector<uint32_t>& frequencies = walk.frequencies();
      const uint64_t total = std::accumulate(frequencies.begin(), frequencies.end(), uint64_t{0});
      for (int64_t k = 0; k < count; ++k)
        to[n * count + k] = std::log(frequencies[static_cast<size_t>(k)] / static_cast<double>(total));
    }
  });
  return nats;
}

Tensor Prior::sample(const Tensor& given, double temperature, const Tensor& label) const {
  STEER_CHECK(temperature >= 0.05 && temperature <= 20,
              "[prior] expected a temperature of 0.05 to 20 but got ", temperature);
  const auto heat = static_cast<int64_t>(std::lround(1024 * temperature));
  const Tensor seeds = given.cpu().contiguous();
  const Tensor told = checked_label(label, seeds.size(0), "[prior] ");
  const int64_t* tells = told.data_ptr<int64_t>();
  const Tensor code = at::empty({seeds.size(0), depth()}, torch::kInt64);
  const int64_t* seed = seeds.data_ptr<int64_t>();
  int64_t* to = code.data_ptr<int64_t>();
  const int64_t layers = depth();
  at::parallel_for(0, seeds.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      Walk walk(*this, tells[n]);
      Random random(derive_seed(static_cast<uint64_t>(seed[n]), kSampleLabel));
      for (int64_t l = n * layers; l < (n + 1) * layers; ++l) {
        const std::vector<uint32_t>& weights = walk.weights(heat);
        uint64_t place = random.below(std::accumulate(weights.begin(), weights.end(), uint64_t{0}));
        int64_t index = 0;
        for (; place >= weights[static_cast<size_t>(index)]; ++index)
          place -= weights[static_cast<size_t>(index)];
        to[l] = index;
        walk.take(index);
      }
    }
  });
  return code;
}

}  // namespace steer
