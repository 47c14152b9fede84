#include "steer/molecule/rdkit_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
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

constexpr double kPatience = 20;
constexpr size_t kMost = 1000;

// The shell in Python's place: it takes its program the same way.
struct ShellProcess : RdkitProcess {
  explicit ShellProcess(const std::string& script) : RdkitProcess("/bin/sh", script) { start(); }
};

std::string process_refusal(const std::string& script) {
  return refusal([&] { ShellProcess(script).answer("a\n", kPatience, kMost); });
}

std::string process_failure(const std::string& script, double timeout_seconds = kPatience) {
  ShellProcess process(script);
  EXPECT_FALSE(process.answer("a\n", timeout_seconds, kMost).has_value());
  EXPECT_FALSE(process.waiting());
  return process.failure();
}

TEST(RdkitProcess, AnswersInTurnAndIsKept) {
  ShellProcess process("n=0; while read -r line; do n=$((n + 1)); echo \"$n $line\"; done");
  EXPECT_EQ(process.answer("a\n", kPatience, kMost), "1 a");
  EXPECT_TRUE(process.waiting());
  EXPECT_EQ(process.answer("b c\n", kPatience, kMost), "2 b c");
  process.start();
  EXPECT_EQ(process.answer("d\n", kPatience, kMost), "1 d");
  process.end();
  EXPECT_FALSE(process.waiting());
  EXPECT_THAT(refusal([&] { process.answer("e\n", kPatience, kMost); }), HasSubstr("was started"));
}

TEST(RdkitProcess, RequestsAndAnswersMayBeLong) {
  ShellProcess process("head -c 1000000 | wc -c; read -r line; head -c 500000 /dev/zero | tr '\\0' x; echo");
  EXPECT_EQ(process.answer(std::string(1000000, 'a'), kPatience, kMost), "1000000");
  EXPECT_EQ(process.answer("go\n", kPatience, 1 << 20), std::string(500000, 'x'));
}

TEST(RdkitProcess, SaysHowItFailed) {
  EXPECT_EQ(process_failure("exit 3"), "ended with status 3");
  EXPECT_EQ(process_failure("kill -9 $$"), "ended by signal 9");
  EXPECT_EQ(process_failure("read -r a; exit 0"), "ended with status 0");
  EXPECT_EQ(process_failure("exec >&- <&-; sleep 300"), "closed its output");
  EXPECT_EQ(process_failure("sleep 300", 0.3), "gave no answer within 0.3 s");
  EXPECT_EQ(process_failure("while :; do printf x; sleep 0.01; done", 0.3), "gave no answer within 0.3 s");
  RdkitProcess none("/no/such/python", "");
  none.start();
  EXPECT_FALSE(none.answer("", kPatience, kMost).has_value());
  EXPECT_EQ(none.failure(), "cannot be run");
}

TEST(RdkitProcess, RefusesWhatIsNotOneLine) {
  EXPECT_THAT(process_refusal("printf 'a\\nb\\n'; sleep 300"), HasSubstr("expected one line"));
  EXPECT_THAT(process_refusal("yes"), HasSubstr("expected"));
  EXPECT_THAT(process_refusal("yes | tr -d '\\n'"), HasSubstr("at most 1000 bytes"));
  ShellProcess process("read -r a; echo b; sleep 0.2; echo c; sleep 300");
  EXPECT_EQ(process.answer("a\n", kPatience, kMost), "b");
  EXPECT_TRUE(process.waiting());
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_THAT(refusal([&] { process.waiting(); }), HasSubstr("for each request"));
  EXPECT_FALSE(process.waiting());
}

TEST(RdkitProcess, ItsEndBetweenRequestsShows) {
  ShellProcess process("read -r a; echo b; exit 0");
  EXPECT_EQ(process.answer("a\n", kPatience, kMost), "b");
  for (int i = 0; i < 500 && process.waiting(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(process.waiting());
}

// Whether no process of a group is left within five seconds.
bool group_is_gone(pid_t group) {
  for (int i = 0; i < 500 && ::kill(-group, 0) == 0; ++i) ::usleep(10000);
  return ::kill(-group, 0) != 0;
}

// The number of the group that a script noted in a file.
pid_t noted_group(const std::string& file) {
  for (int i = 0; i < 500 && (!std::filesystem::exists(file) || read_file(file).empty()); ++i)
    ::usleep(10000);
  return static_cast<pid_t>(std::stol(read_file(file)));
}

std::string noting(const std::string& file) {
  return "echo $$ > " + file + "; echo b; sleep 300 & sleep 300";
}

TEST(RdkitProcess, EndsWithItsObjectAndWhatItStarted) {
  const TemporaryFolder folder;
  {
    ShellProcess process(noting(folder / "group"));
    EXPECT_EQ(process.answer("", kPatience, kMost), "b");
    EXPECT_FALSE(process.answer("a\n", 0.1, kMost).has_value());
    EXPECT_TRUE(group_is_gone(noted_group(folder / "group")));
    process.start();
    EXPECT_EQ(process.answer("", kPatience, kMost), "b");
  }
  EXPECT_TRUE(group_is_gone(noted_group(folder / "group")));
}

TEST(RdkitProcess, EndsWithTheAskingProcessHoweverThatEnds) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    const TemporaryFolder folder;
    const pid_t asking = ::fork();
    if (asking == 0) {
      ::signal(SIGTERM, SIG_DFL);
      try {
        ShellProcess process(noting(folder / "group"));
        process.answer("", kPatience, kMost);
        process.answer("a\n", 300, kMost);
      } catch (...) {
      }
      ::_exit(1);
    }
    const pid_t group = noted_group(folder / "group");
    ::kill(asking, signal);
    int status = 0;
    ::waitpid(asking, &status, 0);
    EXPECT_TRUE(group_is_gone(group)) << "after signal " << signal;
  }
}

TEST(RdkitProcess, AnInterruptionEndsTheWait) {
  const TemporaryFolder folder;
  ShellProcess process(noting(folder / "group"));
  EXPECT_EQ(process.answer("", kPatience, kMost), "b");
  std::thread asks([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ask_interruption();
  });
  EXPECT_THROW(process.answer("a\n", 300, kMost), Interrupted);
  asks.join();
  forget_interruption();
  EXPECT_FALSE(process.waiting());
  EXPECT_TRUE(group_is_gone(noted_group(folder / "group")));
}

}  // namespace
}  // namespace steer
