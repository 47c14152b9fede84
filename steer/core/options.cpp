#include "steer/core/options.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"

namespace steer {
namespace {

// What a user wrote, for messages: `the string "x"`, `1.5`, `an array`.
std::string shown(const Json& json) {
  if (json.is_string()) return "the string " + in_quotes(json.get_ref<const std::string&>());
  if (json.is_array()) return "an array";
  if (json.is_object()) return "an object";
  return json_text(json);
}

[[noreturn]] void refuse(const Json& json, const std::string& where, const std::string& path,
                         const char* expected) {
  fail("[options] ", where, ": expected ", expected, " for ", path, " but got ", shown(json));
}

std::string in_lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

void read(bool& value, const Json& json, const std::string& where, const std::string& path) {
  if (!json.is_boolean()) refuse(json, where, path, "true or false");
  value = json.get<bool>();
}

void read(int64_t& value, const Json& json, const std::string& where, const std::string& path) {
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

void read(double& value, const Json& json, const std::string& where, const std::string& path) {
  if (!json.is_number()) refuse(json, where, path, "a number");
  value = json.get<double>();
}

void read(std::string& value, const Json& json, const std::string& where, const std::string& path) {
  if (!json.is_string()) refuse(json, where, path, "a string");
  value = json.get<std::string>();
}

template <class T>
void read(std::vector<T>& value, const Json& json, const std::string& where, const std::string& path) {
  constexpr bool kIntegers = std::is_same_v<T, int64_t>;
  if (!json.is_array()) refuse(json, where, path, kIntegers ? "an array of integers" : "an array of strings");
  std::vector<T> values(json.size());
  for (size_t i = 0; i < values.size(); ++i)
    read(values[i], json[i], where, path + "[" + std::to_string(i) + "]");
  value = std::move(values);
}

// `prefix` is empty or the path of the enclosing field with a dot.
void refuse_unknown(const std::vector<OptionField>& fields, const Json& json, const std::string& where,
                    const std::string& prefix) {
  std::vector<std::string> known;
  for (const OptionField& field : fields) known.push_back(field.name);
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = nearest_name(key, known);
    std::string hint = "; did you mean " + prefix + nearest + "?";
    if (nearest.empty()) {
      hint = "; known:";
      for (const std::string& name : known) hint += (name == known.front() ? " " : ", ") + prefix + name;
    }
    fail("[options] ", where, ": expected a known option but got ", in_quotes(prefix + key), hint);
  }
}

// Numbers without their last zeros.
std::string number_text(double value) {
  return Json(value == std::floor(value) && std::abs(value) < 1e15 ? Json(static_cast<int64_t>(value))
                                                                   : Json(value))
      .dump();
}

// The first number of a field that its range does not hold.
std::optional<double> outside_range(const OptionField& field) {
  std::optional<double> out;
  const auto look = [&](double value) {
    if (!out && !field.range.holds(value)) out = value;
  };
  std::visit(
      [&](auto value) {
        if constexpr (std::is_same_v<decltype(value), int64_t*> || std::is_same_v<decltype(value), double*>)
          look(static_cast<double>(*value));
        else if constexpr (std::is_same_v<decltype(value), std::vector<int64_t>*>)
          for (int64_t each : *value) look(static_cast<double>(each));
      },
      field.value);
  return out;
}

void check_under(const std::vector<OptionField>& fields, const std::string& where,
                 const std::string& prefix) {
  for (const OptionField& field : fields) {
    check_under(field.inner, where, prefix + field.name + ".");
    if (const auto out = outside_range(field))
      fail("[options] ", where, ": expected ", text_of(field.range), " for ", prefix, field.name, " but got ",
           number_text(*out));
  }
}

void read_under(const std::vector<OptionField>& fields, const Json& json, const std::string& where,
                const std::string& prefix) {
  const std::string what = prefix.empty() ? "" : " for " + prefix.substr(0, prefix.size() - 1);
  STEER_CHECK(json.is_object(), "[options] ", where, ": expected an object", what, " but got ", shown(json));
  for (const OptionField& field : fields) {
    const auto found = json.find(field.name);
    if (found == json.end()) continue;
    if (std::holds_alternative<std::monostate>(field.value)) {
      read_under(field.inner, *found, where, prefix + field.name + ".");
      continue;
    }
    read_value(field.value, *found, where, prefix + field.name);
    if (const auto out = outside_range(field))
      fail("[options] ", where, ": expected ", text_of(field.range), " for ", prefix, field.name, " but got ",
           found->is_array() ? number_text(*out) : shown(*found));
  }
  refuse_unknown(fields, json, where, prefix);
}

struct OptionLine {
  std::string path, value, meaning;
};

void append_lines(const std::vector<OptionField>& fields, const std::string& prefix,
                  std::vector<OptionLine>& lines) {
  for (const OptionField& field : fields)
    std::visit(
        [&](auto value) {
          if constexpr (std::is_pointer_v<decltype(value)>) {
            const std::string text = json_text(*value);
            lines.push_back({prefix + field.name, text, field.meaning});
          } else {
            append_lines(field.inner, prefix + field.name + ".", lines);
          }
        },
        field.value);
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

std::string text_of(const Range& range) {
  const bool low = std::isfinite(range.least), high = std::isfinite(range.most);
  if (!low && !high) return "a finite number";
  if (!high) return (range.open_below ? "above " : "at least ") + number_text(range.least);
  if (!low) return (range.open_above ? "below " : "at most ") + number_text(range.most);
  return number_text(range.least) + (range.open_above ? " up to but not " : " to ") + number_text(range.most);
}

void check_fields(const std::vector<OptionField>& fields, const std::string& where) {
  check_under(fields, where, "");
}

Json fields_json(const std::vector<OptionField>& fields) {
  Json json = Json::object();
  for (const OptionField& field : fields)
    std::visit(
        [&](auto value) {
          if constexpr (std::is_pointer_v<decltype(value)>)
            json[field.name] = *value;
          else
            json[field.name] = fields_json(field.inner);
        },
        field.value);
  return json;
}

void read_value(const OptionField::Value& value, const Json& json, const std::string& where,
                const std::string& path) {
  std::visit(
      [&](auto place) {
        if constexpr (std::is_pointer_v<decltype(place)>) read(*place, json, where, path);
      },
      value);
}

void read_fields(const std::vector<OptionField>& fields, const Json& json, const std::string& where) {
  read_under(fields, json, where, "");
}

std::string fields_help(const std::vector<OptionField>& fields) {
  std::vector<OptionLine> lines;
  append_lines(fields, "", lines);
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

Json read_json_file(const std::string& path) {
  // Values take up to twenty times the memory of their text.
  constexpr uintmax_t kMostBytes = uintmax_t{32} << 20;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    const uintmax_t bytes = std::filesystem::file_size(path, error);
    STEER_CHECK(error || bytes <= kMostBytes, "[json] ", path, ": expected at most ", kMostBytes,
                " bytes of JSON but got ", bytes);
  }
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
