// What the processor can do, and a process set up to use it.
#pragma once

#include <cstdint>
#include <string>

namespace steer {

// What is known of a processor.
struct Machine {
  std::string processor;  // its maker's name for it, or "unknown"
  int cores = 1;          // that this process may use
  bool avx2 = false;      // with fused multiply-add
  bool avx512 = false;    // what ATen's AVX-512 kernels ask for
  bool bfloat16 = false;  // instructions for bfloat16 products (AVX-512 or AMX)
};

// The machine that this process runs on.
Machine this_machine();

// The machine that Linux describes in `cpuinfo`, the text of /proc/cpuinfo.
Machine machine_of(const std::string& cpuinfo, int cores);

// Bytes of memory that this process may come to use: what the machine has, or a lower limit of its group of
// processes (cgroups) or of its address space.
int64_t usable_memory();

// Error, beginning with `what`, where this takes more bytes than usable_memory(): said before it is asked
// for. `of` names what takes them: "a batch of 32 images".
void check_memory(double bytes, const std::string& what, const std::string& of);

// To be called once, before the first tensor operation and before any thread starts: sets ATen's threads (0:
// one for each core this process may use), keeps large freed blocks in the process, switches ATen's AVX-512
// kernels on unless ATEN_CPU_CAPABILITY is set, and takes numbers too small for a normal exponent as zero.
void prepare_process(int threads);

}  // namespace steer
