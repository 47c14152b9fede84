#include "steer/work/judging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/objectives/labels.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

// A classifier that takes every image for its class number 1.
std::string judge_of(const TemporaryFolder& folder, const ClassNames& names) {
  const Json network = {{"channels", 1}, {"size", 8}, {"classes", 3}, {"widths", {8}}};
  const auto model = make_model("classifier", {{"network", network}}, 7);
  torch::NoGradGuard no_grad;
  for (auto& [name, parameter] : model->trainable_parameters())
    if (name.find("last") != std::string::npos)
      parameter.copy_(parameter.dim() == 1 ? torch::tensor({0.0f, 5.0f, 0.0f})
                                           : torch::zeros_like(parameter));
  model->set_class_names(names);
  const std::string path = folder / "judge.safetensors";
  save_model(path, *model, {}, nullptr);
  return path;
}

Verdict verdict_on(const std::string& judge, const std::vector<int64_t>& label, const ClassNames& names,
                   const std::string& as = "") {
  const State samples(torch::zeros({static_cast<int64_t>(label.size()), 1, 8, 8}));
  return judged(judge, samples, {torch::tensor(label, torch::kInt64), names}, torch::kCPU, as);
}

TEST(Judging, ClassesAreMetByName) {
  const TemporaryFolder folder;
  const std::string judge = judge_of(folder, {"ant", "bee", "cat"});
  // All are bees to it, which the model calls 0.
  const Verdict named = verdict_on(judge, {0, 0, 1, 0}, {"bee", "cat", "ant"});
  EXPECT_DOUBLE_EQ(named.agreement.share, 0.75);
  EXPECT_EQ(named.classes, (ClassNames{"ant", "bee", "cat"}));
  EXPECT_EQ(named.figures["classes"], Json({"ant", "bee", "cat"}));
  // Without names numbers are all there is.
  EXPECT_DOUBLE_EQ(verdict_on(judge, {0, 0, 1, 0}, {}).agreement.share, 0.25);
  EXPECT_THAT(refusal([&] { verdict_on(judge, {0}, {"dog"}); }), HasSubstr("\"dog\" out of dog"));
  EXPECT_DOUBLE_EQ(verdict_on(judge, {0, 0}, {"dog"}, "bee").agreement.share, 1);
  EXPECT_DOUBLE_EQ(verdict_on(judge, {0, 0}, {}, "2").agreement.share, 0);
  EXPECT_THAT(refusal([&] { verdict_on(judge, {0}, {}, "dog"); }), HasSubstr("ant, bee, cat"));
}

}  // namespace
}  // namespace steer
