// Documents in files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/data/skipped.h"

namespace steer {

// Whether a file of this name is taken for text: .txt, .jsonl, and both with .gz.
bool is_text_name(std::string_view name);

// A text as steer takes it in: without the byte order mark that it may begin with, and with LF for CR LF and
// for CR alone, whatever wrote it.
std::string plain_text(std::string_view text);

// The documents of a file, each as plain_text: of .txt the whole, of .jsonl every line, a string or an object
// with a string "text"; .gz is unpacked. Error, naming the file and line, for what is none, for no text at
// all, and above 1 GiB.
std::vector<std::string> read_documents(const std::string& path);

// A document and what kind it is of.
struct TextDocument {
  std::string text;   // as plain_text
  std::string label;  // of a line of .jsonl with a "label", a string or a whole number; else empty
};

// The same with their labels. Error where some lines of a file have one and others none.
std::vector<TextDocument> read_labelled(const std::string& path);

}  // namespace steer
