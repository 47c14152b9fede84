#include "steer/text/tokenizer.h"

#include <algorithm>
#include <set>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/json_fields.h"
#include "steer/text/byte_letters.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

constexpr char kBytes[] = "bytes", kCharacters[] = "characters", kBytePairs[] = "bpe",
               kEndOfText[] = "<|endoftext|>";
constexpr size_t kMostPieces = size_t{1} << 22, kLongestPiece = size_t{1} << 16;

std::vector<std::string> single_bytes() {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  return pieces;
}

void check_pieces(const std::vector<std::string>& pieces, const std::string& what) {
  STEER_CHECK(!pieces.empty() && pieces.size() <= kMostPieces, what, ": expected 1 to ", kMostPieces,
              " tokens but got ", pieces.size());
  for (const std::string& piece : pieces)
    STEER_CHECK(!piece.empty() && piece.size() <= kLongestPiece, what, ": expected tokens of 1 to ",
                kLongestPiece, " bytes but got one of ", piece.size());
}

// "line 3, character 7", both from 1, for people.
std::string place_text(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t begin = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  const int64_t column = 1 + characters_in(before.substr(begin));
  return joined("line ", line, ", character ", column);
}

}  // namespace

const std::vector<Named>& tokenizer_table() {
  static const std::vector<Named> table = {
      {kBytes, "256 bytes: any text and any file, nothing unknown"},
      {kCharacters, "the characters that occur in the training text"},
      {kBytePairs, "byte pairs learned from the training text, as GPT-2's"},
  };
  return table;
}

struct Tokenizer::Content {
  std::string type;
  std::vector<std::string> pieces;
  std::unordered_map<std::string, int64_t> token;  // of each piece
  std::unordered_map<char32_t, int64_t> by_character;
  // Of byte pairs:
  std::optional<BytePairs> pairs;
  std::optional<WordSplit> words;
  std::vector<int64_t> special;  // the longest text first
  bool whole_words = false;

  Content(std::string kind, std::vector<std::string> all, const std::string& what)
      : type(std::move(kind)), pieces(std::move(all)) {
    check_pieces(pieces, what);
    token.reserve(pieces.size());
    for (size_t i = 0; i < pieces.size(); ++i)
      STEER_CHECK(token.emplace(pieces[i], static_cast<int64_t>(i)).second, what,
                  ": expected tokens that differ but two are ", in_quotes(pieces[i]));
  }

  std::vector<int64_t> by_characters(std::string_view text) const {
    std::vector<int64_t> tokens;
    tokens.reserve(text.size());
    for (const CodePoint& point : code_points(text, "[text] input")) {
      const auto found = by_character.find(point.value);
      STEER_CHECK(found != by_character.end(), "[text] expected the ", pieces.size(),
                  " characters that the model knows but got ", code_point_text(point.value), " in ",
                  place_text(text, point.at));
      tokens.push_back(found->second);
    }
    return tokens;
  }

  void add_words(std::string_view text, std::unordered_map<std::string, std::vector<int64_t>>& known,
                 std::vector<int64_t>& tokens) const {
    words->cut(text, [&](std::string_view word) {
      const auto [found, is_new] = known.try_emplace(std::string(word));
      if (is_new) {
        const auto whole = whole_words ? token.find(found->first) : token.end();
        found->second = whole != token.end() ? std::vector<int64_t>{whole->second} : pairs->encode(word);
      }
      tokens.insert(tokens.end(), found->second.begin(), found->second.end());
    });
  }

  std::vector<int64_t> by_pairs(std::string_view text) const {
    std::vector<int64_t> tokens;
    std::unordered_map<std::string, std::vector<int64_t>> known;  // words of this text
    std::vector<size_t> next(special.size(), 0);                  // where each special token stands next
    for (size_t at = 0;;) {
      size_t end = text.size(), found = special.size();
      for (size_t i = 0; i < special.size(); ++i) {
        if (next[i] != text.npos && (at == 0 || next[i] < at))
          next[i] = text.find(pieces[static_cast<size_t>(special[i])], at);
        if (next[i] < end) end = next[i], found = i;  // of those at one place the longest, which is first
      }
      add_words(text.substr(at, end - at), known, tokens);
      if (found == special.size()) return tokens;
      tokens.push_back(special[found]);
      at = end + pieces[static_cast<size_t>(special[found])].size();
    }
  }
};

