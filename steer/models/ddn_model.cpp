#include "steer/models/ddn_model.h"

#include <algorithm>
#include <map>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/beam.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/loss.h"
#include "steer/ddn/node_bias.h"
#include "steer/ddn/tree.h"
#include "steer/guidance/best_by.h"
#include "steer/guidance/particles.h"

namespace steer {
namespace {

// A node counts as used when it was nearest to one of this many last training images.
constexpr int64_t kUsageWindowImages = 10000;

std::shared_ptr<Network> make_network(const DdnOptions& options) {
  check(options.condition);
  if (options.network == "pyramid") return std::make_shared<Pyramid>(options.pyramid, options.condition);
  if (options.network == "recurrent")
    return std::make_shared<Recurrent>(options.recurrent, options.condition);
  fail("[options] ddn.network: expected pyramid or recurrent but got \"", options.network, "\"");
}

}  // namespace

DdnModel::DdnModel(const DdnOptions& options) : options_(options), network_(make_network(options)) {
  check(options.split);
  STEER_CHECK(options.balance == "split" || options.balance == "bias" || options.balance == "none",
              "[options] ddn.balance: expected split, bias or none but got \"", options.balance, "\"");
  STEER_CHECK(options.bias_rate > 0, "[options] ddn.bias_rate: expected more than 0 but got ",
              options.bias_rate);
  if (options.balance == "bias")
    for (Layer& layer : network_->layers()) add_node_bias(layer);
  STEER_CHECK(options.chain_dropout >= 0 && options.chain_dropout < 1,
              "[options] ddn.chain_dropout: expected a chance in [0, 1) but got ", options.chain_dropout);
}

ImageShape DdnModel::shape() const {
  return {network_->image_channels(), network_->image_size(), network_->image_size()};
}

Json DdnModel::options() const {
  return options_json(options_);
}

Needs DdnModel::needs() const {
  const ConditionOptions& told = options_.condition;
  return {needs_label(told) ? told.classes : 0, needs_image(told)};
}

Condition DdnModel::condition(const Tensor& label, const Tensor& images) const {
  const ConditionOptions& told = options_.condition;
  const auto here = [&](const Tensor& tensor) { return tensor.defined() ? tensor.to(device()) : tensor; };
  STEER_CHECK(!label.defined() || needs_label(told),
              "[condition] expected no label, because the model was trained without classes, but got ",
              label.size(0));
  STEER_CHECK(!images.defined() || needs_image(told),
              "[condition] expected no condition image, because the model was trained without, but got ",
              images.size(0));
  if (label.defined()) check_labels(told, label);
  return make_condition(told, here(label), here(images));
}

torch::Device DdnModel::device() const {
  return network_->layers()[0]->counts.device();
}

LossReport DdnModel::loss(const Batch& batch, uint64_t seed) {
  const Tensor seeds = sample_seeds(derive_seed(seed, 1), batch.x.size(0), device());
  auto layers = network_->layers();
  std::vector<Tensor> bias;
  if (options_.balance == "bias")
    for (int64_t l = 0; l < network_->depth(); ++l)
      bias.push_back(layers[static_cast<size_t>(network_->layer_of(l))]->bias);
  const auto chooser = with_chain_dropout(nearest_to(batch.x, bias), options_.chain_dropout, seeds);
  const Tensor label = needs_label(options_.condition) ? batch.label.to(device()) : Tensor();
  const Condition told = make_training_condition(options_.condition, label, batch.x, derive_seed(seed, 2));
  // A device would have to tell the host how many prefixes there are.
  const bool share = on_host(batch.x);
  const Forwarding how{derive_seed(seed, 3), {}};
  const ReconstructionLoss result = reconstruction_loss(*network_, batch.x, chooser, told, share, how);
  for (size_t l = 0; l < result.nearest.size(); ++l)
    record(layers[static_cast<size_t>(network_->layer_of(static_cast<int64_t>(l)))], result.nearest[l],
           options_.split.half_life_images);
  // As a sum over pixels, so that gradients stay well above the optimiser's epsilon whatever the image size.
  const double values = static_cast<double>(batch.x[0].numel());
  return {result.loss * values, {{"mse", result.by_layer.mean()}, {"mse_last", result.by_layer[-1]}}};
}

Figures DdnModel::after_step(int64_t step, const Adam* adam, const Ema* ema) {
  torch::NoGradGuard no_grad;
  Tensor splits = at::zeros({}, at::TensorOptions(device()).dtype(torch::kFloat64));
  double nodes = 0;
  std::vector<Tensor> used;
  for (Layer& layer : network_->layers()) {
    if (options_.balance == "split" && step % options_.split.every_steps == 0)
      splits +=
          on_host(layer->counts)
              ? at::full({}, static_cast<double>(split_and_prune(layer, options_.split, adam, ema).size()),
                         splits.options())
              : split_and_prune_there(layer, options_.split, adam, ema);
    if (options_.balance == "bias") update_node_bias(layer, options_.bias_rate);
    used.push_back((layer->idle < kUsageWindowImages).sum());
    nodes += static_cast<double>(layer->options.candidates);
  }
  return {{"splits", splits}, {"nodes_used", at::stack(used).sum() / nodes}};
}

DdnModel::Guided DdnModel::guided(const SampleRequest& request, const Tensor& seeds, Condition& told) const {
  const Objective& objective = *request.objective;
  const ImageShape s = shape();
  const int64_t depth = network_->depth(), samples = seeds.size(0);
  int64_t targets = objective.targets();
  const int64_t first = request.first_level - 1,
                last = request.last_level ? request.last_level - 1 : depth - 1;
  STEER_CHECK(0 <= first && first <= last && last < depth,
              "[sample] expected levels a to b with 1 <= a <= b <= ", depth, " but got ", request.first_level,
              " to ", request.last_level);
  STEER_CHECK(request.beam <= 1 || request.particles == 0,
              "[sample] expected either a beam or particles but got both");
  STEER_CHECK(samples % targets == 0, "[sample] expected a multiple of ", targets,
              " samples, one group for each target, but got ", samples);
  Guided guided{{}, samples};
  Tensor drawn = seeds;
  if (request.particles > 0) {
    guided.chooser = particles(liking_of(objective, s.height, s.width, request.shortlist, samples), seeds,
                               {request.particles, request.temperature, last});
  } else if (request.beam > 1) {
    // The search starts with one row for each target and ends with its share of the samples. Samples of one
    // target that are told different things are searched for one by one.
    if (told.defined()) {
      const Condition firsts = told.at(at::arange(targets, torch::kInt64) * (samples / targets));
      if (torch::equal(firsts.maps.repeat_interleave(samples / targets, 0), told.maps))
        told = firsts;
      else
        targets = samples;
    }
    const int64_t keep = samples / targets;
    guided.rows = targets;
    drawn = seeds.view({targets, keep}).select(1, 0);
    guided.chooser = beam_search(liking_of(objective, s.height, s.width, request.shortlist, targets),
                                 {targets, std::max(request.beam, keep), keep, last + 1});
  } else {
    guided.chooser =
        best_by(objective, seeds, s.height, s.width, BestByOptions{request.top, request.shortlist});
  }
  if (first > 0 || last < depth - 1) guided.chooser = within_levels(guided.chooser, first, last, drawn);
  return guided;
}

Samples DdnModel::sample(const SampleRequest& request) {
  torch::NoGradGuard no_grad;
  const Tensor seeds = request.seeds.to(device());
  Condition told = condition(request.label, request.condition_image);
  const auto [chooser, rows] =
      request.objective ? guided(request, seeds, told) : Guided{at_random(seeds), seeds.size(0)};
  const double depth = static_cast<double>(network_->depth());
  const Observer observer = [&](const LayerStep& step) {
    if (request.progress) request.progress(static_cast<double>(step.layer + 1) / depth);
  };
  const Generated made = network_->run(rows, chooser, observer, told);
  return {made.image.clamp(-1, 1), made.code};
}

Tensor DdnModel::preview(int64_t images, const Tensor& examples) {
  constexpr int64_t kMostBranches = 24, kMostCodes = 1000, kCell = 20;
  const auto layers = network_->shapes();
  double codes = 1;
  bool even = layers[0].candidates <= kMostBranches && options_.condition.type == "none";
  for (const LayerShape& layer : layers) {
    even = even && layer.candidates == layers[0].candidates;
    codes *= static_cast<double>(layer.candidates);
  }
  if (!even || codes > static_cast<double>(kMostCodes)) return Model::preview(images, examples);
  return tree_picture(prefix_tree(*network_, network_->depth()), kCell);
}

Reconstruction DdnModel::reconstruct(const Tensor& x, int64_t beam, const Tensor& label) const {
  torch::NoGradGuard no_grad;
  STEER_CHECK(beam >= 1, "[reconstruct] expected a beam of at least 1 but got ", beam);
  const int64_t count = x.size(0);
  const Chooser chooser =
      beam == 1 ? nearest_to(x) : beam_search(nearness_to(x), {count, beam, 1, network_->depth()});
  std::map<int64_t, Tensor> targets;
  std::vector<Tensor> errors;
  const Observer observer = [&](const LayerStep& step) {
    Tensor& target = targets[step.image.size(2)];
    if (!target.defined()) target = area_resize(x, step.image.size(2), step.image.size(3));
    const Tensor images = step.image.view({count, -1, x.size(1), target.size(2), target.size(3)});
    const Tensor error = (images - target.unsqueeze(1)).square().mean({2, 3, 4}).to(torch::kFloat64);
    errors.push_back(std::get<0>(error.min(1)));
  };
  const Condition told = condition(label, needs().image ? x : Tensor());
  const Generated made = network_->run(count, chooser, observer, told);
  return {made.image, made.code, at::stack(errors, 1)};
}

Tensor DdnModel::decode(const Tensor& code, const Tensor& label, const Tensor& condition_image) const {
  torch::NoGradGuard no_grad;
  STEER_CHECK(code.dim() == 2 && code.size(1) == network_->depth(), "[decode] expected codes [N, ",
              network_->depth(), "] but got ", shape_text(code.sizes()));
  return network_->run(code.size(0), follow(code), {}, condition(label, condition_image)).image;
}

CodeFile DdnModel::code_file(const Tensor& code, Coder coder) const {
  CodeFile file;
  file.coder = coder;
  file.fingerprint = weight_fingerprint(*network_);
  for (const LayerShape& layer : network_->shapes()) file.candidates.push_back(layer.candidates);
  file.code = code;
  return file;
}

Tensor DdnModel::code_in(const CodeFile& file, const std::string& name) const {
  const CodeFile own = code_file({}, file.coder);
  STEER_CHECK(file.fingerprint == own.fingerprint, "[decode] ", name,
              ": expected codes of the model with fingerprint ", fingerprint_text(own.fingerprint),
              " but they were made by another one, ", fingerprint_text(file.fingerprint));
  STEER_CHECK(file.candidates == own.candidates, "[decode] ", name,
              ": expected as many layers and candidates as the model has but got others");
  return file.code;
}

}  // namespace steer
