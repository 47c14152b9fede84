// The main of every test program: two threads, then GoogleTest.
#include <gtest/gtest.h>
#include <torch/torch.h>

// ThreadSanitizer does not see how OpenMP's threads wait for one another.
#ifdef __SANITIZE_THREAD__
constexpr int kThreads = 1;
#else
constexpr int kThreads = 2;
#endif

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  at::set_num_threads(kThreads);
  return RUN_ALL_TESTS();
}
