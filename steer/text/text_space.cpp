#include "steer/text/text_space.h"

#include <list>
#include <mutex>

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {

Space text_space(const Tokenizer& tokenizer, int64_t length) {
  Space space;
  space.kind = "text";
  space.sizes = {length};
  space.vocabulary = tokenizer.size();
  space.alphabet = json_text(tokenizer.json());
  return space;
}

Tokenizer tokenizer_of(const std::string& alphabet, const std::string& what) {
  constexpr size_t kKept = 4;
  static std::mutex mutex;
  static std::list<std::pair<std::string, Tokenizer>> kept;
  const std::lock_guard<std::mutex> lock(mutex);
  for (auto entry = kept.begin(); entry != kept.end(); ++entry)
    if (entry->first == alphabet) return entry->second;
  kept.emplace_front(alphabet, Tokenizer::of_json(parse_json(alphabet, what), what));
  if (kept.size() > kKept) kept.pop_back();
  return kept.front().second;
}

Tokenizer tokenizer_of(const Space& space) {
  STEER_CHECK(space.kind == "text" && !space.alphabet.empty(), "[text] expected texts but got samples ",
              text_of(space));
  Tokenizer tokenizer = tokenizer_of(space.alphabet, "[text] alphabet");
  STEER_CHECK(tokenizer.size() == space.vocabulary, "[text] expected a vocabulary of ", tokenizer.size(),
              ", as the tokenizer has, but got ", space.vocabulary);
  return tokenizer;
}

}  // namespace steer
