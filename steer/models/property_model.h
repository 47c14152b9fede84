// A network of molecules' properties as a model: it judges samples and makes none.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/models/model.h"
#include "steer/nn/property_network.h"

namespace steer {

// Shape and training of the network.
struct PropertyOptions {
  PropertyNetworkOptions network;
  double jitter = 0;

  void fields(OptionFields& f) {
    f("network", network, "shape of the network, and what it tells");
    f("jitter", jitter, "deviation of noise added to each coordinate of training molecules, in Angstrom",
      from_to(0, 10));
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const PropertyOptions& options);

// The model of the family "property".
class PropertyModel : public Model {
 public:
  explicit PropertyModel(const PropertyOptions& options);

  std::string family() const override { return "property"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override;
  Json options() const override;
  // Finds the names among the data's, and their mean and mean absolute deviation. Error for molecules of
  // which one is not known.
  void meet(const Dataset& data) override;
  // The mean absolute error in units of the data's mean absolute deviation. Figures: loss, and mae_NAME in
  // the property's own unit. Error unless it met training data before.
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  void set_compute_type(torch::ScalarType type) override { network_->compute_type = type; }
  Facts facts() const override;

  // What it tells of samples: float [N, names], in the names' units.
  Tensor told(const State& samples) const;
  const std::vector<std::string>& names() const { return options_.network.names; }  // what
  Tensor deviation() const { return network_->deviation.cpu(); }  // [names], mean absolute, of its data

 private:
  PropertyOptions options_;
  Tensor column_;  // of each name in Told::value, int64; undefined before it met data
  PropertyNetwork network_;
};

// Options of such a network with what a data set decides: elements, names, and where these stand among its
// numbers. Error where the data have no numbers, or none of such a name.
Json fitted_property(const Json& options, const Dataset& data, const std::string& path);

}  // namespace steer
