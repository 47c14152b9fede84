// Tokenizers in the files of other programs.
#pragma once

#include <string>

#include "steer/text/tokenizer.h"

namespace steer {

// The byte-pair tokenizer in a file or folder:
//
//   tokenizer.json            of the tokenizers library: a BPE model on letters of bytes, merges written as
//                             "a b" or as ["a", "b"], added tokens, words cut by GPT-2's expression or by one
//                             of its own
//   vocab.json, merges.txt    GPT-2's two, side by side; either may be named
//   a folder                  with the one or the others
//
// Error, naming the file, for any other kind of tokenizer (WordPiece, Unigram, SentencePiece's BPE) and for
// steps that change the text before it is cut (normalizers, a blank put before it), which would not come back
// out.
Tokenizer read_tokenizer(const std::string& path);

}  // namespace steer
