// The readers of steer as functions of bytes, for programs that hand them damaged ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace steer {

// A reader, and small inputs that it takes.
struct FuzzTarget {
  std::string name;
  // Reads the bytes. It may throw Error and nothing else.
  void (*read)(std::string_view bytes);
  std::vector<std::string> (*seeds)();
};

// Pictures, archives, numbers, checkpoints, codes, JSON, words: what the lower floors read.
std::vector<FuzzTarget> reader_targets();

// What needs models and the work above them; empty where these are not built.
std::vector<FuzzTarget> model_targets();

// All of them.
std::vector<FuzzTarget> fuzz_targets();

// Reads the bytes and gives back whether they were taken. A refusal must be an Error of one line; anything
// else that is thrown ends the process after a word about it.
bool taken(const FuzzTarget& target, std::string_view bytes);

// Puts bytes into a file of this process's own, which every call replaces, and gives its path. `ending` ends
// its name.
std::string fuzz_file(std::string_view bytes, const std::string& ending);

// A folder of this process's own.
std::string fuzz_folder();

}  // namespace steer
