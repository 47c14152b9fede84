// The fields of an options struct as a list: what reading, writing and help are made of. Light, so that a
// header with options costs no more than its members.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace steer {

// Which numbers a field takes. Every number is finite; without more, all are taken.
struct Range {
  double least = -std::numeric_limits<double>::infinity();  // the lowest
  double most = std::numeric_limits<double>::infinity();    // the highest
  bool open_below = false;                                  // least itself is not taken
  bool open_above = false;                                  // most itself is not taken

  // Whether the field takes this number.
  bool holds(double value) const {
    return std::isfinite(value) && value >= least && value <= most && !(open_below && value == least) &&
           !(open_above && value == most);
  }
};

// From `least` on.
inline Range at_least(double least) {
  return {least, std::numeric_limits<double>::infinity(), false, false};
}
// Above `least`.
inline Range more_than(double least) {
  return {least, std::numeric_limits<double>::infinity(), true, false};
}
// Both ends among them.
inline Range from_to(double least, double most) {
  return {least, most, false, false};
}
// From `least` on, up to `most` but not it.
inline Range from_below(double least, double most) {
  return {least, most, false, true};
}

// "at least 0", "above 0", "0 to 1", "0 up to but not 1".
std::string text_of(const Range& range);

// One field: a plain value, or the fields of another struct.
struct OptionField {
  // Where a plain value is; std::monostate for a struct.
  using Value = std::variant<std::monostate, bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                             std::vector<std::string>*>;

  std::string name;                // its key in JSON
  std::string meaning;             // for help
  Value value;                     // points into the struct that has the field
  std::vector<OptionField> inner;  // the fields of a struct
  Range range;                     // of a number, and of each number of a list
};

// What a struct's `fields` is handed: every call adds a field, a number with the range that it takes. A field
// is a bool, int64_t, double, std::string, a std::vector of int64_t or std::string, or another struct with
// `fields`. The list points into the struct and lives no longer.
class OptionFields {
 public:
  // Adds a field: its key in JSON, where its value is, and what help says of it.
  template <class T>
  void operator()(const char* name, T& value, const char* meaning, const Range& range = {}) {
    if constexpr (std::is_constructible_v<OptionField::Value, T*>)
      list_.push_back({name, meaning, &value, {}, range});
    else
      list_.push_back({name, meaning, {}, of(value), {}});
  }

  // The fields of `options`, in the order of their declaration.
  template <class O>
  static std::vector<OptionField> of(O& options) {
    OptionFields fields;
    options.fields(fields);
    return std::move(fields.list_);
  }

 private:
  std::vector<OptionField> list_;
};

}  // namespace steer
