// The arguments of one call, read through the parameters of its word.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "steer/objectives/syntax.h"

namespace steer {

// What the value of an argument is.
enum class ParameterType {
  kText,    // any text
  kFile,    // the path of a file, or of a run folder
  kSample,  // the path of a file that holds a sample; where it may be left out, the context's truth stands in
  kChoice,  // one of a few words
  kNumber,  // a number
  kInteger,  // a whole number
  kFlag,     // true or false
};

// "text", "file", "sample", "choice", "number", "integer" or "flag".
std::string name_of(ParameterType type);

// An argument that a word takes. Its default and its range stand here and nowhere else.
struct Parameter {
  std::string name;                           // as in name=value
  ParameterType type = ParameterType::kText;  // of the value
  std::string meaning;                        // one line
  std::string otherwise;                      // the value where it is left out, as it is written; empty: none
  bool required = false;                      // whether a call without it is refused
  bool positional = false;                    // whether it may be given without its name
  double low = 0, high = 0;                   // of numbers: the least and the greatest
  // Of kChoice: all values. Of others: words that are taken beside files or numbers.
  std::vector<std::string> choices;
};

// Parameters of each type. A default must lie in the range; required and positional ones are marked by the
// functions below.
Parameter text_parameter(const std::string& name, const std::string& meaning);
Parameter file_parameter(const std::string& name, const std::string& meaning);
Parameter sample_parameter(const std::string& name, const std::string& meaning);
// The first choice is the default.
Parameter choice_parameter(const std::string& name, std::vector<std::string> choices,
                           const std::string& meaning);
Parameter number_parameter(const std::string& name, double otherwise, double low, double high,
                           const std::string& meaning);
Parameter integer_parameter(const std::string& name, int64_t otherwise, int64_t low, int64_t high,
                            const std::string& meaning);
Parameter flag_parameter(const std::string& name, bool otherwise, const std::string& meaning);

// The same without a default: a call without it is refused.
Parameter required(Parameter parameter);
// The same without a default, which the word's own text explains.
Parameter optional(Parameter parameter);
// The same, that may be given without its name, in the order of the word's parameters.
Parameter positional(Parameter parameter);

// What a call gives for each parameter. Errors start with `[objective] column 9: denoise`.
class Arguments {
 public:
  // Refuses arguments that are unknown, given twice, or given by position past the positional ones; calls
  // without a required one; and values that are of another type, outside the range or no choice.
  Arguments(Call call, std::vector<Parameter> parameters);

  // Whether the call gives it.
  bool has(const std::string& name) const { return find(name) != nullptr; }
  // The value given, or the default; empty where there is neither.
  std::string text(const std::string& name) const;
  // The same of a number, where there is one or the other. Samples and other arguments may narrow the range.
  double number(const std::string& name, double low = -std::numeric_limits<double>::infinity()) const;
  int64_t integer(const std::string& name, int64_t high = std::numeric_limits<int64_t>::max()) const;
  // The same of a flag.
  bool flag(const std::string& name) const;

  // "[objective] column 9: denoise", where the call stands, for errors.
  std::string where() const;
  // The word.
  const std::string& name() const { return call_.name; }
  // The call as text that parses to it again, without its weight.
  const std::string& words() const { return written_; }

 private:
  const Argument* find(const std::string& name) const;
  const Parameter& parameter(const std::string& name) const;
  void place_and_name();
  void check_value(const Argument& argument, const Parameter& parameter) const;

  Call call_;            // its arguments have names
  std::string written_;  // as it came
  std::vector<Parameter> parameters_;
};

}  // namespace steer
