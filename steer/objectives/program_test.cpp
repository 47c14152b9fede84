#include "steer/objectives/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/interruption.h"
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
  std::string head = std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
  head += std::string(127 - head.size(), ' ') + "\n";
  EXPECT_EQ(npy_bytes(torch::zeros({2, 1})), head + std::string(8, '\0'));
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

// Whether no process of a group is left, not even one that nobody has buried yet, within five seconds.
bool gone(pid_t group) {
  for (int i = 0; i < 500 && ::kill(-group, 0) == 0; ++i) ::usleep(10000);
  return ::kill(-group, 0) != 0;
}

pid_t group_in(const std::string& file) {
  for (int i = 0; i < 500 && (!std::filesystem::exists(file) || read_file(file).empty()); ++i)
    ::usleep(10000);
  return static_cast<pid_t>(std::stol(read_file(file)));
}

// Asks in a process of its own, which ends by `signal`, and gives what the program says its number is.
pid_t group_after(const std::string& file, int signal) {
  const std::string command = "echo $$ > " + file + "; sleep 300 & sleep 300";
  const pid_t asking = ::fork();
  if (asking == 0) {
    // No allocation of torch's and no thread: the text alone is what a score would pass on.
    ::signal(SIGTERM, SIG_DFL), ::signal(SIGINT, SIG_DFL), ::signal(SIGHUP, SIG_DFL);
    try {
      ProgramObjective({command, 300}).score(torch::zeros({1, 1, 2, 2}));
    } catch (...) {
    }
    ::_exit(1);
  }
  const pid_t group = group_in(file);
  ::kill(asking, signal);
  int status = 0;
  ::waitpid(asking, &status, 0);
  return group;
}

TEST(Program, EndsWithItsProcessHoweverThatEnds) {
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGKILL}) {
    const TemporaryFolder folder;
    const pid_t group = group_after(folder / "group", signal);
    EXPECT_TRUE(gone(group)) << "after signal " << signal;
  }
}

TEST(Program, EndsWithAnErrorAndWithAnInterruption) {
  const TemporaryFolder folder;
  const std::string command = "echo $$ > " + (folder / "group") + "; sleep 300 & sleep 300";
  EXPECT_THAT(program_refusal(command, 1, 0.5), HasSubstr("within 0.5 s"));
  EXPECT_TRUE(gone(group_in(folder / "group")));
  std::thread asks([] {
    ::usleep(200000);
    ask_interruption();
  });
  EXPECT_THROW(ProgramObjective({command, 300}).score(torch::zeros({1, 1, 2, 2})), Interrupted);
  asks.join();
  forget_interruption();
  EXPECT_TRUE(gone(group_in(folder / "group")));
}

TEST(Program, MeetsNoStrangersAmongItsChildren) {
  EXPECT_EQ(program_refusal("cat >/dev/null; wait; echo 1", 1), "accepted");
  EXPECT_EQ(
      program_refusal("python3 -c 'import os; print(1)\ntry: os.wait()\nexcept ChildProcessError: pass'", 1),
      "accepted");
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
