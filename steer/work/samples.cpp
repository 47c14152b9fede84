#include "steer/work/samples.h"

#include <algorithm>
#include <numeric>

#include "steer/core/check.h"
#include "steer/modalities/modalities.h"

namespace steer {

State read_samples(const std::vector<std::string>& paths, const Space& space, const std::string& fit) {
  const Modality& modality = modality_of(space);
  std::vector<State> samples;
  for (const std::string& path : paths) samples.push_back(modality.read(path, space, fit));
  return concatenated(samples);
}

DataOptions fitting_options(const std::string& data, const std::string& split, const std::string& fit,
                            const Space& space, int64_t count) {
  DataOptions options;
  options.path = data;
  options.split = split;
  options.limit = count;
  set_fit(options, fit);
  modality_of(space).fitted(options, space);
  return options;
}

LoadedSamples load_samples(const std::string& data, const std::string& split, const std::string& fit,
                           const Space& space, int64_t count) {
  const auto dataset = make_dataset(fitting_options(data, split, fit, space, count));
  STEER_CHECK(dataset->space() == space, "[data] ", data, ": expected samples ", text_of(space), " but got ",
              text_of(dataset->space()));
  std::vector<int64_t> all(
      static_cast<size_t>(count > 0 ? std::min(count, dataset->size()) : dataset->size()));
  std::iota(all.begin(), all.end(), 0);
  const Batch batch = dataset->batch(all);
  return {batch.data, batch.told.label, dataset->classes()};
}

void SampleSource::check(const std::string& work) const {
  STEER_CHECK(data.empty() != files.empty(), "[", work, "] expected either files or --data DIR");
}

LoadedSamples SampleSource::load(const Space& space) const {
  if (data.empty()) return {read_samples(files, space, fit), {}};
  return load_samples(data, split, fit, space, count);
}

}  // namespace steer
