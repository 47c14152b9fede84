#include "steer/modalities/modalities.h"

#include "steer/core/check.h"
#include "steer/image/image_modality.h"
#include "steer/points/points_modality.h"

namespace steer {

const std::vector<const Modality*>& modalities() {
  static const std::vector<const Modality*> all = {
      &points_modality(),
      &image_modality(),  // takes every path, so it is the last
  };
  return all;
}

const Modality& modality_of(const std::string& kind) {
  for (const Modality* modality : modalities())
    if (modality->kind == kind) return *modality;
  fail("[modality] expected a kind of sample that is known but got \"", kind, "\"");
}

const Modality& modality_of(const Space& space) {
  return modality_of(space.kind);
}

std::unique_ptr<Dataset> make_dataset(const DataOptions& options) {
  for (const Modality* modality : modalities())
    if (modality->holds(options.path)) return modality->dataset(options);
  fail("[data] ", options.path, ": expected a data set of a kind that is known");
}

}  // namespace steer
