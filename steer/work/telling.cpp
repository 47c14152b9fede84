#include "steer/work/telling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "steer/core/check.h"
#include "steer/data/values.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

// What stands between commas.
std::vector<std::string> between_commas(const std::string& list) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

// Numbers with commas between.
std::vector<double> numbers_in(const std::string& list, const std::string& what) {
  std::vector<double> numbers;
  for (const std::string& word : between_commas(list)) {
    double number = 0;
    const auto [rest, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
    STEER_CHECK(fault == std::errc() && rest == word.data() + word.size() && std::isfinite(number), what,
                ": expected numbers with commas between but got ", in_quotes(word));
    numbers.push_back(number);
  }
  return numbers;
}

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
  if (label == "none") {
    STEER_CHECK(
        model.needs().no_class,
        "[condition] --label none: expected a model that was trained with diffusion.label_dropout above "
        "0, because no other one learned to do without a class");
    return {classes};
  }
  for (const std::string& word : between_commas(label))
    labels.push_back(class_of(word, model.class_names(), classes, "[condition] --label"));
  return labels;
}

Tensor values_of(const Telling& telling, const Model& model, int64_t count) {
  const std::vector<std::string> names = model.needs().values;
  STEER_CHECK(!names.empty() || telling.value.empty(),
              "[condition] --told: expected none, because the model is not told numbers, but got ",
              in_quotes(telling.value));
  if (names.empty()) return {};
  const auto columns = static_cast<int64_t>(names.size());
  const Tensor values = at::full({count, columns}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat32);
  std::istringstream words(telling.value);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    STEER_CHECK(equals != std::string::npos, "[condition] --told: expected NAME=NUMBER,... but got ",
                in_quotes(word));
    const int64_t column =
        value_columns({word.substr(0, equals)}, names, "[condition] --told")[0].item<int64_t>();
    const std::vector<double> numbers = numbers_in(word.substr(equals + 1), "[condition] --told " + word);
    values.select(1, column).copy_(
        at::tensor(numbers, torch::kFloat64)
            .index_select(0, repeated(static_cast<int64_t>(numbers.size()), count)));
  }
  return values;
}

// What --label may be.
std::string expected_label(const Model& model) {
  const ClassNames& names = model.class_names();
  const Needs needs = model.needs();
  return joined(names.empty() ? "" : names_text(names) + ", ", "0 to ", needs.classes - 1,
                needs.no_class ? ", all or none" : " or all");
}

Told told_by(const Telling& telling, const Model& model, int64_t count) {
  const Needs needs = model.needs();
  const std::vector<int64_t> labels = labels_of(telling, model);
  STEER_CHECK(needs.classes == 0 || !labels.empty(), "[condition] expected --label, ", expected_label(model),
              ", because the model is conditional on classes, but got no label");
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
  told.value = values_of(telling, model, count);
  if (needs.given) {
    const State all = read_samples(telling.given, model.space(), telling.fit);
    told.given = all.rows(repeated(all.size(), count));
  }
  return told;
}

Told told_by(const Telling& telling, const Model& model, const State& samples, const Tensor& label,
             const ClassNames& classes) {
  const Needs needs = model.needs();
  if (!telling.label.empty() || !telling.value.empty() || !telling.given.empty())
    return told_by(telling, model, samples.size());
  if (needs.given) return {{}, samples};
  if (needs.classes == 0) return {};
  STEER_CHECK(label.defined() && label.min().item<int64_t>() >= 0,
              "[condition] expected images with labels, or --label, because the model is conditional on "
              "classes, but got neither");
  return {relabelled(label, classes, model.class_names(), "[data]"), {}};
}

}  // namespace steer
