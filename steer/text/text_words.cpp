#include "steer/text/text_words.h"

#include <unordered_map>

#include "steer/core/check.h"
#include "steer/core/notice.h"
#include "steer/core/tensors.h"
#include "steer/text/contains.h"
#include "steer/text/infill.h"
#include "steer/text/ngram.h"
#include "steer/text/share.h"
#include "steer/text/text_files.h"
#include "steer/text/text_rules.h"
#include "steer/text/text_space.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

std::unique_ptr<Objective> infill_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<InfillObjective>(
      known_of(arguments.text("text"), tokenizer_of(context.space), context.space.sizes[0]),
      arguments.number("cost"), arguments.words());
}

// What is written so in a command, `\\n`, is a line break.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_break = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    plain += line_break ? '\n' : text[i];
    i += line_break;
  }
  return plain;
}

std::unique_ptr<Objective> starts_by(const Arguments& arguments, const ObjectiveContext& context) {
  std::string plain;  // brackets are brackets here
  for (const char letter : arguments.text("text")) plain += letter == '[' ? "[[" : std::string(1, letter);
  return std::make_unique<InfillObjective>(
      known_of(plain, tokenizer_of(context.space), context.space.sizes[0]), arguments.number("cost"),
      arguments.words());
}

std::unique_ptr<Objective> contains_by(const Arguments& arguments, const ObjectiveContext& context) {
  const std::string word = unescaped(arguments.text("text"));
  const int64_t count = arguments.integer("count");
  const Tokenizer tokenizer = tokenizer_of(context.space);
  STEER_CHECK(!word.empty(), arguments.where(), ": text: expected a text but got an empty one");
  const auto needed = static_cast<int64_t>(tokenizer.encode(word).size()) * count;  // refuses what none has
  STEER_CHECK(needed <= context.space.sizes[0], arguments.where(), ": expected what fits into ",
              context.space.sizes[0], " tokens but got a text of ", needed / count, " times ", count);
  return std::make_unique<ContainsObjective>(occurrences_of(word, count, tokenizer), arguments.number("cost"),
                                             arguments.words());
}

// A kind by its own argument, share(upper=0.2), or as the first one, share("xyz", 0.1).
std::unique_ptr<Objective> share_by(const Arguments& arguments, const ObjectiveContext& context) {
  std::string kind = unescaped(arguments.text("characters"));
  double wanted = arguments.has("of") ? arguments.number("of") : 1;
  int64_t named = arguments.has("characters") ? 1 : 0;
  for (const std::string& name : names_of(character_kinds())) {
    if (!arguments.has(name)) continue;
    kind = name, wanted = arguments.number(name), ++named;
  }
  STEER_CHECK(named == 1, arguments.where(),
              ": expected one kind of characters, as share(upper=0.2) or share(vowels, 0.5)");
  STEER_CHECK(!kind.empty(), arguments.where(), ": characters: expected some but got none");
  return std::make_unique<ShareObjective>(tokenizer_of(context.space), kind, wanted,
                                          arguments.number("noise"), arguments.words());
}

// The tokens of a corpus; characters that a tokenizer of characters lacks are passed over.
std::vector<int64_t> tokens_of_corpus(const std::string& path, const Tokenizer& tokenizer) {
  std::string text;
  for (const std::string& document : read_documents(path)) text += document + "\n";
  if (tokenizer.type() != "characters") return tokenizer.encode(text);
  std::string known;
  std::unordered_map<std::string, bool> has;
  for (int64_t i = 0; i < tokenizer.size(); ++i) has[tokenizer.piece(i)] = true;
  int64_t left = 0;
  for (const CodePoint& point : code_points(text, path)) {
    const std::string character = text.substr(point.at, point.bytes);
    if (has.count(character))
      known += character;
    else
      ++left;
  }
  if (left > 0)
    notice(joined("[objective] ngram: ", left, " characters of ", path,
                  " are none of the model's and left out"));
  return tokenizer.encode(known);
}

std::unique_ptr<Objective> ngram_by(const Arguments& arguments, const ObjectiveContext& context) {
  const Tokenizer tokenizer = tokenizer_of(context.space);
  const int64_t order = arguments.integer("order"), vocabulary = context.space.vocabulary;
  const auto tables_of = [&](const std::string& path) {
    return NgramTables(tokens_of_corpus(path, tokenizer), vocabulary, order);
  };
  std::vector<NgramTables> against;
  if (arguments.has("against")) against.push_back(tables_of(arguments.text("against")));
  return std::make_unique<NgramObjective>(tables_of(arguments.text("corpus")), std::move(against),
                                          arguments.words());
}

std::unique_ptr<Objective> rule_of(const Arguments& arguments, const ObjectiveContext& context,
                                   TextRule::Rule rule) {
  return std::make_unique<TextRule>(context.space, std::move(rule), arguments.words());
}

std::unique_ptr<Objective> regex_by(const Arguments& arguments, const ObjectiveContext& context) {
  return rule_of(arguments, context, matches(arguments.text("expression"), arguments.number("cost")));
}

