// Images from a DDN: codes decoded, or candidates chosen by a linear objective.
#include <torch/torch.h>

#include "bench/model_work.h"
#include "steer/core/json.h"
#include "steer/guidance/best_by.h"
#include "steer/image/linear.h"

namespace steer::bench {
namespace {

// Codes of random nodes are images drawn at random.
class Generation : public ModelWork {
 public:
  explicit Generation(const Json& options)
      : ModelWork("ddn", options), ddn_(dynamic_cast<DdnModel&>(model())) {
    const int64_t batch = options.at("batch").get<int64_t>();
    const MapSizes shape = map_sizes(model().space());
    torch::manual_seed(1);
    std::vector<Tensor> columns;
    for (const LayerShape& layer : ddn_.network().shapes())
      columns.push_back(torch::randint(layer.candidates, {batch}, torch::kInt64));
    code_ = at::stack(columns, 1);
    if (options.value("guided", false)) {
      const int64_t factor = options.value("factor", 4);
      low_ = torch::rand({batch, shape.channels, shape.height / factor, shape.width / factor}) * 2 - 1;
      objective_ = std::make_unique<LinearObjective>(super_resolve_from(low_, factor, 0.1), "super_resolve");
    }
  }

  void run() override { objective_ ? guided().state : ddn_.decode(code_); }

  int64_t items() const override { return code_.size(0); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    if (objective_) {
      const Samples samples = guided();
      problem["input.low"] = low_;
      problem["input.chosen"] = samples.code;
      problem["answer.image"] = samples.state.x;
    } else {
      problem["input.code"] = code_;
      problem["answer.image"] = ddn_.decode(code_).x;
    }
  }

  Samples guided() const {
    return ddn_.draw({at::arange(code_.size(0), torch::kInt64), {}}, objective_.get(), {{"top", 1}});
  }

  DdnModel& ddn_;
  Tensor code_, low_;
  std::unique_ptr<Objective> objective_;
};

}  // namespace

std::unique_ptr<Work> make_generation(const Json& options) {
  return std::make_unique<Generation>(options);
}

}  // namespace steer::bench
