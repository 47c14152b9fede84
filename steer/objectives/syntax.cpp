#include "steer/objectives/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(const std::string& word) {
  return !word.empty() && is_letter(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

// An error is one line, whatever the text holds.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  std::vector<Call> whole() {
    std::vector<Call> calls = sum(false);
    if (!done()) expected("'+' or end of text");
    return calls;
  }

 private:
  std::vector<Call> sum(bool ranked) {
    std::vector<Call> calls = {signed_term(peek() == '-' && !number_follows(), ranked)};
    while (peek() == '+' || peek() == '-') {
      const bool minus = text_[at_] == '-';
      if (!minus) ++at_;
      calls.push_back(signed_term(minus, ranked));
    }
    return calls;
  }

  // A term behind a minus, which stands here, or without one.
  Call signed_term(bool minus, bool ranked) {
    if (minus) ++at_;
    Call call = term(ranked);
    if (minus) call.weight = -call.weight;
    return call;
  }

  // Whether a number begins at the minus that stands here.
  bool number_follows() const {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    return is_digit(next) || next == '.' || text_.compare(at_ + 1, 3, "inf") == 0;
  }

  Call term(bool ranked) {
    Call call;
    const char first = peek();
    if (is_digit(first) || first == '.' || first == '-') call.weight = weight();
    peek();
    call.column = column();
    call.name = name("the name of an objective");
    if (call.name == "rank") {
      STEER_CHECK(!ranked, "[objective] column ", call.column, ": a rank inside a rank in ", quoted());
      take('(');
      call.terms = sum(true);
      if (!done() && text_[at_] != ')') expected("'+' or ')'");
      take(')');
      return call;
    }
    take('(');
    if (peek() != ')') {
      call.arguments.push_back(argument());
      while (peek() == ',') {
        ++at_;
        call.arguments.push_back(argument());
      }
    }
    if (!done() && text_[at_] != ')') expected("',' or ')'");
    take(')');
    return call;
  }

  double weight() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const std::from_chars_result read = std::from_chars(begin, text_.data() + text_.size(), value);
    if (read.ec == std::errc::invalid_argument) expected("a weight");
    const std::string word(begin, read.ptr);
    if (read.ec != std::errc() || !std::isfinite(value) || value == 0)
      fail("[objective] column ", column(), ": expected a finite weight that is not 0 but got ", word, " in ",
           quoted());
    at_ += word.size();
    take('*');
    return value;
  }

  Argument argument() {
    Argument argument;
    peek();
    argument.column = column();
    const size_t start = at_;
    const bool bare = !done() && text_[at_] != '\'' && text_[at_] != '"';
    argument.value = value();
    if (bare && peek() == '=') {
      if (!is_name(argument.value)) {
        at_ = start;
        expected("the name of an argument");
      }
      ++at_;
      argument.name = argument.value;
      argument.value = value();
    }
    return argument;
  }

  std::string value() {
    const char first = peek();
    const size_t start = at_;
    if (first == '\'' || first == '"') {
      const size_t end = text_.find(first, at_ + 1);
      if (end == std::string::npos) {
        fail("[objective] column ", column(), ": expected a closing ", first, " but got end of text in ",
             quoted());
      }
      at_ = end + 1;
      return printable(text_.substr(start + 1, end - start - 1));
    }
    while (!done() && !is_blank(text_[at_]) && std::string(",()='\"").find(text_[at_]) == std::string::npos)
      ++at_;
    if (at_ == start) expected("a value");
    return printable(text_.substr(start, at_ - start));
  }

  // Values end up in errors and reports, so they stay on one line.
  std::string printable(const std::string& word) const {
    STEER_CHECK(word == on_one_line(word), "[objective] column ", column(),
                ": control characters before here in ", quoted());
    return word;
  }

  std::string name(const char* what) {
    peek();
    const size_t start = at_;
    while (!done() && (is_letter(text_[at_]) || (at_ > start && is_digit(text_[at_])))) ++at_;
    if (at_ == start) expected(what);
    return text_.substr(start, at_ - start);
  }

  bool done() const { return at_ >= text_.size(); }

  // The next character that is not blank, or 0 at the end.
  char peek() {
    while (!done() && is_blank(text_[at_])) ++at_;
    return done() ? '\0' : text_[at_];
  }

  void take(char wanted) {
    if (peek() != wanted) expected(std::string("'") + wanted + "'");
    ++at_;
  }

  [[noreturn]] void expected(const std::string& what) const {
    const std::string got = done() ? "end of text" : "'" + on_one_line(character()) + "'";
    fail("[objective] column ", column(), ": expected ", what, " but got ", got, " in ", quoted());
  }

  // The character here, with all its bytes where it is UTF-8.
  std::string character() const {
    size_t end = at_ + 1;
    while (end < text_.size() && is_continuation(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  static bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

  int64_t column() const {
    int64_t characters = 1;
    for (size_t i = 0; i < at_; ++i) characters += !is_continuation(text_[i]);
    return characters;
  }

  std::string quoted() const { return "\"" + on_one_line(text_) + "\""; }

  const std::string& text_;
  size_t at_ = 0;
};

std::string as_value(const std::string& value) {
  if (value.find('"') != std::string::npos) return "'" + value + "'";
  const bool plain = !value.empty() && value.find_first_of(" \t\n\r,()='") == std::string::npos;
  return plain ? value : "\"" + value + "\"";
}

}  // namespace

std::string weight_text(double weight, bool first) {
  std::string text = first ? (weight < 0 ? "-" : "") : (weight < 0 ? " - " : " + ");
  if (std::abs(weight) != 1.0) text += fmt::format("{}*", std::abs(weight));
  return text;
}

std::vector<Call> parse_objective(const std::string& text) {
  return Parser(text).whole();
}

std::string to_text(const Call& call) {
  std::string text = call.name + "(";
  for (const Call& term : call.terms) {
    text += weight_text(term.weight, &term == &call.terms.front()) + to_text(term);
  }
  for (const Argument& argument : call.arguments) {
    if (&argument != &call.arguments.front()) text += ", ";
    if (!argument.name.empty()) text += argument.name + "=";
    text += as_value(argument.value);
  }
  return text + ")";
}

}  // namespace steer
