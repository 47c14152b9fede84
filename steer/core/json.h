// JSON values that keep the order of their keys, and a parser that is open to hostile text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "steer/core/json_fwd.h"

namespace steer {

// The value written in `text`. Refuses, with `where` (a file name) and the place, text that is not JSON, keys
// given twice and values nested deeper than `max_depth`. AnyJson is Json or nlohmann::json; the latter stays
// fast for objects of very many keys.
template <class AnyJson = Json>
AnyJson parse_json(std::string_view text, const std::string& where, int max_depth = 64);

// The value as text, on one line or (indent 2) on many. Bytes that are no UTF-8, as names of files may hold,
// are replaced by U+FFFD: JSON has no others.
std::string json_text(const Json& value, int indent = -1);

// The text with bytes that are no UTF-8 replaced the same way.
std::string as_utf8(const std::string& text);

// The text as a JSON string for messages: in quotes, on one line, cut after 60 bytes.
std::string in_quotes(std::string_view text);

}  // namespace steer
