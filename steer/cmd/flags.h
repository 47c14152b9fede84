// The program's commands and flags as a list: what its manual and the shells' completions are made of.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace steer {

struct FlagEntry {
  std::vector<std::string> names;    // "-n", "--count"; one bare name for a positional argument
  std::string meaning;               // one line
  bool takes_value = false;          // false for switches
  bool required = false;             // whether the command refuses to run without it
  std::vector<std::string> choices;  // the only values, where they are listed
  std::string value;                 // the default, or empty
};

struct CommandEntry {
  std::string name, meaning, footer;
  std::vector<FlagEntry> positionals, flags;
};

// One entry for each command, in the order of --help.
std::vector<CommandEntry> commands_of(const CLI::App& app);

// The manual page in roff, for man(1).
std::string manual_page(const CLI::App& app, const std::string& version);

// A script of completions for "bash", "zsh" or "fish". Error for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace steer
