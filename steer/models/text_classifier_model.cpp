#include "steer/models/text_classifier_model.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/models/facts.h"

namespace steer {
namespace {

constexpr uint64_t kClassifierTimes = 0x7ea, kClassifierChanges = 0x7eb, kClassifierClean = 0x7ec;

TextClassifierOptions completed_classifier(TextClassifierOptions o) {
  check_options(o, "text_classifier");
  const TokenProcess process(o.process, tokenizer_of(o.text).size());
  STEER_CHECK(o.network.states == 0 || o.network.states == process.states(),
              "[options] text_classifier.network.states: expected ", process.states(),
              ", as text and process have, but got ", o.network.states);
  STEER_CHECK(o.network.length == 0 || o.network.length == o.text.length,
              "[options] text_classifier.network.length: expected ", o.text.length, ", as text has, but got ",
              o.network.length);
  o.network.states = process.states(), o.network.length = o.text.length;
  return o;
}

}  // namespace

Extent extent(const TextClassifierOptions& options) {
  return extent(completed_classifier(options).network);
}

TextClassifierModel::TextClassifierModel(const TextClassifierOptions& options)
    : options_(completed_classifier(options)),
      space_(space_of(options_.text)),
      process_(options_.process, space_.vocabulary),
      network_(options_.network) {}

Json TextClassifierModel::options() const {
  return options_json(options_);
}

LossReport TextClassifierModel::loss(const Batch& batch, uint64_t seed) {
  const torch::Device device = network_->trunk->table.device();
  const Tensor token = batch.data.token.to(device), label = batch.told.label.to(device);
  const int64_t least = label.min().item<int64_t>(), most = label.max().item<int64_t>();
  STEER_CHECK(least >= 0 && most < classes(), "[text_classifier] expected a label from 0 to ", classes() - 1,
              " for every text but got ", least < 0 ? "a text without one" : "label " + std::to_string(most));
  const Tensor seeds = row_seeds(batch.share, derive_seed(seed, 1), token.size(0), device);
  const auto uniform = [&](uint64_t stream) { return fine_uniform_rows(seeds, stream, {1}).squeeze(1); };
  // A time of 0 leaves a text as it is.
  const Tensor t = at::where(uniform(kClassifierClean) < options_.clean, at::zeros_like(uniform(0)),
                             uniform(kClassifierTimes));
  const Tensor noised =
      process_.noised(token, t, fine_uniform_rows(seeds, kClassifierChanges, {token.size(1), 2}));
  const Tensor present = batch.data.mask.defined() ? batch.data.mask.to(device) : Tensor();
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
  const Tensor logits = network_->forward(noised, noise_label(process_, t), present, how);
  const Tensor loss =
      at::cross_entropy_loss(logits, label, {}, at::Reduction::Mean, -100, options_.smoothing);
  const Tensor right = logits.detach().argmax(1).eq(label).to(torch::kFloat32).mean();
  return {loss, {{"loss", loss.detach()}, {"accuracy", right}}};
}

Facts TextClassifierModel::facts() const {
  return {{{"classes", classes()}, {"process", options_.process.type}},
          std::to_string(classes()) + " classes of texts, noised by a process " + options_.process.type,
          ""};
}

Tensor TextClassifierModel::logits(const State& samples) const {
  const torch::NoGradGuard no_grad;
  const torch::Device device = network_->trunk->table.device();
  const Tensor noise = at::zeros({samples.size()}, at::TensorOptions(device).dtype(torch::kFloat32));
  const Tensor present = samples.mask.defined() ? samples.mask.to(device) : Tensor();
  return network_->forward(samples.token.to(device), noise, present);
}

Json fitted_text_classifier(const Json& options, const Dataset& data, const std::string& path) {
  Json fitted = fitted_text(options, data, path, "text_classifier");
  const auto classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(classes > 0, "[text_classifier] ", path,
              ": expected documents with labels (lines of .jsonl with a \"label\", and data.documents) but "
              "these have none");
  Json& network = fitted["network"];
  if (network.is_null()) network = Json::object();
  STEER_CHECK(network.is_object(), "[options] expected an object for text_classifier.network but got ",
              network.dump());
  if (network.value("classes", Json(0)) == 0) network["classes"] = classes;
  TextClassifierOptions all;
  read_options(all, fitted, "text_classifier");
  STEER_CHECK(all.network.classes >= classes, "[text_classifier] ", path, ": expected labels below ",
              all.network.classes, ", as text_classifier.network.classes says, but the data have ", classes,
              " classes");
  return options_json(all);
}

}  // namespace steer
