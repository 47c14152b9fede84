// Classes by name: what a word means, and labels of one list of names in another.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Label i is the class called names[i]. Empty where nobody knows the names.
using ClassNames = std::vector<std::string>;

// The label of a class called `word`: by its name, or else by its number, 0 to classes - 1. Error, which
// begins with `what` and lists the names, where there is neither.
int64_t class_of(const std::string& word, const ClassNames& names, int64_t classes, const std::string& what);

// What a class is called: its name, or else its number.
std::string class_text(const ClassNames& names, int64_t label);

// Labels int64 [N] of the classes `from` as those of the classes `to`, by name; -1, no label, stays. As they
// are where either names none. Error, which begins with `what` and lists both, for a class that is used and
// that `to` does not have.
Tensor relabelled(const Tensor& label, const ClassNames& from, const ClassNames& to, const std::string& what);

// Whether each name is the number of its label, which says nothing.
bool are_numbers(const ClassNames& names);

// Names with commas between, the first twenty of many.
std::string names_text(const ClassNames& names);

// Names as a file's metadata hold them, and back; none of text that is no list of names.
std::string class_names_json(const ClassNames& names);
ClassNames class_names_of(const std::string& json);

}  // namespace steer
