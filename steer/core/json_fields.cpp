#include "steer/core/json_fields.h"

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {
namespace {

const Json& structure(const Json& json, const std::string& key, const std::string& where, bool array) {
  const Json* const found = found_field(json, key, where);
  if (!found) refuse_missing(key, where);
  STEER_CHECK(array ? found->is_array() : found->is_object(), "[json] ", where, ": expected an ",
              array ? "array" : "object", " for ", key, " but got ", in_quotes(found->dump()));
  return *found;
}

}  // namespace

const Json* found_field(const Json& json, const std::string& key, const std::string& where) {
  STEER_CHECK(json.is_object(), "[json] ", where, ": expected an object with ", key, " but got ",
              in_quotes(json.dump()));
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

const Json& object_field(const Json& json, const std::string& key, const std::string& where) {
  return structure(json, key, where, false);
}

const Json& array_field(const Json& json, const std::string& key, const std::string& where) {
  return structure(json, key, where, true);
}

void refuse_missing(const std::string& key, const std::string& where) {
  fail("[json] ", where, ": expected a value for ", key, " but got none");
}

std::vector<double> numbers_field(const Json& json, const std::string& key, const std::string& where) {
  std::vector<double> numbers;
  for (const Json& each : array_field(json, key, where)) {
    double number = 0;
    read_value(&number, each, where, joined(key, "[", numbers.size(), "]"));
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace steer
