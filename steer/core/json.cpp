#include "steer/core/json.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "steer/core/check.h"

namespace steer {

template <class AnyJson>
AnyJson parse_json(std::string_view text, const std::string& where, int max_depth) {
  using Event = typename AnyJson::parse_event_t;
  // The parser would take a zero byte for the end and not look at what follows.
  STEER_CHECK(text.find('\0') == std::string_view::npos, "[json] ", where,
              ": expected text but got a zero byte at ", text.find('\0'));
  std::vector<std::unordered_set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, Event event, AnyJson& value) {
    if (event == Event::object_start || event == Event::array_start)
      STEER_CHECK(depth < max_depth, "[json] ", where, ": expected at most ", max_depth,
                  " levels of nesting but got more");
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = value.template get_ref<const std::string&>();
      STEER_CHECK(keys.back().insert(key).second, "[json] ", where, ": expected every key once but got ",
                  in_quotes(key), " twice");
    }
    return true;
  };
  try {
    return AnyJson::parse(text.begin(), text.end(), watch);
  } catch (const typename AnyJson::exception& error) {
    // "[json.exception...] parse error at line 2, column 5: ...; last read: ..." without its number and its
    // quotation of the text, which may be long or hold any bytes.
    std::string fault = error.what();
    fault.erase(0, fault.find("] ") + 2);
    fault = fault.substr(0, std::min(fault.find("; last read"), size_t{200}));
    fail("[json] ", where, ": expected JSON but got ", fault);
  }
}

template Json parse_json<Json>(std::string_view, const std::string&, int);
template nlohmann::json parse_json<nlohmann::json>(std::string_view, const std::string&, int);

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string as_utf8(const std::string& text) {
  return Json::parse(json_text(text)).get<std::string>();
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest) shown += "...";
  return json_text(shown);
}

}  // namespace steer
