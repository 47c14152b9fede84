#include "steer/objectives/vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

void check_context(const ObjectiveContext& context) {
  const std::vector<int64_t>& sizes = context.space.sizes;
  for (const int64_t size : sizes)
    STEER_CHECK(size > 0, "[objective] expected samples of sizes above 0 but got ", text_of(context.space));
  const Tensor& truth = context.truth;
  STEER_CHECK(!truth.defined() || (truth.dim() == static_cast<int64_t>(sizes.size()) + 1 &&
                                   truth.size(0) > 0 && truth.sizes().slice(1) == at::IntArrayRef(sizes)),
              "[objective] expected truth [T, sizes...], T > 0, of ", text_of(context.space), " but got ",
              truth.defined() ? shape_text(truth.sizes()) : "");
}

const Word& word_of(const Call& call, const Vocabulary& vocabulary) {
  if (const Word* word = find_word(vocabulary, call.name)) return *word;
  std::vector<std::string> known;
  for (const Word* word : vocabulary) known.push_back(word->name);
  const std::string list = fmt::format("{}", fmt::join(known, ", "));
  for (const Word* word : vocabulary) known.insert(known.end(), word->aliases.begin(), word->aliases.end());
  fail("[objective] column ", call.column, ": unknown objective ", call.name, "; known are ", list,
       did_you_mean(call.name, known));
}

std::vector<WeightedSum::Term> terms_of(const std::vector<Call>& calls, const Vocabulary& vocabulary,
                                        const ObjectiveContext& context) {
  std::vector<WeightedSum::Term> terms;
  for (const Call& call : calls) {
    const Word& word = word_of(call, vocabulary);
    terms.push_back({call.weight, word.combine ? word.combine(terms_of(call.terms, vocabulary, context))
                                               : word.make(Arguments(call, word.parameters), context)});
  }
  return terms;
}

// The default as JSON of its type.
Json default_of(const Parameter& parameter) {
  if (parameter.otherwise.empty()) return nullptr;
  const bool is_word =
      parameter.type == ParameterType::kText || parameter.type == ParameterType::kFile ||
      parameter.type == ParameterType::kSample || parameter.type == ParameterType::kChoice ||
      (parameter.type != ParameterType::kFlag && among(parameter.otherwise, parameter.choices));
  return is_word ? Json(parameter.otherwise) : Json::parse(parameter.otherwise);
}

Json parameter_json(const Parameter& parameter) {
  Json json = {{"name", parameter.name},         {"type", name_of(parameter.type)},
               {"meaning", parameter.meaning},   {"default", default_of(parameter)},
               {"required", parameter.required}, {"positional", parameter.positional}};
  if (parameter.type == ParameterType::kNumber) json["range"] = {parameter.low, parameter.high};
  if (parameter.type == ParameterType::kInteger)
    json["range"] = {static_cast<int64_t>(parameter.low), static_cast<int64_t>(parameter.high)};
  if (parameter.type != ParameterType::kFlag && !parameter.choices.empty())
    json["choices"] = parameter.choices;
  return json;
}

}  // namespace

std::string name_of(Nature nature) {
  switch (nature) {
    case Nature::kLinear:
      return "linear";
    case Nature::kGradient:
      return "gradient";
    case Nature::kBlackBox:
      return "black box";
  }
  return "";
}

Vocabulary vocabulary_of(const std::vector<const std::vector<Word>*>& tables, const std::string& kind) {
  Vocabulary vocabulary;
  for (const std::vector<Word>* table : tables)
    for (const Word& word : *table)
      if (kind.empty() || word.kinds.empty() || among(kind, word.kinds)) vocabulary.push_back(&word);
  return vocabulary;
}

const Word* find_word(const Vocabulary& vocabulary, const std::string& name) {
  for (const Word* word : vocabulary)
    if (word->name == name || among(name, word->aliases)) return word;
  return nullptr;
}

std::unique_ptr<Objective> objective_of(const std::string& text, const Vocabulary& vocabulary,
                                        const ObjectiveContext& context) {
  check_context(context);
  std::vector<WeightedSum::Term> terms = terms_of(parse_objective(text), vocabulary, context);
  if (terms.size() == 1 && terms[0].weight == 1.0) return std::move(terms[0].objective);
  return std::make_unique<WeightedSum>(std::move(terms));
}

Json vocabulary_json(const Vocabulary& vocabulary) {
  Json words = Json::array();
  for (const Word* word : vocabulary) {
    Json arguments = Json::array();
    for (const Parameter& parameter : word->parameters) arguments.push_back(parameter_json(parameter));
    words.push_back({{"name", word->name},
                     {"aliases", word->aliases},
                     {"kinds", word->kinds},
                     {"nature", name_of(word->nature)},
                     {"meaning", word->meaning},
                     {"example", word->example},
                     {"arguments", arguments}});
  }
  return words;
}

}  // namespace steer
