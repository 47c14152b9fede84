#include "steer/work/property_telling.h"

#include <algorithm>
#include <numeric>

#include "steer/core/check.h"
#include "steer/data/values.h"
#include "steer/modalities/modalities.h"
#include "steer/models/property_model.h"
#include "steer/molecule/molecule_figures.h"
#include "steer/molecule/molecule_files.h"
#include "steer/molecule/molecule_space.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

// As many places as the largest has atoms.
State molecules_in(const std::vector<std::string>& files, const std::string& elements) {
  std::vector<Molecule> all;
  int64_t most = 1;
  for (const std::string& file : files)
    for (Molecule& molecule : read_molecules(file)) {
      most = std::max(most, molecule.size());
      all.push_back(std::move(molecule));
    }
  return as_samples(molecule_space(most, elements), all, "[tell]");
}

Json by_name(const std::vector<std::string>& names, const Tensor& values) {
  Json json = Json::object();
  for (size_t i = 0; i < names.size(); ++i) json[names[i]] = values[static_cast<int64_t>(i)].item<double>();
  return json;
}

}  // namespace

ToldProperties told_properties(const LoadedModel& loaded, const TellingSource& source,
                               const WorkWatch& watch) {
  const auto* model = dynamic_cast<const PropertyModel*>(loaded.model.get());
  STEER_CHECK(model, "[tell] ", loaded.path, ": expected a model of the family property but got ",
              loaded.model->family());
  STEER_CHECK(source.data.empty() != source.files.empty(), "[tell] expected either files or --data DIR");
  ToldProperties found;
  found.names = model->names(), found.deviation = model->deviation();
  State molecules;
  if (source.data.empty()) {
    molecules = molecules_in(source.files, model->space().alphabet);
  } else {
    DataOptions options = fitting_options(source.data, "test", "", model->space(), source.count);
    const auto data = make_dataset(options);
    STEER_CHECK(data->space().alphabet == model->space().alphabet, "[tell] ", source.data,
                ": expected molecules of ", model->space().alphabet, " but got samples ",
                text_of(data->space()));
    std::vector<int64_t> all(static_cast<size_t>(data->size()));
    std::iota(all.begin(), all.end(), int64_t{0});
    const Batch batch = data->batch(all);
    molecules = batch.data;
    found.known =
        batch.told.value.index_select(1, value_columns(found.names, data->values(), "[tell] " + source.data));
  }
  std::vector<Tensor> told;
  for (int64_t at = 0; at < molecules.size(); at += source.batch) {
    if (!tell(watch, {"tell", static_cast<double>(at) / static_cast<double>(molecules.size()), {}})) break;
    const int64_t some = std::min(source.batch, molecules.size() - at);
    told.push_back(model->told(molecules.narrow(at, some)).cpu());
  }
  tell(watch, {"tell", 1, {}});
  STEER_CHECK(!told.empty(), "[tell] expected at least one molecule");
  found.told = at::cat(told);
  found.figures["names"] = found.names;
  Json rows = Json::array();
  for (int64_t i = 0; i < found.told.size(0); ++i) rows.push_back(by_name(found.names, found.told[i]));
  found.figures["told"] = rows;
  const Space space = molecule_space(molecules.x.size(1), model->space().alphabet);
  const MoleculeFigures like = molecule_figures(bonded_molecules(space, molecules), {});
  found.figures["atoms_stable"] = like.atoms_stable,
  found.figures["molecules_stable"] = like.molecules_stable;
  found.figures["valid"] = like.valid, found.figures["connected"] = like.connected;
  if (found.known.defined()) {
    const Tensor known = found.known.narrow(0, 0, found.told.size(0));
    found.figures["mae"] = by_name(found.names, (found.told - known).abs().mean(0));
    found.figures["mad"] = by_name(found.names, found.deviation);
  }
  return found;
}

}  // namespace steer
