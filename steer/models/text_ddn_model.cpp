#include "steer/models/text_ddn_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/token_choosers.h"
#include "steer/discrete/token_process.h"
#include "steer/models/facts.h"
#include "steer/nn/vocabulary_loss.h"

namespace steer {
namespace {

constexpr int64_t kTextsAtOnce = 16;

TextDdnOptions checked_text_ddn(const TextDdnOptions& o) {
  check_options(o, "text_ddn");
  check(o.split);
  STEER_CHECK(o.balance == "split" || o.balance == "none",
              "[options] text_ddn.balance: expected split or none but got ", o.balance);
  STEER_CHECK(o.text.length % o.block == 0, "[options] text_ddn.block: expected a divisor of the length, ",
              o.text.length, ", but got ", o.block);
  return o;
}

TransformerShape trunk_shape(const TextDdnOptions& o) {
  TransformerShape shape;
  shape.options = o.transformer;
  shape.tokens = tokenizer_of(o.text).size() + 1;
  shape.outputs = shape.tokens - 1, shape.context = o.text.length;
  return shape;
}

BlockNetworkShape head_shape(const TextDdnOptions& o) {
  return {o.network, tokenizer_of(o.text).size(), o.block, o.transformer.width};
}

std::vector<size_t> each_once(size_t count) {
  std::vector<size_t> all(count);
  for (size_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

// Nats of tokens int64 [N, B] by logits [N, B, V]: [N], of those that are present.
Tensor nats_by(const Tensor& logits, const Tensor& token, const Tensor& present) {
  Tensor nats = -logits.log_softmax(-1).gather(-1, token.unsqueeze(-1)).squeeze(-1);
  if (present.defined()) nats = nats * present;
  return nats.sum(1);
}

}  // namespace

Extent extent(const TextDdnOptions& options) {
  const TextDdnOptions o = checked_text_ddn(options);
  Extent sum = extent(trunk_shape(o));
  const Extent head = extent(head_shape(o));
  sum.tensors += head.tensors, sum.numbers += head.numbers;
  return sum;
}

TextDdnNetwork::TextDdnNetwork(const TextDdnOptions& options) {
  trunk = register_module("trunk", Transformer(trunk_shape(options)));
  head = register_module("head", BlockNetwork(head_shape(options)));
}

TextDdnModel::TextDdnModel(const TextDdnOptions& options)
    : options_(checked_text_ddn(options)),
      space_(space_of(options_.text)),
      network_(std::make_shared<TextDdnNetwork>(options_)),
      freezer_(*network_),
      balance_(network_->head->layers(), each_once(network_->head->layers().size()),
               {options_.balance, options_.split}) {}

Json TextDdnModel::options() const {
  return options_json(options_);
}

NamedTensors TextDdnModel::hidden_matrices() {
  NamedTensors all;
  for (const auto& [name, tensor] : steer::hidden_matrices(network_->trunk))
    all.emplace_back("trunk." + name, tensor);
  return all;
}

Facts TextDdnModel::facts() const {
  Facts facts;
  Json list = Json::array();
  double bits = 0;
  for (const Layer& layer : head()->layers()) {
    const auto K = static_cast<double>(layer->options.candidates);
    const double even = std::max(1.0, layer->counts.sum().item<double>()) / K;
    bits += std::log2(K);
    list.push_back({{"tokens", options_.block},
                    {"features", layer->options.features},
                    {"candidates", layer->options.candidates},
                    {"bits", std::log2(K)},
                    {"busiest", layer->counts.max().item<double>() / even},
                    {"idlest", layer->counts.min().item<double>() / even}});
  }
  facts.figures = {{"layers", list},
                   {"latent_bits", bits * static_cast<double>(blocks())},
                   {"vocabulary", space_.vocabulary},
                   {"tokenizer", tokenizer_of(options_.text).type()}};
  facts.text = fmt::format("{} tokens of {} in blocks of {}, {:.1f} latent bits each", options_.text.length,
                           tokenizer_of(options_.text).type(), options_.block, bits);
  facts.legend = "busiest and idlest node: their counts in training, relative to an even use of all nodes.\n";
  return facts;
}

Tensor TextDdnModel::context_after(const Tensor& token, KvCache& before) const {
  TokenContext context;
  context.sight = causal_sight();
  const Tensor features = trunk()->features(token.to(device()), context, {}, &before, true);
  return features.select(1, features.size(1) - 1);
}

TextDdnModel::Blocks TextDdnModel::blocks_of(const State& texts, const Forwarding& how) const {
  const Tensor token = texts.token.to(device());
  const int64_t rows = token.size(0), length = token.size(1), block = options_.block;
  STEER_CHECK(length % block == 0, "[text_ddn] expected texts of whole blocks of ", block, " tokens but got ",
              length);
  const Tensor first = at::full({rows, 1}, start(), token.options());
  TokenContext context;
  context.sight = causal_sight();
  const Tensor features =
      trunk()->features(at::cat({first, token.narrow(1, 0, length - 1)}, 1), context, how);
  Blocks blocks;
  blocks.features = features;
  blocks.context = features.slice(1, 0, length, block).flatten(0, 1).to(torch::kFloat32);
  blocks.token = token.view({-1, block});
  if (texts.mask.defined()) blocks.present = texts.mask.to(device()).view({-1, block});
  return blocks;
}

TextDdnModel::Bound TextDdnModel::bound(const Blocks& blocks, double expect, bool marginal) const {
  Bound bound;
  const auto last = static_cast<int64_t>(head()->layers().size()) - 1;
  Tensor summed;
  const BlocksMade made = head()->run(blocks.context, [&](const Candidates& candidates, int64_t layer) {
    // Only the last layer's sum is differentiated through all candidates.
    const bool sums = marginal && layer == last;
    const at::AutoGradMode grad(sums && at::GradMode::is_enabled());
    const Tensor nats = candidates.nats_of(blocks.token, blocks.present);
    if (sums) summed = -(candidates.log_prior() - nats).logsumexp(1);
    const Choice choice = shortest_of(candidates, nats, expect, balance_.most_rivals());
    bound.asked.push_back({choice.nearest, choice.second, choice.losses});
    return choice;
  });
  std::vector<Tensor> by_layer;
  for (const Tensor& logits : made.logits) by_layer.push_back(nats_by(logits, blocks.token, blocks.present));
  // Blocks without any token of the text tell nothing.
  const Tensor there =
      blocks.present.defined() ? blocks.present.any(1).to(torch::kFloat32) : at::ones_like(by_layer.back());
  const Tensor indices = -made.log_prior;
  bound.code = indices.sum(1) * there;
  bound.total =
      (marginal ? indices.narrow(1, 0, last).sum(1) + summed : indices.sum(1) + by_layer.back()) * there;
  bound.deep = at::zeros_like(by_layer.back());
  for (int64_t l = 0; l < last; ++l) bound.deep = bound.deep + by_layer[static_cast<size_t>(l)];
  return bound;
}

Tensor TextDdnModel::read_nats(const Blocks& blocks) const {
  const Tensor features = blocks.features.flatten(0, 1), token = blocks.token.flatten();
  Tensor weight = at::ones({token.size(0)}, features.options().dtype(torch::kFloat32));
  if (blocks.present.defined()) weight = weight * blocks.present.flatten();
  weight = weight / weight.sum().clamp_min(1);
  return vocabulary_loss({features, token, weight}, trunk()->last_weight(), trunk()->last_bias(),
                         trunk()->compute_type({}))
      .sum;
}

LossReport TextDdnModel::loss(const Batch& batch, uint64_t seed) {
  const Blocks blocks =
      blocks_of(batch.data, Forwarding{seed_of_share(batch.share, derive_seed(seed, 2)), {}});
  const Bound found = bound(blocks, options_.expect, options_.marginal);
  balance_.count(found.asked);
  const Tensor tokens = blocks.present.defined() ? blocks.present.sum().clamp_min(1)
                                                 : at::full({}, blocks.token.numel(), found.total.options());
  const Tensor nats = found.total.sum() / tokens;
  Tensor loss = options_.deep > 0 ? nats + options_.deep * found.deep.sum() / tokens : nats;
  Figures figures = {{"nats", nats.detach()}, {"code", (found.code.sum() / tokens).detach()}};
  if (options_.read > 0) {
    const Tensor read = read_nats(blocks);
    loss = loss + options_.read * read;
    figures.emplace_back("read", read.detach());
  }
  return {loss, figures};
}

Tensor TextDdnModel::nats(const State& texts, uint64_t) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  check_tokens(texts.token, space_.vocabulary, "[likelihood]");
  std::vector<Tensor> all;
  for (int64_t at = 0; at < texts.size(); at += kTextsAtOnce) {
    const State some = texts.narrow(at, std::min(kTextsAtOnce, texts.size() - at));
    const Bound found = bound(blocks_of(some, {}), 1, options_.marginal);
    all.push_back(found.total.view({some.size(), -1}).to(torch::kFloat64).sum(1).cpu());
  }
  return at::cat(all);
}

Tensor TextDdnModel::exact_nats(const State& texts, int64_t most) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  check_tokens(texts.token, space_.vocabulary, "[likelihood]");
  double codes = 1;
  for (const Layer& layer : head()->layers()) codes *= static_cast<double>(layer->options.candidates);
  STEER_CHECK(codes <= static_cast<double>(most), "[likelihood] expected at most ", most,
              " codes of a block to sum over but the model has ", codes);
  std::vector<Tensor> all;
  for (int64_t at = 0; at < texts.size(); ++at) {
    const Blocks blocks = blocks_of(texts.narrow(at, 1), {});
    std::vector<Tensor> each;
    for (int64_t b = 0; b < blocks.token.size(0); ++b) {
      const auto row = [&](const Tensor& x) { return x.defined() ? x.narrow(0, b, 1) : x; };
      const Tensor token = row(blocks.token), present = row(blocks.present);
      const auto last = static_cast<int64_t>(head()->layers().size()) - 1;
      Tensor nats;
      // Every prefix goes on with every candidate; those of the last layer are summed where they stand.
      const BlocksMade made =
          head()->run(row(blocks.context), [&](const Candidates& candidates, int64_t layer) -> Choice {
            const int64_t rows = candidates.rows(), K = candidates.count();
            const Tensor place = at::arange(rows, token.options());
            if (layer < last)
              return {at::arange(K, token.options()).repeat({rows}), place.repeat_interleave(K), {}};
            const Tensor known = present.defined() ? present.expand({rows, -1}) : present;
            nats =
                -(candidates.log_prior() - candidates.nats_of(token.expand({rows, -1}), known)).logsumexp(1);
            return {at::zeros({rows}, token.options()), {}, {}};
          });
      const Tensor before = made.log_prior.narrow(1, 0, last).sum(1);
      each.push_back(-(before - nats).to(torch::kFloat64).logsumexp(0));
    }
    Tensor sum = at::stack(each);
    if (blocks.present.defined()) sum = sum * blocks.present.any(1);
    all.push_back(sum.sum().cpu());
  }
  return at::stack(all);
}

Tensor TextDdnModel::summed_nats(const State& texts) const {
  constexpr double kMostCodes = 65536;
  double codes = 1;
  for (const Layer& layer : head()->layers()) codes *= static_cast<double>(layer->options.candidates);
  return codes <= kMostCodes ? exact_nats(texts, static_cast<int64_t>(kMostCodes)) : Tensor();
}

TextDdnModel::Decoded TextDdnModel::decoded(int64_t rows, int64_t count, const BlockChooser& chooser) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  KvCache before;
  Tensor last = at::full({rows, 1}, start(), at::TensorOptions(device()).dtype(torch::kInt64));
  std::vector<Tensor> tokens, codes;
  Decoded all;
  for (int64_t b = 0; b < count; ++b) {
    const BlocksMade made = head()->run(context_after(last, before), chooser(b));
    last = made.logits.back().argmax(-1);
    tokens.push_back(last), codes.push_back(made.code);
    all.maps.insert(all.maps.end(), made.logits.begin(), made.logits.end());
  }
  all.token = at::cat(tokens, 1).cpu(), all.code = at::cat(codes, 1).cpu();
  return all;
}

