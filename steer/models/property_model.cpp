#include "steer/models/property_model.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/data/values.h"
#include "steer/models/facts.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
Extent extent(const PropertyOptions& options) {
  return extent(options.network);
}

PropertyModel::PropertyModel(const PropertyOptions& options)
    : options_(checked_options(options, "property")), network_(options.network) {}

Space PropertyModel::space() const {
  return molecule_space(options_.network.atoms, options_.network.elements);
}

Json PropertyModel::options() const {
  return options_json(options_);
}

void PropertyModel::meet(const Dataset& data) {
  column_ = value_columns(names(), data.values(), "[property] training data");
  const Tensor value = all_values(data, names(), "[property] training data").to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const Tensor mean = value.mean(0);
  network_->mean.copy_(mean);
  network_->deviation.copy_((value - mean).abs().mean(0).clamp_min(1e-12));
}

LossReport PropertyModel::loss(const Batch& batch, uint64_t seed) {
  const torch::Device here = network_->mean.device();
  STEER_CHECK(batch.told.value.defined() && column_.defined(),
              "[property] expected training molecules with numbers about them, which the model met before");
  const Tensor wanted = batch.told.value.index_select(1, column_).to(here, torch::kFloat32);
  Tensor x = batch.data.x.to(here);
  if (options_.jitter > 0) {
    const Tensor seeds = row_seeds(batch.share, derive_seed(seed, 1), x.size(0), here);
    const Tensor there = filled_places(x).unsqueeze(2).to(x.scalar_type());
    const Tensor noise = options_.jitter * normal_rows(seeds, 1, {x.size(1), 3}) * there;
    x = at::cat({x.narrow(2, 0, 3) + noise, x.narrow(2, 3, x.size(2) - 3)}, 2);
  }
  const Tensor told = network_->forward(x);
  const Tensor error = (told - (wanted - network_->mean) / network_->deviation).abs().mean(0);
  Figures figures = {{"loss", error.detach().mean()}};
  for (size_t i = 0; i < names().size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    figures.push_back({"mae_" + names()[i], error.detach()[at] * network_->deviation[at]});
  }
  return {error.mean(), figures};
}

Tensor PropertyModel::told(const State& samples) const {
  const torch::NoGradGuard no_grad;
  return network_->forward(samples.x.to(network_->mean.device())) * network_->deviation + network_->mean;
}

Facts PropertyModel::facts() const {
  std::string all;
  for (const std::string& name : names()) all += (all.empty() ? "tells " : ", ") + name;
  return {{{"properties", names()}}, all, ""};
}

Json fitted_property(const Json& options, const Dataset& data, const std::string& path) {
  PropertyOptions fitted;
  const Json given = options.is_object() ? options : Json::object();
  read_options(fitted, given, "property");
  STEER_CHECK(data.space().kind == molecule_space(1, "C").kind && !data.values().empty(), "[property] ", path,
              ": expected molecules with numbers about them, as QM9, but got samples ",
              text_of(data.space()));
  if (!given.contains("network") || !given["network"].contains("elements"))
    fitted.network.elements = data.space().alphabet;
  if (!given.contains("network") || !given["network"].contains("atoms"))
    fitted.network.atoms = data.space().sizes[0];
  if (fitted.network.names.empty()) fitted.network.names = data.values();
  value_columns(fitted.network.names, data.values(), "[property] " + path);
  return options_json(fitted);
}

}  // namespace steer
