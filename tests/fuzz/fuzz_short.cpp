// The short form of the fuzz tests: every reader takes its seeds, then a fixed number of damaged copies of
// them. Usage: fuzz_short [--runs N] [--corpus FOLDER] [TARGET...]; with --corpus it writes the seeds there
// and ends. A table tells what each reader did; one that takes over ten seconds or a gibibyte for one input
// fails, and the input is left in the working folder as fuzz-fault-TARGET.
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fuzz_targets.h"
#include "steer/core/check.h"
#include "steer/core/notice.h"
#include "steer/testing/mutations.h"

namespace steer {
namespace {

constexpr double kMostSeconds = 10;
constexpr int64_t kMostBytes = int64_t{1} << 30;

struct Request {
  int64_t runs = 300;
  std::string corpus;
  std::vector<std::string> targets;
};

// What one reader did.
struct Tally {
  int64_t runs = 0, taken = 0;
  double seconds = 0, longest = 0;
  int64_t peak_bytes = 0;  // of one input, more memory than before it began
};

// A number in kB of /proc/self/status.
int64_t status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind(name + ":", 0) == 0) return std::atoll(line.c_str() + name.size() + 1) * 1024;
  return 0;
}

void run_one(const FuzzTarget& target, const std::string& bytes, Tally& tally) {
  // Kept until it was read: what ends the process is then still there.
  const std::string kept = fuzz_folder() + "/last-" + target.name;
  std::ofstream(kept, std::ios::binary) << bytes;
  std::ofstream("/proc/self/clear_refs") << "5";  // peak memory counts from here on
  const int64_t before = status_bytes("VmRSS");
  const auto begin = std::chrono::steady_clock::now();
  tally.taken += taken(target, bytes);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const int64_t peak = status_bytes("VmHWM") - before;
  if (seconds > kMostSeconds || peak > kMostBytes)
    std::filesystem::copy_file(kept, "fuzz-fault-" + target.name,
                               std::filesystem::copy_options::overwrite_existing);
  tally.longest = std::max(tally.longest, seconds), tally.seconds += seconds;
  tally.peak_bytes = std::max(tally.peak_bytes, peak);
  ++tally.runs;
}

Tally run_target(const FuzzTarget& target, int64_t runs) {
  Tally tally;
  const std::vector<std::string> seeds = target.seeds();
  for (const std::string& seed : seeds) {
    run_one(target, seed, tally);
    STEER_CHECK(tally.taken > 0, "[fuzz] ", target.name, ": expected it to take its first seed");
  }
  Random random(20261128);
  for (int64_t i = 0; i < runs; ++i)
    run_one(target, damaged(seeds[random.below(seeds.size())], random), tally);
  return tally;
}

void write_corpus(const FuzzTarget& target, const std::string& folder) {
  std::filesystem::create_directories(folder + "/" + target.name);
  int64_t number = 0;
  for (const std::string& seed : target.seeds())
    std::ofstream(joined(folder, "/", target.name, "/seed", number++), std::ios::binary) << seed;
}

Request request_of(int argc, char** argv) {
  Request request;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--runs" && i + 1 < argc)
      request.runs = std::atoll(argv[++i]);
    else if (word == "--corpus" && i + 1 < argc)
      request.corpus = argv[++i];
    else
      request.targets.push_back(word);
  }
  return request;
}

bool wanted(const Request& request, const std::string& name) {
  return request.targets.empty() ||
         std::find(request.targets.begin(), request.targets.end(), name) != request.targets.end();
}

int run_all(const Request& request) {
  bool fine = true;
  std::printf("%-14s %8s %8s %10s %12s %10s\n", "reader", "runs", "taken", "seconds", "longest (s)",
              "peak MiB");
  for (const FuzzTarget& target : fuzz_targets()) {
    if (!wanted(request, target.name)) continue;
    if (!request.corpus.empty()) {
      write_corpus(target, request.corpus);
      continue;
    }
    const Tally tally = run_target(target, request.runs);
    const bool good = tally.longest <= kMostSeconds && tally.peak_bytes <= kMostBytes;
    std::printf("%-14s %8lld %8lld %10.2f %12.3f %10.1f%s\n", target.name.c_str(),
                static_cast<long long>(tally.runs), static_cast<long long>(tally.taken), tally.seconds,
                tally.longest, static_cast<double>(tally.peak_bytes) / (1 << 20), good ? "" : "  TOO MUCH");
    std::fflush(stdout);
    fine = fine && good;
  }
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace steer

int main(int argc, char** argv) {
  at::set_num_threads(1);
  const steer::NoticesTo nobody([](const std::string&) {});
  return steer::run_all(steer::request_of(argc, argv));
}
