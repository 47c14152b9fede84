// A square matrix product: what the machine can do at the most.
#include <torch/torch.h>

#include "bench/work.h"
#include "steer/core/json.h"
#include "steer/core/precision.h"

namespace steer::bench {
namespace {

class Product : public Work {
 public:
  explicit Product(const Json& options) {
    const auto type = scalar_type(make_precision(options.at("precision").get<std::string>(), torch::kCPU));
    const int64_t n = options.at("size").get<int64_t>();
    torch::manual_seed(1);
    a_ = torch::randn({n, n}).to(type);
    b_ = torch::randn({n, n}).to(type);
  }
  void run() override { product_ = at::mm(a_, b_); }

 private:
  torch::Tensor a_, b_, product_;
};

}  // namespace

std::unique_ptr<Work> make_product(const Json& options) {
  return std::make_unique<Product>(options);
}

}  // namespace steer::bench
