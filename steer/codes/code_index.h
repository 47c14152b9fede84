// An index of a data set's images by their codes: the codes, a sketch of what each decodes to, and where the
// images come from. docs/code_format.md describes the bytes. The reader trusts nothing in the file.
#pragma once

#include "steer/codes/code_file.h"

namespace steer {

// What a file holds.
struct CodeIndex {
  CodeFile codes;                // row i is image i of the data set; not by a prior
  Tensor sketch;                 // uint8 [N, C, S, S], the decoded images made small; S and C up to 255
  std::string data, split, fit;  // the data set as the user named it
};

// The file's bytes. Error as of write_codes, for sketches of another shape, and for words of more than 65,535
// bytes.
std::string write_index(const CodeIndex& index);

// Whether bytes begin as such a file does.
bool begins_index(std::string_view bytes);

// What the bytes hold. Anything cut off, damaged, foreign or contradictory is refused with `name` and fault.
CodeIndex read_index(std::string_view bytes, const std::string& name);

}  // namespace steer