Tokenizer Tokenizer::bytes() {
  return Tokenizer(std::make_shared<Content>(kBytes, single_bytes(), "[text]"));
}

Tokenizer Tokenizer::characters(std::string_view text) {
  std::set<char32_t> occurring;
  for (const CodePoint& point : code_points(text, "[text] input")) occurring.insert(point.value);
  std::vector<std::string> pieces;
  for (const char32_t value : occurring) pieces.push_back(utf8_of(value));
  STEER_CHECK(!pieces.empty(), "[text] expected a text with characters to learn from but got none");
  auto content = std::make_shared<Content>(kCharacters, pieces, "[text]");
  int64_t token = 0;
  for (const char32_t value : occurring) content->by_character[value] = token++;
  return Tokenizer(std::move(content));
}

Tokenizer Tokenizer::learned(std::string_view text, int64_t size) {
  STEER_CHECK(size >= 256, "[text] expected a vocabulary of at least the 256 bytes but got ", size);
  WordCounts counts;
  WordSplit(kGpt2Words).cut(text, [&](std::string_view word) { ++counts[std::string(word)]; });
  const BytePairs pairs = learn_byte_pairs(counts, size - 256);
  Parts parts;
  parts.words = kGpt2Words, parts.merges = pairs.merges();
  for (const unsigned char byte : bytes_by_letter()) parts.pieces.emplace_back(1, static_cast<char>(byte));
  for (const Merge& merge : parts.merges)
    parts.pieces.push_back(parts.pieces[static_cast<size_t>(merge.left)] +
                           parts.pieces[static_cast<size_t>(merge.right)]);
  return byte_pairs(std::move(parts), "[text]");
}

Tokenizer Tokenizer::byte_pairs(Parts parts, const std::string& what) {
  auto content = std::make_shared<Content>(kBytePairs, std::move(parts.pieces), what);
  const auto size = static_cast<int64_t>(content->pieces.size());
  const auto piece = [&](int64_t token) -> const std::string& {
    STEER_CHECK(token >= 0 && token < size, what, ": expected tokens 0 to ", size - 1, " but got ", token);
    return content->pieces[static_cast<size_t>(token)];
  };
  for (const Merge& merge : parts.merges)
    STEER_CHECK(piece(merge.left) + piece(merge.right) == piece(merge.made), what, ": expected a merge of ",
                in_quotes(piece(merge.left)), " and ", in_quotes(piece(merge.right)),
                " to make them joined but it makes ", in_quotes(piece(merge.made)));
  std::vector<int64_t> byte_token(256, -1);
  for (size_t byte = 0; byte < 256; ++byte)
    if (const auto found = content->token.find(std::string(1, static_cast<char>(byte)));
        found != content->token.end())
      byte_token[byte] = found->second;
  content->pairs.emplace(std::move(byte_token), std::move(parts.merges), what);
  content->words.emplace(parts.words);
  content->special = std::move(parts.special);
  for (const int64_t token : content->special) piece(token);
  std::sort(content->special.begin(), content->special.end(), [&](int64_t a, int64_t b) {
    return piece(a).size() != piece(b).size() ? piece(a).size() > piece(b).size() : a < b;
  });
  content->whole_words = parts.whole_words;
  return Tokenizer(std::move(content));
}

const std::string& Tokenizer::type() const {
  return content_->type;
}

int64_t Tokenizer::size() const {
  const auto pieces = static_cast<int64_t>(content_->pieces.size());
  return end_ == pieces ? pieces + 1 : pieces;
}

const std::string& Tokenizer::piece(int64_t token) const {
  static const std::string nothing;
  STEER_CHECK(token >= 0 && token < size(), "[text] expected tokens 0 to ", size() - 1, " but got ", token);
  const auto place = static_cast<size_t>(token);
  return place < content_->pieces.size() ? content_->pieces[place] : nothing;
}

