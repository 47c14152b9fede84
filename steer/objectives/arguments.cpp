#include "steer/objectives/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

// The whole of `word` as a number; false where it is none.
template <class Number>
bool read_number(const std::string& word, Number* value) {
  const std::from_chars_result read = std::from_chars(word.data(), word.data() + word.size(), *value);
  return read.ec == std::errc() && read.ptr == word.data() + word.size();
}

bool is_number(const Parameter& parameter) {
  return parameter.type == ParameterType::kNumber || parameter.type == ParameterType::kInteger;
}

Parameter parameter_of(ParameterType type, const std::string& name, const std::string& meaning) {
  Parameter parameter;
  parameter.name = name;
  parameter.type = type;
  parameter.meaning = meaning;
  return parameter;
}

// "a number from 0 to 1", for errors. Ends that are whole numbers are written so.
std::string range_text(const Parameter& parameter, double low, double high) {
  if (parameter.type == ParameterType::kNumber) return joined("a number from ", low, " to ", high);
  return joined("a whole number from ", static_cast<int64_t>(low), " to ", static_cast<int64_t>(high));
}

}  // namespace

std::string name_of(ParameterType type) {
  switch (type) {
    case ParameterType::kText:
      return "text";
    case ParameterType::kFile:
      return "file";
    case ParameterType::kSample:
      return "sample";
    case ParameterType::kChoice:
      return "choice";
    case ParameterType::kNumber:
      return "number";
    case ParameterType::kInteger:
      return "integer";
    case ParameterType::kFlag:
      return "flag";
  }
  return "";
}

Parameter text_parameter(const std::string& name, const std::string& meaning) {
  return parameter_of(ParameterType::kText, name, meaning);
}

Parameter file_parameter(const std::string& name, const std::string& meaning) {
  return parameter_of(ParameterType::kFile, name, meaning);
}

Parameter sample_parameter(const std::string& name, const std::string& meaning) {
  return parameter_of(ParameterType::kSample, name, meaning);
}

Parameter choice_parameter(const std::string& name, std::vector<std::string> choices,
                           const std::string& meaning) {
  Parameter parameter = parameter_of(ParameterType::kChoice, name, meaning);
  parameter.otherwise = choices.front();
  parameter.choices = std::move(choices);
  return parameter;
}

Parameter number_parameter(const std::string& name, double otherwise, double low, double high,
                           const std::string& meaning) {
  Parameter parameter = parameter_of(ParameterType::kNumber, name, meaning);
  parameter.otherwise = joined(otherwise);
  parameter.low = low, parameter.high = high;
  return parameter;
}

Parameter integer_parameter(const std::string& name, int64_t otherwise, int64_t low, int64_t high,
                            const std::string& meaning) {
  Parameter parameter = parameter_of(ParameterType::kInteger, name, meaning);
  parameter.otherwise = joined(otherwise);
  parameter.low = static_cast<double>(low), parameter.high = static_cast<double>(high);
  return parameter;
}

Parameter flag_parameter(const std::string& name, bool otherwise, const std::string& meaning) {
  Parameter parameter = parameter_of(ParameterType::kFlag, name, meaning);
  parameter.otherwise = otherwise ? "true" : "false";
  parameter.choices = {"true", "false"};
  return parameter;
}

Parameter required(Parameter parameter) {
  parameter.required = true;
  parameter.otherwise.clear();
  return parameter;
}

Parameter optional(Parameter parameter) {
  parameter.otherwise.clear();
  return parameter;
}

Parameter positional(Parameter parameter) {
  parameter.positional = true;
  return parameter;
}

Arguments::Arguments(Call call, std::vector<Parameter> parameters)
    : call_(std::move(call)), written_(to_text(call_)), parameters_(std::move(parameters)) {
  place_and_name();
  for (const Parameter& parameter : parameters_)
    STEER_CHECK(!parameter.required || has(parameter.name), where(), " needs the argument ", parameter.name);
  for (const Argument& argument : call_.arguments) check_value(argument, parameter(argument.name));
}

// Gives every argument its name, and refuses those that are unknown or come twice.
void Arguments::place_and_name() {
  std::vector<std::string> known, in_order, named;
  for (const Parameter& parameter : parameters_) {
    known.push_back(parameter.name);
    (parameter.positional ? in_order : named).push_back(parameter.name);
  }
  std::vector<std::string> seen;
  size_t place = 0;
  for (Argument& argument : call_.arguments) {
    const std::string at = joined("[objective] column ", argument.column, ": ", call_.name);
    if (argument.name.empty()) {
      STEER_CHECK(place < in_order.size(), at, " takes ", in_order.size(),
                  " argument(s) without a name, then name=value with ",
                  fmt::format("{}", fmt::join(named, ", ")), ", but got ", argument.value);
      argument.name = in_order[place++];
    }
    STEER_CHECK(among(argument.name, known), at, " has no argument ", argument.name, "; it takes ",
                fmt::format("{}", fmt::join(known, ", ")), did_you_mean(argument.name, known));
    STEER_CHECK(!among(argument.name, seen), at, " got ", argument.name, " twice");
    seen.push_back(argument.name);
  }
}

void Arguments::check_value(const Argument& argument, const Parameter& parameter) const {
  if (is_number(parameter)) {
    if (among(argument.value, parameter.choices)) return;
    if (parameter.type == ParameterType::kNumber)
      number(argument.name);
    else
      integer(argument.name);
    return;
  }
  if (parameter.type != ParameterType::kChoice && parameter.type != ParameterType::kFlag) return;
  STEER_CHECK(among(argument.value, parameter.choices), "[objective] column ", argument.column, ": ",
              call_.name, ": expected ", argument.name, " as ",
              fmt::format("{}", fmt::join(parameter.choices, " or ")), " but got ", argument.value);
}

const Argument* Arguments::find(const std::string& name) const {
  for (const Argument& argument : call_.arguments)
    if (argument.name == name) return &argument;
  return nullptr;
}

const Parameter& Arguments::parameter(const std::string& name) const {
  for (const Parameter& parameter : parameters_)
    if (parameter.name == name) return parameter;
  fail("[objective] ", call_.name, " has no parameter ", name);
}

std::string Arguments::text(const std::string& name) const {
  const Argument* found = find(name);
  return found ? found->value : parameter(name).otherwise;
}

double Arguments::number(const std::string& name, double low) const {
  const Parameter& parameter = this->parameter(name);
  const Argument* found = find(name);
  const double least = std::max(low, parameter.low);
  double value = 0;
  STEER_CHECK(read_number(text(name), &value) && value >= least && value <= parameter.high,
              "[objective] column ", found ? found->column : call_.column, ": ", call_.name, ": expected ",
              name, " as ", range_text(parameter, least, parameter.high), " but got ", text(name));
  return value;
}

int64_t Arguments::integer(const std::string& name, int64_t high) const {
  const Parameter& parameter = this->parameter(name);
  const Argument* found = find(name);
  const int64_t least = static_cast<int64_t>(parameter.low),
                most = std::min(high, static_cast<int64_t>(parameter.high));
  int64_t value = 0;
  STEER_CHECK(read_number(text(name), &value) && value >= least && value <= most, "[objective] column ",
              found ? found->column : call_.column, ": ", call_.name, ": expected ", name, " as ",
              range_text(parameter, static_cast<double>(least), static_cast<double>(most)), " but got ",
              text(name));
  return value;
}

bool Arguments::flag(const std::string& name) const {
  return text(name) == "true";
}

std::string Arguments::where() const {
  return joined("[objective] column ", call_.column, ": ", call_.name);
}

}  // namespace steer
