// The words about texts: scores of tokens, and of probabilities by enumeration of all texts.
#include "steer/text/text_words.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/files.h"
#include "steer/objectives/vocabulary.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/text/ngram.h"
#include "steer/text/share.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_rules.h"
#include "steer/text/text_space.h"
#include "steer/text/token_automaton.h"

namespace steer {
namespace {

State text_state(const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  std::vector<Tensor> rows;
  for (const std::string& text : texts) rows.push_back(at::tensor(tokenizer.encode(text), torch::kInt64));
  State state;
  state.token = at::stack(rows);
  return state;
}

std::unique_ptr<Objective> objective(const std::string& words, const Space& space) {
  ObjectiveContext context;
  context.space = space;
  return objective_of(words, vocabulary_of({&text_words()}, "text"), context);
}

// All texts of `length` tokens, and how likely each is by independent probabilities p [length, V].
struct AllTexts {
  State state;
  Tensor p;
};
AllTexts all_texts(const Tensor& p) {
  const int64_t length = p.size(0), vocabulary = p.size(1);
  AllTexts all;
  all.state.token = at::zeros({1, 0}, torch::kInt64), all.p = at::ones({1}, torch::kFloat64);
  for (int64_t i = 0; i < length; ++i) {
    const int64_t rows = all.p.size(0);
    const Tensor next = at::arange(vocabulary, torch::kInt64).repeat({rows}).unsqueeze(1);
    all.state.token = at::cat({all.state.token.repeat_interleave(vocabulary, 0), next}, 1);
    all.p = (all.p.unsqueeze(1) * p[i]).flatten();
  }
  return all;
}

Tensor some_probabilities(int64_t length, int64_t vocabulary) {
  const Tensor logits = at::arange(length * vocabulary, torch::kFloat64).mul(1.7).sin().mul(2);
  return logits.view({length, vocabulary}).softmax(1);
}

TEST(TextWords, ContainsIsExactOfIndependentTokensAndOfEachText) {
  const Tokenizer tokenizer = Tokenizer::characters("abc");
  for (const auto& [word, count] : std::vector<std::pair<std::string, int64_t>>{
           {"ab", 1}, {"aba", 1}, {"aa", 2}, {"abab", 1}, {"c", 3}, {"ab", 9}, {"abcabcabcabcabcabc", 1}}) {
    const TokenAutomaton automaton = occurrences_of(word, count, tokenizer);
    const Tensor p = some_probabilities(6, 3);
    const AllTexts all = all_texts(p);
    const Tensor found = acceptance(automaton, all.state).to(torch::kFloat64);
    const auto texts = plain_texts(text_space(tokenizer, 6), all.state);
    for (size_t i = 0; i < texts.size(); ++i) {
      int64_t times = 0;
      for (size_t at = texts[i].find(word); at != texts[i].npos; at = texts[i].find(word, at + word.size()))
        ++times;
      ASSERT_EQ(found[static_cast<int64_t>(i)].item<double>(), times >= count) << texts[i] << " " << word;
    }
    State relaxed;
    relaxed.token = p.unsqueeze(0);
    EXPECT_NEAR(acceptance(automaton, relaxed).item<double>(), found.dot(all.p).item<double>(), 1e-12)
        << word;
  }
}

TEST(TextWords, ContainsReadsPiecesOfSeveralLettersAndStopsAtTheEnd) {
  const Tokenizer pairs = Tokenizer::learned("the king and the queen and the king", 262).with_end();
  const TokenAutomaton automaton = occurrences_of("king", 1, pairs);
  const auto has = [&](std::vector<int64_t> tokens) {
    State state;
    state.token = at::tensor(tokens, torch::kInt64).unsqueeze(0);
    const double hard = acceptance(automaton, state).item<double>();
    state.token = at::one_hot(state.token, pairs.size()).to(torch::kFloat64);
    EXPECT_EQ(acceptance(automaton, state).item<double>(), hard);
    return hard == 1;
  };
  EXPECT_TRUE(has(pairs.encode("a king")));
  EXPECT_FALSE(has(pairs.encode("a kin g")));
  std::vector<int64_t> late = pairs.encode("a kin");
  late.push_back(pairs.end());
  for (const int64_t token : pairs.encode("king")) late.push_back(token);
  EXPECT_FALSE(has(late));
  State part = text_state(pairs, {"aking"});
  part.mask = at::ones(part.token.sizes(), torch::kBool);
  part.mask.select(1, part.mask.size(1) - 1).fill_(false);
  EXPECT_EQ(acceptance(automaton, part).item<double>(), 0);
}

TEST(TextWords, ContainsCostsWhatItSaysAndHasTheGradientOfItsLogarithm) {
  const Tokenizer tokenizer = Tokenizer::characters("abc");
  const Space space = text_space(tokenizer, 3);
  const auto word = objective("contains('ab', cost=5)", space);
  const Tensor score = word->score(text_state(tokenizer, {"cab", "acb"}));
  EXPECT_NEAR(score[0].item<double>(), 0, 1e-6);
  EXPECT_NEAR(score[1].item<double>(), -5, 1e-5);
  State relaxed;
  relaxed.token = some_probabilities(3, 3).unsqueeze(0).requires_grad_(true);
  word->score(relaxed).sum().backward();
  const Tensor gradient = relaxed.token.grad().clone();
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  for (const auto& [i, j] : std::vector<std::pair<int64_t, int64_t>>{{0, 0}, {1, 1}, {2, 2}}) {
    State moved;
    moved.token = relaxed.token.clone();
    moved.token[0][i][j] += kStep;
    const double change = (word->score(moved) - word->score(relaxed)).item<double>() / kStep;
    EXPECT_NEAR(gradient[0][i][j].item<double>(), change, 1e-4);
  }
}

TEST(TextWords, SharesCountCharactersOfTheirKind) {
  const Tokenizer tokenizer = Tokenizer::characters("abcEX ,1\n\xC3\xA9");
  const Space space = text_space(tokenizer, 8);
  const State text = text_state(tokenizer, {"abEX ,1\xC3\xA9", "aaaaaaa\n"});
  const auto share_of = [&](const std::string& kind) {
    const Tensor share = ShareObjective(tokenizer, kind, 0, 1, "").share(text);
    return std::pair<double, double>(share[0].item<double>() * 8, share[1].item<double>() * 8);
  };
  using Pair = std::pair<double, double>;
  EXPECT_EQ(share_of("upper"), Pair(2, 0));
  EXPECT_EQ(share_of("lower"), Pair(2, 7));
  EXPECT_EQ(share_of("letters"), Pair(4, 7));
  EXPECT_EQ(share_of("vowels"), Pair(2, 7));
  EXPECT_EQ(share_of("digits"), Pair(1, 0));
  EXPECT_EQ(share_of("spaces"), Pair(1, 1));
  EXPECT_EQ(share_of("punctuation"), Pair(1, 0));
  EXPECT_EQ(share_of("X\xC3\xA9"), Pair(2, 0));
  const auto score = [&](const std::string& words) { return objective(words, space)->score(text); };
  EXPECT_NEAR(score("share(upper=0.25)")[0].item<double>(), 0, 1e-6);
  EXPECT_NEAR(score("share(upper=0.25, noise=0.1)")[1].item<double>(), -3.125, 1e-5);
  EXPECT_NEAR(score("share('X', 0.125)")[0].item<double>(), 0, 1e-6);
  EXPECT_LT(score("share(vowels)")[0].item<double>(), score("share(vowels)")[1].item<double>());
}

TEST(TextWords, ASharesMeanOverManyIndependentTokensIsThatOfTheNormalLaw) {
  const Tokenizer tokenizer = Tokenizer::characters("aB");
  const int64_t length = 14;
  const Tensor p = some_probabilities(length, 2);
  const AllTexts all = all_texts(p);
  const ShareObjective share(tokenizer, "upper", 0.5, 0.2, "");
  const double exact = (share.score(all.state).to(torch::kFloat64).exp() * all.p).sum().log().item<double>();
  State relaxed;
  relaxed.token = p.unsqueeze(0);
  EXPECT_NEAR(share.score(relaxed).item<double>(), exact, 0.01);
  relaxed.token = at::one_hot(all.state.token.narrow(0, 77, 1), 2).to(torch::kFloat64);
  EXPECT_NEAR(share.score(relaxed).item<double>(), share.score(all.state)[77].item<double>(), 1e-6);
}

TEST(TextWords, NgramsAreProbabilitiesAndTheirMeanIsExact) {
  const std::vector<int64_t> text = {0, 1, 2, 0, 1, 0, 0, 2, 1, 0, 1, 2, 2};
  for (const int64_t order : {1, 2, 3}) {
    const NgramTables tables(text, 3, order);
    const Tensor p = some_probabilities(5, 3);
    const AllTexts all = all_texts(p);
    const Tensor log_p = tables.log_likelihood(all.state);
    EXPECT_NEAR(log_p.exp().sum().item<double>(), 1, 1e-5);  // of all texts
    State relaxed;
    relaxed.token = p.unsqueeze(0);
    EXPECT_NEAR(tables.log_likelihood(relaxed).item<double>(), log_p.dot(all.p).item<double>(), 1e-5);
  }
  // Witten-Bell by hand: after 0 came 1 three times, 0 and 2 once each; of 13 tokens 5 are 0, 4 each 1 and 2.
  const NgramTables pairs(text, 3, 2);
  State one;
  one.token = at::tensor({int64_t{0}, int64_t{1}}, torch::kInt64).unsqueeze(0);
  const double first = (5 + 3.0 / 3) / 16, of_one = (4 + 3.0 / 3) / 16, second = (3 + 3 * of_one) / 8;
  EXPECT_NEAR(pairs.log_likelihood(one).item<double>(), std::log(first) + std::log(second), 1e-6);
  EXPECT_NE(refusal([&] { NgramTables(text, 65, 5); }).find("at most"), std::string::npos);
}

// Of texts most of whose tokens are settled, only the windows around the others are summed over; values and
// gradients, at settled places as well, are those of the whole sum, which is linear in each place.
TEST(TextWords, NgramsOfSettledTokensAreLookedUpWithTheWholeGradient) {
  const std::vector<int64_t> text = {0, 1, 2, 0, 1, 0, 0, 2, 1, 0, 1, 2, 2};
  const int64_t length = 6;
  Tensor p = some_probabilities(length, 3);
  for (const int64_t settled : {0, 1, 2, 5})
    p[settled] = at::one_hot(at::scalar_tensor(settled % 3, torch::kInt64), 3).to(p.dtype());
  for (const int64_t order : {1, 2, 3}) {
    const NgramTables tables(text, 3, order);
    const auto at_probabilities = [&](const Tensor& q) {
      State state;
      state.token = q.unsqueeze(0);
      return tables.log_likelihood(state).sum();
    };
    const AllTexts all = all_texts(p);
    const Tensor leaf = p.clone().requires_grad_(true), value = at_probabilities(leaf);
    EXPECT_NEAR(value.item<double>(), tables.log_likelihood(all.state).dot(all.p).item<double>(), 1e-5);
    const Tensor gradient = torch::autograd::grad({value}, {leaf})[0];
    for (int64_t place = 0; place < length; ++place)
      for (int64_t token = 0; token < 3; ++token) {
        // In the way that no place is without doubt any more.
        Tensor here = p.clone(), there = p.clone();
        here[place][token] += 0.5, there[place][token] -= 0.5;
        const torch::NoGradGuard no_grad;
        EXPECT_NEAR(gradient[place][token].item<double>(),
                    (at_probabilities(here) - at_probabilities(there)).item<double>(), 1e-5)
            << order << " " << place << " " << token;
      }
  }
}

TEST(TextWords, NgramsOfACorpusLeaveOutUnknownCharactersAndOneAgainstItselfIsNothing) {
  const TemporaryFolder folder;
  write_file(folder / "corpus.txt",
             "abab\xC3\xA9"
             "cab");
  const Tokenizer tokenizer = Tokenizer::characters("abc\n");
  const Space space = text_space(tokenizer, 4);
  const State text = text_state(tokenizer, {"abab", "cccc"});
  const std::string corpus = folder / "corpus.txt";
  const Tensor score = objective("ngram('" + corpus + "', order=2)", space)->score(text);
  EXPECT_GT(score[0].item<double>(), score[1].item<double>() + 3);
  const Tensor none =
      objective("ngram('" + corpus + "', order=2, against='" + corpus + "')", space)->score(text);
  EXPECT_EQ(none.abs().max().item<double>(), 0);
  EXPECT_TRUE(objective("ngram('" + corpus + "')", space)->differentiable());
  EXPECT_FALSE(objective("ngram('" + corpus + "', order=4)", space)->differentiable());
}

TEST(TextWords, RulesReadTexts) {
  const Tokenizer tokenizer = Tokenizer::characters("abcdefghijklmnopqrstuvwxyz \nKING:");
  const auto score = [&](const std::string& words, const std::string& text) {
    return objective(words, text_space(tokenizer, static_cast<int64_t>(text.size())))
        ->score(text_state(tokenizer, {text}))
        .item<double>();
  };
  EXPECT_EQ(score("regex('^KING:$', cost=7)", "a\nKING:\nb"), 0);
  EXPECT_EQ(score("regex('^KING:$', cost=7)", "a KING:\nb"), -7);
  EXPECT_EQ(score("rhyme(AABB, cost=8)", "the day\nto say\nso light\nat night"), 0);
  EXPECT_EQ(score("rhyme(AABB, cost=8)", "the day\nto say\nso light\na moon"), -4);
  EXPECT_EQ(score("rhyme(AA, cost=8)", "one line"), -8);
  EXPECT_GT(score("sentiment()", "sweet love and joy"), 7);
  EXPECT_LT(score("sentiment()", "death and grief"), -7);
  EXPECT_GT(score("sentiment(goal=-10)", "death and grief"), 7);
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"day", "say"}, {"light", "night"}, {"love", "dove"}, {"stone", "alone"}, {"king", "bring"}})
    EXPECT_TRUE(rhyme(a, b)) << a << " " << b;
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"day", "day"}, {"light", "moon"}, {"love", "stone"}, {"brr", "grr"}, {"", "say"}})
    EXPECT_FALSE(rhyme(a, b)) << a << " " << b;
}

