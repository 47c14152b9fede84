#include "steer/cmd/flags.h"

#include <algorithm>

namespace steer {
namespace {

// The words of a validator that lists them, "{resize,pad,crop}", out of an option's type.
std::vector<std::string> listed_choices(const std::string& type) {
  std::vector<std::string> choices;
  const size_t open = type.find('{'), close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (size_t begin = open + 1; begin < close;) {
    const size_t end = std::min(type.find(',', begin), close);
    choices.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

FlagEntry entry_of(const CLI::Option& option) {
  FlagEntry entry;
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  if (entry.names.empty()) entry.names.push_back(option.get_name());
  entry.meaning = option.get_description();
  std::replace(entry.meaning.begin(), entry.meaning.end(), '\n', ' ');
  entry.takes_value = option.get_expected_max() > 0;
  entry.required = option.get_required();
  entry.choices = listed_choices(option.get_type_name());
  entry.value = option.get_default_str();
  return entry;
}

}  // namespace

std::vector<CommandEntry> commands_of(const CLI::App& app) {
  std::vector<CommandEntry> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;  // hidden
    CommandEntry entry = {command->get_name(), command->get_description(), command->get_footer(), {}, {}};
    for (const CLI::Option* option : command->get_options())
      (option->get_positional() ? entry.positionals : entry.flags).push_back(entry_of(*option));
    commands.push_back(std::move(entry));
  }
  return commands;
}

}  // namespace steer