std::unique_ptr<Objective> length_by(const Arguments& arguments, const ObjectiveContext& context) {
  const Tokenizer tokenizer = tokenizer_of(context.space);
  STEER_CHECK(
      tokenizer.end() >= 0 || tokenizer.type() == "bpe", arguments.where(),
      ": expected a model whose texts end (data.documents=true), or one of byte pairs; the texts of this "
      "one all have ",
      context.space.sizes[0], " characters");
  return rule_of(arguments, context, is_long(arguments.number("characters"), arguments.number("noise")));
}

std::unique_ptr<Objective> rhyme_by(const Arguments& arguments, const ObjectiveContext& context) {
  return rule_of(arguments, context, rhymes(arguments.text("scheme"), arguments.number("cost")));
}

std::unique_ptr<Objective> sentiment_by(const Arguments& arguments, const ObjectiveContext& context) {
  return rule_of(arguments, context, feels(arguments.text("lexicon"), arguments.number("goal")));
}

Word word_of(const std::string& name, Nature nature, const std::string& meaning, const std::string& example,
             std::vector<Parameter> parameters, decltype(Word::make) make) {
  return {name, {}, {"text"}, nature, meaning, example, std::move(parameters), std::move(make), {}};
}

Parameter cost_parameter(double otherwise, const std::string& meaning) {
  return number_parameter("cost", otherwise, 0.01, 1000, meaning);
}

std::vector<Parameter> share_parameters() {
  std::vector<Parameter> all = {
      positional(optional(text_parameter("characters", "a kind, as vowels, or the characters themselves"))),
      positional(optional(number_parameter("of", 1, 0, 1, "their share of all characters; 1 unless given")))};
  for (const Named& kind : character_kinds())
    all.push_back(optional(number_parameter(kind.name, 0, 0, 1, "the share of " + kind.meaning)));
  all.push_back(number_parameter("noise", 0.01, 1e-4, 10, "deviation of the share from what is wanted"));
  return all;
}

}  // namespace

const std::vector<Word>& text_words() {
  static const std::vector<Word> words = {
      {"infill",
       {},
       {"text"},
       Nature::kGradient,
       "texts of which some places are known: gaps of so many tokens between, and all behind the end",
       "infill('To be, [10] to be')",
       {positional(required(text_parameter(
            "text", "what is known; [12] is a gap of 12 tokens, [[ a bracket, \\n a line break"))),
        number_parameter("cost", 10, 0.01, 100, "nats that each known place with another token costs")},
       infill_by,
       {}},
      word_of("starts", Nature::kGradient, "texts that begin so", "starts('KING RICHARD')",
              {positional(required(text_parameter("text", "how; \\n is a line break"))),
               cost_parameter(10, "nats that each other token there costs")},
              starts_by),
      word_of("contains", Nature::kGradient, "texts that have a word, so often at least, anywhere",
              "contains('king', count=2)",
              {positional(required(text_parameter("text", "what they have; \\n is a line break"))),
               integer_parameter("count", 1, 1, 1000, "how often, one after another"),
               cost_parameter(40, "nats that a text without it costs")},
              contains_by),
      word_of("share", Nature::kGradient, "texts of which so many characters are of a kind",
              "share(upper=0.2)", share_parameters(), share_by),
      word_of("ngram", Nature::kGradient,
              "texts that are likely after another text, by its n-grams of tokens",
              "ngram(corpus.txt, order=3)",
              {positional(required(file_parameter("corpus", "a text, .txt or .jsonl, .gz of them"))),
               integer_parameter("order", 3, 1, 12, "tokens of an n-gram; above 3 without gradient"),
               optional(file_parameter("against", "another text, whose n-grams' score is taken off"))},
              ngram_by),
      word_of("regex", Nature::kBlackBox, "texts in which a regular expression has a match",
              "regex('^KING [A-Z]+:$')",
              {positional(required(text_parameter("expression", "POSIX, extended; ^ and $ match at lines"))),
               cost_parameter(20, "nats that a text without a match costs")},
              regex_by),
      word_of(
          "length", Nature::kBlackBox, "texts of so many characters, for models whose texts end",
          "length(120, noise=5)",
          {positional(required(number_parameter("characters", 0, 1, 1e6, "up to the end of the document"))),
           number_parameter("noise", 5, 0.1, 1e6, "deviation from it, in characters")},
          length_by),
      word_of("rhyme", Nature::kBlackBox, "texts whose lines rhyme, as spelled", "rhyme(AABB)",
              {positional(required(text_parameter("scheme", "lines of the same letter rhyme; it repeats"))),
               cost_parameter(20, "nats that a text without a rhyme costs, less by the share that rhymes")},
              rhyme_by),
      word_of("sentiment", Nature::kBlackBox, "texts of good words, or of bad ones, by a list of words",
              "sentiment(goal=-10)",
              {number_parameter("goal", 10, -1000, 1000,
                                "nats of a text of good words alone; below 0: of bad ones"),
               optional(file_parameter("lexicon", "lines of a word and its value; else a list that ships"))},
              sentiment_by),
  };
  return words;
}

}  // namespace steer
