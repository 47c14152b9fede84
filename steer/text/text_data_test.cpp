#include "steer/text/text_data.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

std::string alphabet_text(size_t characters) {
  std::string text;
  for (size_t i = 0; i < characters; ++i) text += static_cast<char>('a' + i % 7);
  return text;
}

DataOptions of(const std::string& path, const std::string& split = "train", int64_t length = 8) {
  DataOptions options;
  options.path = path, options.split = split, options.length = length;
  return options;
}

std::vector<std::string> all_texts(const Dataset& data) {
  std::vector<int64_t> index(static_cast<size_t>(data.size()));
  std::iota(index.begin(), index.end(), 0);
  return plain_texts(data.space(), data.batch(index).data);
}

TEST(TextData, TrainsOnEveryWindowOfTheFirstNineTenths) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), alphabet_text(100));
  const auto data = make_text_dataset(of((folder / "a.txt")));
  EXPECT_EQ(data->size(), 90 - 8 + 1);
  EXPECT_EQ(text_of(data->space()), "text 8 of 7");
  EXPECT_FALSE(data->batch({0}).data.mask.defined());
  DataOptions few = of(folder / "a.txt");
  few.limit = 5;
  EXPECT_EQ(make_text_dataset(few)->size(), 5);
  const auto spread = all_texts(*make_text_dataset(few));
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(spread[i], alphabet_text(100).substr(i * 83 / 5, 8));
  few.limit = 1000;
  EXPECT_EQ(all_texts(*make_text_dataset(few)), all_texts(*data)) << "no more than there are";
  const auto texts = all_texts(*data);
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], alphabet_text(100).substr(i, 8));
}

TEST(TextData, TestsWithEachCharacterOnce) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), alphabet_text(203));
  const auto data = make_text_dataset(of((folder / "a.txt"), "test"));
  const Tensor mask = data->batch({0, 1, 2}).data.mask;
  EXPECT_EQ(mask.sum().item<int64_t>(), 21) << "the last tenth, rounded up, and no token twice";
  std::string joined;
  for (const std::string& text : all_texts(*data)) joined += text;
  EXPECT_EQ(joined, alphabet_text(203).substr(182));
}

TEST(TextData, CountsCharactersNotBytes) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20; ++i) text += "\xC3\xA9";
  write_file((folder / "a.txt"), text);
  EXPECT_EQ(make_text_dataset(of((folder / "a.txt"), "train", 4))->size(), 18 - 4 + 1);
  EXPECT_EQ(all_texts(*make_text_dataset(of((folder / "a.txt"), "test", 4)))[0], "\xC3\xA9\xC3\xA9");
}

TEST(TextData, DocumentsEndTheirSamplesWhereAsked) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "\"" + std::string(3, static_cast<char>('a' + i)) + "\"\n";
  write_file((folder / "a.jsonl"), lines);
  DataOptions options = of((folder / "a.jsonl"), "test");
  EXPECT_EQ(all_texts(*make_text_dataset(options)), std::vector<std::string>({"jjj\n\nttt"}))
      << "every tenth";
  options.documents = true;
  const auto apart = make_text_dataset(options);
  EXPECT_EQ(all_texts(*apart), (std::vector<std::string>{"jjj", "ttt"}));
  // Four tokens with their end, which all that follows is too.
  const int64_t end = tokenizer_of(apart->space()).end();
  EXPECT_EQ(end, 20);  // after the letters; no line is between documents
  const Batch batch = apart->batch({1});
  EXPECT_FALSE(batch.data.mask.defined());
  EXPECT_EQ((batch.data.token == end).sum().item<int64_t>(), batch.data.token.size(1) - 3);
  EXPECT_NE(batch.data.token[0][2].item<int64_t>(), end);
  options.split = "train";
  EXPECT_EQ(make_text_dataset(options)->size(), 18);
  // A model's tokenizer with an end takes documents apart unasked; one without has them marked by a mask.
  options.tokenizer = apart->space().alphabet, options.documents = false, options.split = "test";
  EXPECT_EQ(make_text_dataset(options)->size(), 2);
  options.tokenizer = text_space(Tokenizer::characters("abcdefghijklmnopqrst"), 1).alphabet;
  options.documents = true;
  const auto masked = make_text_dataset(options);
  EXPECT_EQ(tokenizer_of(masked->space()).end(), -1);
  EXPECT_EQ(masked->batch({1}).data.mask.sum().item<int64_t>(), 3);
}

