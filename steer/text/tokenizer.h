// How text becomes tokens and back: by bytes, by characters, or by byte pairs. A checkpoint holds the
// tokenizer of its model, so that no other one can be taken for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/named.h"
#include "steer/text/byte_pairs.h"
#include "steer/text/word_split.h"

namespace steer {

// The kinds below, each with what it means.
const std::vector<Named>& tokenizer_table();

// Tokens 0 to size() - 1, each a string of bytes; text is their bytes in a row.
//
//   bytes       the 256 bytes, any text at all
//   characters  the code points of some text, in their order; text is UTF-8
//   bpe         byte pairs within the words that an expression cuts (GPT-2's kind), and whole special tokens
//
// Immutable: copies share what they hold, any number of threads may use one.
class Tokenizer {
 public:
  // The 256 bytes.
  static Tokenizer bytes();
  // The characters that occur. Error for text that is no UTF-8, and without any character.
  static Tokenizer characters(std::string_view text);
  // Pairs learned from a text cut into GPT-2's words, at most `size` tokens: 256 bytes and what merges make.
  // Error for a size below 256.
  static Tokenizer learned(std::string_view text, int64_t size);

  // What a byte-pair tokenizer is made of.
  struct Parts {
    std::vector<std::string> pieces;  // the bytes of each token
    std::vector<Merge> merges;        // the first learned first
    std::string words;                // the expression that cuts words
    std::vector<int64_t> special;     // tokens that stand for their whole text wherever it occurs
    bool whole_words = false;         // a word that is a token becomes it without merges
  };
  // Error, which begins with `what`, for tokens that do not exist, two of the same bytes, and a merge whose
  // token is not the two joined.
  static Tokenizer byte_pairs(Parts parts, const std::string& what);

  const std::string& type() const;                // a name of tokenizer_table()
  int64_t size() const;                           // how many tokens there are
  const std::string& piece(int64_t token) const;  // its bytes; error for none of them
  // The special token of this text, or -1.
  int64_t special(const std::string& text) const;

  // The token that ends a document, or -1. No text has it; decode() stops before it.
  int64_t end() const { return end_; }
  // The same with such a token: GPT-2's <|endoftext|> where it is one of the special tokens, else one more,
  // of no bytes. What has one already stays as it is.
  Tokenizer with_end() const;

  // The tokens of a text. Error, one line with the place, for what has no token.
  std::vector<int64_t> encode(std::string_view text) const;
  // The text of tokens up to the end of the document; half a character is no error. Error for tokens that do
  // not exist.
  std::string decode(const std::vector<int64_t>& tokens) const;

  // As a checkpoint holds it: {"type", "pieces", "merges", ...}; and back. Error, which begins with `what`,
  // for anything else.
  Json json() const;
  static Tokenizer of_json(const Json& json, const std::string& what);

 private:
  struct Content;
  // As of_json, but for the end.
  static Tokenizer without_end(const Json& json, const std::string& what);
  explicit Tokenizer(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
  int64_t end_ = -1;
};

// Whether both make the same tokens of every text, as far as what they hold tells.
bool operator==(const Tokenizer& a, const Tokenizer& b);
bool operator!=(const Tokenizer& a, const Tokenizer& b);

}  // namespace steer
