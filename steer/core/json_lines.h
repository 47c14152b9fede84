// Files of one JSON value per line, as LogFile writes them, read back to go on after an interruption.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// What a file holds.
struct JsonLines {
  std::vector<Json> values;  // one for each whole line
  int64_t bytes = 0;         // of the whole lines, for LogFile(path, bytes)
};

// The whole lines of a file; a last one without a line break was being written and is left out. Nothing where
// there is no file. Error, naming file and line, for a line that is not JSON.
JsonLines read_json_lines(const std::string& path);

}  // namespace steer
