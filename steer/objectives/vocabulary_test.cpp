#include "steer/objectives/vocabulary.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/objectives/linear_objective.h"
#include "steer/objectives/words.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

const std::vector<Word>& sound_words() {
  static const std::vector<Word> words = {{"loud",
                                           {"noisy"},
                                           {"sound"},
                                           Nature::kLinear,
                                           "every number near its level",
                                           "loud(level=0.5)",
                                           {number_parameter("level", 0.5, 0, 1, "of every number")},
                                           [](const Arguments& arguments, const ObjectiveContext& context) {
                                             return std::make_unique<LinearObjective>(
                                                 gaussian(arguments.number("level"), 1, context.space.sizes),
                                                 arguments.words());
                                           },
                                           {}}};
  return words;
}

ObjectiveContext waves() {
  ObjectiveContext context;
  context.space.kind = "sound";
  context.space.sizes = {1, 6};
  return context;
}

std::string vocabulary_refusal(const std::string& text, const std::string& kind) {
  return refusal([&] {
    objective_of(text, vocabulary_of({&sound_words(), &common_words()}, kind), waves());
  });
}

TEST(Vocabulary, HoldsTheWordsOfAKindAndThoseOfEveryKind) {
  EXPECT_EQ(vocabulary_of({&sound_words(), &common_words()}, "sound").size(), common_words().size() + 1);
  EXPECT_EQ(vocabulary_of({&sound_words(), &common_words()}).size(), common_words().size() + 1);
  const Vocabulary of_images = vocabulary_of({&sound_words(), &common_words()}, "image");
  EXPECT_EQ(of_images.size(), common_words().size());
  EXPECT_EQ(find_word(of_images, "loud"), nullptr);
  EXPECT_EQ(find_word(of_images, "entropy"), find_word(of_images, "certain"));
}

TEST(Vocabulary, MakesSumsAndRanksOfItsWords) {
  const Vocabulary words = vocabulary_of({&sound_words(), &common_words()}, "sound");
  const Tensor x = torch::full({1, 1, 6}, 0.25);
  EXPECT_FLOAT_EQ(objective_of("loud()", words, waves())->score(x).item<float>(), -6 * 0.0625f / 2);
  EXPECT_FLOAT_EQ(objective_of("noisy(level=1)", words, waves())->score(x).item<float>(), -6 * 0.5625f / 2);
  const auto sum = objective_of("0.5*loud() + rank(2*gaussian(mean=0) + loud())", words, waves());
  EXPECT_EQ(sum->words(), "0.5*loud() + rank(2*gaussian(mean=0) + loud())");
  EXPECT_EQ(sum->parts().size(), 2u);
}

TEST(Vocabulary, RefusesUnknownWordsAndWrongTruth) {
  EXPECT_EQ(
      vocabulary_refusal("loud() + lout()", "sound"),
      "[objective] column 10: unknown objective lout; known are loud, gaussian, label, certain, program, "
      "rank; did you mean loud?");
  EXPECT_NE(vocabulary_refusal("nosy()", "sound").find("did you mean noisy?"), std::string::npos);
  EXPECT_NE(vocabulary_refusal("loud()", "image").find("unknown objective loud"), std::string::npos);
  ObjectiveContext context = waves();
  context.truth = torch::zeros({2, 1, 5});
  EXPECT_EQ(refusal([&] { objective_of("loud()", vocabulary_of({&sound_words()}), context); }),
            "[objective] expected truth [T, sizes...], T > 0, of sound 1x6 but got [2, 1, 5]");
}

TEST(Vocabulary, IsJsonForOtherDoors) {
  const std::string json = vocabulary_json(vocabulary_of({&sound_words()})).dump();
  EXPECT_EQ(json, R"x([{"name":"loud","aliases":["noisy"],"kinds":["sound"],"nature":"linear",)x"
                  R"x("meaning":"every number near its level","example":"loud(level=0.5)","arguments":[)x"
                  R"x({"name":"level","type":"number","meaning":"of every number","default":0.5,)x"
                  R"x("required":false,"positional":false,"range":[0.0,1.0]}]}])x");
  EXPECT_TRUE(vocabulary_json(vocabulary_of({&common_words()}))[1]["arguments"][0]["default"].is_null());
}

}  // namespace
}  // namespace steer
