// steer.1 from the flags themselves.
#include "steer/cmd/flags.h"

namespace steer {
namespace {

// Text as roff prints it: backslashes and hyphens escaped, no line that begins like a request.
std::string roff(const std::string& text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool first = i == 0 || text[i - 1] == '\n';
    if (first && (text[i] == '.' || text[i] == '\'')) escaped += "\\&";
    if (text[i] == '\\')
      escaped += "\\e";
    else if (text[i] == '-')
      escaped += "\\-";
    else if (text[i] == '|')
      escaped += "|\\:";  // where a list of words may break
    else
      escaped += text[i];
  }
  return escaped;
}

std::string roff_entry(const FlagEntry& flag) {
  std::string names;
  for (const std::string& name : flag.names)
    names += (names.empty() ? "\\fB" : "\\fR, \\fB") + roff(name) + "\\fR";
  if (flag.takes_value && flag.names.front().front() == '-') {
    std::string value = "VALUE";
    for (const std::string& choice : flag.choices)
      value = (&choice == &flag.choices.front() ? "" : value + "|") + choice;
    names += " \\fI" + roff(value) + "\\fR";
  }
  std::string text = ".TP\n" + names + "\n" + roff(flag.meaning);
  if (flag.takes_value && !flag.value.empty()) text += " (default " + roff(flag.value) + ")";
  if (flag.required) text += " (required)";
  return text + "\n";
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  std::string page = ".TH STEER 1 \"\" \"steer " + roff(version) + "\" \"User Commands\"\n.ad l\n";
  page += ".SH NAME\nsteer \\- " + roff(app.get_description()) + "\n";
  page += ".SH SYNOPSIS\n\\fBsteer\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR]... [\\fIFLAG\\fR]...\n";
  page += ".SH COMMANDS\n";
  for (const CommandEntry& command : commands_of(app)) {
    page += ".SS \"steer " + roff(command.name);
    for (const FlagEntry& positional : command.positionals)
      page += (positional.required ? " " : " [") + roff(positional.names.front()) +
              (positional.required ? "" : "]");
    page += "\"\n" + roff(command.meaning) + "\n";
    for (const FlagEntry& positional : command.positionals) page += roff_entry(positional);
    for (const FlagEntry& flag : command.flags) page += roff_entry(flag);
    if (!command.footer.empty()) page += ".PP\n.nf\n" + roff(command.footer) + "\n.fi\n";
  }
  page +=
      ".SH EXIT STATUS\n0: done. 1: refused or failed, with one line that says why. 2: wrong flags. 130: "
      "interrupted.\n";
  page += ".SH EXAMPLES\n.nf\n" + roff(app.get_footer()) + "\n.fi\n";
  return page;
}

}  // namespace steer
