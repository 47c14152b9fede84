// That docs/objectives.md says of every word what the table says.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "steer/core/files.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

// The cells of a row of a table, `| a | b |`, without blanks at their ends; a bar in a cell is written \|.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] != '|' || line[i - 1] == '\\') {
      cell += line[i];
      continue;
    }
    const size_t first = cell.find_first_not_of(' ');
    cells.push_back(first == std::string::npos ? ""
                                               : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
    cell.clear();
  }
  return cells;
}

// The page's rows that begin with a call in backticks, by that call: words of two kinds may share a name.
std::map<std::string, std::vector<std::string>> word_rows(const std::string& page) {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0 || line.find('(') > line.find('`', 3)) continue;
    const std::vector<std::string> cells = cells_of(line);
    EXPECT_TRUE(rows.emplace(cells.at(0), cells).second) << line;
  }
  return rows;
}

// The arguments as the page writes them.
std::string arguments_text(const Word& word) {
  std::string text;
  for (const Parameter& parameter : word.parameters) {
    const std::string value = parameter.otherwise.empty() ? "" : "=" + parameter.otherwise;
    const std::string bold = parameter.required ? "**" : "";
    text += (text.empty() ? "" : ", ") + bold + "`" + parameter.name + value + "`" + bold;
  }
  return text;
}

TEST(ObjectivesPage, HasEveryWordWithItsArgumentsAndNoOther) {
  const std::string page = read_file(STEER_OBJECTIVES_PAGE);
  auto rows = word_rows(page);
  for (const Word* word : all_words()) {
    const std::string call = "`" + word->example + "`";
    ASSERT_EQ(rows.count(call), 1u) << word->name;
    const std::vector<std::string> cells = rows[call];
    ASSERT_EQ(cells.size(), 3u) << word->name;
    EXPECT_EQ(cells[2], arguments_text(*word)) << word->name;
    for (const std::string& kind : word->kinds)
      EXPECT_NE(cells[1].find("*" + kind + "*"), std::string::npos) << word->name;
    for (const std::string& alias : word->aliases)
      EXPECT_NE(page.find("`" + alias + "`"), std::string::npos) << alias;
    for (const Parameter& parameter : word->parameters)
      for (const std::string& choice : parameter.choices)
        EXPECT_NE(page.find(choice), std::string::npos) << word->name << " " << parameter.name;
    rows.erase(call);
  }
  for (const auto& [name, cells] : rows) ADD_FAILURE() << name << " is no word";
}

TEST(Words, HaveExamplesThatTheTableTakes) {
  for (const Word* word : all_words()) {
    const Call call = parse_objective(word->example).at(0);
    EXPECT_EQ(call.name, word->name);
    EXPECT_NE(!word->make, !word->combine) << word->name;
    if (word->make) {
      EXPECT_NO_THROW(Arguments(call, word->parameters)) << word->example;
    }
    for (const Parameter& parameter : word->parameters) {
      // A default is a value that the table would take.
      if (parameter.otherwise.empty()) continue;
      Call alone = call;
      alone.arguments = {{parameter.name, parameter.otherwise, 1}};
      EXPECT_NO_THROW(Arguments(alone, {parameter})) << word->name << " " << parameter.name;
    }
  }
}

}  // namespace
}  // namespace steer
