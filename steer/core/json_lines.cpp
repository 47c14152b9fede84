#include "steer/core/json_lines.h"

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/json.h"

namespace steer {

JsonLines read_json_lines(const std::string& path) {
  JsonLines lines;
  if (!std::filesystem::exists(path)) return lines;
  const std::string text = read_file(path);
  size_t at = 0;
  for (size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.values.push_back(parse_json<Json>(std::string_view(text).substr(at, end - at),
                                            path + " line " + std::to_string(lines.values.size() + 1)));
  lines.bytes = static_cast<int64_t>(at);
  return lines;
}

}  // namespace steer
