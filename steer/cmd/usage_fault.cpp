#include "steer/cmd/usage_fault.h"

#include <algorithm>

#include "steer/cmd/flags.h"
#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CommandEntry& command : commands_of(app)) names.push_back(command.name);
  return names;
}

std::vector<std::string> flags_of(const CLI::App& app, const std::string& command) {
  std::vector<std::string> names;
  for (const CommandEntry& entry : commands_of(app))
    for (const FlagEntry& flag : entry.flags)
      if (entry.name == command) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

// "--cuont" of "--cuont=3".
std::string flag_of(const std::string& word) {
  return word.substr(0, word.find('='));
}

// Without the full stop of CLI11; line breaks go with Error.
std::string one_sentence(const std::string& text) {
  return text.substr(0, text.find_last_not_of(" .\n") + 1);
}

}  // namespace

std::string usage_fault(const CLI::App& app, const std::string& what) {
  const auto commands = app.get_subcommands();
  const std::vector<std::string> unknown = app.remaining(true);
  std::string line;
  if (commands.empty()) {
    line = unknown.empty() ? what
                           : joined("expected a command but got ", unknown.front(),
                                    did_you_mean(unknown.front(), names_of_commands(app)));
    return Error("steer: " + one_sentence(line) + "; steer --help lists the commands").what();
  }
  const std::string command = commands.front()->get_name();
  const auto flag = std::find_if(unknown.begin(), unknown.end(),
                                 [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  if (flag != unknown.end()) {
    const std::string name = flag_of(*flag);
    line =
        joined("expected a flag of this command but got ", name, did_you_mean(name, flags_of(app, command)));
  } else if (!unknown.empty()) {
    line = joined("expected no further word but got ", unknown.front());
  } else {
    line = what;
  }
  return Error("steer " + command + ": " + one_sentence(line) + "; steer " + command + " --help shows all")
      .what();
}

}  // namespace steer
