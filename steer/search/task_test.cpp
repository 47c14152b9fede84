#include "steer/search/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/image/image_space.h"
#include "steer/search/yardsticks.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

constexpr int64_t kSide = 8;

// A generator whose samples are all of one grey, told by the first seed of the request.
class GreyModel : public Generator {
 public:
  std::string family() const override { return "grey"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override { return image_space(1, kSide, kSide); }
  Json options() const override { return {}; }
  LossReport loss(const Batch&, uint64_t) override { return {}; }
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  void set_compute_type(torch::ScalarType) override {}
  using Generator::plan;
  std::unique_ptr<Plan> plan(const Objective* objective, const Json&) const override {
    return std::make_unique<GreyPlan>(*this, objective);
  }
  mutable int64_t requests = 0, guided = 0;

 private:
  class GreyPlan : public Plan {
   public:
    GreyPlan(const GreyModel& model, const Objective* objective) : model_(model), objective_(objective) {}
    Json settings() const override { return Json::object(); }
    std::string text() const override { return "grey"; }
    Samples draw(const DrawRequest& request, const Watch&) const override {
      ++model_.requests;
      model_.guided += objective_ != nullptr;
      const Tensor grey = request.seeds.to(torch::kFloat32).view({-1, 1, 1, 1}) / 100;
      return {grey.expand({-1, 1, kSide, kSide}).contiguous(), {}, 3};
    }

   private:
    const GreyModel& model_;
    const Objective* objective_;
  };
  torch::nn::Linear network_{1, 1};
};

TEST(Task, PutsEachTruthToASampleOfItsOwnAndMeasuresWhatWasHidden) {
  const Tensor truth =
      at::arange(10).view({10, 1, 1, 1}).to(torch::kFloat32).expand({10, 1, kSide, kSide}) / 100;
  TaskOptions options;
  options.objective = "inpaint(mask=left)";
  options.batch = 4;
  GreyModel model;
  const Task task(options, model.space(), truth, torch::kCPU);
  EXPECT_EQ(task.count(), 10);
  EXPECT_EQ(task.hidden().sizes(), (std::vector<int64_t>{10, 1, kSide, kSide}));
  const Made made = task.run(model, {});
  EXPECT_EQ(model.requests, 3);
  EXPECT_EQ(model.guided, 3);
  EXPECT_EQ(made.evaluations, 3);
  // Sample i is the grey i / 100, as its truth: the best there is.
  EXPECT_LT((made.state.x - truth).abs().max().item<double>(), 1e-6);
  EXPECT_NEAR(made.scores.abs().max().item<double>(), 0, 1e-6);
  const Json figures = measure(task, made, {}, {"psnr", "score"});
  EXPECT_GT(figures["psnr"].get<double>(), 100);
  EXPECT_EQ(figures.size(), 2u);
  EXPECT_THAT(measurable(task, {}), ::testing::ElementsAre("psnr", "diversity", "score"));
}

TEST(Task, WithoutTruthAsksForAsManySamplesAsItIsTold) {
  TaskOptions options;
  options.objective = "gaussian(mean=0.2, std=0.5)";
  options.count = 7, options.batch = 5;
  GreyModel model;
  const Task task(options, model.space(), {}, torch::kCPU);
  EXPECT_EQ(task.run(model, {}, {}, false).state.size(), 7);
  EXPECT_EQ(model.guided, 0);
  EXPECT_FALSE(task.asked().defined());
  EXPECT_THAT(refusal([&] { measure(task, task.run(model, {}), {}, {"accuracy"}); }),
              ::testing::HasSubstr("judge"));
  EXPECT_THROW(measure(task, task.run(model, {}), {}, {"acuracy"}), Error);
}

// Guided samples are as grey as unguided ones, so that the scores are the same; then one step darker.
TEST(Task, TellsWhereUnguidedSamplesScoreBetter) {
  TaskOptions options;
  options.objective = "gaussian(mean=1, std=0.5)";
  options.count = 7, options.batch = 5;
  GreyModel model;
  const Task task(options, model.space(), {}, torch::kCPU);
  Made made = task.run(model, {});
  const Beside same = task.beside(model, made);
  EXPECT_EQ(same.samples, kSamplesBeside);
  EXPECT_FALSE(same.worse());
  EXPECT_NEAR(same.guided, made.scores.narrow(0, 0, kSamplesBeside).mean().item<double>(), 1e-6);
  EXPECT_NEAR(same.unguided, same.guided, 1e-6);
  made.scores = made.scores - 1;
  const Beside worse = task.beside(model, made);
  EXPECT_TRUE(worse.worse());
  EXPECT_THAT(worse_text(worse, task.words()),
              ::testing::AllOf(::testing::HasSubstr("made it worse"), ::testing::HasSubstr("gaussian")));
  made.scores = made.scores * std::nan("");
  EXPECT_TRUE(task.beside(model, made).worse());
}

TEST(Task, TheNetworkThatGuidesDoesNotJudge) {
  const std::string words = "0.5*label(3, classifier=a/model.safetensors) + rank(style(x.png, model=b.pt))";
  EXPECT_THAT(networks_in(words), ::testing::ElementsAre("a/model.safetensors", "b.pt"));
  EXPECT_THROW(check_judge("./a/../a/model.safetensors", words), Error);
  EXPECT_THROW(check_judge("b.pt", words), Error);
  check_judge("c.pt", words);
}

}  // namespace
}  // namespace steer
