#include "steer/work/code_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/lettering.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

constexpr char kLineBreak[] = "\xE2\x86\xB5";  // as a person sees it within a line
constexpr char kBar[] = "\xE2\x94\x82  ", kTee[] = "\xE2\x94\x9C\xE2\x94\x80 ",
               kEnd[] = "\xE2\x94\x94\xE2\x94\x80 ";
constexpr int64_t kMostLetters = 100;

// A text as one line between quotes.
std::string in_quotes(const std::string& text) {
  std::string made = "\"";
  for (const char letter : text) made += letter == '\n' ? kLineBreak : std::string(1, letter);
  return made + "\"";
}

State text_before(const Space& space, const std::string& after) {
  State before;
  if (after.empty()) return before;
  STEER_CHECK(space.vocabulary > 0, "[tree] --after: expected a model of text");
  const std::vector<int64_t> tokens = tokenizer_of(space).encode(after);
  before.token = at::tensor(tokens, torch::kInt64).unsqueeze(0);
  return before;
}

// Whether another child of the same prefix follows in the walk.
bool has_more(const std::vector<LikelyPrefix>& walk, size_t i) {
  const size_t level = walk[i].code.size();
  for (size_t j = i + 1; j < walk.size() && walk[j].code.size() >= level; ++j)
    if (walk[j].code.size() == level) return true;
  return false;
}

// A line for each prefix: the branch that it hangs on, how likely it is, what it says, and its index.
std::string branches(const Space& space, const std::vector<LikelyPrefix>& walk, const std::string& after) {
  std::string lines = after.empty() ? "" : "after " + in_quotes(after) + "\n";
  std::vector<bool> open;  // of each level
  for (size_t i = 0; i < walk.size(); ++i) {
    const size_t level = walk[i].code.size();
    open.resize(level, false);
    open[level - 1] = has_more(walk, i);
    for (size_t l = 0; l + 1 < level; ++l) lines += open[l] ? kBar : "   ";
    lines += open[level - 1] ? kTee : kEnd;
    lines += fmt::format("{:>4.1f} %  {}  index {}\n", 100 * walk[i].p,
                         in_quotes(plain_texts(space, walk[i].state)[0]), walk[i].code.back());
  }
  return lines;
}

Tensor drawn_lines(const std::string& lines) {
  LetterLines cells(1);
  size_t widest = 1;
  for (size_t at = 0; at < lines.size();) {
    size_t bytes = 1;
    while (at + bytes < lines.size() && (static_cast<unsigned char>(lines[at + bytes]) & 0xC0) == 0x80)
      ++bytes;
    const std::string letter = lines.substr(at, bytes);
    at += bytes;
    if (letter == "\n")
      cells.emplace_back();
    else
      cells.back().push_back({letter == " " ? "" : letter});
    widest = std::max(widest, cells.back().size());
  }
  cells.pop_back();
  return lettered(cells, std::min(kMostLetters, static_cast<int64_t>(widest)),
                  static_cast<int64_t>(cells.size()));
}

}  // namespace

CodeTree code_tree(const LoadedModel& loaded, const CodeTreeOptions& options) {
  const Codec& codec = as_codec(loaded, "tree");
  const Space space = codec.space();
  const Modality& modality = modality_of(space);
  const State before = text_before(space, options.after);
  CodeTree tree;
  const std::vector<LikelyPrefix> walk = codec.likely(before, options.levels, options.each, options.most);
  if (!walk.empty()) {
    tree.prefixes = static_cast<int64_t>(walk.size()), tree.branching = options.each;
    tree.lines = branches(space, walk, options.after);
    tree.picture = drawn_lines(tree.lines);
  } else {
    STEER_CHECK(modality.nested, "[tree] ", loaded.path, ": expected samples that nest in a picture but got ",
                modality.plural);
    const Told told = told_by(options.telling, *loaded.model, 1);
    tree.levels = codec.prefixes(options.levels, options.most, told);
    tree.branching = tree.levels[0].size();
    for (const State& level : tree.levels) tree.prefixes += level.size();
    tree.picture = modality.nested(tree.levels, options.cell);
  }
  tree.figures = {{"levels", options.levels}, {"branching", tree.branching}, {"prefixes", tree.prefixes}};
  return tree;
}

}  // namespace steer
