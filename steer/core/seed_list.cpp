#include "steer/core/seed_list.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {
namespace {

// The number that the whole word is.
std::optional<int64_t> whole_number(std::string_view word) {
  int64_t value = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (fault != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<int64_t> parse_seed_list(std::string_view text) {
  std::vector<int64_t> seeds;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;

    const size_t colon = part.find(':');
    const bool range = colon != std::string_view::npos;
    const std::optional<int64_t> first = whole_number(part.substr(0, colon));
    const std::optional<int64_t> stop = range ? whole_number(part.substr(colon + 1)) : first;
    STEER_CHECK(first && stop, "[seed] expected numbers and ranges as 3,7,20:30 but got ",
                in_quotes(part.empty() ? text : part), "; 20:30 is 20 to 29");
    STEER_CHECK(!range || *first < *stop,
                "[seed] expected ranges with something in them, as 20:30, which is 20 to 29, but got ",
                in_quotes(part));

    const uint64_t count = range ? static_cast<uint64_t>(*stop) - static_cast<uint64_t>(*first) : 1;
    STEER_CHECK(count <= kMaxSeeds - seeds.size(), "[seed] expected at most ", kMaxSeeds,
                " seeds but got more in ", in_quotes(text));
    for (uint64_t i = 0; i < count; ++i) seeds.push_back(*first + static_cast<int64_t>(i));
  }
  return seeds;
}

std::vector<int64_t> seeds_for(const std::vector<int64_t>& seeds, int64_t count) {
  STEER_CHECK(count > 0, "[seed] expected at least one sample but got ", count);
  STEER_CHECK(seeds.size() == 1 || seeds.size() == static_cast<size_t>(count),
              "[seed] expected one seed, or ", count, ", one for each sample, but got ", seeds.size());
  std::vector<int64_t> each = seeds;
  for (int64_t i = static_cast<int64_t>(seeds.size()); i < count; ++i)
    each.push_back(static_cast<int64_t>(static_cast<uint64_t>(seeds[0]) + static_cast<uint64_t>(i)));
  return each;
}

std::string seed_path(std::string_view pattern, int64_t seed) {
  constexpr std::string_view kPlace = "{seed}";
  std::string path;
  for (size_t at = 0; at < pattern.size();) {
    if (pattern.substr(at, kPlace.size()) == kPlace) {
      path += std::to_string(seed);
      at += kPlace.size();
      continue;
    }
    STEER_CHECK(pattern[at] != '{' && pattern[at] != '}',
                "[seed] expected a path with no braces but those of {seed} but got ", in_quotes(pattern));
    path += pattern[at++];
  }
  return path;
}

}  // namespace steer
