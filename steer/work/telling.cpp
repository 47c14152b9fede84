#include "steer/work/telling.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

// Row i of the result is row i modulo how many there are.
Tensor repeated(int64_t rows, int64_t count) {
  return at::arange(count, torch::kInt64) % rows;
}

}  // namespace

std::vector<int64_t> labels_of(const Telling& telling, const Model& model) {
  const int64_t classes = model.needs().classes;
  const std::string& label = telling.label;
  if (label.empty()) return {};
  STEER_CHECK(
      classes > 0,
      "[condition] --label: expected none, because the model is not conditional on classes, but got \"",
      label, "\"");
  std::vector<int64_t> labels;
  if (label == "all") {
    for (int64_t i = 0; i < classes; ++i) labels.push_back(i);
    return labels;
  }
  for (size_t begin = 0; begin <= label.size();) {
    const size_t end = std::min(label.find(',', begin), label.size());
    const std::string word = label.substr(begin, end - begin);
    const bool digits = !word.empty() && word.size() <= 9 &&
                        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    STEER_CHECK(digits && std::stoll(word) < classes,
                "[condition] --label: expected all, or classes from 0 to ", classes - 1,
                " with commas between, but got \"", label, "\"");
    labels.push_back(std::stoll(word));
    begin = end + 1;
  }
  return labels;
}

Told told_by(const Telling& telling, const Model& model, int64_t count) {
  const Needs needs = model.needs();
  const std::vector<int64_t> labels = labels_of(telling, model);
  STEER_CHECK(needs.classes == 0 || !labels.empty(), "[condition] expected --label, 0 to ", needs.classes - 1,
              " or all, because the model is conditional on classes, but got none");
  STEER_CHECK(
      needs.given || telling.given.empty(),
      "[condition] --condition: expected none, because the model is not conditional on images, but got ",
      telling.given.size());
  STEER_CHECK(
      !needs.given || !telling.given.empty(),
      "[condition] expected --condition IMAGE, because the model is conditional on an image, but got none");
  Told told;
  if (needs.classes > 0)
    told.label = at::tensor(labels, torch::kInt64)
                     .index_select(0, repeated(static_cast<int64_t>(labels.size()), count));
  if (needs.given) {
    const State all = read_samples(telling.given, model.space(), telling.fit);
    told.given = all.rows(repeated(all.size(), count));
  }
  return told;
}

Told told_by(const Telling& telling, const Model& model, const State& samples, const Tensor& label) {
  const Needs needs = model.needs();
  if (!telling.label.empty() || !telling.given.empty()) return told_by(telling, model, samples.size());
  if (needs.given) return {{}, samples};
  if (needs.classes == 0) return {};
  STEER_CHECK(label.defined() && label.min().item<int64_t>() >= 0,
              "[condition] expected images with labels, or --label, because the model is conditional on "
              "classes, but got neither");
  return {label, {}};
}

}  // namespace steer
