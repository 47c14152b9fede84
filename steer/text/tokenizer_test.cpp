#include "steer/text/tokenizer.h"

#include <gtest/gtest.h>

#include "steer/core/json.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using Tokens = std::vector<int64_t>;

std::string every_byte() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

constexpr char kText[] = "the cat sat on the mat; the other cat's hat\nthe end, the end\n";

Tokenizer with_end() {
  Tokenizer::Parts parts;
  parts.pieces = {"a", "b", "<end>", "ab", "<", "e", "n", "d", ">", "<end><end>"};
  parts.merges = {{0, 1, 3}};
  parts.words = "(?s).+";
  parts.special = {2, 9};
  return Tokenizer::byte_pairs(parts, "[x]");
}

TEST(Tokenizer, BytesTakeAnything) {
  const Tokenizer bytes = Tokenizer::bytes();
  EXPECT_EQ(bytes.size(), 256);
  EXPECT_EQ(bytes.encode("\xFFz"), (Tokens{255, 'z'}));
  EXPECT_EQ(bytes.decode(bytes.encode(every_byte())), every_byte());
}

TEST(Tokenizer, CharactersAreThoseOfTheTextInUnicodesOrder) {
  const Tokenizer made = Tokenizer::characters(
      "b\xC3\xA9"
      "a\nb\xE2\x82\xAC");
  EXPECT_EQ(made.size(), 5);
  EXPECT_EQ(made.encode("\nab\xC3\xA9\xE2\x82\xAC"), (Tokens{0, 1, 2, 3, 4}));
  EXPECT_EQ(made.decode({4, 0, 1}), "\xE2\x82\xAC\na");
}

TEST(Tokenizer, TellsWhichCharacterIsUnknownAndWhere) {
  const Tokenizer made = Tokenizer::characters("ab\n\xC3\xA9");
  EXPECT_EQ(
      refusal([&] {
        made.encode(
            "ab\n\xC3\xA9"
            "bz");
      }),
      "[text] expected the 4 characters that the model knows but got U+007A 'z' in line 2, character 3");
  EXPECT_EQ(refusal([&] { made.encode("ab\xE9"); }), "[text] input: expected UTF-8 text but byte 2 is 0xe9");
  EXPECT_EQ(refusal([] { Tokenizer::characters(""); }),
            "[text] expected a text with characters to learn from but got none");
}

TEST(Tokenizer, LearnedPairsShortenTheirTextAndTakeAnyOther) {
  const Tokenizer made = Tokenizer::learned(kText, 280);
  EXPECT_GT(made.size(), 256);
  EXPECT_LE(made.size(), 280);
  EXPECT_LT(made.encode(kText).size(), sizeof kText / 2);
  for (const std::string& text : {std::string(kText), every_byte(), std::string(), std::string("\xC3")})
    EXPECT_EQ(made.decode(made.encode(text)), text);
  EXPECT_EQ(made.piece(made.encode(" the")[0]), " the");
  EXPECT_NE(refusal([] { Tokenizer::learned(kText, 255); }).find("at least the 256 bytes"),
            std::string::npos);
}

TEST(Tokenizer, HalfACharacterIsNoError) {
  const Tokenizer made = Tokenizer::learned("caf\xC3\xA9", 256);
  const Tokens tokens = made.encode("\xC3\xA9");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(made.decode({tokens[0]}), "\xC3");
}

TEST(Tokenizer, SpecialTokensStandForTheirWholeText) {
  const Tokenizer made = with_end();
  EXPECT_EQ(made.encode("ab<end>ba<endab"), (Tokens{3, 2, 1, 0, 4, 5, 6, 7, 3}));
  EXPECT_EQ(made.encode("<end><end><end>a"), (Tokens{9, 2, 0}));  // the longest first
  EXPECT_EQ(made.special("<end>"), 2);
  EXPECT_EQ(made.special("ab"), -1);
}

TEST(Tokenizer, WholeWordsMayNeedNoMerges) {
  Tokenizer::Parts parts;
  parts.pieces = {"a", "b", "aba"};
  parts.words = "[ab]+";
  EXPECT_EQ(Tokenizer::byte_pairs(parts, "[x]").encode("aba"), (Tokens{0, 1, 0}));
  parts.whole_words = true;
  EXPECT_EQ(Tokenizer::byte_pairs(parts, "[x]").encode("aba"), (Tokens{2}));
}

