#include "steer/image/words.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/image/image_space.h"

namespace steer {
namespace {

// The words that need nothing but a truth.
const std::vector<std::string> kOfTruth = {
    "inpaint(mask=left)", "super_resolve(factor=4)", "colourise()", "denoise()",
    "low_bit()",          "gaussian_deblur()",       "edges()",     "canny()"};

ObjectiveContext small_truth() {
  torch::manual_seed(3);
  ObjectiveContext context;
  context.space = image_space(3, 16, 16);
  context.truth = torch::rand({2, 3, 16, 16}) * 2 - 1;
  return context;
}

TEST(ImageWords, AreOfTheNatureThatTheTableSays) {
  const Vocabulary words = vocabulary_of({&image_words()});
  for (const std::string& text : kOfTruth) {
    const auto objective = objective_of(text, words, small_truth());
    const Nature nature = find_word(words, parse_objective(text).at(0).name)->nature;
    EXPECT_EQ(!objective->linear().empty(), nature == Nature::kLinear) << text;
    EXPECT_EQ(objective->differentiable(), nature != Nature::kBlackBox) << text;
    EXPECT_EQ(objective->targets(), 2) << text;
  }
}

TEST(ImageWords, TakeTheirOwnDefaults) {
  // Every default, written out, is what the word takes without it.
  const Vocabulary words = vocabulary_of({&image_words()});
  const Tensor x = torch::rand({4, 3, 16, 16}) * 2 - 1;
  for (const std::string& text : kOfTruth) {
    std::string written = text.substr(0, text.size() - 1);
    for (const Parameter& parameter : find_word(words, parse_objective(text).at(0).name)->parameters)
      if (!parameter.otherwise.empty() && parameter.name != "add")
        written += (written.back() == '(' ? "" : ", ") + parameter.name + "=" + parameter.otherwise;
    EXPECT_TRUE(torch::equal(objective_of(text, words, small_truth())->score(x),
                             objective_of(written + ")", words, small_truth())->score(x)))
        << written;
  }
}

}  // namespace
}  // namespace steer
