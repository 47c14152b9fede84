#include "steer/serve/http.h"

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent signs, and in queries the plus, as the bytes that they stand for.
bool decode(std::string_view text, bool query, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = digit(text[i + 1]), low = digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low), i += 2;
    } else if (query && c == '+') {
      c = ' ';
    }
    if (c == '\0') return false;
    out += c;
  }
  return as_utf8(out) == out;
}

}  // namespace

HttpAnswer error_answer(int status, const std::string& code, const std::string& message) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = json_text({{"error", {{"code", code}, {"message", as_utf8(message)}}}});
  return answer;
}

bool read_target(const std::string& target, HttpRequest& request) {
  const size_t question = target.find('?');
  const std::string_view whole = target, path = whole.substr(0, question);
  if (path.empty() || path[0] != '/' || !decode(path, false, request.by.path)) return false;
  request.query.clear();
  if (question == std::string::npos) return true;
  for (std::string_view rest = whole.substr(question + 1); !rest.empty();) {
    const size_t end = std::min(rest.find('&'), rest.size()), equals = std::min(rest.find('='), end);
    std::string name, value;
    if (!decode(rest.substr(0, equals), true, name) ||
        !decode(rest.substr(std::min(equals + 1, end), end - std::min(equals + 1, end)), true, value))
      return false;
    request.query[name] = value;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

}  // namespace steer
