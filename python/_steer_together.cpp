#include "python/_steer_together.h"

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "steer/core/check.h"

namespace steer {
namespace {

// The first line of what went wrong, without the sources that it names.
std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

// Sums one tensor over a group, on the kind of device that the group sums on.
void sum_one(c10d::ProcessGroup& group, const Tensor& tensor) {
  std::vector<c10::Device> devices = group.getDeviceTypes();
  const bool here = devices.empty() || std::any_of(devices.begin(), devices.end(), [&](const auto& device) {
                      return device.type() == tensor.device().type();
                    });
  std::vector<Tensor> summed = {here ? tensor : tensor.to(devices[0].type())};
  try {
    group.allreduce(summed)->wait();
  } catch (const std::exception& error) {
    STEER_CHECK(false, "[group] expected a sum over ", group.getSize(),
                " processes but another one has ended or does not answer: ", first_line(error));
  }
  if (!here) tensor.copy_(summed[0]);
}

// Few messages: tensors of one type and device go as one.
void sum_over(c10d::ProcessGroup& group, const std::vector<Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  std::map<std::pair<torch::ScalarType, std::string>, std::vector<Tensor>> alike;
  for (const Tensor& tensor : tensors)
    alike[{tensor.scalar_type(), tensor.device().str()}].push_back(tensor.detach());
  for (const auto& [kind, some] : alike) {
    std::vector<Tensor> rows;
    for (const Tensor& tensor : some) rows.push_back(tensor.reshape({-1}));
    const Tensor all = at::cat(rows);
    if (all.numel() > 0) sum_one(group, all);
    int64_t at = 0;
    for (const Tensor& tensor : some) {
      tensor.copy_(all.narrow(0, at, tensor.numel()).view(tensor.sizes()));
      at += tensor.numel();
    }
  }
}

}  // namespace

Together together_of(const py::object& group) {
  Together together;
  if (group.is_none()) return together;
  py::module_::import("torch.distributed");  // knows the type
  if (!py::isinstance<c10d::ProcessGroup>(group))
    throw py::type_error("[group] expected a process group of torch.distributed that this process is in");
  auto& sums = group.cast<c10d::ProcessGroup&>();
  together.rank = sums.getRank(), together.of = sums.getSize();
  together.sum = [&sums, held = shared_object(group)](const std::vector<Tensor>& tensors) {
    sum_over(sums, tensors);
  };
  return together;
}

}  // namespace steer
