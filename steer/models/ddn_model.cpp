#include "steer/models/ddn_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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
#include "steer/ddn/own_prefixes.h"
#include "steer/ddn/parameter_shapes.h"
#include "steer/ddn/progressive.h"
#include "steer/ddn/tree.h"
#include "steer/modalities/modalities.h"
#include "steer/models/facts.h"
#include "steer/molecule/molecule_space.h"
#include "steer/points/points_space.h"

namespace steer {
namespace {

void check_network_word(const DdnOptions& options) {
  STEER_CHECK(options.network == "pyramid" || options.network == "recurrent" || options.network == "points",
              "[options] ddn.network: expected pyramid, recurrent or points but got \"", options.network,
              "\"");
}

std::shared_ptr<Network> make_network(const DdnOptions& options) {
  check_network_word(options);
  check(options.condition);
  if (options.network == "pyramid") return std::make_shared<Pyramid>(options.pyramid, options.condition);
  if (options.network == "recurrent")
    return std::make_shared<Recurrent>(options.recurrent, options.condition);
  return std::make_shared<PointsNetwork>(options.points, options.condition);
}

std::vector<size_t> layer_of_each(const Network& network) {
  std::vector<size_t> all;
  for (int64_t l = 0; l < network.depth(); ++l) all.push_back(static_cast<size_t>(network.layer_of(l)));
  return all;
}

// Before the network is built, which may take much memory.
const DdnOptions& checked(const DdnOptions& options) {
  check_options(options, "ddn");
  check(options.split);
  STEER_CHECK(options.balance == "split" || options.balance == "bias" || options.balance == "none",
              "[options] ddn.balance: expected split, bias or none but got \"", options.balance, "\"");
  STEER_CHECK(options.bias_rate > 0, "[options] ddn.bias_rate: expected more than 0 but got ",
              options.bias_rate);
  STEER_CHECK(options.chain_dropout >= 0 && options.chain_dropout < 1,
              "[options] ddn.chain_dropout: expected a chance in [0, 1) but got ", options.chain_dropout);
  STEER_CHECK(options.own_prefixes == 0 || !needs_image(options.condition),
              "[options] ddn.own_prefixes: expected 0 for a network that is told images, which belong to one "
              "sample, but got ",
              options.own_prefixes);
  return options;
}

std::vector<State> as_samples(const Space& space, const std::vector<Tensor>& maps) {
  std::vector<State> samples;
  for (const Tensor& some : maps) samples.push_back(finished_maps(space, some));
  return samples;
}

}  // namespace

Extent extent(const DdnOptions& options) {
  check_network_word(options);
  check(options.condition);
  if (options.network == "points") return extent(options.points, options.condition);
  return extent_of(options.network == "pyramid" ? parameter_shapes(options.pyramid)
                                                : parameter_shapes(options.recurrent));
}

DdnModel::DdnModel(const DdnOptions& options)
    : options_(checked(options)),
      network_(make_network(options)),
      balance_(network_->layers(), layer_of_each(*network_),
               {options.balance, options.split, options.bias_rate}) {}

Space DdnModel::space() const {
  const PointsNetworkOptions& points = options_.points;
  if (options_.network == "points" && !points.elements.empty())
    return molecule_space(points.values / molecule_space(1, points.elements).sizes[1], points.elements);
  if (options_.network == "points" && options_.maps.kind != MapKind().kind)
    return list_space(options_.maps, points.values);
  if (options_.network == "points") return points_space(points.values, points.kind);
  return maps_space(options_.maps, network_->image_channels(), network_->image_size(),
                    network_->image_size());
}

Json DdnModel::options() const {
  return options_json(options_);
}

Needs DdnModel::needs() const {
  const ConditionOptions& told = options_.condition;
  return {needs_label(told) ? told.classes : 0, needs_image(told)};
}

Condition DdnModel::condition(const Told& told) const {
  const ConditionOptions& wanted = options_.condition;
  const Told here = told.to(device());
  STEER_CHECK(!told.label.defined() || needs_label(wanted),
              "[condition] expected no label, because the model was trained without classes, but got ",
              told.label.defined() ? told.label.size(0) : 0);
  STEER_CHECK(!told.given.defined() || needs_image(wanted),
              "[condition] expected no condition image, because the model was trained without, but got ",
              told.given.size());
  if (told.label.defined()) check_labels(wanted, told.label);
  return make_condition(wanted, here.label, here.given.x);
}

torch::Device DdnModel::device() const {
  return network_->layers()[0]->counts.device();
}

LossReport DdnModel::loss(const Batch& batch, uint64_t seed) {
  Tensor x = posed_maps(space(), batch.data.x);
  const Tensor seeds = row_seeds(batch.share, derive_seed(seed, 1), x.size(0), device());
  const Tensor label = needs_label(options_.condition) ? batch.told.label.to(device()) : Tensor();
  const Condition told = make_training_condition(options_.condition, label, x, derive_seed(seed, 2));
  OwnPrefixes own;
  if (options_.own_prefixes > 0) {
    own = own_prefixes(*network_, x, options_.own_prefixes, seeds, told, label);
    x = x.index_select(0, own.target.to(x.device()));
  }
  Chooser chooser =
      with_chain_dropout(nearest_to(x, {balance_.bias(), balance_.most_rivals(), options_.coarse}),
                         options_.chain_dropout, seeds);
  if (own.held.defined()) chooser = follow_some(own.code, own.held, chooser);
  // A device would have to tell the host how many prefixes there are.
  const bool share = on_host(x);
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 3)), {}};
  const ReconstructionLoss result = reconstruction_loss(*network_, x, chooser, told, share, how, own.held);
  std::vector<NodesAsked> asked;
  for (size_t l = 0; l < result.nearest.size(); ++l)
    asked.push_back({result.nearest[l], result.second[l], result.losses[l]});
  balance_.count(asked);
  // As a sum over pixels, so that gradients stay well above the optimiser's epsilon whatever the image size.
  const double values = static_cast<double>(x[0].numel());
  return {result.loss * values, {{"mse", result.by_layer.mean()}, {"mse_last", result.by_layer[-1]}}};
}

