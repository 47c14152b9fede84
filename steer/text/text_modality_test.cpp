#include "steer/text/text_modality.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/text/infill.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

Tokenizer letters() {
  return Tokenizer::characters("\n abcdefgh[]");
}

State tokens_of(const std::string& text, const Tokenizer& tokenizer) {
  State state;
  state.token = torch::tensor(tokenizer.encode(text), torch::kInt64).unsqueeze(0);
  return state;
}

TEST(TextModality, ReadsAFileAsOneSample) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), "abc\r\nd");
  const Space space = text_space(letters(), 10);
  const State state = text_modality().read((folder / "a.txt"), space, "");
  EXPECT_EQ(plain_texts(space, state), std::vector<std::string>{"abc\nd"});
  EXPECT_EQ(state.mask.sum().item<int64_t>(), 5);
  EXPECT_EQ(refusal([&] { text_modality().read((folder / "a.txt"), text_space(letters(), 4), ""); }),
            "[read] " + (folder / "a.txt") + ": expected at most 4 tokens but got 5");
  write_file((folder / "a.txt"), "abz");
  EXPECT_NE(refusal([&] { text_modality().read((folder / "a.txt"), space, ""); }).find("line 1, character 3"),
            std::string::npos);
}

TEST(Letters, BreakLinesAndShowMasks) {
  const Tokenizer tokenizer = letters();
  Tensor token = tokens_of("ab\ncdefg", tokenizer).token[0];
  token[3] = tokenizer.size();
  const LetterLines lines = letters_of(tokenizer, token, 4);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].size(), 2u);
  EXPECT_EQ(lines[1].size(), 4u);
  EXPECT_EQ(lines[1][0].look, LetterCell::kHidden);
  EXPECT_EQ(lines[1][1].letter, "d");
  EXPECT_EQ(lines[2][0].letter, "g");
}

TEST(Letters, HalfACharacterIsNoError) {
  const Tokenizer bytes = Tokenizer::bytes();
  const LetterLines lines = letters_of(bytes, torch::tensor({0x61, 0xC3, 0xC3, 0xA9}, torch::kInt64), 8);
  ASSERT_EQ(lines[0].size(), 3u);
  EXPECT_EQ(lines[0][1].letter, "\xEF\xBF\xBD");
  EXPECT_EQ(lines[0][2].letter, "\xC3\xA9");
}

TEST(TextPicture, ShowsSourcesSideBySide) {
  const Space space = text_space(letters(), 5);
  const State one = tokens_of("abcde", letters()), other = tokens_of("hgfed", letters());
  const Tensor alone = text_picture(space, {one}, 1), both = text_picture(space, {one, other}, 0);
  EXPECT_EQ(both.size(2), 2 * alone.size(2));
  EXPECT_TRUE(both.narrow(2, 0, alone.size(2)).equal(alone));
  EXPECT_FALSE(
      both.narrow(2, alone.size(2) + 1, alone.size(2) - 1).equal(alone.narrow(2, 1, alone.size(2) - 1)));
}

TEST(Infill, KnowsTheTextBetweenItsGaps) {
  const Tokenizer tokenizer = letters();
  const State known = known_of("ab[3]c[[d", tokenizer, 10);
  EXPECT_EQ(known.token.sizes(), (std::vector<int64_t>{1, 10}));
  const Tensor wanted = torch::tensor({1, 1, 0, 0, 0, 1, 1, 1, 0, 0}, torch::kBool).unsqueeze(0);
  EXPECT_TRUE(known.mask.equal(wanted));
  EXPECT_EQ(tokenizer.piece(known.token[0][6].item<int64_t>()), "[");
  EXPECT_EQ(tokenizer.piece(known_of("a\\nb", tokenizer, 10).token[0][1].item<int64_t>()), "\n");
  EXPECT_EQ(refusal([&] { known_of("ab[x]", tokenizer, 10); }),
            "[objective] infill: expected a gap as [12], or [[ for a bracket, but got \"[x]\"");
  EXPECT_EQ(refusal([&] { known_of("ab[9]", tokenizer, 10); }),
            "[objective] infill: expected at most 10 tokens, as samples have, but got 11");
}

TEST(Infill, ScoresWhatIsKnown) {
  const Tokenizer tokenizer = letters();
  const InfillObjective objective(known_of("ab[2]c", tokenizer, 6), 10, "infill");
  EXPECT_EQ(objective.score(tokens_of("abdecf", tokenizer)).item<double>(), 0);
  EXPECT_EQ(objective.score(tokens_of("ahdegf", tokenizer)).item<double>(), -20);
  // Probabilities that are sure score as tokens do, and others have a gradient.
  State sure;
  sure.token = torch::one_hot(tokens_of("ahdegf", tokenizer).token, tokenizer.size()).to(torch::kFloat32);
  EXPECT_NEAR(objective.score(sure).item<double>(), -20, 1e-4);
  State open;
  open.token =
      torch::full({1, 6, tokenizer.size()}, 1.0 / static_cast<double>(tokenizer.size())).requires_grad_(true);
  const double p = std::exp(-10) + (1 - std::exp(-10)) / static_cast<double>(tokenizer.size());
  const Tensor score = objective.score(open);
  EXPECT_NEAR(score.item<double>(), 3 * std::log(p), 1e-4);
  score.sum().backward();
  EXPECT_GT(open.token.grad()[0][0][tokenizer.encode("a")[0]].item<double>(), 0);
}

}  // namespace
}  // namespace steer
