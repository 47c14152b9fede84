// The grammar of objectives, `0.5*inpaint(photo.png, mask=left) + denoise(x.png)`, without their meaning:
//   sum   = term { "+" term }
//   term  = [ number "*" ] ( name "(" [ argument { "," argument } ] ")" | "rank" "(" sum ")" )
// where a rank holds no other rank,
//   argument = [ name "=" ] value,    value = a bare word | 'quoted' | "quoted"
// A bare word holds no blanks and none of , ( ) = ' ".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

struct Argument {
  std::string name;  // empty: given by position
  std::string value;
  int64_t column;  // where it stands in the text, in characters from 1
};

struct Call {
  double weight = 1.0;  // finite, > 0
  std::string name;
  std::vector<Argument> arguments;
  int64_t column;
  std::vector<Call> terms;  // of a rank; it has no arguments
};

// The terms of a sum, at least one. Errors name the column: `[objective] column 14: expected ')' but got end
// of text in "inpaint(x.png"`.
std::vector<Call> parse_objective(const std::string& text);

// The call as text that parses to it again, without its weight.
std::string to_text(const Call& call);

// The arguments of one call, by name. Every getter gives `otherwise` where the call leaves the argument out.
class Arguments {
 public:
  // Refuses arguments that are unknown, given twice, or given by position past the names in `positional`.
  Arguments(Call call, const std::vector<std::string>& positional, const std::vector<std::string>& named);

  bool has(const std::string& name) const { return find(name) != nullptr; }
  // Refuses a call without it.
  std::string required(const std::string& name) const;
  std::string word(const std::string& name, const std::string& otherwise) const;
  // Refuses words that are no number, and numbers outside [low, high].
  double number(const std::string& name, double otherwise, double low, double high) const;
  int64_t integer(const std::string& name, int64_t otherwise, int64_t low, int64_t high) const;
  // true or false.
  bool flag(const std::string& name, bool otherwise) const;

 private:
  const Argument* find(const std::string& name) const;

  Call call_;
};

}  // namespace steer
