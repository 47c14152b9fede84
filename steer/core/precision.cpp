#include "steer/core/precision.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/machine.h"

namespace steer {

Precision make_precision(const std::string& name, torch::Device device) {
  if (name == "auto")
    return device.is_cuda() || this_machine().bfloat16 ? Precision::kBFloat16 : Precision::kFloat32;
  if (name == "float32") return Precision::kFloat32;
  if (name == "bfloat16") return Precision::kBFloat16;
  fail("[precision] expected auto, float32 or bfloat16 but got ", in_quotes(name));
}

torch::ScalarType scalar_type(Precision precision) {
  return precision == Precision::kBFloat16 ? torch::kBFloat16 : torch::kFloat32;
}

std::string name(Precision precision) {
  return precision == Precision::kBFloat16 ? "bfloat16" : "float32";
}

}  // namespace steer
