#include "steer/core/machine.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Machine, IsReadFromTheKernelsDescription) {
  const Machine new_one = machine_of(
      "processor\t: 0\nmodel name\t: Some 9000 CPU @ 3 GHz\n"
      "flags\t\t: fpu fma avx512f avx512dq avx512bw avx512vl avx512_bf16\n\nprocessor\t: 1\nmodel name\t: "
      "other\n",
      4);
  EXPECT_EQ(new_one.processor, "Some 9000 CPU @ 3 GHz");
  EXPECT_EQ(new_one.cores, 4);
  EXPECT_TRUE(new_one.avx512);
  EXPECT_TRUE(new_one.bfloat16);
  const Machine old_one = machine_of("model name : Old\nflags : fpu fma avx2 avx512f\n", 1);
  EXPECT_FALSE(old_one.avx512);
  EXPECT_FALSE(old_one.bfloat16);
  EXPECT_EQ(machine_of("", 1).processor, "unknown");
  EXPECT_EQ(machine_of(":\n: x\nmodel name:\nflags", 1).processor, "unknown");
}

TEST(Machine, CountsTheCoresThisProcessMayUse) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(this_machine().cores, CPU_COUNT(&before));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(this_machine().cores, 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Memory, MoreThanThereIsIsRefusedInALine) {
  EXPECT_GT(usable_memory(), int64_t{64} << 20);
  EXPECT_EQ(refusal([] { check_memory(1 << 20, "[x]", "a batch"); }), "accepted");
  EXPECT_NE(refusal([] { check_memory(1e18, "[x]", "a batch"); }).find("[x]: expected what fits into "),
            std::string::npos);
  EXPECT_NE(refusal([] { check_memory(1e18, "[x]", "a batch"); }).find(" GiB of memory but a batch takes "),
            std::string::npos);
}

TEST(Memory, FollowsTheLimitOfTheAddressSpace) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = std::min<rlim_t>(before.rlim_cur, rlim_t{3} << 30);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  EXPECT_LE(usable_memory(), int64_t{3} << 30);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
}

TEST(PrepareProcess, SetsThreadsAndLeavesTheUsersChoice) {
  const int before = at::get_num_threads();
  ::setenv("ATEN_CPU_CAPABILITY", "default", 1);
  prepare_process(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_STREQ(std::getenv("ATEN_CPU_CAPABILITY"), "default");
  EXPECT_EQ((torch::full({1}, 1e-30f) * 1e-10f).item<float>(), 0.0f);
  ::unsetenv("ATEN_CPU_CAPABILITY");
  prepare_process(0);
  EXPECT_EQ(at::get_num_threads(), this_machine().cores);
  EXPECT_EQ(std::getenv("ATEN_CPU_CAPABILITY") != nullptr, this_machine().avx512);
  EXPECT_THROW(prepare_process(-1), Error);
  // The other tests see the process as it was.
  ::unsetenv("ATEN_CPU_CAPABILITY");
  at::globalContext().setFlushDenormal(false);
  at::set_num_threads(before);
}

}  // namespace
}  // namespace steer
