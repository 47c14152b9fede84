// The long form of the fuzz tests: libFuzzer over one reader, named by STEER_FUZZ_TARGET. `run` starts it.
#include <torch/torch.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz_targets.h"
#include "steer/core/notice.h"

namespace {

const steer::FuzzTarget& fuzzed_target() {
  static const steer::FuzzTarget target = [] {
    const char* const name = std::getenv("STEER_FUZZ_TARGET");
    for (const steer::FuzzTarget& each : steer::fuzz_targets())
      if (name && each.name == name) return each;
    std::fprintf(stderr, "STEER_FUZZ_TARGET: expected one of");
    for (const steer::FuzzTarget& each : steer::fuzz_targets())
      std::fprintf(stderr, " %s", each.name.c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }();
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  at::set_num_threads(1);
  fuzzed_target();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const steer::NoticesTo nobody([](const std::string&) {});
  // Returning -1 for what is refused would keep the corpus small, but a refusal's way is worth learning too.
  steer::taken(fuzzed_target(), {reinterpret_cast<const char*>(data), size});
  return 0;
}
