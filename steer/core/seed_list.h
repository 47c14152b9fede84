// Lists of seeds and the files that belong to them, as people write both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steer {

// The most seeds that a list may hold.
constexpr uint64_t kMaxSeeds = 100000;

// The seeds that "3,7,20:30" names, in its order: 3, 7, 20, 21, ..., 29. As in Python, a range ends before
// its second number. Any int64 is a seed, negative ones as well, and may occur again. Error for anything
// else, blanks included, for a range of nothing, and for more than kMaxSeeds seeds.
std::vector<int64_t> parse_seed_list(std::string_view text);

// The seed of each of `count` samples: `seeds` themselves, or of a single one s, sample i takes s + i. Error
// for any other number of them, and for no samples.
std::vector<int64_t> seeds_for(const std::vector<int64_t>& seeds, int64_t count);

// The path that a pattern such as "out/{seed}.png" gives for a seed: the number stands for every "{seed}". A
// pattern without one is the path itself. Error for a brace that belongs to no "{seed}".
std::string seed_path(std::string_view pattern, int64_t seed);

}  // namespace steer
