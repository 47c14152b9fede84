#include "fuzz_targets.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "steer/core/check.h"

namespace steer {
namespace {

// Removed when the process ends as it should.
struct OwnFolder {
  std::string path = (std::filesystem::temp_directory_path() / joined("steer-fuzz-", ::getpid())).string();

  OwnFolder() { std::filesystem::create_directories(path); }
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

std::string fuzz_folder() {
  static const OwnFolder folder;
  return folder.path;
}

std::string fuzz_file(std::string_view bytes, const std::string& ending) {
  const std::string path = fuzz_folder() + "/input" + ending;
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

bool taken(const FuzzTarget& target, std::string_view bytes) {
  std::string fault;
  try {
    target.read(bytes);
    return true;
  } catch (const Error& error) {
    const std::string line = error.what();
    if (line.find('\n') == std::string::npos) return false;
    fault = "an error of several lines: " + line;
  } catch (const std::exception& error) {
    fault = std::string("no steer::Error but ") + error.what();
  }
  std::fprintf(stderr, "%s: the reader threw %s\n", target.name.c_str(), fault.c_str());
  std::abort();
}

std::vector<FuzzTarget> fuzz_targets() {
  std::vector<FuzzTarget> all = reader_targets();
  for (FuzzTarget& target : model_targets()) all.push_back(std::move(target));
  return all;
}

}  // namespace steer