Tensor DdnModel::preview(int64_t samples, const State& examples) {
  constexpr int64_t kMostBranches = 24, kMostCodes = 1000, kCell = 20;
  const auto layers = network_->shapes();
  double codes = 1;
  bool even = layers[0].candidates <= kMostBranches && options_.condition.type == "none";
  for (const LayerShape& layer : layers) {
    even = even && layer.candidates == layers[0].candidates;
    codes *= static_cast<double>(layer.candidates);
  }
  const auto& nested = modality_of(space()).nested;
  if (!nested || !even || codes > static_cast<double>(kMostCodes))
    return Generator::preview(samples, examples);
  return nested(prefixes(network_->depth(), kMostCodes), kCell);
}

Encoded DdnModel::encode(const State& samples, int64_t beam, const Told& told) const {
  STEER_CHECK(beam >= 1, "[reconstruct] expected a beam of at least 1 but got ", beam);
  const Tensor x = posed_maps(space(), samples.x);
  return chosen(
      beam == 1 ? nearest_to(x) : beam_search(nearness_to(x), {x.size(0), beam, 1, network_->depth()}),
      samples, told);
}

Encoded DdnModel::continued(const Tensor& code, const Tensor& held, const State& samples,
                            const Told& told) const {
  check_code(code);
  STEER_CHECK(code.size(0) == samples.size() && held.size(0) == samples.size(),
              "[encode] expected as many codes as ", samples.size(), " samples but got ", code.size(0));
  return chosen(follow_some(code, held, nearest_to(posed_maps(space(), samples.x))), samples, told);
}

Encoded DdnModel::chosen(const Chooser& chooser, const State& samples, const Told& told) const {
  torch::NoGradGuard no_grad;
  const Tensor x = posed_maps(space(), samples.x);
  const int64_t count = x.size(0);
  std::map<int64_t, Tensor> targets;
  std::vector<Tensor> errors;
  const Observer observer = [&](const LayerStep& step) {
    Tensor& target = targets[step.image.size(2)];
    if (!target.defined()) target = area_resize(x, step.image.size(2), step.image.size(3));
    const Tensor images = step.image.view({count, -1, x.size(1), target.size(2), target.size(3)});
    const Tensor error = (images - target.unsqueeze(1)).square().mean({2, 3, 4}).to(torch::kFloat64);
    errors.push_back(std::get<0>(error.min(1)));
  };
  Told all = told;
  if (needs().given && !told.given.defined()) all.given = samples;
  const Generated made = network_->run(count, chooser, observer, condition(all));
  return {finished_maps(space(), made.image), made.code, at::stack(errors, 1)};
}

void DdnModel::check_code(const Tensor& code) const {
  STEER_CHECK(code.dim() == 2 && code.size(1) == network_->depth(), "[decode] expected codes [N, ",
              network_->depth(), "] but got ", shape_text(code.sizes()));
}

