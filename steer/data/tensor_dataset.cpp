#include "steer/data/tensor_dataset.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

TensorDataset::TensorDataset(Space space, Tensor x, Tensor labels, std::vector<std::string> classes)
    : space_(std::move(space)),
      x_(x.contiguous()),
      labels_(labels.defined() ? labels : at::full({x.size(0)}, -1, torch::kInt64)),
      classes_(std::move(classes)) {
  STEER_CHECK(x_.dim() > 0 && x_.size(0) > 0 && x_.sizes().slice(1) == at::IntArrayRef(space_.sizes),
              "[TensorDataset] expected samples ", text_of(space_), " but got ", shape_text(x_.sizes()));
  STEER_CHECK(labels_.dim() == 1 && labels_.scalar_type() == torch::kInt64 && labels_.size(0) == x_.size(0),
              "[TensorDataset] expected ", x_.size(0), " int64 labels but got ", shape_text(labels_.sizes()));
  const int64_t lowest = labels_.min().item<int64_t>(), highest = labels_.max().item<int64_t>();
  STEER_CHECK(lowest >= -1 && (classes_.empty() || highest < static_cast<int64_t>(classes_.size())),
              "[TensorDataset] expected labels of ", classes_.size(), " classes but got ", lowest, " to ",
              highest);
}

Batch TensorDataset::batch(const std::vector<int64_t>& indices) const {
  const Tensor index = torch::tensor(indices, torch::kInt64);
  STEER_CHECK(((index >= 0) & (index < size())).all().item<bool>(), "[batch] expected indices below ",
              size());
  return {x_.index_select(0, index), {labels_.index_select(0, index), {}}, index};
}

}  // namespace steer
