#include "steer/models/diffusion_model.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/data/each_batch.h"
#include "steer/data/values.h"
#include "steer/models/facts.h"
#include "steer/molecule/molecule_space.h"
#include "steer/points/points_space.h"

namespace steer {
namespace {

constexpr double kNotTold = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kLineFactor = 4;        // by which each resolution divides the width of lines
constexpr uint64_t kCoinStream = 800000;  // of random numbers: which numbers are told in training

DiffusionOptions completed(DiffusionOptions o) {
  check_options(o, "diffusion");
  STEER_CHECK(o.classes >= 0 && o.classes < 100000,
              "[options] diffusion.classes: expected 0 to 99999 but got ", o.classes);
  STEER_CHECK(o.label_dropout >= 0 && o.label_dropout < 1,
              "[options] diffusion.label_dropout: expected a chance in [0, 1) but got ", o.label_dropout);
  STEER_CHECK(o.flip >= 0 && o.flip <= 1, "[options] diffusion.flip: expected a chance in [0, 1] but got ",
              o.flip);
  const auto& weights = weight_names();
  STEER_CHECK(std::find(weights.begin(), weights.end(), o.weight) != weights.end(),
              "[options] diffusion.weight: expected unit, snr, soft_min_snr or x0 but got \"", o.weight,
              "\"");
  STEER_CHECK(o.unet.in_channels == o.unet.out_channels,
              "[options] diffusion.unet: expected as many channels to leave as enter but got ",
              o.unet.in_channels, " and ", o.unet.out_channels);
  STEER_CHECK(o.network == "unet" || o.network == "mlp" || o.network == "egnn",
              "[options] diffusion.network: expected unet, mlp or egnn but got \"", o.network, "\"");
  STEER_CHECK(o.network != "egnn" || o.classes == 0,
              "[options] diffusion.classes: expected 0 for a network egnn but got ", o.classes);
  STEER_CHECK(
      o.network != "egnn" || o.egnn.told.empty() || o.label_dropout > 0,
      "[options] diffusion.label_dropout: expected above 0 for a network that is told numbers but got 0");
  STEER_CHECK(o.network != "unet" || o.unet.sample_size > 0,
              "[options] diffusion.unet.sample_size: expected height and width of the images but got 0");
  STEER_CHECK(o.network == "unet" || o.flip == 0, "[options] diffusion.flip: expected 0 for a network ",
              o.network, ", whose samples have no left and right, but got ", o.flip);
  if (o.prediction.empty())
    o.prediction = o.process.type == "edm" ? "edm" : o.process.type == "flow" ? "velocity" : "eps";
  const int64_t embeds = o.classes > 0 ? o.classes + (o.label_dropout > 0 ? 1 : 0) : 0;
  o.unet.num_class_embeds = o.mlp.num_class_embeds = embeds;
  return o;
}

std::shared_ptr<NoiseNetwork> network_of(const DiffusionOptions& o) {
  if (o.network == "mlp") return std::make_shared<MlpImpl>(o.mlp);
  if (o.network == "egnn") return std::make_shared<EgnnImpl>(o.egnn);
  return std::make_shared<UNetImpl>(o.unet);
}

// What the network divides each number by, in the type of x.
Tensor units_of(const NoiseNetwork& network, const Tensor& x) {
  const Tensor units = network.units();
  return units.defined() ? units.to(x.device(), x.scalar_type()) : units;
}

// A denoiser of divided numbers as one of the numbers themselves.
Denoiser in_units(const NoiseNetwork& network, const Denoiser& divided) {
  if (!network.units().defined()) return divided;
  return [divided, units = network.units()](const Tensor& x, const Tensor& sigma) {
    const Tensor each = units.to(x.device(), x.scalar_type()), x0 = divided(x / each, sigma);
    return x0 * each.to(x0.scalar_type());
  };
}

Tensor mirrored(const Tensor& x, double chance, const Tensor& seeds) {
  if (chance <= 0) return x;
  return at::where(uniform_rows(seeds, 3, {1, 1, 1}) < chance, x.flip(3), x);
}

// How many atoms each sample of a data set has: int64 [N].
Tensor atoms_in(const Dataset& data) {
  std::vector<Tensor> atoms;
  each_batch(data, [&](const Batch& batch) { atoms.push_back(batch.data.mask.sum(1)); });
  return at::cat(atoms);
}

// How many samples of a data set have 0, 1, 2 ... atoms.
std::vector<int64_t> atom_counts(const Dataset& data) {
  const Tensor counts = atoms_in(data).bincount({}, data.space().sizes[0] + 1);
  return {counts.data_ptr<int64_t>(), counts.data_ptr<int64_t>() + counts.numel()};
}

// Numbers of which some are not told, as the rows' seeds say: with this probability none of a row; of several
// numbers half of the other rows are told all, half each by the toss of a coin.
Tensor with_dropout(const Tensor& values, double probability, const Tensor& seeds) {
  const Tensor row = at::zeros({values.size(0)}, values.options().dtype(torch::kInt64));
  const Tensor none = (with_class_dropout(row, probability, 1, seeds) == 1).unsqueeze(1);
  if (values.size(1) == 1) return values.masked_fill(none, kNotTold);
  const Tensor heads = uniform_rows(seeds, kCoinStream, {values.size(1) + 1}) < 0.5;
  const Tensor some = heads.narrow(1, 0, 1) & heads.narrow(1, 1, values.size(1));
  return values.masked_fill(none | some, kNotTold);
}

}  // namespace

Extent extent(const DiffusionOptions& options) {
  const DiffusionOptions all = completed(options);
  if (all.network == "egnn") return extent(all.egnn);
  return all.network == "mlp" ? extent(all.mlp) : extent(all.unet);
}

DiffusionModel::DiffusionModel(const DiffusionOptions& options)
    : options_(completed(options)),
      process_(options_.process),
      prediction_(make_prediction(options_.prediction)),
      network_(checked_network()),
      freezer_(*network_) {}

std::shared_ptr<NoiseNetwork> DiffusionModel::checked_network() const {
  draw_sigmas(options_.noise, process_, 1, 0);  // refuses draws that the process does not have
  levels(options_.sampler);
  return network_of(options_);
}

Space DiffusionModel::space() const {
  if (options_.network == "mlp" && options_.maps.kind != MapKind().kind)
    return list_space(options_.maps, options_.mlp.values);
  if (options_.network == "mlp") return points_space(options_.mlp.values, options_.mlp.kind);
  if (options_.network == "egnn") return molecule_space(options_.egnn.atoms, options_.egnn.elements);
  const UNetOptions& unet = options_.unet;
  return maps_space(options_.maps, unet.in_channels, unet.line > 0 ? 1 : unet.sample_size, unet.sample_size);
}

Json DiffusionModel::options() const {
  return options_json(options_);
}

Facts DiffusionModel::facts() const {
  const std::string process = process_.type();
  Facts facts{
      {{"process", process}, {"prediction", options_.prediction}},
      "process " + process + ", predicts " + options_.prediction + ", drawn by " + Generator::plan()->text(),
      ""};
  if (!told_names().empty()) facts.figures["told"] = told_names();
  for (const std::string& name : told_names()) facts.text += ", told " + name;
  return facts;
}

Tensor DiffusionModel::begun_with(const std::string& name, const Tensor& given, const Model& from) const {
  const auto* other = dynamic_cast<const DiffusionModel*>(&from);
  // A network that is told nothing leaves out what enters last.
  if (other && options_.network == "egnn" && name == "embedding.weight" && other->told_names().empty())
    return at::constant_pad_nd(given, {0, 2 * static_cast<int64_t>(told_names().size())});
  const bool maps = other && options_.network == "unet" && other->options_.network == "unet";
  return maps ? for_patches(name, given, other->options_.unet, options_.unet) : given;
}

const std::vector<std::string>& DiffusionModel::told_names() const {
  static const std::vector<std::string> none;
  return options_.network == "egnn" ? options_.egnn.told : none;
}

Needs DiffusionModel::needs() const {
  return {options_.classes, false, knows_no_class(), told_names()};
}

void DiffusionModel::meet(const Dataset& data) {
  if (told_names().empty()) return;
  const std::string what = "[diffusion] training data";
  column_ = value_columns(told_names(), data.values(), what);
  dynamic_cast<EgnnImpl&>(*network_).meet(all_values(data, told_names(), what), atoms_in(data));
}

Tensor DiffusionModel::condition(const Told& told, int64_t rows) const {
  if (told_names().empty()) return told.label;
  STEER_CHECK(!told.label.defined(), "[sample] expected no labels for a model without classes but got some");
  const auto names = static_cast<int64_t>(told_names().size());
  return told.value.defined() ? told.value : at::full({rows, names}, kNotTold, torch::kFloat32);
}

Tensor DiffusionModel::without_condition(const Tensor& told) const {
  return at::full_like(told, told_names().empty() ? static_cast<double>(options_.classes) : kNotTold);
}

torch::Device DiffusionModel::device() const {
  return network_->parameters().front().device();
}

Tensor DiffusionModel::told_in_training(const Told& told, const Tensor& seeds) const {
  if (options_.classes > 0)
    return with_class_dropout(told.label.to(device()), options_.label_dropout, options_.classes, seeds);
  if (told_names().empty()) return {};
  STEER_CHECK(told.value.defined() && column_.defined(),
              "[diffusion] expected training molecules with numbers about them, which the model met before");
  return with_dropout(told.value.index_select(1, column_).to(device(), torch::kFloat32),
                      options_.label_dropout, seeds);
}

LossReport DiffusionModel::loss(const Batch& batch, uint64_t seed) {
  const torch::Device here = device();
  const int64_t rows = batch.data.x.size(0);
  const Tensor seeds = row_seeds(batch.share, derive_seed(seed, 1), rows, here);
  const Tensor given = mirrored(batch.data.x.to(here), options_.flip, seeds),
               units = units_of(*network_, given);
  const Tensor x = units.defined() ? given / units : given;
  const Tensor label = told_in_training(batch.told, seeds);
  const Tensor all = draw_sigmas(options_.noise, process_, rows * batch.share.of, derive_seed(seed, 3));
  const Tensor sigma = own_rows(batch.share, all).to(here);
  const Tensor noise = network_->confined(normal_rows(seeds, 1, x.sizes().slice(1)), network_->places_of(x));
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
  const NoisePredictor network = [&](const Tensor& input, const Tensor& noise_label) {
    return network_->forward(input, noise_label, label, how);
  };
  const Tensor loss = denoising_loss(network, prediction_, process_, x, sigma, noise, options_.weight).mean();
  return {loss, {{"loss", loss.detach()}}};
}

Denoiser DiffusionModel::denoiser(const Tensor& label, std::shared_ptr<int64_t> calls,
                                  const Forwarding& how) const {
  const NoisePredictor network = [network = network_, label, how](const Tensor& x,
                                                                  const Tensor& noise_label) {
    return network->forward(x, noise_label, label, how);
  };
  const Denoiser plain = in_units(*network_, preconditioned(network, prediction_, process_));
  return calls ? steer::counted(plain, calls) : plain;
}

void DiffusionModel::check_told(const Tensor& told) const {
  if (!told_names().empty()) {
    const auto names = static_cast<int64_t>(told_names().size());
    STEER_CHECK(told.defined() && told.dim() == 2 && told.size(1) == names && told.is_floating_point(),
                "[sample] expected ", names,
                " numbers for each sample of a model that is told numbers but got ",
                told.defined() ? shape_text(told.sizes()) : "none");
    return;
  }
  STEER_CHECK(told.defined() == (options_.classes > 0), "[sample] expected ",
              options_.classes > 0 ? "a label for each sample of a class-conditional model but got none"
                                   : "no labels for a model without classes but got some");
  if (!told.defined()) return;
  const int64_t most = knows_no_class() ? options_.classes : options_.classes - 1;
  STEER_CHECK(((told >= 0) & (told <= most)).all().item<bool>(), "[sample] expected labels in [0, ", most,
              "]");
}

Denoiser DiffusionModel::guided_denoiser(const Tensor& label, double scale, std::shared_ptr<int64_t> calls,
                                         const Forwarding& how) const {
  check_told(label);
  if (!label.defined()) {
    STEER_CHECK(scale == 1, "[sample] scale: expected 1 for a model without classes but got ", scale);
    return denoiser({}, calls, how);
  }
  const Tensor told = label.to(device()), none = without_condition(told);
  // Without any class there is nothing that the scale could strengthen.
  const Tensor untold = told_names().empty() ? told == none : ~at::isfinite(told);
  if (scale == 1 || untold.all().item<bool>()) return denoiser(told, calls, how);
  STEER_CHECK(knows_no_class() || !told_names().empty(), "[sample] scale: expected 1 but got ", scale,
              "; this model was trained with diffusion.label_dropout=0 and knows no samples without a class");
  return classifier_free(denoiser(told, calls, how), denoiser(none, calls, how), scale);
}

Tensor DiffusionModel::places(const Tensor& seeds, const State& from, int64_t filled,
                              const Tensor& told) const {
  const Tensor own = network_->places(seeds, told);
  STEER_CHECK(filled == 0 || own.defined(), "[sample] sampler.atoms: expected 0 for samples ",
              text_of(space()), " but got ", filled);
  if (filled > 0 && !from.defined()) {
    STEER_CHECK(filled <= own.size(1), "[sample] sampler.atoms: expected at most ", own.size(1), " but got ",
                filled);
    return (at::arange(own.size(1), seeds.options()).unsqueeze(0) < filled).expand_as(own);
  }
  return from.defined() ? network_->places_of(from.x.to(seeds.device())) : own;
}

Tensor DiffusionModel::noise_within(const Tensor& standard, const Tensor& places) const {
  if (!places.defined()) return standard;
  const Tensor units = units_of(*network_, standard);
  const Tensor noise = network_->confined(standard, places);
  return units.defined() ? noise * units : noise;
}

Noise DiffusionModel::noise_within(const Noise& standard, const Tensor& places) const {
  if (!places.defined()) return standard;
  return [this, standard, places](int64_t draw) { return noise_within(standard(draw), places); };
}

Tensor DiffusionModel::levels(const SamplerOptions& sampler) const {
  if (sampler.process.empty() || sampler.process == options_.process.type)
    return make_levels(sampler.levels, process_);
  ProcessOptions other;
  other.type = sampler.process;
  other.sigma_data = options_.process.sigma_data;
  return make_levels(sampler.levels, Process(other));
}

Json fitted_diffusion(const Json& options, const Dataset& data, const std::string& path) {
  Json fitted = options.is_object() ? options : Json::object();
  const Space space = data.space();
  STEER_CHECK(space.vocabulary == 0, "[diffusion] ", path, ": expected samples of numbers but got ",
              text_of(space), "; steer train text or ar trains on texts");
  const bool molecules = space.kind == molecule_space(1, "C").kind;
  if (!fitted.contains("network"))
    fitted["network"] = molecules ? "egnn" : space.sizes.size() == 1 ? "mlp" : "unet";
  const bool connected = fitted["network"] == "mlp";
  const std::string name = molecules ? "egnn" : connected ? "mlp" : "unet";
  Json& shape = fitted[name];
  if (shape.is_null()) shape = Json::object();
  STEER_CHECK(shape.is_object(), "[options] expected an object for diffusion.", name, " but got ",
              shape.dump());
  const auto where_missing = [&](const char* key, const Json& value) {
    if (!shape.contains(key)) shape[key] = value;
  };
  if (molecules) {
    where_missing("atoms", space.sizes[0]);
    where_missing("elements", space.alphabet);
    where_missing("sizes", atom_counts(data));
  } else if (connected) {
    where_missing("kind", space.kind);
    where_missing("values", values_of(space));
  } else {
    where_missing("in_channels", map_sizes(space).channels);
    where_missing("out_channels", shape["in_channels"]);
    const MapSizes sizes = map_sizes(space);
    where_missing("sample_size", sizes.width);
    if (sizes.height == 1 && sizes.width > 1) where_missing("line", kLineFactor);
  }
  const bool bounded = space.limit > 0 && !molecules;  // maps, and lists that are more than points
  if (bounded && !fitted.contains("maps") && space.kind != MapKind().kind)
    fitted["maps"] = options_json(map_kind(space));
  DiffusionOptions all;
  read_options(all, fitted, "diffusion");
  if (molecules) value_columns(all.egnn.told, data.values(), "[diffusion] " + path);
  if (!fitted.contains("sampler")) all.sampler = suited_sampler(all.process.type, all.process.sigma_min);
  const auto classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(all.classes == 0 || (classes > 0 && classes <= all.classes), "[diffusion] ", path,
              ": expected samples with labels below ", all.classes,
              ", as diffusion.classes says, but the data have ", classes, " classes");
  return options_json(all);
}

}  // namespace steer
