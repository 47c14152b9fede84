#include "steer/sound/network_tensors.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Tensor network_tensor(const Checkpoint& file, const std::string& name, const std::vector<int64_t>& shape,
                      const std::string& path, const std::string& family) {
  const auto found = file.tensors.find(name);
  STEER_CHECK(found != file.tensors.end(), "[", family, "] ", path, ": expected a tensor ", name,
              " but got none");
  const Tensor& tensor = found->second;
  bool fits = tensor.dim() == static_cast<int64_t>(shape.size()) && tensor.is_floating_point();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    const int64_t size = tensor.size(static_cast<int64_t>(i));
    fits = shape[i] < 0 ? size >= 1 : size == shape[i];
  }
  STEER_CHECK(fits, "[", family, "] ", path, ": expected real numbers ", shape_text(shape),
              ", where -1 is any number, as ", name, " but got ", shape_text(tensor.sizes()));
  STEER_CHECK(tensor.isfinite().all().item<bool>(), "[", family, "] ", path, ": expected finite numbers in ",
              name);
  return tensor.to(torch::kFloat32).contiguous();
}

}  // namespace steer