TEST(Tokenizer, ComesBackFromACheckpointsJson) {
  for (const Tokenizer& made : {Tokenizer::bytes(), Tokenizer::characters("z\xC3\xA9 a\n"),
                                Tokenizer::learned(kText, 270), with_end()}) {
    const Tokenizer back = Tokenizer::of_json(parse_json(json_text(made.json()), "x"), "[x]");
    EXPECT_EQ(back, made);
    EXPECT_EQ(back.type(), made.type());
    const std::string text = made.type() == "characters" ? "az\n" : "ab<end>ab";
    EXPECT_EQ(back.encode(text), made.encode(text));
  }
  EXPECT_NE(Tokenizer::bytes(), Tokenizer::characters("ab"));
}

TEST(Tokenizer, AnEndEndsATextAndNoTextHasIt) {
  const Tokenizer plain = Tokenizer::characters("abc"), ended = plain.with_end();
  EXPECT_EQ(plain.end(), -1);
  EXPECT_EQ(ended.end(), 3);
  EXPECT_EQ(ended.size(), 4);
  EXPECT_EQ(ended.piece(3), "");
  EXPECT_EQ(ended.decode({0, 1, 3, 2, 3}), "ab");
  EXPECT_EQ(refusal([&] { ended.decode({0, 4}); }), "[text] expected tokens 0 to 3 but got 4");
  EXPECT_EQ(Tokenizer::bytes().with_end().size(), 257);
  EXPECT_EQ(ended.with_end(), ended);
  EXPECT_NE(ended, plain);
  // GPT-2's own.
  Tokenizer::Parts parts;
  parts.pieces = {"a", "<|endoftext|>", "b"}, parts.words = "(?s).+", parts.special = {1};
  const Tokenizer pairs = Tokenizer::byte_pairs(parts, "[x]").with_end();
  EXPECT_EQ(pairs.end(), 1);
  EXPECT_EQ(pairs.size(), 3);
  EXPECT_EQ(pairs.decode({0, 1, 2}), "a");
  for (const Tokenizer& each : {ended, pairs, Tokenizer::bytes().with_end()})
    EXPECT_EQ(Tokenizer::of_json(each.json(), "[x]"), each);
  Json wrong = ended.json();
  wrong["end"] = 1;
  EXPECT_NE(
      refusal([&] { Tokenizer::of_json(wrong, "[x]"); }).find("[x]: end: expected a special token or one"),
      std::string::npos);
}

TEST(Tokenizer, RefusesJsonThatIsNone) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({})", "type"},
      {R"({"type": "words"})", "expected a tokenizer of bytes, characters or bpe but got \"words\""},
      {R"({"type": "characters", "pieces": ["b", "a"]})", "single characters in the order of Unicode"},
      {R"({"type": "characters", "pieces": ["ab"]})", "single characters"},
      {R"({"type": "characters", "pieces": []})", "characters to learn from"},
      {R"({"type": "bpe", "pieces": ["a", "a"], "merges": [], "words": "."})", "two are \"a\""},
      {R"({"type": "bpe", "pieces": [""], "merges": [], "words": "."})", "1 to 65536 bytes"},
      {R"({"type": "bpe", "pieces": ["a", "b"], "merges": [[0, 1, 0]], "words": "."})",
       "to make them joined"},
      {R"({"type": "bpe", "pieces": ["a", "aa"], "merges": [[0, 7, 1]], "words": "."})", "got 7"},
      {R"({"type": "bpe", "pieces": ["a", "aa"], "merges": [[0, 0]], "words": "."})", "three tokens"},
      {R"({"type": "bpe", "pieces": ["a", "aa"], "merges": [[0, 0.5, 1]], "words": "."})", "whole numbers"},
      {R"({"type": "bpe", "pieces": ["a"], "merges": [], "words": "("})", "regular expression"},
      {R"({"type": "bpe", "pieces": ["a"], "merges": [], "words": ".", "special": [4]})", "got 4"},
      {R"({"type": "bpe", "pieces": ["a b"], "merges": [], "words": "."})", "letters of bytes"},
  };
  for (const auto& [json, says] : wrong)
    EXPECT_NE(refusal([&, text = json] { Tokenizer::of_json(parse_json(text, "x"), "[x]"); }).find(says),
              std::string::npos)
        << json;
}

}  // namespace
}  // namespace steer
