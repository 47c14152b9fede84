#include "steer/work/real_samples.h"

#include <algorithm>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/notice.h"

namespace steer {
namespace {

LoadedSamples rows_of(const LoadedSamples& all, int64_t begin, int64_t count) {
  return {all.state.narrow(begin, count), all.label.defined() ? all.label.narrow(0, begin, count) : all.label,
          all.classes};
}

// The first half, and the second.
RealSamples halves(const LoadedSamples& all, const std::string& split) {
  const int64_t half = all.state.size() / 2;
  return {rows_of(all, 0, half), rows_of(all, half, half), "half of " + split, "the other half"};
}

}  // namespace

RealSamples real_samples(const SampleSource& source, const Space& space, int64_t count) {
  const auto loaded = [&](const std::string& split, int64_t most) -> std::optional<LoadedSamples> {
    try {
      return load_samples(source.data, split, source.fit, space, most);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  RealSamples real;
  real.split = source.split;
  const std::string other = real.split == "test" ? "train" : "test";
  const std::optional<LoadedSamples> reference = loaded(real.split, count);
  if (!reference) {
    const std::optional<LoadedSamples> all = loaded("train", 2 * count);
    // What is wrong with the split that was asked for says most.
    if (!all) load_samples(source.data, real.split, source.fit, space, count);
    real = halves(*all, "train");
    notice(joined("[evaluate] ", source.data, ": has no split ", source.split,
                  ", so samples are compared with training samples, which a model may know by heart"));
  } else if (const std::optional<LoadedSamples> others = loaded(other, reference->state.size())) {
    real = {*reference, *others, real.split, other};
  } else {
    const std::optional<LoadedSamples> all = loaded(real.split, 2 * count);
    real = halves(all ? *all : *reference, real.split);
  }
  const int64_t least = std::min(real.reference.state.size(), real.others.state.size());
  STEER_CHECK(least >= 2, "[evaluate] ", source.data,
              ": expected at least two real samples to compare with, and two to compare those with, but got ",
              least);
  return real;
}

}  // namespace steer
