#include "steer/text/text_rules.h"

#include <regex.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "steer/core/check.h"
#include "steer/text/text_files.h"
#include "steer/text/text_picture.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

// A compiled expression, freed with the last rule that uses it.
struct Expression {
  explicit Expression(const std::string& text) {
    const int fault = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (fault == 0) return;
    char message[128];
    ::regerror(fault, &compiled, message, sizeof message);
    fail("[objective] regex: expected a POSIX extended regular expression but got \"", text, "\": ", message);
  }
  ~Expression() { ::regfree(&compiled); }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  regex_t compiled;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The words of a text, runs of letters and apostrophes within, in small letters.
std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool joins = text[i] == '\'' && inside && i + 1 < text.size() && is_letter(text[i + 1]);
    if (!is_letter(text[i]) && !joins) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    words.back() += small(text[i]), inside = true;
  }
  return words;
}

// The last word of each line that has one.
std::vector<std::string> line_ends(const std::string& text) {
  std::vector<std::string> ends;
  for (size_t at = 0; at <= text.size();) {
    const size_t stop = std::min(text.find('\n', at), text.size());
    const auto words = words_in(text.substr(at, stop - at));
    if (!words.empty()) ends.push_back(words.back());
    at = stop + 1;
  }
  return ends;
}

bool is_vowel(const std::string& word, size_t i) {
  return std::string("aeiou").find(word[i]) != std::string::npos || (word[i] == 'y' && i > 0);
}

// From the last vowels on; a last e after a consonant is mute where there are vowels before it.
std::string sound_of(std::string word) {
  word.erase(std::remove(word.begin(), word.end(), '\''), word.end());
  size_t from = word.size();
  const auto earlier_vowel = [&](size_t before) {
    for (size_t i = 0; i < before; ++i)
      if (is_vowel(word, i)) return true;
    return false;
  };
  const size_t last = word.size() - 1;
  const bool mute =
      word.size() > 2 && word[last] == 'e' && !is_vowel(word, last - 1) && earlier_vowel(last - 1);
  for (size_t i = mute ? last : word.size(); i-- > 0;) {
    if (is_vowel(word, i))
      from = i;
    else if (from < word.size())
      break;
  }
  return word.substr(from);
}

// How good or bad some common words are, from -4 to 4; ours.
const std::unordered_map<std::string, double>& own_feelings() {
  static const std::unordered_map<std::string, double> all = [] {
    const std::vector<std::pair<double, std::vector<std::string>>> lists = {
        {3,
         {"love", "joy", "happy", "happiness", "heaven", "blessed", "bliss", "delight", "beautiful", "glad",
          "wonderful", "excellent", "triumph", "beloved", "paradise", "merry", "rejoice", "perfect"}},
        {2, {"good",     "sweet",   "fair",    "gentle",   "kind",   "noble",   "hope",  "friend",
             "peace",    "grace",   "honour",  "honor",    "dear",   "bless",   "laugh", "smile",
             "true",     "brave",   "virtue",  "gracious", "worthy", "welcome", "win",   "thank",
             "thanks",   "comfort", "rich",    "wise",     "better", "best",    "great", "free",
             "pleasure", "mercy",   "charity", "beauty",   "bright", "song",    "sing"}},
        {-2, {"bad",   "sad",   "false", "poor",   "weep",  "tears",  "sorrow",  "fear",  "wrong", "sick",
              "weak",  "pain",  "lost",  "cold",   "dark",  "enemy",  "foul",    "shame", "fault", "fool",
              "anger", "angry", "rude",  "blame",  "doubt", "sigh",   "trouble", "worse", "lie",   "lies",
              "thief", "war",   "proud", "bitter", "weary", "banish", "guilty"}},
        {-3, {"death",   "dead",  "die",     "kill",  "hate",   "hell",    "murder",  "blood",
              "bloody",  "grief", "woe",     "curse", "cursed", "villain", "traitor", "wretched",
              "devil",   "evil",  "misery",  "cruel", "grave",  "damned",  "slain",   "wound",
              "despair", "worst", "revenge", "vile",  "poison", "tyrant"}}};
    std::unordered_map<std::string, double> made;
    for (const auto& [value, words] : lists)
      for (const std::string& word : words) made[word] = value;
    return made;
  }();
  return all;
}

