#include "steer/models/text_import.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/json_fields.h"
#include "steer/core/options.h"
#include "steer/models/ar_model.h"
#include "steer/models/text_model.h"
#include "steer/text/text_space.h"
#include "steer/text/tokenizer_files.h"

namespace steer {
namespace {

using Tensors = std::map<std::string, Tensor>;
// Pairs of what a name begins with there and here.
using Names = std::vector<std::pair<std::string, std::string>>;

constexpr double kTheirEpsilon = 1e-5;

// The tensors of a file in float32, without a wrapper's prefix.
Tensors tensors_of(const std::string& file, const std::string& prefix) {
  Tensors tensors;
  for (const auto& [name, tensor] : read_checkpoint(file).tensors)
    tensors[name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name] = tensor.to(torch::kFloat32);
  return tensors;
}

Tensor taken_tensor(Tensors& tensors, const std::string& name, const std::string& what) {
  const auto found = tensors.find(name);
  STEER_CHECK(found != tensors.end(), what, ": expected a tensor ", name, " but there is none");
  Tensor tensor = found->second;
  tensors.erase(found);
  return tensor;
}

// Moves tensors to their names here, each with the endings weight and bias as far as it has them.
void rename(Tensors& from, Tensors& to, const Names& names, bool transposed = false) {
  for (const auto& [theirs, ours] : names)
    for (const char* ending : {".weight", ".bias"})
      if (const auto found = from.find(theirs + ending); found != from.end()) {
        to[ours + ending] =
            transposed && found->second.dim() == 2 ? found->second.t().contiguous() : found->second;
        from.erase(found);
      }
}

void drop(Tensors& tensors, const std::string& ending) {
  for (auto at = tensors.begin(); at != tensors.end();) {
    const std::string& name = at->first;
    const bool has =
        name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    at = has ? tensors.erase(at) : std::next(at);
  }
}

Tokenizer tokenizer_for_import(const std::string& folder, const std::string& tokenizer, int64_t vocabulary,
                               const std::string& what) {
  const Tokenizer made = read_tokenizer(tokenizer.empty() ? folder : tokenizer);
  STEER_CHECK(made.size() == vocabulary, what, ": expected a tokenizer of ", vocabulary,
              " tokens, as the model has, but got one of ", made.size());
  return made;
}

void refuse_true(const Json& config, const std::string& key, const std::string& what) {
  STEER_CHECK(!field_or<bool>(config, key, false, what), what, ": ", key, ": expected false but got true");
}

// Loads what was renamed; what is left of theirs is unknown.
void load_renamed(Model& model, Tensors renamed, const Tensors& left, const std::string& what) {
  renamed.insert(left.begin(), left.end());
  load_tensors(model.module(), renamed, what);
}

std::unique_ptr<Model> import_gpt2(const std::string& folder, const std::string& tokenizer,
                                   const Json& config) {
  const std::string where = folder + "/config.json", what = "[import] " + folder + "/model.safetensors";
  refuse_true(config, "scale_attn_by_inverse_layer_idx", where);
  const double epsilon = field_or<double>(config, "layer_norm_epsilon", kTheirEpsilon, where);
  STEER_CHECK(std::abs(epsilon - kTheirEpsilon) < 1e-12, "[import] ", where,
              ": layer_norm_epsilon: expected ", kTheirEpsilon, " but got ", epsilon);
  ArOptions o;
  TransformerOptions& t = o.transformer;
  t.width = field<int64_t>(config, "n_embd", where), t.blocks = field<int64_t>(config, "n_layer", where);
  t.heads = field<int64_t>(config, "n_head", where);
  const auto inner = field_or<int64_t>(config, "n_inner", 4 * t.width, where);
  t.expansion = static_cast<double>(inner) / static_cast<double>(t.width);
  const auto activation = field_or<std::string>(config, "activation_function", "gelu_new", where);
  t.activation = activation == "gelu_new" || activation == "gelu_pytorch_tanh" ? "gelu_tanh" : activation;
  t.positions = "learned", t.bias = t.tied = true, t.condition = 0;
  const Tokenizer letters = tokenizer_for_import(
      folder, tokenizer, field<int64_t>(config, "vocab_size", where), "[import] " + where);
  o.text.alphabet = text_space(letters, 1).alphabet;
  o.text.length = field<int64_t>(config, "n_positions", where);
  const int64_t end = letters.special("<|endoftext|>");
  o.start = end >= 0 ? end : field_or<int64_t>(config, "bos_token_id", 0, where);
  Tensors theirs = tensors_of(folder + "/model.safetensors", "transformer."), ours;
  for (const char* ending : {".attn.bias", ".attn.masked_bias", "lm_head.weight"}) drop(theirs, ending);
  ours["table"] = taken_tensor(theirs, "wte.weight", what);
  ours["places"] = taken_tensor(theirs, "wpe.weight", what);
  rename(theirs, ours, {{"ln_f", "norm_out"}});
  for (int64_t i = 0; i < t.blocks; ++i) {
    const std::string from = joined("h.", i, "."), to = joined("blocks.", i, ".");
    rename(theirs, ours, {{from + "ln_1", to + "norm1"}, {from + "ln_2", to + "norm2"}});
    // Its projections are stored as [in, out].
    rename(theirs, ours,
           {{from + "attn.c_attn", to + "attn_qkv"},
            {from + "attn.c_proj", to + "attn_out"},
            {from + "mlp.c_fc", to + "mlp_in"},
            {from + "mlp.c_proj", to + "mlp_out"}},
           true);
  }
  auto model = std::make_unique<ArModel>(o);
  load_renamed(*model, ours, theirs, what);
  return model;
}

// A DDiT by our names; of its table of outputs the rows of tokens alone.
Tensors renamed_ddit(Tensors& theirs, int64_t blocks, int64_t vocabulary, const std::string& what) {
  Tensors ours;
  drop(theirs, "rotary_emb.inv_freq");
  ours["table"] = taken_tensor(theirs, "vocab_embed.embedding", what);
  rename(theirs, ours,
         {{"sigma_map.mlp.0", "noise_embedding.linear_1"},
          {"sigma_map.mlp.2", "noise_embedding.linear_2"},
          {"output_layer.norm_final", "norm_out"},
          {"output_layer.linear", "linear_out"},
          {"output_layer.adaLN_modulation", "modulation_out"}});
  for (const char* part : {"linear_out.weight", "linear_out.bias"})
    if (ours.count(part) && ours[part].size(0) > vocabulary)
      ours[part] = ours[part].narrow(0, 0, vocabulary).contiguous();
  for (int64_t i = 0; i < blocks; ++i) {
    const std::string at = joined("blocks.", i, ".");
    rename(theirs, ours,
           {{at + "norm1", at + "norm1"},
            {at + "attn_qkv", at + "attn_qkv"},
            {at + "attn_out", at + "attn_out"},
            {at + "norm2", at + "norm2"},
            {at + "mlp.0", at + "mlp_in"},
            {at + "mlp.2", at + "mlp_out"},
            {at + "adaLN_modulation", at + "modulation"}});
  }
  return ours;
}

// What is told is always the noise label 0: shifts and scales go into the norms, gates into the projections
// after them, and nothing is told any more.
void fold_noise(Tensors& ours, int64_t blocks) {
  const torch::NoGradGuard no_grad;
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return at::linear(x, ours.at(name + ".weight"), ours.at(name + ".bias"));
  };
  const Tensor zero = positional_features(at::zeros({1}), {kNoiseFeatures, true, 0});
  const Tensor told =
      at::silu(linear(at::silu(linear(zero, "noise_embedding.linear_1")), "noise_embedding.linear_2"));
  const auto fold_norm = [&](const std::string& norm, const Tensor& shift, const Tensor& scale) {
    ours[norm + ".bias"] = shift.clone();
    ours[norm + ".weight"] = ours.at(norm + ".weight") * (1 + scale);
  };
  for (int64_t i = 0; i < blocks; ++i) {
    const std::string at = joined("blocks.", i, ".");
    const std::vector<Tensor> m = linear(told, at + "modulation")[0].chunk(6);
    fold_norm(at + "norm1", m[0], m[1]);
    fold_norm(at + "norm2", m[3], m[4]);
    ours[at + "attn_out.weight"] = ours.at(at + "attn_out.weight") * m[2].unsqueeze(1);
    ours[at + "attn_out.bias"] = at::zeros_like(m[2]);
    ours[at + "attn_qkv.bias"] = at::zeros({3 * m[2].size(0)});
    ours[at + "mlp_out.weight"] = ours.at(at + "mlp_out.weight") * m[5].unsqueeze(1);
    ours[at + "mlp_out.bias"] = ours.at(at + "mlp_out.bias") * m[5];
    ours.erase(at + "modulation.weight"), ours.erase(at + "modulation.bias");
  }
  const std::vector<Tensor> m = linear(told, "modulation_out")[0].chunk(2);
  fold_norm("norm_out", m[0], m[1]);
  for (const char* gone : {"noise_embedding.linear_1", "noise_embedding.linear_2", "modulation_out"})
    for (const char* ending : {".weight", ".bias"}) ours.erase(std::string(gone) + ending);
}

// The shape and process of a DDiT, of MDLM's or SEDD's configuration.
TextOptions ddit_options(const Json& config, const std::string& where, int64_t& vocabulary) {
  TextOptions o;
  TransformerOptions& t = o.transformer;
  t.activation = "gelu_tanh", t.positions = "rotary";
  if (config.contains("graph")) {
    const Json& model = object_field(config, "model", where);
    t.width = field<int64_t>(model, "hidden_size", where),
    t.blocks = field<int64_t>(model, "n_blocks", where);
    t.heads = field<int64_t>(model, "n_heads", where), t.condition = field<int64_t>(model, "cond_dim", where);
    o.text.length = field<int64_t>(model, "length", where);
    vocabulary = field<int64_t>(config, "tokens", where);
    const auto graph = field<std::string>(object_field(config, "graph", where), "type", where);
    STEER_CHECK(graph == "absorb" || graph == "uniform", "[import] ", where,
                ": graph.type: expected absorb or uniform but got ", in_quotes(graph));
    o.process.type = graph == "absorb" ? "absorbing" : "uniform";
    const Json& noise = object_field(config, "noise", where);
    o.process.schedule = field<std::string>(noise, "type", where);
    o.process.sigma_min = field_or<double>(noise, "sigma_min", o.process.sigma_min, where);
    o.process.sigma_max = field_or<double>(noise, "sigma_max", o.process.sigma_max, where);
    o.loss = "score_entropy", o.timeless = false;
    return o;
  }
  t.width = field<int64_t>(config, "hidden_dim", where), t.blocks = field<int64_t>(config, "n_blocks", where);
  t.heads = field<int64_t>(config, "n_heads", where), t.condition = field<int64_t>(config, "cond_dim", where);
  o.text.length = field<int64_t>(config, "model_length", where);
  vocabulary = field<int64_t>(config, "vocab_size", where) - 1;
  o.timeless = !field_or<bool>(config, "time_conditioning", false, where);
  if (o.timeless) t.condition = 0, t.bias = true;
  return o;
}

std::unique_ptr<Model> import_ddit(const std::string& folder, const std::string& tokenizer,
                                   const Json& config) {
  const std::string where = folder + "/config.json", what = "[import] " + folder + "/model.safetensors";
  int64_t vocabulary = 0;
  TextOptions o = ddit_options(config, where, vocabulary);
  o.text.alphabet =
      text_space(tokenizer_for_import(folder, tokenizer, vocabulary, "[import] " + where), 1).alphabet;
  Tensors theirs = tensors_of(folder + "/model.safetensors", "backbone.");
  Tensors ours = renamed_ddit(theirs, o.transformer.blocks, vocabulary, what);
  if (o.timeless) {
    try {
      fold_noise(ours, o.transformer.blocks);
    } catch (const std::out_of_range&) {
      fail(what, ": expected the tensors of a DDiT told the noise level but some are missing");
    }
  }
  auto model = std::make_unique<TextModel>(o);
  load_renamed(*model, ours, theirs, what);
  return model;
}

}  // namespace

std::unique_ptr<Model> import_text(const std::string& folder, const std::string& tokenizer) {
  const std::string where = folder + "/config.json";
  const Json config = read_json_file(where);
  STEER_CHECK(config.is_object(), "[import] ", where, ": expected a JSON object");
  const auto type = field_or<std::string>(config, "model_type", "", where);
  if (type == "gpt2") return import_gpt2(folder, tokenizer, config);
  STEER_CHECK(type == "mdlm" || config.contains("graph"), "[import] ", where,
              ": expected model_type gpt2 or mdlm, or SEDD's configuration, but got ", in_quotes(type));
  return import_ddit(folder, tokenizer, config);
}

}  // namespace steer
