#include "steer/text/text_modality.h"

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/text/text_data.h"
#include "steer/text/text_files.h"
#include "steer/text/text_measures.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"
#include "steer/text/text_words.h"

namespace steer {
namespace {

constexpr int64_t kShownTexts = 8;

State read_text(const std::string& path, const Space& space, const std::string&) {
  std::vector<int64_t> tokens;
  try {
    const Tokenizer tokenizer = tokenizer_of(space);
    std::string text = read_documents(path)[0];
    tokens = tokenizer.encode(text);
    // Files end with a line break, which is not the text's where it has no place.
    if (static_cast<int64_t>(tokens.size()) > space.sizes[0] && !text.empty() && text.back() == '\n') {
      text.pop_back();
      tokens = tokenizer.encode(text);
    }
  } catch (const Error& error) {
    fail("[read] ", path, ": ", error.what());
  }
  const int64_t length = space.sizes[0], count = static_cast<int64_t>(tokens.size());
  STEER_CHECK(count <= length, "[read] ", path, ": expected at most ", length, " tokens but got ", count);
  tokens.resize(static_cast<size_t>(length), 0);
  State state;
  state.token = at::tensor(tokens, torch::kInt64).unsqueeze(0);
  state.mask = (at::arange(length) < count).unsqueeze(0);
  return state;
}

void fit_text(DataOptions& options, const Space& space) {
  options.tokenizer = space.alphabet;
  options.length = space.sizes[0];
}

std::vector<NamedDistance> measures_of(const Space& space, const State& samples, const State& real) {
  const TextMeasures found = text_measures(plain_texts(space, samples), plain_texts(space, real));
  return {
      {"entropy", found.entropy, "bits of the characters within a text, on average; low where texts repeat"},
      {"distinct_4", found.distinct, "share of different ones among all 4-grams of characters"},
      {"known_words", found.known_words, "share of words that the data has too"}};
}

}  // namespace

std::string closed_texts(const std::vector<std::string>& texts) {
  constexpr size_t kLine = 64;
  std::string all;
  for (const std::string& text : texts) all += text + "\n" + std::string(kLine, '-') + "\n";
  return all;
}

const Modality& text_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = "text";
    m.plural = "texts";
    m.meaning = "texts, tokens [T] of characters, bytes or byte pairs; .txt and .jsonl files";
    m.read = read_text;
    m.holds = is_text_path;
    m.dataset = make_text_dataset;
    m.data = text_data();
    m.fitted = fit_text;
    m.picture = text_picture;
    m.texts = plain_texts;
    m.writes = [](const std::string& path) { return file_ending(path) == ".txt"; };
    m.file_of = [](const std::string&, const Space& space, const State& samples) {
      const std::vector<std::string> texts = plain_texts(space, samples);
      return texts.size() == 1 ? texts[0] + "\n" : closed_texts(texts);
    };
    m.distances = measures_of;
    m.most_shown = kShownTexts;
    m.words = &text_words();
    return m;
  }();
  return modality;
}

}  // namespace steer