State DdnModel::decode(const Tensor& code, const Told& told) const {
  torch::NoGradGuard no_grad;
  check_code(code);
  return finished_maps(space(), network_->run(code.size(0), follow(code), {}, condition(told)).image);
}

std::vector<State> DdnModel::unfolded(const Tensor& code, const std::vector<int64_t>& layers,
                                      const Told& told) const {
  check_code(code);
  return as_samples(space(),
                    progression(*network_, code.size(0), follow(code), layers, condition(told)).images);
}

std::vector<State> DdnModel::prefixes(int64_t levels, int64_t most, const Told& told) const {
  return as_samples(space(), prefix_tree(*network_, levels, most, condition(told)).images);
}

std::vector<int64_t> DdnModel::candidates() const {
  std::vector<int64_t> counts;
  for (const LayerShape& layer : network_->shapes()) counts.push_back(layer.candidates);
  return counts;
}

std::vector<std::vector<int64_t>> DdnModel::places() const {
  std::vector<std::vector<int64_t>> all;
  for (const LayerShape& layer : network_->shapes()) all.push_back({layer.size, layer.size});
  return all;
}

Facts DdnModel::facts() const {
  Facts facts;
  const auto shapes = network_->shapes();
  const auto layers = network_->layers();
  Json list = Json::array();
  for (size_t l = 0; l < shapes.size(); ++l) {
    const LayerShape& shape = shapes[l];
    const Tensor& counts = layers[static_cast<size_t>(network_->layer_of(static_cast<int64_t>(l)))]->counts;
    const double even = std::max(1.0, counts.sum().item<double>()) / static_cast<double>(shape.candidates);
    list.push_back({{"size", shape.size},
                    {"features", shape.features},
                    {"candidates", shape.candidates},
                    {"bits", std::log2(shape.candidates)},
                    {"reach", shape.reach},
                    {"busiest", counts.max().item<double>() / even},
                    {"idlest", counts.min().item<double>() / even}});
  }
  facts.figures = {{"layers", list}, {"latent_bits", network_->latent_bits()}};
  facts.text = fmt::format("{} layers, {:.0f} latent bits", shapes.size(), network_->latent_bits());
  facts.legend =
      "reach: side of the square, in the layer's own pixels, of earlier outputs of the same size that a "
      "pixel "
      "sees;\nbusiest and idlest node: their counts in training, relative to an even use of all nodes.\n";
  return facts;
}

uint64_t DdnModel::fingerprint() const {
  return weight_fingerprint(*network_);
}

Json fitted_ddn(const Json& options, const Dataset& data, const std::string& path) {
  Json fitted = options.is_object() ? options : Json::object();
  const Space space = data.space();
  STEER_CHECK(space.vocabulary == 0, "[ddn] ", path, ": expected samples of numbers but got ", text_of(space),
              "; steer train text or ar trains on texts");
  const bool points = space.sizes.size() < 3;
  if (points && !fitted.contains("network")) fitted["network"] = "points";
  STEER_CHECK((fitted.value("network", Json()) == "points") == points, "[ddn] ", path,
              ": expected a network for samples ", text_of(space), ", but ddn.network is ",
              json_text(fitted.value("network", Json("pyramid"))));
  const bool bounded = space.limit > 0;  // maps, and lists that are more than points
  if (bounded && !fitted.contains("maps") && space.kind != MapKind().kind)
    fitted["maps"] = options_json(map_kind(space));
  if (!points) return fitted;
  Json& shape = fitted["points"];
  if (shape.is_null()) shape = Json::object();
  STEER_CHECK(shape.is_object(), "[options] expected an object for ddn.points but got ", shape.dump());
  if (!shape.contains("kind")) shape["kind"] = space.kind;
  if (!shape.contains("values")) shape["values"] = values_of(space);
  if (!shape.contains("elements") && space.kind == molecule_space(1, "C").kind)
    shape["elements"] = space.alphabet;
  return fitted;
}

Json stored_ddn(const Json& options) {
  Json completed = options;
  const auto meant = [&](const char* part, const char* name, const Json& value) {
    Json& some = completed[part];
    if (some.is_null()) some = Json::object();
    if (some.is_object() && !some.contains(name)) some[name] = value;
  };
  meant("pyramid", "start_features", "plain");
  meant("condition", "every_scale", false);
  return completed;
}

}  // namespace steer
