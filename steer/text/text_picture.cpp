#include "steer/text/text_picture.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/text/text_space.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

constexpr int64_t kPlaces = 64, kMostLines = 200, kUsualLine = 24;
constexpr size_t kLinesAtOnce = 8;
constexpr char kUnknownLetter[] = "\xEF\xBF\xBD", kHiddenLetter[] = "\xE2\x96\x91";

// The bytes of the character that begins at `at`; 0 where none does.
size_t character_bytes(const std::string& bytes, size_t at) {
  const auto lead = static_cast<unsigned char>(bytes[at]);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xC2 ? 0
                        : lead < 0xE0 ? 2
                        : lead < 0xF0 ? 3
                        : lead < 0xF5 ? 4
                                      : 0;
  if (at + length > bytes.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(bytes[at + i]) & 0xC0) != 0x80) return 0;
  return length;
}

// Cells put one after another into lines.
class Lines {
 public:
  explicit Lines(int64_t columns) : columns_(static_cast<size_t>(columns)) {}

  void add(const LetterCell& cell) {
    if (made.back().size() == columns_) made.emplace_back();
    made.back().push_back(cell);
  }
  // Bytes of tokens, as far as they are whole characters.
  void add_bytes(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const size_t length = character_bytes(bytes, at);
      const std::string letter = length > 0 ? bytes.substr(at, length) : kUnknownLetter;
      if (letter == "\n")
        made.emplace_back();
      else
        add({letter == "\t" || letter == " " || (length == 1 && letter[0] < ' ') ? "" : letter});
      at += std::max<size_t>(1, length);
    }
  }

  LetterLines made = LetterLines(1);

 private:
  size_t columns_;
};

// The panels of one sample, one below another where a picture has several columns of samples.
std::vector<LetterLines> panels_of(const Space& space, const std::vector<State>& sources) {
  const Tokenizer tokenizer = tokenizer_of(space);
  std::vector<LetterLines> panels;
  const int64_t count = sources.empty() ? 0 : sources[0].size();
  for (int64_t i = 0; i < count; ++i)
    for (const State& source : sources)
      panels.push_back(
          letters_of(tokenizer, source.token[i], kPlaces, source.mask.defined() ? source.mask[i] : Tensor()));
  return panels;
}

}  // namespace

LetterLines letters_of(const Tokenizer& tokenizer, const Tensor& token, int64_t columns,
                       const Tensor& present) {
  const Tensor tokens = token.cpu().contiguous();
  Lines lines(columns);
  std::string bytes;  // of tokens that stand together
  const auto flush = [&] {
    lines.add_bytes(bytes);
    bytes.clear();
  };
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    if (present.defined() && !present[i].item<bool>()) continue;
    const int64_t number = tokens[i].item<int64_t>();
    if (number >= 0 && number == tokenizer.end()) break;
    if (number >= 0 && number < tokenizer.size()) {
      bytes += tokenizer.piece(number);
      continue;
    }
    flush();
    lines.add({"", LetterCell::kHidden});
  }
  flush();
  return lines.made;
}

Tensor text_picture(const Space& space, const std::vector<State>& sources, int64_t columns) {
  std::vector<LetterLines> panels = panels_of(space, sources);
  STEER_CHECK(!panels.empty(), "[text] expected texts to show but got none");
  // Room for lines of usual length, in steps, so that the pictures of one film have one size.
  auto rows = static_cast<size_t>(sources[0].token.size(1) / kUsualLine);
  for (const LetterLines& panel : panels) rows = std::max({size_t{1}, rows, panel.size()});
  rows = std::min((rows + kLinesAtOnce - 1) / kLinesAtOnce * kLinesAtOnce, static_cast<size_t>(kMostLines));
  const auto side = static_cast<size_t>(sources.size() > 1 ? static_cast<int64_t>(sources.size())
                                        : columns > 0      ? std::min<int64_t>(columns, 2)
                                                           : 2);
  const size_t across = std::min(side, panels.size());
  std::vector<Tensor> bands;
  for (size_t at = 0; at < panels.size(); at += across) {
    std::vector<Tensor> beside;
    for (size_t i = at; i < at + across; ++i)
      beside.push_back(
          lettered(i < panels.size() ? panels[i] : LetterLines(), kPlaces, static_cast<int64_t>(rows)));
    Tensor band = at::cat(beside, 2);
    // A line between samples, and between those side by side.
    const Tensor grey = at::full({}, 0.6);
    band.select(1, band.size(1) - 1).copy_(grey.expand({3, band.size(2)}));
    for (size_t i = 1; i < across; ++i)
      band.select(2, static_cast<int64_t>(i) * beside[0].size(2)).copy_(grey.expand({3, band.size(1)}));
    bands.push_back(band);
  }
  return at::cat(bands, 1);
}

std::vector<std::string> plain_texts(const Space& space, const State& state) {
  const Tokenizer tokenizer = tokenizer_of(space);
  const Tensor tokens = state.token.cpu().contiguous();
  std::vector<std::string> texts;
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    texts.emplace_back();
    for (int64_t j = 0; j < tokens.size(1); ++j) {
      if (state.mask.defined() && !state.mask[i][j].item<bool>()) continue;
      const int64_t number = tokens[i][j].item<int64_t>();
      if (number >= 0 && number == tokenizer.end()) break;
      texts.back() += number >= 0 && number < tokenizer.size() ? tokenizer.piece(number) : kHiddenLetter;
    }
  }
  return texts;
}

}  // namespace steer
