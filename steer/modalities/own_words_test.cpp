#include "steer/modalities/own_words.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <thread>

#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// Scores every sample alike.
class SameForAll : public Objective {
 public:
  explicit SameForAll(double value) : value_(value) {}
  Tensor score(const State& sample) const override { return at::full({sample.size()}, value_); }
  bool differentiable() const override { return false; }
  bool in_nats() const override { return false; }
  std::string words() const override { return "same()"; }

 private:
  double value_;
};

Word same(const std::string& name, double value) {
  Word word;
  word.name = name;
  word.make = [value](const Arguments&, const ObjectiveContext&) {
    return std::make_unique<SameForAll>(value);
  };
  return word;
}

double score_of_words(const std::string& words) {
  ObjectiveContext context;
  context.space = image_space(1, 2, 2);
  return make_objective(words, context)->score(State(torch::zeros({1, 1, 2, 2}))).item<double>();
}

TEST(OwnWords, AreKnownWhileTheyLive) {
  EXPECT_NE(refusal([] { score_of_words("seven()"); }).find("unknown objective seven"), std::string::npos);
  {
    const OwnWords own({same("seven", 7), same("two", 2)});
    EXPECT_EQ(score_of_words("seven() - 2*two()"), 3);
  }
  EXPECT_NE(refusal([] { score_of_words("seven()"); }).find("unknown objective seven"), std::string::npos);
}

TEST(OwnWords, StandBeforeOthersOfTheirNameAndInRanks) {
  const OwnWords own({same("gaussian", 5)});
  EXPECT_EQ(score_of_words("gaussian()"), 5);
  EXPECT_EQ(score_of_words("rank(gaussian())"), score_of_words("rank(2*gaussian())"));
  {
    const OwnWords inner({same("six", 6)});
    EXPECT_EQ(score_of_words("six()"), 6);
    EXPECT_NE(score_of_words("gaussian()"), 5);
  }
  EXPECT_EQ(score_of_words("gaussian()"), 5);
}

TEST(OwnWords, AreThoseOfTheirThread) {
  const OwnWords own({same("seven", 7)});
  std::string said;
  std::thread([&] { said = refusal([] { score_of_words("seven()"); }); }).join();
  EXPECT_NE(said.find("unknown objective seven"), std::string::npos);
}

}  // namespace
}  // namespace steer
