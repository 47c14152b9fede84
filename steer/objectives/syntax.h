// The grammar of objectives, `0.5*inpaint(photo.png, mask=left) + denoise(x.png)`, without their meaning:
//   sum   = [ "-" ] term { ( "+" | "-" ) term }
//   term  = [ number "*" ] ( name "(" [ argument { "," argument } ] ")" | "rank" "(" sum ")" )
// where a number may be negative but not 0, and a rank holds no other rank,
//   argument = [ name "=" ] value,    value = a bare word | 'quoted' | "quoted"
// A bare word holds no blanks and none of , ( ) = ' ".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

// What stands between two commas.
struct Argument {
  std::string name;   // empty: given by position
  std::string value;  // without quotes
  int64_t column;     // where it stands in the text, in characters from 1
};

// A term.
struct Call {
  double weight = 1.0;              // finite, not 0
  std::string name;                 // the word
  std::vector<Argument> arguments;  // in the order written
  int64_t column;                   // where the name stands in the text, in characters from 1
  std::vector<Call> terms;          // of a rank; it has no arguments
};

// The terms of a sum, at least one. Errors name the column: `[objective] column 14: expected ')' but got end
// of text in "inpaint(x.png"`.
std::vector<Call> parse_objective(const std::string& text);

// What stands before a term of a sum: its sign, and its weight unless that is 1.
std::string weight_text(double weight, bool first);

// The call as text that parses to it again, without its weight.
std::string to_text(const Call& call);

}  // namespace steer