TEST(TextWords, LengthIsOfTextsThatEnd) {
  const Tokenizer tokenizer = Tokenizer::characters("ab").with_end();
  State text = text_state(tokenizer, {"abab"});
  text.token[0][3] = tokenizer.end();
  const Space space = text_space(tokenizer, 4);
  EXPECT_EQ(objective("length(3, noise=1)", space)->score(text).item<double>(), 0);
  EXPECT_EQ(objective("length(5, noise=1)", space)->score(text).item<double>(), -2);
}

TEST(TextWords, OneLineSaysWhatIsWrong) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", "good 2\nbad\n");
  const Space space = text_space(Tokenizer::characters("abc "), 8);
  const auto fault = [&](const std::string& words) { return refusal([&] { objective(words, space); }); };
  EXPECT_NE(fault("contains('')").find("expected a text"), std::string::npos);
  EXPECT_NE(fault("contains('abca', count=3)").find("8 tokens"), std::string::npos);
  EXPECT_NE(fault("contains('xyz')").find("'x'"), std::string::npos) << fault("contains('xyz')");
  EXPECT_NE(fault("share()").find("one kind"), std::string::npos);
  EXPECT_NE(fault("share(upper=0.2, lower=0.1)").find("one kind"), std::string::npos);
  EXPECT_NE(fault("share(digits=0.1)").find("there is none"), std::string::npos);
  EXPECT_NE(fault("share(upper=2)").find("upper"), std::string::npos);
  EXPECT_NE(fault("regex('(a')").find("POSIX"), std::string::npos);
  EXPECT_NE(fault("rhyme(ABC)").find("comes again"), std::string::npos);
  EXPECT_NE(fault("length(5)").find("texts end"), std::string::npos);
  EXPECT_NE(fault("ngram('/nowhere.txt')").find("/nowhere.txt"), std::string::npos);
  EXPECT_NE(fault("sentiment(lexicon='" + (folder / "list.txt") + "')").find("line 2"), std::string::npos);
  EXPECT_NE(refusal([&] {
              State relaxed;
              relaxed.token = at::ones({1, 8, 4}) / 4;
              objective("regex('a')", space)->score(relaxed);
            }).find("no gradient"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
