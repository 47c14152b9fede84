#include "steer/text/text_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using Texts = std::vector<std::string>;

TEST(PlainText, DropsTheMarkAndUnifiesLineEnds) {
  EXPECT_EQ(plain_text("\xEF\xBB\xBF"
                       "a\r\nb\rc\n\r\nd\r"),
            "a\nb\nc\n\nd\n");
  EXPECT_EQ(plain_text("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF") << "a mark elsewhere is a character";
  EXPECT_EQ(plain_text("\r\r\n\n"), "\n\n\n");
}

TEST(ReadDocuments, ReadsTextsAndLines) {
  const TemporaryFolder folder;
  write_file((folder / "a.txt"), "one\r\ntwo");
  EXPECT_EQ(read_documents((folder / "a.txt")), Texts{"one\ntwo"});
  write_file((folder / "b.jsonl"), "{\"text\": \"x\\r\\ny\", \"id\": 3}\n\n\"z\"\r\n\"\"\n");
  EXPECT_EQ(read_documents((folder / "b.jsonl")), (Texts{"x\ny", "z"}));
}

TEST(ReadDocuments, UnpacksGzip) {
  const TemporaryFolder folder;
  const std::string path = (folder / "a.jsonl.gz");
  const gzFile file = gzopen(path.c_str(), "wb");
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "\"line " + std::to_string(i) + "\"\n";
  gzwrite(file, lines.data(), static_cast<unsigned>(lines.size()));
  gzclose(file);
  const Texts documents = read_documents(path);
  EXPECT_EQ(documents.size(), 5000u);
  EXPECT_EQ(documents[4999], "line 4999");
  const std::string bytes = read_file(path);
  write_file(path, bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(refusal([&] { read_documents(path); }),
            "[text] " + path + ": expected whole gzip data but it is cut off");
}

TEST(ReadDocuments, LinesMayHaveLabels) {
  const TemporaryFolder folder;
  const std::string path = (folder / "b.jsonl");
  write_file(path, "{\"text\": \"x\", \"label\": \"one\"}\n{\"text\": \"y\", \"label\": 12}\n");
  const std::vector<TextDocument> documents = read_labelled(path);
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0].label, "one");
  EXPECT_EQ(documents[1].label, "12");
  write_file(path, "{\"text\": \"x\", \"label\": \"one\"}\n\"y\"\n");
  EXPECT_EQ(refusal([&] { read_labelled(path); }),
            "[text] " + path +
                ": line 2: expected a \"label\", a string or a whole number, in every line or in none");
}

TEST(ReadDocuments, RefusesWhatIsNone) {
  const TemporaryFolder folder;
  const std::string path = (folder / "b.jsonl");
  write_file(path, "\"x\"\n{\"texts\": 3}\n");
  EXPECT_EQ(refusal([&] { read_documents(path); }),
            "[text] " + path + ": line 2: expected a JSON string or an object with a string \"text\"");
  write_file(path, "\n");
  EXPECT_EQ(refusal([&] { read_documents(path); }), "[text] " + path + ": expected text but there is none");
}

}  // namespace
}  // namespace steer
