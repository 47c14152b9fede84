#include "steer/core/options.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/files.h"

namespace steer {
namespace {

// What a user wrote, for messages: `the string "x"`, `1.5`, `an array`.
std::string shown(const Json& json) {
  if (json.is_string()) return "the string " + in_quotes(json.get_ref<const std::string&>());
  if (json.is_array()) return "an array";
  if (json.is_object()) return "an object";
  return json.dump();
}

[[noreturn]] void refuse(const Json& json, const std::string& where, const std::string& path,
                         const char* expected) {
  fail("[options] ", where, ": expected ", expected, " for ", path, " but got ", shown(json));
}

std::string in_lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

template <class T>
void read_array(std::vector<T>& value, const Json& json, const std::string& where, const std::string& path,
                const char* expected) {
  if (!json.is_array()) refuse(json, where, path, expected);
  std::vector<T> values(json.size());
  for (size_t i = 0; i < values.size(); ++i)
    read_plain_option(values[i], json[i], where, path + "[" + std::to_string(i) + "]");
  value = std::move(values);
}

// Insertions, deletions, replacements and swaps of neighbours that make one name out of the other
// (optimal string alignment).
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

void read_plain_option(bool& value, const Json& json, const std::string& where, const std::string& path) {
  if (!json.is_boolean()) refuse(json, where, path, "true or false");
  value = json.get<bool>();
}

void read_plain_option(int64_t& value, const Json& json, const std::string& where, const std::string& path) {
  constexpr double kLimit = 0x1p63;
  if (json.is_number_float()) {
    const double number = json.get<double>();
    if (number != std::floor(number) || number < -kLimit || number >= kLimit)
      refuse(json, where, path, "an integer");
    value = static_cast<int64_t>(number);
  } else if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    refuse(json, where, path, "an integer of 64 bits");
  } else {
    if (!json.is_number_integer()) refuse(json, where, path, "an integer");
    value = json.get<int64_t>();
  }
}

void read_plain_option(double& value, const Json& json, const std::string& where, const std::string& path) {
  if (!json.is_number()) refuse(json, where, path, "a number");
  value = json.get<double>();
}

void read_plain_option(std::string& value, const Json& json, const std::string& where,
                       const std::string& path) {
  if (!json.is_string()) refuse(json, where, path, "a string");
  value = json.get<std::string>();
}

void read_plain_option(std::vector<int64_t>& value, const Json& json, const std::string& where,
                       const std::string& path) {
  read_array(value, json, where, path, "an array of integers");
}

void read_plain_option(std::vector<std::string>& value, const Json& json, const std::string& where,
                       const std::string& path) {
  read_array(value, json, where, path, "an array of strings");
}

std::string aligned(const std::vector<OptionLine>& lines) {
  size_t path_width = 0, value_width = 0;
  for (const OptionLine& line : lines) {
    path_width = std::max(path_width, line.path.size());
    value_width = std::max(value_width, line.value.size());
  }
  std::string text;
  for (const OptionLine& line : lines) {
    text += line.path + std::string(path_width - line.path.size() + 2, ' ');
    text += line.value + std::string(value_width - line.value.size() + 2, ' ');
    text += line.meaning + "\n";
  }
  return text;
}

OptionReader::OptionReader(const Json& json, std::string where, std::string prefix)
    : json_(json), where_(std::move(where)), prefix_(std::move(prefix)) {
  const std::string what = prefix_.empty() ? "" : " for " + prefix_.substr(0, prefix_.size() - 1);
  STEER_CHECK(json.is_object(), "[options] ", where_, ": expected an object", what, " but got ", shown(json));
}

void OptionReader::refuse_unknown() const {
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string nearest = nearest_name(key, known_);
    std::string hint = "; did you mean " + prefix_ + nearest + "?";
    if (nearest.empty()) {
      hint = "; known:";
      for (const std::string& name : known_) hint += (name == known_.front() ? " " : ", ") + prefix_ + name;
    }
    fail("[options] ", where_, ": expected a known option but got ", in_quotes(prefix_ + key), hint);
  }
}

Json read_json_file(const std::string& path) {
  return parse_json(read_file(path), path);
}

void apply_set(Json& json, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  STEER_CHECK(equals != std::string::npos, "[set] ", in_quotes(assignment),
              ": expected name=value but got no '='");
  const std::string path = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) value = text;
  try {
    Json(assignment).dump();
  } catch (const Json::exception&) {
    fail("[set] ", in_quotes(assignment), ": expected UTF-8 text but got other bytes");
  }

  // Walks down the dotted path, then puts the value at its end.
  Json changed = json;
  Json* place = &changed;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    STEER_CHECK(end > begin, "[set] ", in_quotes(assignment),
                ": expected a name such as a.b but got an empty one");
    STEER_CHECK(place->is_null() || place->is_object(), "[set] ", in_quotes(assignment),
                ": expected an object at ", in_quotes(path.substr(0, begin ? begin - 1 : 0)), " but got ",
                shown(*place));
    place = &(*place)[path.substr(begin, end - begin)];
    begin = end + 1;
  }
  *place = std::move(value);
  json = std::move(changed);
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& known) {
  constexpr size_t kLongest = 100;
  std::string nearest;
  size_t least = SIZE_MAX;
  if (name.size() > kLongest) return nearest;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(in_lower_case(name), in_lower_case(candidate));
    // A third of the letters may differ, one always.
    const size_t allowed = std::max<size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance > allowed || distance >= std::max(name.size(), candidate.size()) || distance >= least)
      continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}

bool among(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

}  // namespace steer
