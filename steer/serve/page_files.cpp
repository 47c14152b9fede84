#include "steer/serve/page_files.h"

#include "steer/serve/page_bytes.h"

namespace steer {

std::string_view page_file(std::string_view name) {
  for (const auto& [file, bytes] : kPageBytes)
    if (file == name) return bytes;
  return {};
}

std::string page_type(std::string_view name) {
  const std::string_view ending = name.substr(std::min(name.rfind('.'), name.size()));
  if (ending == ".html") return "text/html; charset=utf-8";
  if (ending == ".css") return "text/css; charset=utf-8";
  if (ending == ".js") return "text/javascript; charset=utf-8";
  if (ending == ".svg") return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace steer
