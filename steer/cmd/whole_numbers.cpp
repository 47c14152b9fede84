#include "steer/cmd/whole_numbers.h"

#include <charconv>
#include <cstdint>
#include <string>

#include "steer/core/json.h"

namespace steer {
namespace {

std::string long_number_fault(const std::string& text) {
  int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc::result_out_of_range) return "";
  return "expected a whole number of 64 bits but got " + in_quotes(text);
}

}  // namespace

void refuse_long_numbers(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({}))
    for (CLI::Option* option : command->get_options())
      if (option->get_type_name().rfind("INT", 0) == 0 || option->get_type_name().rfind("UINT", 0) == 0)
        option->check(CLI::Validator(long_number_fault, ""));
}

}  // namespace steer
