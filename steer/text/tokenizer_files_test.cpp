#include "steer/text/tokenizer_files.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using Tokens = std::vector<int64_t>;

// " ab", by letters: U+0120 is a blank.
constexpr char kVocabulary[] = R"({"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4, "<end>": 5})";

std::string tokenizer_json(const std::string& merges, const std::string& rest) {
  return R"({"version": "1.0", "normalizer": null, "added_tokens": [{"id": 5, "content": "<end>"}],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4}, "merges": )" +
         merges + "}, " + rest + "}";
}
constexpr char kByteLevel[] = R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false})";
constexpr char kPairs[] = R"([["a", "b"], ["Ġ", "ab"]])";

TEST(TokenizerFiles, Gpt2sTwo) {
  const TemporaryFolder folder;
  folder.put("vocab.json", kVocabulary);
  folder.put("merges.txt", "#version: 0.2\r\na b\r\n\nĠ ab");
  for (const std::string& name : {std::string(), std::string("vocab.json"), std::string("merges.txt")}) {
    const Tokenizer read = read_tokenizer(folder / name);
    EXPECT_EQ(read.size(), 6);
    EXPECT_EQ(read.encode("ab ab<end>b"), (Tokens{3, 4, 5, 1}));
    EXPECT_EQ(read.special("<end>"), 5);
  }
}

TEST(TokenizerFiles, TokenizerJsonWithMergesEitherWay) {
  const TemporaryFolder folder;
  const std::vector<std::string> ways = {R"(["a b", "Ġ ab"])", kPairs};
  for (const std::string& merges : ways) {
    folder.put("tokenizer.json", tokenizer_json(merges, kByteLevel));
    EXPECT_EQ(read_tokenizer(folder.path()).encode("ab ab<end>b"), (Tokens{3, 4, 5, 1}));
  }
}

TEST(TokenizerFiles, WordsMayBeCutByAnExpressionOfTheirOwn) {
  const TemporaryFolder folder;
  const std::string split = R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "[a-z]| +"}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})";
  const std::string path = folder.put("tokenizer.json", tokenizer_json(kPairs, split));
  EXPECT_EQ(read_tokenizer(path).encode("ab ab"), (Tokens{0, 1, 2, 0, 1}));
}

TEST(TokenizerFiles, RefuseWhatWouldMakeOtherTokens) {
  const TemporaryFolder folder;
  const std::string byte_level = kByteLevel;
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({"model": {"type": "WordPiece", "vocab": {}}})", "expected a BPE model but got WordPiece"},
      {R"({"model": {"type": "BPE", "byte_fallback": true}})", "SentencePiece's"},
      {R"({"normalizer": {"type": "NFC"}, "model": {"type": "BPE"}})", "no normalizer, which changes texts"},
      {R"({"model": 3})", "model"},
      {R"([])", "object"},
      {tokenizer_json(kPairs, R"("pre_tokenizer": {"type": "ByteLevel"})"), "add_prefix_space false"},
      {tokenizer_json(kPairs, R"("pre_tokenizer": {"type": "Whitespace"})"), "ByteLevel or Split but got"},
      {tokenizer_json(kPairs, R"("pre_tokenizer": null)"), "pre_tokenizer"},
      {tokenizer_json(R"(["a"])", kByteLevel), "two tokens with a blank between"},
      {tokenizer_json(R"([["a", "c"]])", kByteLevel), "\"c\", which is no token"},
      {tokenizer_json(R"([["b", "a"]])", kByteLevel), "\"ba\", which is no token"},
      {tokenizer_json(R"(7)", kByteLevel), "a list of merges"},
      {R"({"model": {"vocab": {"a": 1}, "merges": []}, )" + byte_level + "}", "there is none of 0"},
      {R"({"model": {"vocab": {"a": 0, "b": 0}, "merges": []}, )" + byte_level + "}", "stands there twice"},
  };
  for (const auto& [json, says] : wrong) {
    const std::string path = folder.put("tokenizer.json", json);
    EXPECT_NE(refusal([&, file = path] { read_tokenizer(file); }).find(says), std::string::npos) << json;
  }
  folder.put("other/readme", "");
  EXPECT_NE(refusal([&] { read_tokenizer(folder / "other"); }).find("expected tokenizer.json"),
            std::string::npos);
}

TEST(TokenizerFiles, DamagedOnesAreReadOrRefused) {
  const TemporaryFolder folder;
  const std::string whole = tokenizer_json(kPairs, kByteLevel);
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const std::string path = folder.put("tokenizer.json", damaged(whole, random));
    try {
      const Tokenizer read = read_tokenizer(path);
      EXPECT_EQ(read.decode(read.encode("ab")), "ab");
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace steer
