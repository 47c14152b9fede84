// steer words: what objectives are made of.
#include "steer/cmd/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "steer/cmd/command.h"
#include "steer/modalities/modalities.h"
#include "steer/objectives/words.h"
#include "steer/work/listings.h"

namespace steer {
namespace {

constexpr size_t kWordColumn = 40, kLastColumn = 110;

struct WordsFlags {
  Common common;
  std::string about;
};

// The head, then the text from a column on, in as many lines as it needs.
std::string in_two_columns(const std::string& head, const std::string& text) {
  std::string lines, line = head;
  if (head.size() + 1 >= kWordColumn) lines = head + "\n", line.clear();
  line.resize(kWordColumn, ' ');
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (line.size() > kWordColumn && line.size() + 1 + end - at > kLastColumn) {
      lines += line + "\n";
      line.assign(kWordColumn, ' ');
    }
    if (line.size() > kWordColumn) line += " ";
    line += text.substr(at, end - at);
    at = end + 1;
  }
  return lines + line + "\n";
}

std::string lines_of(const Vocabulary& words) {
  std::string text;
  for (const Word* word : words) text += in_two_columns("  " + word->example, word->meaning);
  return text;
}

// What a value may be: "0.001 to 100", "resize or pad", "file".
std::string value_text(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::kNumber:
    case ParameterType::kInteger: {
      const std::string words = fmt::format("{}", fmt::join(parameter.choices, " or "));
      return (words.empty() ? "" : words + " or ") +
             fmt::format("{:g} to {:g}", parameter.low, parameter.high);
    }
    case ParameterType::kChoice:
    case ParameterType::kFlag:
      return fmt::format("{}", fmt::join(parameter.choices, " or "));
    default:
      return (parameter.choices.empty() ? "" : "word or ") + name_of(parameter.type);
  }
}

// Everything about one word.
std::string page_of(const Word& word) {
  const std::string kinds =
      word.kinds.empty() ? "every kind" : fmt::format("{}", fmt::join(word.kinds, ", "));
  std::string text =
      word.example + "\n" + word.meaning + "\n" + name_of(word.nature) + "; for samples of: " + kinds + "\n";
  if (!word.aliases.empty()) text += fmt::format("also written {}\n", fmt::join(word.aliases, ", "));
  if (word.combine) text += "holds a sum of other words\n";
  if (word.parameters.empty()) return text;
  std::vector<std::vector<std::string>> rows = {{"argument", "value", "default", "meaning"}};
  std::string beside;
  for (const Parameter& parameter : word.parameters) {
    rows.push_back({parameter.name, value_text(parameter),
                    parameter.required            ? "required"
                    : parameter.otherwise.empty() ? "-"
                                                  : parameter.otherwise,
                    parameter.meaning});
    if (parameter.type == ParameterType::kFile && !parameter.choices.empty())
      beside += fmt::format("{} beside a file: {}\n", parameter.name, fmt::join(parameter.choices, ", "));
  }
  return text + "\n" + table(rows) + beside;
}

int run_words(const WordsFlags& flags) {
  const Vocabulary words = words_about(flags.about);
  const bool one =
      std::all_of(words.begin(), words.end(), [&](const Word* word) { return word->name == words[0]->name; });
  std::string pages;
  for (const Word* word : words) pages += (pages.empty() ? "" : "\n") + page_of(*word);
  show(flags.common, vocabulary_json(words), one ? pages : lines_of(words));
  return 0;
}

}  // namespace

std::string words_help() {
  std::string text = "Objectives (steer words WORD shows all arguments of one):\n";
  for (const Modality* modality : modalities())
    text += "of " + modality->plural + ":\n" + lines_of(vocabulary_of({modality->words}));
  text += "of every kind of sample:\n" + lines_of(vocabulary_of({&common_words()}));
  return text +
         "Sums with weights: '0.5*inpaint(a.png, mask=left) + super_resolve(b.png, factor=4)'. Goals of\n"
         "different units: rank(...) adds the ranks among the candidates instead of the scores.\n"
         "docs/objectives.md has all formulas. Images are read in the model's channels and must have its "
         "size\n"
         "unless --fit or fit= says otherwise.";
}

void add_words(CLI::App& app, Run& run) {
  auto flags = std::make_shared<WordsFlags>();
  CLI::App* command = app.add_subcommand("words", "list the words of objectives, or show one of them");
  command->add_option(
      "about", flags->about,
      "a kind of sample, such as image, or a word, such as inpaint; without it all are listed");
  command->add_flag("--json", flags->common.json, "print the table as one line of JSON");
  command->callback([=, &run] { run = [=] { return run_words(*flags); }; });
}

}  // namespace steer