Encoded TextDdnModel::encoded(const State& samples, const BlockChooser& chooser) const {
  const int64_t rows = samples.size(), block = options_.block;
  const auto layers = static_cast<int64_t>(head()->layers().size());
  const Decoded made = decoded(rows, blocks(), chooser);
  std::vector<Tensor> errors;
  for (size_t i = 0; i < made.maps.size(); ++i) {
    const int64_t from = static_cast<int64_t>(i) / layers * block;
    const Tensor token = samples.token.narrow(1, from, block).to(device());
    errors.push_back(nats_by(made.maps[i], token, {}).to(torch::kFloat64).cpu() / static_cast<double>(block));
  }
  Encoded all;
  all.state.token = made.token, all.code = made.code, all.error = at::stack(errors, 1);
  return all;
}

Chooser TextDdnModel::shortest_in(const State& samples, int64_t block) const {
  const auto part = [&](const Tensor& all) {
    return all.defined() ? all.narrow(1, block * options_.block, options_.block).to(device()) : all;
  };
  return shortest_for(part(samples.token), options_.expect, part(samples.mask));
}

Encoded TextDdnModel::encode(const State& samples, int64_t beam, const Told&) const {
  STEER_CHECK(beam == 1, "[reconstruct] expected a beam of 1 for a model of text but got ", beam);
  check_tokens(samples.token, space_.vocabulary, "[encode]");
  return encoded(samples, [&](int64_t block) { return shortest_in(samples, block); });
}

