#include "steer/text/text_words.h"

#include "steer/text/infill.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

std::unique_ptr<Objective> infill_by(const Arguments& arguments, const ObjectiveContext& context) {
  return std::make_unique<InfillObjective>(
      known_of(arguments.text("text"), tokenizer_of(context.space), context.space.sizes[0]),
      arguments.number("cost"), arguments.words());
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
  };
  return words;
}

}  // namespace steer
