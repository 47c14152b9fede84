#include "steer/core/machine.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "steer/core/check.h"

namespace steer {
namespace {

// The cores in this process's affinity mask, whatever the mask's size.
int usable_cores() {
  constexpr int kMostCores = 1 << 16;
  for (int size = 1024; size <= kMostCores; size *= 2) {
    cpu_set_t* mask = CPU_ALLOC(size);
    if (mask == nullptr) break;
    const bool known = ::sched_getaffinity(0, CPU_ALLOC_SIZE(size), mask) == 0;
    const int cores = known ? CPU_COUNT_S(CPU_ALLOC_SIZE(size), mask) : 0;
    CPU_FREE(mask);
    if (cores > 0) return cores;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Blocks up to 1 GiB come from the heap, which grows in large steps and never shrinks: fresh pages cost more
// than the work on them. Where another allocator is in place these calls do nothing.
void keep_freed_blocks() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

// The number of bytes at the beginning of a small file; nothing where it holds none ("max").
std::optional<int64_t> bytes_in(const char* path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  return file >> bytes ? std::optional<int64_t>(bytes) : std::nullopt;
}

}  // namespace

Machine machine_of(const std::string& cpuinfo, int cores) {
  Machine machine = {"unknown", cores, false, false, false};
  std::set<std::string> flags;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line) && !line.empty();) {  // the first core's paragraph
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    const std::string value = line.substr(std::min(colon + 2, line.size()));
    std::istringstream words(value);
    if (name == "model name" && !value.empty()) machine.processor = value;
    if (name == "flags") flags = {std::istream_iterator<std::string>(words), {}};
  }
  const auto has = [&flags](const char* flag) { return flags.count(flag) > 0; };
  machine.avx2 = has("avx2") && has("fma");
  machine.avx512 = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl") && has("fma");
  machine.bfloat16 = has("avx512_bf16") || has("amx_bf16");
  return machine;
}

Machine this_machine() {
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream text;
  text << file.rdbuf();
  return machine_of(text.str(), usable_cores());
}

int64_t usable_memory() {
  int64_t least = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    if (const auto limit = bytes_in(path); limit && *limit > 0) least = std::min(least, *limit);
  rlimit space = {};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur < static_cast<rlim_t>(least))
    least = static_cast<int64_t>(space.rlim_cur);
  return least;
}

void check_memory(double bytes, const std::string& what, const std::string& of) {
  constexpr double kGiB = 1 << 30;
  const auto most = static_cast<double>(usable_memory());
  STEER_CHECK(bytes <= most, what, ": expected what fits into ", std::round(most / kGiB * 10) / 10,
              " GiB of memory but ", of, " takes ", std::round(bytes / kGiB * 10) / 10, " GiB");
}

void prepare_process(int threads) {
  STEER_CHECK(threads >= 0, "[threads] expected 0 (all cores) or more but got ", threads);
  const Machine machine = this_machine();
  keep_freed_blocks();
  if (machine.avx512) ::setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
  // Before the threads: a thread takes this over from the one that starts it.
  at::globalContext().setFlushDenormal(true);
  at::set_num_threads(threads > 0 ? threads : machine.cores);
}

}  // namespace steer
