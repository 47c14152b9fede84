#include "steer/models/text_network.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/text/text_space.h"

namespace steer {

Tokenizer tokenizer_of(const TextSide& side) {
  STEER_CHECK(!side.alphabet.empty(),
              "[options] text.alphabet: expected a tokenizer as JSON, as training takes "
              "from its data, but got none");
  return tokenizer_of(side.alphabet, "[options] text.alphabet");
}

Space space_of(const TextSide& side) {
  return text_space(tokenizer_of(side), side.length);
}

Json fitted_text(const Json& options, const Dataset& data, const std::string& path,
                 const std::string& family) {
  const Space space = data.space();
  STEER_CHECK(space.kind == "text", "[", family, "] ", path,
              ": expected texts for a model of text but got samples ", text_of(space));
  Json fitted = options.is_object() ? options : Json::object();
  Json& side = fitted["text"];
  if (side.is_null()) side = Json::object();
  STEER_CHECK(side.is_object(), "[options] expected an object for ", family, ".text but got ", side.dump());
  if (side.value("alphabet", Json("")) == "") side["alphabet"] = space.alphabet;
  if (!side.contains("length")) side["length"] = space.sizes[0];
  const Json told = fitted.value("classes", Json());
  const auto classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(!told.is_number_integer() || told == 0 || (classes > 0 && classes <= told.get<int64_t>()), "[",
              family, "] ", path, ": expected documents with labels of at most ", told.dump(),
              " kinds (lines of .jsonl with a \"label\", and data.documents), as ", family,
              ".classes says, but the data have ", classes);
  return fitted;
}

DataOptions data_for_text(const Json& options, DataOptions data) {
  if (!options.is_object() || !options.contains("text") || !options["text"].is_object()) return data;
  const Json& side = options["text"];
  if (side.contains("alphabet") && side["alphabet"].is_string() && side["alphabet"] != "")
    data.tokenizer = side["alphabet"].get<std::string>();
  if (side.contains("length") && side["length"].is_number_integer())
    data.length = side["length"].get<int64_t>();
  return data;
}

void check_length(const TransformerOptions& options, const TextSide& side, int64_t length) {
  STEER_CHECK(options.positions == "rotary" || length <= side.length, "[sample] length: expected at most ",
              side.length, ", the tokens that the model's positions were learned for, but got ", length);
}

State kept_of(const Beginning& begin, int64_t length, const Tensor& seeds, bool left_to_right) {
  constexpr uint64_t kPlaces = 0xBE61;
  const Tensor token = begin.from.token.cpu();
  const int64_t N = token.size(0), T = token.size(1);
  STEER_CHECK(T == length, "[begin] from: expected texts of ", length, " tokens but got ", T);
  const int64_t anew = std::llround(begin.noise * static_cast<double>(T));
  const Tensor order =
      left_to_right ? at::arange(T, torch::kInt64).flip(0).expand({N, T})
                    : fine_uniform_rows(seeds.cpu(), kPlaces, {T}).argsort(int64_t{1}).argsort(int64_t{1});
  State kept;
  kept.token = token;
  kept.mask = order >= anew;
  if (begin.from.mask.defined()) kept.mask = kept.mask & begin.from.mask.cpu();
  return kept;
}

Tensor seeds_of_block(const Tensor& seeds, uint64_t stream, int64_t block) {
  Tensor other = seeds.cpu().clone();
  int64_t* values = other.data_ptr<int64_t>();
  for (int64_t i = 0; i < other.numel(); ++i)
    values[i] = static_cast<int64_t>(
        derive_seed(static_cast<uint64_t>(values[i]), stream, static_cast<uint64_t>(block)) >> 1);
  return other;
}

Glimpse glimpse_of_texts(int64_t index, int64_t of, const Tensor& token) {
  Glimpse glimpse;
  glimpse.index = index, glimpse.of = of;
  glimpse.sample = [token] {
    State state;
    state.token = token.cpu().clone();
    return state;
  };
  return glimpse;
}

Sight causal_sight() {
  Sight sight;
  sight.kind = "causal";
  return sight;
}

State known_of_both(const State& first, const State& second) {
  if (!first.defined()) return second;
  if (!second.defined()) return first;
  const int64_t N = std::max(first.token.size(0), second.token.size(0));
  const auto rows = [&](const Tensor& value) {
    return per_sample(value, N, "[guide]").expand({N, -1}).cpu();
  };
  State both;
  both.token = at::where(rows(first.mask), rows(first.token), rows(second.token));
  both.mask = rows(first.mask) | rows(second.mask);
  return both;
}

NamedTensors hidden_matrices(const Transformer& network) {
  NamedTensors found;
  int64_t number = 0;
  for (const auto& child : *network->blocks) {
    const auto* block = child->as<TransformerBlock>();
    const std::string name = joined("blocks.", number++, ".");
    found.emplace_back(name + "attn_qkv.weight", block->attn_qkv->weight);
    found.emplace_back(name + "attn_out.weight", block->attn_out->weight);
    found.emplace_back(name + "mlp_in.weight", block->mlp_in->weight);
    found.emplace_back(name + "mlp_out.weight", block->mlp_out->weight);
  }
  return found;
}

Json sight_layers(const TransformerOptions& options, const Sight& sight, int64_t length) {
  Json layers = Json::array();
  const std::string sees = sight.kind == "all" ? joined("all ", length, " tokens")
                           : sight.kind == "causal"
                               ? joined("itself and up to ", length - 1, " tokens before it")
                               : joined("its block of ", sight.block, " and all blocks before it");
  for (int64_t i = 0; i < options.blocks; ++i)
    layers.push_back({{"name", joined("blocks.", i)}, {"heads", options.heads}, {"sees", sees}});
  return layers;
}

}  // namespace steer