Tokenizer Tokenizer::with_end() const {
  Tokenizer made = *this;
  if (end_ >= 0) return made;
  const int64_t known = special(kEndOfText);
  made.end_ = known >= 0 ? known : size();
  return made;
}

int64_t Tokenizer::special(const std::string& text) const {
  for (const int64_t token : content_->special)
    if (piece(token) == text) return token;
  return -1;
}

std::vector<int64_t> Tokenizer::encode(std::string_view text) const {
  if (content_->type == kCharacters) return content_->by_characters(text);
  if (content_->type == kBytePairs) return content_->by_pairs(text);
  std::vector<int64_t> tokens;
  for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
  return tokens;
}

std::string Tokenizer::decode(const std::vector<int64_t>& tokens) const {
  std::string text;
  for (const int64_t token : tokens) {
    const std::string& bytes = piece(token);
    if (token == end_) break;
    text += bytes;
  }
  return text;
}

Json Tokenizer::json() const {
  Json json = {{"type", type()}};
  if (end_ >= 0) json["end"] = end_;
  if (type() == kBytes) return json;
  Json pieces = Json::array();
  for (const std::string& piece : content_->pieces)
    pieces.push_back(type() == kCharacters ? piece : letters_of(piece));
  json["pieces"] = std::move(pieces);
  if (type() == kCharacters) return json;
  Json merges = Json::array();
  for (const Merge& merge : content_->pairs->merges())
    merges.push_back({merge.left, merge.right, merge.made});
  json["merges"] = std::move(merges);
  json["words"] = content_->words->pattern();
  json["special"] = content_->special;
  json["whole_words"] = content_->whole_words;
  return json;
}

namespace {

std::vector<Merge> merges_of(const Json& list, const std::string& what) {
  std::vector<Merge> merges;
  for (const Json& entry : list) {
    STEER_CHECK(entry.is_array() && entry.size() == 3, what, ": expected merges of three tokens but got ",
                json_text(entry).substr(0, 80));
    std::vector<int64_t> tokens;
    for (const Json& token : entry) {
      STEER_CHECK(token.is_number_integer(), what, ": expected merges of whole numbers but got ",
                  json_text(entry).substr(0, 80));
      tokens.push_back(token.get<int64_t>());
    }
    merges.push_back({tokens[0], tokens[1], tokens[2]});
  }
  return merges;
}

}  // namespace

Tokenizer Tokenizer::of_json(const Json& json, const std::string& what) {
  Tokenizer made = without_end(json, what);
  if (!json.contains("end")) return made;
  const auto end = field<int64_t>(json, "end", what);
  const std::vector<int64_t>& special = made.content_->special;
  STEER_CHECK(end == made.size() || std::find(special.begin(), special.end(), end) != special.end(), what,
              ": end: expected a special token or one more than there are, ", made.size(), ", but got ", end);
  made.end_ = end;
  return made;
}

Tokenizer Tokenizer::without_end(const Json& json, const std::string& what) {
  const auto type = field<std::string>(json, "type", what);
  if (type == kBytes) return bytes();
  STEER_CHECK(type == kCharacters || type == kBytePairs, what,
              ": expected a tokenizer of bytes, characters or bpe but got ", in_quotes(type));
  auto pieces = field<std::vector<std::string>>(json, "pieces", what);
  if (type == kCharacters) {
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    Tokenizer made = characters(text);
    STEER_CHECK(made.content_->pieces == pieces, what,
                ": expected single characters in the order of Unicode");
    return made;
  }
  Parts parts;
  for (const std::string& piece : pieces) parts.pieces.push_back(bytes_of_letters(piece, what));
  parts.merges = merges_of(array_field(json, "merges", what), what);
  parts.words = field<std::string>(json, "words", what);
  parts.special = field_or<std::vector<int64_t>>(json, "special", {}, what);
  parts.whole_words = field_or<bool>(json, "whole_words", false, what);
  return byte_pairs(std::move(parts), what);
}

bool operator==(const Tokenizer& a, const Tokenizer& b) {
  return a.json() == b.json();
}

bool operator!=(const Tokenizer& a, const Tokenizer& b) {
  return !(a == b);
}

}  // namespace steer
