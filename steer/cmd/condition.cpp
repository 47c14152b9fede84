#include "steer/cmd/condition.h"

#include <algorithm>

#include "steer/cmd/command.h"
#include "steer/core/check.h"

namespace steer {
namespace {

torch::Tensor part(const torch::Tensor& all, int64_t at, int64_t count) {
  return all.defined() ? all.narrow(0, at, count) : all;
}

// Row i of the result is row i modulo how many there are.
torch::Tensor repeated(const torch::Tensor& rows, int64_t count) {
  return rows.index_select(0, at::arange(count, torch::kInt64) % rows.size(0));
}

}  // namespace

Told Told::narrow(int64_t at, int64_t count) const {
  return {part(label, at, count), part(image, at, count)};
}

void Told::put_into(SampleRequest& request, int64_t at, int64_t count) const {
  request.label = part(label, at, count);
  request.condition_image = part(image, at, count);
}

void ConditionFlags::add_to(CLI::App* command, bool with_images) {
  command->add_option("--label", label,
                      "for a class-conditional model: a class, several with commas between, or all; sample i "
                      "takes number i, again from the first after the last");
  if (!with_images) return;
  command
      ->add_option("--condition", images,
                   "for a model conditional on colour, edges or a small image: the image to take them from "
                   "(repeatable; sample i takes number i)")
      ->allow_extra_args(false);
}

std::vector<int64_t> ConditionFlags::labels(const Model& model) const {
  const int64_t classes = model.needs().classes;
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

Told ConditionFlags::told(const Model& model, int64_t count, const std::string& fit) const {
  const Needs needs = model.needs();
  const std::vector<int64_t> words = labels(model);
  STEER_CHECK(needs.classes == 0 || !words.empty(), "[condition] expected --label, 0 to ", needs.classes - 1,
              " or all, because the model is conditional on classes, but got none");
  STEER_CHECK(
      needs.image || images.empty(),
      "[condition] --condition: expected none, because the model is not conditional on images, but got ",
      images.size());
  STEER_CHECK(
      !needs.image || !images.empty(),
      "[condition] expected --condition IMAGE, because the model is conditional on an image, but got none");
  Told told;
  if (needs.classes > 0) told.label = repeated(at::tensor(words, torch::kInt64), count);
  if (needs.image) told.image = repeated(read_images(images, model.shape(), fit), count);
  return told;
}

Told ConditionFlags::told_by(const Model& model, const torch::Tensor& x, const torch::Tensor& label_of_x,
                             const std::string& fit) const {
  const Needs needs = model.needs();
  if (!label.empty() || !images.empty()) return told(model, x.size(0), fit);
  if (needs.image) return {{}, x};
  if (needs.classes == 0) return {};
  STEER_CHECK(label_of_x.defined() && label_of_x.min().item<int64_t>() >= 0,
              "[condition] expected images with labels, or --label, because the model is conditional on "
              "classes, but got "
              "neither");
  return {label_of_x, {}};
}

}  // namespace steer