Encoded TextDdnModel::continued(const Tensor& code, const Tensor& held, const State& samples,
                                const Told&) const {
  const auto layers = static_cast<int64_t>(head()->layers().size());
  STEER_CHECK(code.size(0) == samples.size() && held.size(0) == samples.size(),
              "[encode] expected as many codes as ", samples.size(), " samples but got ", code.size(0));
  return encoded(samples, [&](int64_t block) {
    return follow_some(code.narrow(1, block * layers, layers), held - block * layers,
                       shortest_in(samples, block));
  });
}

State TextDdnModel::decode(const Tensor& code, const Told&) const {
  const auto layers = static_cast<int64_t>(head()->layers().size());
  STEER_CHECK(code.dim() == 2 && code.size(1) == layers * blocks(), "[decode] expected codes [N, ",
              layers * blocks(), "] but got ", shape_text(code.sizes()));
  State state;
  state.token = decoded(code.size(0), blocks(), [&](int64_t block) {
                  return follow(code.narrow(1, block * layers, layers));
                }).token;
  return state;
}

std::vector<State> TextDdnModel::unfolded(const Tensor& code, const std::vector<int64_t>& layers,
                                          const Told&) const {
  const auto each = static_cast<int64_t>(head()->layers().size());
  const int64_t rows = code.size(0), block = options_.block;
  const Decoded made =
      decoded(rows, blocks(), [&](int64_t b) { return follow(code.narrow(1, b * each, each)); });
  std::vector<State> all;
  Tensor token = at::full({rows, options_.text.length}, space_.vocabulary, torch::kInt64);
  for (int64_t l = 0; l < each * blocks(); ++l) {
    token = token.clone();
    token.narrow(1, l / each * block, block).copy_(made.maps[static_cast<size_t>(l)].argmax(-1).cpu());
    if (!layers.empty() && std::find(layers.begin(), layers.end(), l) == layers.end()) continue;
    State state;
    state.token = token;
    all.push_back(state);
  }
  return all;
}

