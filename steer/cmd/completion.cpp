// Completions of commands, flags and listed values for the three common shells.
#include "steer/cmd/flags.h"
#include "steer/core/check.h"

namespace steer {
namespace {

std::string words(const std::vector<std::string>& all, const std::string& between = " ") {
  std::string text;
  for (const std::string& word : all) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<std::string> names_of(const std::vector<CommandEntry>& commands) {
  std::vector<std::string> names;
  for (const CommandEntry& command : commands) names.push_back(command.name);
  return names;
}

// In single quotes of a shell.
std::string in_single_quotes(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

// The meaning without what _arguments reads as its own marks.
std::string plain(const std::string& meaning) {
  std::string out;
  for (const char letter : meaning) {
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') out += '\\';
    out += letter;
  }
  return out;
}

std::string bash_script(const std::vector<CommandEntry>& commands) {
  std::string flags, values;
  for (const CommandEntry& command : commands) {
    std::vector<std::string> names;
    for (const FlagEntry& flag : command.flags) {
      for (const std::string& name : flag.names) {
        names.push_back(name);
        if (!flag.choices.empty())
          values += "    " + in_single_quotes(command.name + " " + name) +
                    ") words=" + in_single_quotes(words(flag.choices)) + " ;;\n";
      }
    }
    flags += "    " + command.name + ") flags=" + in_single_quotes(words(names)) + " ;;\n";
    for (const FlagEntry& positional : command.positionals)
      if (!positional.choices.empty())
        values += "    " + in_single_quotes(command.name + " " + command.name) +
                  ") words=" + in_single_quotes(words(positional.choices)) + " ;;\n";
  }
  return "# bash completion of steer\n"
         "_steer() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} "
         "flags= words=\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W " +
         in_single_quotes(words(names_of(commands)) + " --help --version") +
         " -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"$command\" in\n" +
         flags +
         "  esac\n"
         "  case \"$command $before\" in\n" +
         values +
         "  esac\n"
         "  if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  elif [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
         "  else compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
         "}\n"
         "complete -F _steer steer\n";
}

std::string zsh_script(const std::vector<CommandEntry>& commands) {
  std::string script = "#compdef steer\n_steer() {\n  local -a commands\n  commands=(\n";
  for (const CommandEntry& command : commands)
    script += "    " + in_single_quotes(command.name + ":" + plain(command.meaning)) + "\n";
  script +=
      "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n";
  for (const CommandEntry& command : commands) {
    script += "    " + command.name + ") shift words; (( CURRENT-- )); _arguments";
    for (const FlagEntry& flag : command.flags)
      for (const std::string& name : flag.names) {
        std::string line = name + "[" + plain(flag.meaning) + "]";
        if (flag.takes_value)
          line += ":value:" + (flag.choices.empty() ? "_files" : "(" + words(flag.choices) + ")");
        script += " \\\n      " + in_single_quotes(line);
      }
    const bool listed = !command.positionals.empty() && !command.positionals.front().choices.empty();
    if (listed)
      script += " \\\n      " + in_single_quotes("1:" + command.positionals.front().names.front() + ":(" +
                                                 words(command.positionals.front().choices) + ")");
    script += " \\\n      '*:file:_files' ;;\n";
  }
  return script +
         "  esac\n}\nif [ \"$funcstack[1]\" = _steer ]; then _steer \"$@\"; else compdef _steer steer; fi\n";
}

std::string fish_script(const std::vector<CommandEntry>& commands) {
  std::string script = "# fish completion of steer\n";
  for (const CommandEntry& command : commands)
    script += "complete -c steer -n __fish_use_subcommand -f -a " + command.name + " -d " +
              in_single_quotes(command.meaning) + "\n";
  for (const CommandEntry& command : commands) {
    const std::string head = "complete -c steer -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const FlagEntry& flag : command.flags) {
      script += head;
      for (const std::string& name : flag.names)
        script += (name.compare(0, 2, "--") == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1));
      if (flag.takes_value)
        script += flag.choices.empty() ? " -r" : " -x -a " + in_single_quotes(words(flag.choices));
      script += " -d " + in_single_quotes(flag.meaning) + "\n";
    }
    for (const FlagEntry& positional : command.positionals)
      if (!positional.choices.empty())
        script += head + " -a " + in_single_quotes(words(positional.choices)) + "\n";
  }
  return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  const std::vector<CommandEntry> commands = commands_of(app);
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  fail("[completion] expected bash, zsh or fish but got \"", shell, "\"");
}

}  // namespace steer
