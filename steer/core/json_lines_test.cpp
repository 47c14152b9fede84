#include "steer/core/json_lines.h"

#include <gtest/gtest.h>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(JsonLines, AreReadUpToALineThatWasBeingWritten) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.jsonl";
  EXPECT_TRUE(read_json_lines(path).values.empty());
  write_file(path, "{\"a\": 1}\n[2]\n{\"cut");
  const JsonLines lines = read_json_lines(path);
  ASSERT_EQ(lines.values.size(), 2u);
  EXPECT_EQ(lines.values[0].at("a"), 1);
  EXPECT_EQ(lines.bytes, 13);
  LogFile(path, lines.bytes).write({{"b", 3}});
  EXPECT_EQ(read_json_lines(path).values.size(), 3u);
  write_file(path, "{}\nnothing\n");
  EXPECT_NE(refusal([&] { read_json_lines(path); }).find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace steer
