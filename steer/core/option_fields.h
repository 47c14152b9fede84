// The fields of an options struct as a list: what reading, writing and help are made of. Light, so that a
// header with options costs no more than its members.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace steer {

// One field: a plain value, or the fields of another struct.
struct OptionField {
  // Where a plain value is; std::monostate for a struct.
  using Value = std::variant<std::monostate, bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                             std::vector<std::string>*>;

  std::string name;                // its key in JSON
  std::string meaning;             // for help
  Value value;                     // points into the struct that has the field
  std::vector<OptionField> inner;  // the fields of a struct
};

// What a struct's `fields` is handed: every call adds a field. A field is a bool, int64_t, double,
// std::string, a std::vector of int64_t or std::string, or another struct with `fields`. The list points into
// the struct and lives no longer.
class OptionFields {
 public:
  // Adds a field: its key in JSON, where its value is, and what help says of it.
  template <class T>
  void operator()(const char* name, T& value, const char* meaning) {
    if constexpr (std::is_constructible_v<OptionField::Value, T*>)
      list_.push_back({name, meaning, &value, {}});
    else
      list_.push_back({name, meaning, {}, of(value)});
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
