#include "steer/text/token_automaton.h"

#include <vector>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr int64_t kMostStates = 4096;

// The length of the longest beginning of the word that its first 1, 2, ... bytes end with, but for
// themselves.
std::vector<int64_t> failures_of(const std::string& word) {
  std::vector<int64_t> failure(word.size(), 0);
  for (size_t i = 1; i < word.size(); ++i) {
    auto length = static_cast<size_t>(failure[i - 1]);
    while (length > 0 && word[i] != word[length]) length = static_cast<size_t>(failure[length - 1]);
    failure[i] = static_cast<int64_t>(length + (word[i] == word[length] ? 1 : 0));
  }
  return failure;
}

// Where a byte leads from state k m + j, j bytes of the word read and k words found.
int64_t after_byte(const std::string& word, const std::vector<int64_t>& failure, int64_t count, int64_t state,
                   char byte) {
  const auto length = static_cast<int64_t>(word.size());
  if (state == count * length) return state;
  const int64_t found = state / length;
  int64_t read = state % length;
  while (read > 0 && word[static_cast<size_t>(read)] != byte) read = failure[static_cast<size_t>(read - 1)];
  if (word[static_cast<size_t>(read)] == byte) ++read;
  return found * length + read;  // a whole word is the next one's state 0
}

Tensor read_tokens(const TokenAutomaton& automaton, const State& text) {
  const Tensor token = text.token.to(automaton.next.device());
  Tensor state = at::zeros({token.size(0)}, torch::kInt64);
  for (int64_t i = 0; i < token.size(1); ++i) {
    const Tensor next = automaton.next.index({state, token.select(1, i)});
    state = text.mask.defined() ? at::where(text.mask.select(1, i).to(next.device()), next, state) : next;
  }
  return automaton.accept.index_select(0, state).to(torch::kFloat32);
}

// Above, one place after another takes less memory than the transitions of all.
constexpr int64_t kMostAtOnce = 16;

// The product of matrices [N, T, S, S] in their order, pairs at a time.
Tensor product_of(Tensor each) {
  while (each.size(1) > 1) {
    const int64_t pairs = each.size(1) / 2;
    const Tensor both = each.narrow(1, 0, 2 * pairs).unflatten(1, {pairs, 2});
    const Tensor made = at::matmul(both.select(2, 0), both.select(2, 1));
    each = each.size(1) % 2 ? at::cat({made, each.narrow(1, 2 * pairs, 1)}, 1) : made;
  }
  return each.squeeze(1);
}

Tensor read_all_at_once(const TokenAutomaton& automaton, const State& text) {
  const Tensor& p = text.token;
  const int64_t states = automaton.next.size(0);
  const auto type = p.options().requires_grad(false);
  // [V, S, S'], 1 where the token leads from S to S'.
  const Tensor leads = at::one_hot(automaton.next.t(), states).to(type);
  Tensor moves = p.matmul(leads.flatten(1)).unflatten(2, {states, states});
  if (text.mask.defined())
    moves = at::where(text.mask.to(p.device()).unsqueeze(2).unsqueeze(3), moves, at::eye(states, type));
  return product_of(moves).select(1, 0).matmul(automaton.accept.to(type));
}

Tensor read_probabilities(const TokenAutomaton& automaton, const State& text) {
  const Tensor& p = text.token;
  const int64_t rows = p.size(0), states = automaton.next.size(0);
  if (states <= kMostAtOnce) return read_all_at_once(automaton, text);
  const Tensor next = automaton.next.flatten().to(p.device());
  Tensor reached = at::pad(at::ones({rows, 1}, p.options().requires_grad(false)), {0, states - 1});
  for (int64_t i = 0; i < p.size(1); ++i) {
    const Tensor pairs = (reached.unsqueeze(2) * p.select(1, i).unsqueeze(1)).flatten(1);
    const Tensor moved = at::zeros_like(reached).index_add(1, next, pairs);
    reached = text.mask.defined()
                  ? at::where(text.mask.select(1, i).unsqueeze(1).to(p.device()), moved, reached)
                  : moved;
  }
  return reached.matmul(automaton.accept.to(p.device(), p.scalar_type()));
}

}  // namespace

TokenAutomaton occurrences_of(const std::string& word, int64_t count, const Tokenizer& tokenizer) {
  const auto length = static_cast<int64_t>(word.size()), tokens = tokenizer.size();
  STEER_CHECK(length >= 1 && count >= 1, "[text] expected a word and a count of at least 1");
  STEER_CHECK(length <= kMostStates / count, "[text] expected at most ", kMostStates,
              " letters of a word times its count but got ", length, " x ", count);
  const int64_t reading = count * length + 1;  // states; those after the end of the document follow
  const bool ends = tokenizer.end() >= 0;
  const std::vector<int64_t> failure = failures_of(word);
  std::vector<int64_t> next, accept;
  for (int64_t state = 0; state < reading; ++state)
    for (int64_t token = 0; token < tokens; ++token) {
      int64_t to = state;
      if (token == tokenizer.end()) {
        to += reading;
      } else {
        for (const char byte : tokenizer.piece(token)) to = after_byte(word, failure, count, to, byte);
      }
      next.push_back(to);
    }
  const int64_t all = ends ? 2 * reading : reading;
  for (int64_t state = reading; state < all; ++state)
    next.insert(next.end(), static_cast<size_t>(tokens), state);
  for (int64_t state = 0; state < all; ++state) accept.push_back(state % reading == reading - 1);
  return {at::tensor(next, torch::kInt64).view({all, tokens}),
          at::tensor(accept, torch::kInt64).to(torch::kBool)};
}

Tensor acceptance(const TokenAutomaton& automaton, const State& text) {
  return text.token.is_floating_point() ? read_probabilities(automaton, text) : read_tokens(automaton, text);
}

}  // namespace steer