TEST(TextData, LabelsOfDocumentsAreClasses) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 40; ++i)
    lines += "{\"text\": \"" + alphabet_text(3 + i % 5) +
             "\", \"label\": " + (i % 4 == 0 ? "\"rare\"" : std::to_string(8 + i % 4)) + "}\n";
  write_file(folder / "a.jsonl", lines);
  DataOptions options = of(folder / "a.jsonl", "train", 12);
  EXPECT_TRUE(make_text_dataset(options)->classes().empty()) << "windows run on";
  options.documents = true;
  const auto data = make_text_dataset(options);
  EXPECT_EQ(data->classes(), (std::vector<std::string>{"9", "10", "11", "rare"}));
  const Tensor label = data->batch({0, 1, 2, 3}).told.label;
  EXPECT_TRUE(label.equal(torch::tensor({3, 0, 1, 2}, torch::kInt64)));
}

TEST(TextData, TakesFoldersAndTheirParts) {
  const TemporaryFolder folder;
  std::filesystem::create_directories((folder / "t/train"));
  std::filesystem::create_directories((folder / "t/test"));
  write_file((folder / "t/train/b.txt"), "bbbbbbbb");
  write_file((folder / "t/train/a.txt"), "aaaaaaaa");
  write_file((folder / "t/test/c.txt"), "cccc");
  EXPECT_TRUE(is_text_path((folder / "t")));
  EXPECT_EQ(all_texts(*make_text_dataset(of((folder / "t"), "train", 18))),
            std::vector<std::string>({"aaaaaaaa\n\nbbbbbbbb"}));
  EXPECT_EQ(all_texts(*make_text_dataset(of((folder / "t"), "test")))[0], "cccc");
  write_file((folder / "t/train/x.png"), "");
  EXPECT_FALSE(is_text_path((folder / "t"))) << "a folder of pictures with notes beside";
  EXPECT_TRUE(is_text_path("some.TXT"));
  EXPECT_FALSE(is_text_path("some.csv"));
}

TEST(TextData, LearnsTheTokenizerThatIsAskedFor) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), alphabet_text(400));
  DataOptions options = of((folder / "a.txt"));
  options.tokenizer = "bytes";
  EXPECT_EQ(make_text_dataset(options)->space().vocabulary, 256);
  options.tokenizer = "bpe:260";
  const auto data = make_text_dataset(options);
  EXPECT_EQ(data->space().vocabulary, 260);
  // What a model's space holds makes the same tokens of other text.
  DataOptions again = of((folder / "a.txt"), "test");
  again.tokenizer = data->space().alphabet;
  EXPECT_EQ(make_text_dataset(again)->space(), data->space());
  options.tokenizer = "bpe:none";
  EXPECT_EQ(
      refusal([&] { make_text_dataset(options); }),
      "[data] " + (folder / "a.txt") + ": tokenizer: expected bpe:SIZE, as bpe:1024, but got \"bpe:none\"");
}

TEST(TextData, RefusesTextThatTheTokenizerDoesNotKnow) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), alphabet_text(100));
  write_file((folder / "b.txt"), "abc\nabX" + std::string(100, 'a'));
  DataOptions options = of((folder / "b.txt"));
  options.tokenizer = make_text_dataset(of((folder / "a.txt")))->space().alphabet;
  const std::string said = refusal([&] { make_text_dataset(options); });
  EXPECT_NE(said.find((folder / "b.txt")), std::string::npos) << said;
  EXPECT_NE(said.find("line 1"), std::string::npos) << said;
  options = of((folder / "a.txt"));
  options.size = 8;
  EXPECT_NE(refusal([&] { make_text_dataset(options); }).find("no size and channels"), std::string::npos);
}

}  // namespace
}  // namespace steer
