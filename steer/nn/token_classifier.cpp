#include "steer/nn/token_classifier.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"
#include "steer/nn/initial_values.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

TransformerShape shape_of(const TokenClassifierOptions& o) {
  STEER_CHECK(o.states > 0 && o.classes > 1 && o.length > 0,
              "[text_classifier] expected states, at least two classes and a length but got ", o.states, ", ",
              o.classes, " and ", o.length);
  TransformerShape shape;
  shape.options = o.transformer;
  shape.tokens = o.states, shape.outputs = o.classes, shape.context = o.length;
  shape.told_noise = true;
  return shape;
}

std::string metadata(const Checkpoint& checkpoint, const std::string& key) {
  const auto found = checkpoint.metadata.find(key);
  return found == checkpoint.metadata.end() ? "" : found->second;
}

}  // namespace

Extent extent(const TokenClassifierOptions& options) {
  return extent(shape_of(options));
}

TokenClassifierImpl::TokenClassifierImpl(const TokenClassifierOptions& given)
    : options(given), trunk(register_module("trunk", Transformer(shape_of(given)))) {}

Tensor TokenClassifierImpl::forward(const Tensor& tokens, const Tensor& noise, const Tensor& present,
                                    const Forwarding& how) const {
  TokenContext context;
  context.noise = noise;
  context.sight.present = present;
  const Tensor each = trunk->forward(tokens, context, how);
  if (!present.defined()) return each.mean(1);
  const Tensor counts = present.unsqueeze(2).to(each.scalar_type());
  return (each * counts).sum(1) / counts.sum(1).clamp_min(1);
}

SavedTokenClassifier load_token_classifier(const std::string& name, torch::Device device) {
  namespace fs = std::filesystem;
  std::string path = found_or_shipped(name, "models", ".safetensors");
  if (fs::is_directory(path)) path = (fs::path(path) / "model.safetensors").string();
  STEER_CHECK(fs::exists(path), "[classifier] ", path,
              ": expected a run folder or a checkpoint but there is nothing");
  const Checkpoint checkpoint = read_checkpoint(path);
  const bool ours = metadata(checkpoint, "format") == "steer";
  STEER_CHECK(ours && metadata(checkpoint, "family") == "text_classifier", "[classifier] ", path,
              ": expected a checkpoint of the family text_classifier, which judges texts, but got ",
              ours ? in_quotes(metadata(checkpoint, "family")) : std::string("a file of something else"));
  const Json all = parse_json(metadata(checkpoint, "options"), path);
  const bool whole = all.is_object() && all.contains("network") && all.contains("text") &&
                     all["text"].is_object() && all["text"].value("alphabet", Json()).is_string();
  STEER_CHECK(whole, "[classifier] ", path, ": expected options with a network and a text in its metadata");
  SavedTokenClassifier saved;
  saved.path = path, saved.alphabet = all["text"]["alphabet"].get<std::string>();
  saved.class_names = class_names_of(metadata(checkpoint, "class_names"));
  TokenClassifierOptions options;
  read_options(options, all["network"], path);
  check_extent(checkpoint.tensors, extent(options), "[classifier] " + path);
  const InitialValues values(0);  // all are read from the file
  saved.network = TokenClassifier(options);
  load_tensors(*saved.network, checkpoint.tensors, "[classifier] " + path);
  saved.network->to(device);
  for (Tensor& parameter : saved.network->parameters()) parameter.set_requires_grad(false);
  return saved;
}

}  // namespace steer
