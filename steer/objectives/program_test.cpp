#include "steer/objectives/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

std::string program_refusal(const std::string& command, int64_t count = 2, double timeout_seconds = 20) {
  return refusal([&] { ProgramObjective({command, timeout_seconds}).score(torch::zeros({count, 1, 4, 4})); });
}

TEST(Program, NpyHasItsGoldenHead) {
  // Golden: numpy.save(file, numpy.zeros((2, 1), "<f4")): 128 bytes of head, then 8 of data.
  const std::string bytes = npy_bytes(torch::zeros({2, 1}));
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_EQ(bytes.substr(10, dictionary.size()), dictionary);
  EXPECT_EQ((bytes.size() - 8) % 64, 0u);
  EXPECT_EQ(bytes[bytes.size() - 9], '\n');
  EXPECT_THAT(npy_bytes(torch::zeros({5})), HasSubstr("'shape': (5,), "));
}

TEST(Program, ReceivesTheSamplesAndGivesTheirScores) {
  const TemporaryFolder folder;
  const Tensor x = torch::rand({3, 1, 4, 4});
  const Tensor score =
      ProgramObjective({"cat > " + (folder / "x.npy") + "; printf '1.5\\n-2\\n\\n 3e2 \\n'", 20}).score(x);
  EXPECT_TRUE(torch::equal(score, torch::tensor({1.5f, -2.0f, 300.0f})));
  EXPECT_EQ(read_file(folder / "x.npy"), npy_bytes(x));
}

TEST(Program, LargeBatchesPassThroughThePipes) {
  // Far more than a pipe holds, both ways, to a program that writes while it reads.
  const Tensor x = torch::zeros({20000, 1, 16, 16});
  EXPECT_EQ(ProgramObjective({"yes 0.25 | head -n 20000; cat >/dev/null", 60}).score(x).size(0), 20000);
}

TEST(Program, MayAnswerWithoutReading) {
  const Tensor x = torch::zeros({4000, 1, 16, 16});
  EXPECT_EQ(ProgramObjective({"yes 1 | head -n 4000", 20}).score(x).sum().item<float>(), 4000);
}

TEST(Program, ThreadsTalkAtOnceToProgramsThatDoNotListen) {
  const Tensor x = torch::zeros({200, 1, 16, 16});
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (const char* pause : {"0.01", "0.02", "0.03"})
    threads.emplace_back([&, pause] {
      const std::string command = std::string("sleep ") + pause + "; exec <&-; yes 1 | head -n 200";
      for (int i = 0; i < 10; ++i)
        answers += ProgramObjective({command, 20}).score(x).sum().item<float>() == 200;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, 30);
}

TEST(Program, FaultsAreSaidPlainly) {
  EXPECT_THAT(program_refusal("exit 3"), HasSubstr("exit 3: expected exit status 0 but got 3"));
  EXPECT_THAT(program_refusal("kill -9 $$"), HasSubstr("ended by signal 9"));
  EXPECT_THAT(program_refusal("echo 1"), HasSubstr("expected 2 scores, one per line, but got 1"));
  EXPECT_THAT(program_refusal("printf '1\\n2\\n3\\n'"), HasSubstr("but got 3"));
  EXPECT_THAT(program_refusal("printf '1\\n1e300\\n'"), HasSubstr("on line 2 but got \"1e300\""));
  EXPECT_THAT(program_refusal("printf '1\\ntwo\\n'"), HasSubstr("on line 2 but got \"two\""));
  EXPECT_THAT(program_refusal("printf '1\\nnan\\n'"), HasSubstr("on line 2"));
  EXPECT_THAT(program_refusal("/no/such/program"), HasSubstr("expected exit status 0 but got 127"));
  EXPECT_THAT(program_refusal("yes", 1), HasSubstr("more than"));
  EXPECT_THAT(program_refusal(""), HasSubstr("empty"));
  EXPECT_THAT(program_refusal("true", 2, 0), HasSubstr("timeout"));
}

TEST(Program, SlowProgramsAreEnded) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(program_refusal("sleep 30", 2, 0.3), HasSubstr("within 0.3 s"));
  EXPECT_THAT(program_refusal("sleep 30 & echo 1; echo 2; exec >&-; wait", 2, 0.3),
              HasSubstr("within 0.3 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace steer