std::vector<State> TextDdnModel::prefixes(int64_t levels, int64_t most, const Told&) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  const auto layers = static_cast<int64_t>(head()->layers().size());
  STEER_CHECK(levels >= 1 && levels <= layers, "[tree] expected 1 to ", layers, " levels but got ", levels);
  KvCache none;
  const Tensor first = at::full({1, 1}, start(), torch::kInt64);
  std::vector<State> all;
  const auto every = [&](const Candidates& candidates, int64_t layer) -> Choice {
    const int64_t rows = candidates.rows(), K = candidates.count();
    const auto type = at::TensorOptions(device()).dtype(torch::kInt64);
    if (layer >= levels) return {at::zeros({rows}, type), {}, {}};
    STEER_CHECK(rows * K <= most, "[tree] expected at most ", most, " prefixes but level ", layer + 1,
                " has ", rows * K);
    const Tensor index = at::arange(K, type).repeat({rows}),
                 row = at::arange(rows, type).repeat_interleave(K);
    State state;
    state.token = at::full({rows * K, options_.text.length}, space_.vocabulary, torch::kInt64);
    state.token.narrow(1, 0, options_.block)
        .copy_(candidates.at(index, row).image.squeeze(2).argmax(1).cpu());
    all.push_back(state);
    return {index, row, {}};
  };
  head()->run(context_after(first, none), every);
  return all;
}

