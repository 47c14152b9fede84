#include "steer/data/values.h"

#include <torch/torch.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/data/each_batch.h"

namespace steer {

Tensor value_columns(const std::vector<std::string>& names, const std::vector<std::string>& known,
                     const std::string& what) {
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  std::vector<int64_t> columns;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    STEER_CHECK(found != known.end(), what, ": expected names out of ", all.empty() ? "(none)" : all,
                " but got ", name);
    columns.push_back(found - known.begin());
  }
  return at::tensor(columns, torch::kInt64);
}

Tensor all_values(const Dataset& data, const std::vector<std::string>& names, const std::string& what) {
  const Tensor columns = value_columns(names, data.values(), what);
  std::vector<Tensor> values;
  each_batch(data, [&](const Batch& batch) { values.push_back(batch.told.value.index_select(1, columns)); });
  const Tensor all = at::cat(values);
  const Tensor finite = at::isfinite(all).all(0);
  for (size_t i = 0; i < names.size(); ++i)
    STEER_CHECK(finite[static_cast<int64_t>(i)].item<bool>(), what, ": expected all samples to have ",
                names[i], " but some do not");
  return all;
}

}  // namespace steer