std::unordered_map<std::string, double> feelings_in(const std::string& path) {
  std::unordered_map<std::string, double> all;
  const std::string text = read_documents(path)[0];
  int64_t line = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t stop = std::min(text.find('\n', at), text.size());
    const std::string row = text.substr(at, stop - at);
    at = stop + 1, ++line;
    if (row.find_first_not_of(" \t") == std::string::npos) continue;
    const size_t cut = row.find_first_of("\t ,");
    char* rest = nullptr;
    const double value = cut == std::string::npos ? 0 : std::strtod(row.c_str() + cut + 1, &rest);
    STEER_CHECK(rest && rest != row.c_str() + cut + 1 && std::isfinite(value), "[objective] ", path,
                ": line ", line, ": expected a word and a number but got \"", row.substr(0, 40), "\"");
    std::string word = row.substr(0, cut);
    std::transform(word.begin(), word.end(), word.begin(), small);
    all[word] = value;
  }
  return all;
}

}  // namespace

TextRule::TextRule(Space space, Rule rule, std::string words)
    : space_(std::move(space)), rule_(std::move(rule)), words_(std::move(words)) {}

Tensor TextRule::score(const State& sample) const {
  STEER_CHECK(!sample.token.is_floating_point(), "[objective] ", words_,
              ": expected tokens, as it has no gradient, but got probabilities");
  std::vector<float> scores;
  for (const std::string& text : plain_texts(space_, sample))
    scores.push_back(static_cast<float>(rule_(text)));
  return at::tensor(scores).to(sample.token.device());
}

TextRule::Rule matches(const std::string& expression, double cost) {
  const auto compiled = std::make_shared<Expression>(expression);
  return [compiled, cost](const std::string& text) {
    return ::regexec(&compiled->compiled, text.c_str(), 0, nullptr, 0) == 0 ? 0 : -cost;
  };
}

TextRule::Rule is_long(double wanted, double noise) {
  return [=](const std::string& text) {
    const double off = (static_cast<double>(characters_in(text)) - wanted) / noise;
    return -0.5 * off * off;
  };
}

bool rhyme(const std::string& a, const std::string& b) {
  if (a == b || a.empty() || b.empty()) return false;
  const std::string x = sound_of(a), y = sound_of(b);
  return !x.empty() && x == y;
}

TextRule::Rule rhymes(const std::string& scheme, double cost) {
  STEER_CHECK(scheme.size() > std::set<char>(scheme.begin(), scheme.end()).size(),
              "[objective] rhyme: expected a scheme with a letter that comes again, as AABB, but got \"",
              scheme, "\"");
  return [=](const std::string& text) {
    const std::vector<std::string> ends = line_ends(text);
    int64_t pairs = 0, good = 0;
    for (size_t from = 0; from < ends.size(); from += scheme.size()) {
      std::map<char, std::string> before;
      for (size_t i = 0; i < scheme.size() && from + i < ends.size(); ++i) {
        const auto found = before.find(scheme[i]);
        if (found != before.end()) ++pairs, good += rhyme(found->second, ends[from + i]);
        before[scheme[i]] = ends[from + i];
      }
    }
    // A text too short to rhyme does not.
    return pairs == 0 ? -cost : -cost * static_cast<double>(pairs - good) / static_cast<double>(pairs);
  };
}

TextRule::Rule feels(const std::string& lexicon, double goal) {
  const auto values = std::make_shared<std::unordered_map<std::string, double>>(
      lexicon.empty() ? own_feelings() : feelings_in(lexicon));
  return [=](const std::string& text) {
    constexpr double kAlpha = 15;  // VADER's
    double sum = 0;
    for (const std::string& word : words_in(text))
      if (const auto found = values->find(word); found != values->end()) sum += found->second;
    return goal * sum / std::sqrt(sum * sum + kAlpha);
  };
}

}  // namespace steer