std::vector<LikelyPrefix> TextDdnModel::children(const State& before,
                                                 const std::vector<LikelyPrefix>& parents,
                                                 int64_t each) const {
  const auto layers = static_cast<int64_t>(head()->layers().size());
  const auto rows = static_cast<int64_t>(parents.size()),
             depth = static_cast<int64_t>(parents[0].code.size());
  const int64_t layer = depth % layers, whole = depth / layers * options_.block;
  const auto type = at::TensorOptions(torch::kInt64);
  std::vector<Tensor> said, held;
  for (const LikelyPrefix& parent : parents) {
    said.push_back(parent.state.token.narrow(1, 0, whole));
    held.push_back(at::tensor(parent.code, type).narrow(0, depth - layer, layer));
  }
  const Tensor earlier = at::cat(said);
  std::vector<Tensor> shown = {at::full({rows, 1}, start(), type)};
  if (before.defined()) shown.push_back(before.token.expand({rows, -1}));
  shown.push_back(earlier);
  KvCache none;
  std::vector<LikelyPrefix> found;
  const auto look = [&](const Candidates& candidates, int64_t l) -> Choice {
    if (l < layer) return {at::stack(held).select(1, l).to(device()), {}, {}};
    if (l > layer) return {at::zeros({rows}, type).to(device()), {}, {}};
    const auto [log_p, index] = candidates.log_prior().topk(std::min(each, candidates.count()), 1);
    const int64_t some = index.size(1);
    const Tensor row = at::arange(rows, type).repeat_interleave(some).to(device());
    const Tensor token = candidates.at(index.flatten(), row).image.squeeze(2).argmax(1).cpu();
    for (int64_t i = 0; i < rows * some; ++i) {
      LikelyPrefix child = parents[static_cast<size_t>(i / some)];
      child.code.push_back(index.flatten()[i].item<int64_t>());
      child.p = std::exp(log_p.flatten()[i].item<double>());
      child.state.token = at::cat({earlier.narrow(0, i / some, 1), token.narrow(0, i, 1)}, 1);
      found.push_back(child);
    }
    return {index.select(1, 0), {}, {}};
  };
  head()->run(context_after(at::cat(shown, 1), none), look);
  return found;
}

std::vector<LikelyPrefix> TextDdnModel::likely(const State& before, int64_t levels, int64_t each,
                                               int64_t most) const {
  const torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  const auto all_levels = static_cast<int64_t>(candidates().size());
  STEER_CHECK(levels >= 1 && levels <= all_levels, "[tree] expected 1 to ", all_levels, " levels but got ",
              levels);
  STEER_CHECK(std::pow(each, levels) <= static_cast<double>(most), "[tree] expected at most ", most,
              " prefixes at the last level but got ", each, " to the power of ", levels);
  if (before.defined()) check_tokens(before.token, space_.vocabulary, "[tree]");
  LikelyPrefix root;
  root.state.token = at::zeros({1, 0}, torch::kInt64);
  std::vector<std::vector<LikelyPrefix>> all = {{root}};
  for (int64_t l = 0; l < levels; ++l) all.push_back(children(before, all.back(), each));
  // Every prefix before those that begin with it.
  std::vector<LikelyPrefix> walk;
  const std::function<void(size_t, size_t)> visit = [&](size_t level, size_t place) {
    if (level > 0) walk.push_back(all[level][place]);
    if (level + 1 == all.size()) return;
    const size_t several = all[level + 1].size() / all[level].size();
    for (size_t i = 0; i < several; ++i) visit(level + 1, place * several + i);
  };
  visit(0, 0);
  return walk;
}

std::vector<int64_t> TextDdnModel::candidates() const {
  std::vector<int64_t> all;
  for (int64_t b = 0; b < blocks(); ++b)
    for (const Layer& layer : head()->layers()) all.push_back(layer->options.candidates);
  return all;
}

std::vector<std::vector<int64_t>> TextDdnModel::places() const {
  return std::vector<std::vector<int64_t>>(candidates().size(), {options_.block});
}

uint64_t TextDdnModel::fingerprint() const {
  return weight_fingerprint(*network_);
}

}  // namespace steer
