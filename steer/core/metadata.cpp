#include "steer/core/metadata.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {

Metadata::Metadata(const std::map<std::string, std::string>& words, std::string what)
    : words_(words), what_(std::move(what)) {}

bool Metadata::has(const std::string& key) const {
  return words_.count(key) > 0;
}

const std::string& Metadata::text(const std::string& key) const {
  const auto found = words_.find(key);
  STEER_CHECK(found != words_.end(), what_, ": expected metadata \"", key, "\" but got none");
  return found->second;
}

double Metadata::number(const std::string& key) const {
  const std::string& word = text(key);
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  STEER_CHECK(!word.empty() && end == word.c_str() + word.size() && std::isfinite(value), what_,
              ": expected a number as metadata \"", key, "\" but got ", in_quotes(word));
  return value;
}

int64_t Metadata::count(const std::string& key) const {
  const double value = number(key);
  STEER_CHECK(value >= 0 && value <= 0x1p53 && value == std::floor(value), what_,
              ": expected a whole number from 0 to 2^53 as metadata \"", key, "\" but got ",
              in_quotes(text(key)));
  return static_cast<int64_t>(value);
}

Json Metadata::json(const std::string& key) const {
  return parse_json(text(key), what_ + ": metadata \"" + key + "\"");
}

}  // namespace steer
