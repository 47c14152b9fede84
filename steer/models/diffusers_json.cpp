#include "steer/models/diffusers_json.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/files.h"

namespace steer {
namespace {

// A value on one line, for messages.
std::string in_short(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  constexpr size_t kLongest = 60;
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > kLongest ? text.substr(0, kLongest) + "..." : text;
}

}  // namespace

std::string with_words_for_non_numbers(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  bool inside = false;  // a string
  for (size_t i = 0; i < text.size();) {
    std::string_view word = text.substr(i, 1);
    if (inside && text[i] == '\\') {
      word = text.substr(i, 2);  // what is escaped neither ends the string nor begins another escape
    } else if (text[i] == '"') {
      inside = !inside;
    } else if (!inside) {
      for (const std::string_view number : {"-Infinity", "Infinity", "NaN"})
        if (text.substr(i, number.size()) == number) word = number;
    }
    const bool quoted = word.size() > 1 && !inside;
    made += quoted ? "\"" + std::string(word) + "\"" : std::string(word);
    i += word.size();
  }
  return made;
}

Json read_python_json(const std::string& path) {
  return parse_json(with_words_for_non_numbers(read_file(path)), path);
}

std::string class_of(const Json& config, const std::string& otherwise) {
  if (!config.is_object()) return otherwise;
  const auto found = config.find("_class_name");
  return found != config.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

Json without_remarks(const Json& config, const std::string& file) {
  STEER_CHECK(config.is_object(), "[diffusers] ", file, ": expected an object");
  Json rest = Json::object();
  for (const auto& [key, value] : config.items())
    if (key.empty() || key[0] != '_') rest[key] = value;
  return rest;
}

void expect_key(Json& config, const std::string& key, const std::vector<Json>& values,
                const std::string& file) {
  const auto found = config.find(key);
  if (found == config.end()) return;
  STEER_CHECK(std::find(values.begin(), values.end(), *found) != values.end(), "[diffusers] ", file, ": ",
              key, ": expected ", values.front().dump(), " but got ", in_short(*found));
  config.erase(key);
}

void check_word_of(const std::string& key, const std::string& word, const std::vector<std::string>& known,
                   const std::string& file) {
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  STEER_CHECK(std::find(known.begin(), known.end(), word) != known.end(), "[diffusers] ", file, ": ", key,
              ": expected one of ", all, " but got ", in_quotes(word));
}

}  // namespace steer
