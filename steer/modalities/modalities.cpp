#include "steer/modalities/modalities.h"

#include <algorithm>
#include <list>

#include "steer/core/check.h"
#include "steer/image/image_modality.h"
#include "steer/molecule/molecule_modality.h"
#include "steer/points/points_modality.h"
#include "steer/sound/block_modality.h"
#include "steer/sound/mel_modality.h"
#include "steer/sound/wave_modality.h"
#include "steer/text/text_modality.h"

namespace steer {
namespace {

std::vector<const Modality*>& known_modalities() {
  static std::vector<const Modality*> all = {
      &points_modality(), &molecule_modality(), &text_modality(),
      &mel_modality(),    &wave_modality(),     &block_modality(),
      &image_modality(),  // takes every path, so it is the last
  };
  return all;
}

// Whether a path is one of the words that stand for data of this kind: shapes, shapes:colour.
bool is_word_of(const Modality& modality, const std::string& path) {
  const size_t colon = path.find(':');
  return std::any_of(modality.data.begin(), modality.data.end(), [&](const Named& word) {
    return word.name == path ||
           (colon != std::string::npos && word.name.compare(0, colon + 1, path, 0, colon + 1) == 0);
  });
}

}  // namespace

const std::vector<const Modality*>& modalities() {
  return known_modalities();
}

void add_modality(const Modality& modality) {
  static std::list<Modality> brought;
  std::vector<const Modality*>& known = known_modalities();
  for (const Modality* other : known)
    STEER_CHECK(other->kind != modality.kind, "[modality] expected a new kind of sample but \"",
                modality.kind, "\" is known already");
  known.insert(known.begin(), &brought.emplace_back(modality));
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
  // A word means the same whatever lies in a folder of its name.
  for (const Modality* modality : modalities())
    if (is_word_of(*modality, options.path)) return modality->dataset(options);
  for (const Modality* modality : modalities())
    if (modality->holds(options.path)) return modality->dataset(options);
  fail("[data] ", options.path, ": expected a data set of a kind that is known");
}

Tensor posed_maps(const Space& space, const Tensor& x) {
  const Modality& modality = modality_of(space);
  return as_maps(space, modality.posed ? modality.posed(x) : x);
}

State finished_maps(const Space& space, const Tensor& maps) {
  const Modality& modality = modality_of(space);
  const Tensor x = from_maps(space, maps);
  return modality.finished ? modality.finished(x) : State(x);
}

}  // namespace steer
