#include "steer/text/text_measures.h"

#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "steer/text/utf8.h"

namespace steer {
namespace {

// Any bytes as numbers of characters: what is no UTF-8 counts byte by byte.
std::vector<uint32_t> letters_in(const std::string& text) {
  std::vector<uint32_t> letters;
  for (size_t at = 0; at < text.size();) {
    uint32_t letter = static_cast<unsigned char>(text[at++]);
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      letter = letter << 8 | static_cast<unsigned char>(text[at++]);
    letters.push_back(letter);
  }
  return letters;
}

double entropy_of(const std::vector<uint32_t>& letters) {
  std::map<uint32_t, double> count;
  for (const uint32_t letter : letters) count[letter] += 1;
  double bits = 0;
  for (const auto& [letter, times] : count) {
    const double share = times / static_cast<double>(letters.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalpha(byte) || (c == '\'' && !words.back().empty()))
      words.back() += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

}  // namespace

TextMeasures text_measures(const std::vector<std::string>& texts, const std::vector<std::string>& others) {
  std::set<std::string> known;
  for (const std::string& text : others)
    for (std::string& word : words_in(text)) known.insert(std::move(word));
  TextMeasures found;
  std::set<std::vector<uint32_t>> grams;
  double words = 0, hits = 0, all_grams = 0, counted = 0;
  for (const std::string& text : texts) {
    const std::vector<uint32_t> letters = letters_in(text);
    if (letters.empty()) continue;
    found.entropy += entropy_of(letters), counted += 1;
    for (size_t i = 0; i + 4 <= letters.size(); ++i, all_grams += 1)
      grams.insert({letters.begin() + static_cast<std::ptrdiff_t>(i),
                    letters.begin() + static_cast<std::ptrdiff_t>(i + 4)});
    for (const std::string& word : words_in(text)) words += 1, hits += known.count(word) > 0 ? 1 : 0;
  }
  found.entropy /= std::max(counted, 1.0);
  found.distinct = static_cast<double>(grams.size()) / std::max(all_grams, 1.0);
  found.known_words = hits / std::max(words, 1.0);
  return found;
}

}  // namespace steer
