#include "steer/core/guarded_child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "steer/core/clock.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// What the child ended with, or nothing after some seconds.
std::optional<int> end_of(GuardedChild& child) {
  for (const double until = now_seconds() + 20; now_seconds() < until; ::usleep(1000))
    if (const std::optional<int> status = child.ended()) return status;
  return std::nullopt;
}

TEST(GuardedChild, ReadsWritesAndEnds) {
  int in[2], out[2];
  ASSERT_EQ(::pipe(in), 0);
  ASSERT_EQ(::pipe(out), 0);
  GuardedChild child;
  ASSERT_EQ(
      child.start({"sh", "-c", "read -r word; echo \"$word $1\"; exit 3", "sh", "you there"}, in[0], out[1]),
      0);
  EXPECT_TRUE(child.running());
  ASSERT_EQ(::write(in[1], "hello\n", 6), 6);
  const std::optional<int> status = end_of(child);
  ASSERT_TRUE(status);
  EXPECT_EQ(ending_of(*status), "ended with status 3");
  EXPECT_FALSE(child.running());
  char answer[64];
  EXPECT_EQ(std::string(answer, ::read(out[0], answer, sizeof answer)), "hello you there\n");
  for (const int descriptor : {in[0], in[1], out[0], out[1]}) ::close(descriptor);
}

TEST(GuardedChild, TellsHowAProgramEnds) {
  GuardedChild child;
  ASSERT_EQ(child.start({"no such program"}, 0, 1), 0);
  EXPECT_EQ(ending_of(end_of(child).value_or(0)), "cannot be run");
  ASSERT_EQ(child.start({"sh", "-c", "kill -SEGV $$"}, 0, 1), 0);
  EXPECT_EQ(ending_of(end_of(child).value_or(0)), "ended by signal 11");
}

// A grandchild that says its number and sleeps must be gone once its grandparent's object is.
TEST(GuardedChild, TakesItsWholeGroupAlong) {
  const TemporaryFolder folder;
  const std::string note = folder / "number";
  pid_t grandchild = 0;
  {
    GuardedChild child;
    ASSERT_EQ(child.start({"sh", "-c", "sleep 600 & echo $! >" + note + "; wait"}, 0, 1), 0);
    for (const double until = now_seconds() + 20; grandchild == 0 && now_seconds() < until; ::usleep(1000))
      std::ifstream(note) >> grandchild;
    ASSERT_GT(grandchild, 0);
    EXPECT_EQ(::kill(grandchild, 0), 0);
  }
  bool gone = false;
  for (const double until = now_seconds() + 20; !gone && now_seconds() < until; ::usleep(1000)) {
    std::ifstream state("/proc/" + std::to_string(grandchild) + "/stat");
    std::string number, name, letter;
    gone = !(state >> number >> name >> letter) || letter == "Z";
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace steer
