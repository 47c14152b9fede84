// Fields of JSON objects that somebody else may have written: each is read as the type that is wanted of it.
#pragma once

#include <string>
#include <vector>

#include "steer/core/options.h"

namespace steer {

// The value under a key, null where there is none or it is null. Error, naming `where` (the file, and what in
// it), unless `json` is an object.
const Json* found_field(const Json& json, const std::string& key, const std::string& where);

// An object or array under a key; error, naming `where` and the key, where there is none.
const Json& object_field(const Json& json, const std::string& key, const std::string& where);
const Json& array_field(const Json& json, const std::string& key, const std::string& where);

// The refusal of a field that is missing.
[[noreturn]] void refuse_missing(const std::string& key, const std::string& where);

// The numbers of a list under a key. Error as field<T>.
std::vector<double> numbers_field(const Json& json, const std::string& key, const std::string& where);

// The value under a key: a bool, int64_t, double, std::string, or a std::vector of int64_t or std::string.
// Error, naming `where` and the key, where it is missing or of another type.
template <class T>
T field(const Json& json, const std::string& key, const std::string& where) {
  const Json* const found = found_field(json, key, where);
  if (!found) refuse_missing(key, where);
  T value{};
  read_value(&value, *found, where, key);
  return value;
}

// The same where a key that is missing or null stands for `otherwise`.
template <class T>
T field_or(const Json& json, const std::string& key, const T& otherwise, const std::string& where) {
  const Json* const found = found_field(json, key, where);
  T value = otherwise;
  if (found) read_value(&value, *found, where, key);
  return value;
}

}  // namespace steer
