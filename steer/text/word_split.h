// Text cut into words by a regular expression, before a tokenizer joins letters within them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace steer {

// The expression of GPT-2 (Radford et al. 2019): contractions, then letters, digits or other signs with at
// most one blank before them, then blanks.
extern const char* const kGpt2Words;

// One compiled expression (PCRE2 with Unicode's classes). Any number of threads may cut with it.
class WordSplit {
 public:
  // Error, one line with the place, for what is no regular expression.
  explicit WordSplit(const std::string& pattern);
  ~WordSplit();
  WordSplit(WordSplit&&) noexcept;
  WordSplit& operator=(WordSplit&&) noexcept;

  const std::string& pattern() const { return pattern_; }  // as given

  // Calls `take` with each match and each stretch between matches, in order; together they are the text.
  // Bytes that are no UTF-8 match nothing. Error for expressions that take too long on this text.
  void cut(std::string_view text, const std::function<void(std::string_view)>& take) const;

 private:
  struct Compiled;
  std::string pattern_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace steer
