#include "steer/modalities/objectives.h"

#include "steer/modalities/modalities.h"
#include "steer/modalities/own_words.h"
#include "steer/objectives/words.h"

namespace steer {

Vocabulary words_of(const std::string& kind) {
  return vocabulary_of({modality_of(kind).words, &common_words()}, kind);
}

Vocabulary all_words() {
  std::vector<const std::vector<Word>*> tables;
  for (const Modality* modality : modalities()) tables.push_back(modality->words);
  tables.push_back(&common_words());
  return vocabulary_of(tables);
}

std::unique_ptr<Objective> make_objective(const std::string& words, const ObjectiveContext& context) {
  ObjectiveContext told = context;
  if (const auto& texts = modality_of(context.space).texts)
    told.texts = [texts, space = context.space](const State& samples) { return texts(space, samples); };
  return objective_of(words, with_own_words(words_of(context.space.kind)), told);
}

}  // namespace steer
