#include "steer/work/repeats.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <unordered_set>

#include "steer/core/check.h"
#include "steer/modalities/modalities.h"

namespace steer {
namespace {

constexpr int64_t kRows = 1000;

// visit(a number for each sample that equal samples share), for the first `count`.
template <class Visit>
void for_fingerprints(const Dataset& data, int64_t count, Visit visit) {
  std::vector<int64_t> rows;
  for (int64_t at = 0; at < count; at += kRows) {
    rows.resize(static_cast<size_t>(std::min(kRows, count - at)));
    std::iota(rows.begin(), rows.end(), at);
    const Tensor x = data.batch(rows).data.x.contiguous().flatten(1);
    const auto bytes = static_cast<size_t>(x.size(1)) * x.element_size();
    const char* first = static_cast<const char*>(x.data_ptr());
    for (size_t i = 0; i < rows.size(); ++i)
      visit(std::hash<std::string_view>()(std::string_view(first + i * bytes, bytes)));
  }
}

std::unique_ptr<Dataset> opened(DataOptions options, const std::string& split) {
  options.split = split;
  if (split == "train") options.limit = 0;
  try {
    return make_dataset(options);
  } catch (const Error&) {
    return nullptr;  // no such split
  }
}

}  // namespace

Repeats repeats(const Dataset& tested, const Dataset& trained, int64_t count) {
  std::unordered_set<size_t> known;
  for_fingerprints(trained, trained.size(), [&](size_t print) { known.insert(print); });
  Repeats found;
  found.tested = count > 0 ? std::min(count, tested.size()) : tested.size();
  for_fingerprints(tested, found.tested,
                   [&](size_t print) { found.repeated += static_cast<int64_t>(known.count(print)); });
  return found;
}

std::optional<Repeats> repeats_across_splits(const DataOptions& options, int64_t count) {
  const auto tested = opened(options, options.split == "train" ? "test" : options.split);
  if (!tested || tested->space().vocabulary > 0) return std::nullopt;
  const auto trained = opened(options, "train");
  if (!trained || trained->space() != tested->space()) return std::nullopt;
  return repeats(*tested, *trained, count);
}

std::string text_of(const Repeats& repeats, const std::string& split) {
  return joined(repeats.repeated, " of ", repeats.tested, " ", split, " samples equal a training sample");
}

}  // namespace steer
