// Objectives that read a finished text as a person would: no gradients.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/objectives/objective.h"

namespace steer {

// A score of each text by itself.
class TextRule : public Objective {
 public:
  // What a text scores.
  using Rule = std::function<double(const std::string& text)>;
  // Of texts of the space; `words` is what words() gives.
  TextRule(Space space, Rule rule, std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return false; }
  std::string words() const override { return words_; }

 private:
  Space space_;
  Rule rule_;
  std::string words_;
};

// 0 where a POSIX extended regular expression has a match in the text, else -cost. Error, with its place, for
// what is none.
TextRule::Rule matches(const std::string& expression, double cost);

// -(characters - wanted)^2 / (2 noise^2), characters up to the end of the document.
TextRule::Rule is_long(double wanted, double noise);

// -cost times the share of pairs of lines that should rhyme by the scheme and do not. The scheme is repeated:
// its lines of the same letter rhyme. Lines without letters are passed over. Two lines rhyme where their last
// words differ and end alike, from the last vowels on that a consonant follows or that end the word; as
// spelled, which is not always as spoken.
TextRule::Rule rhymes(const std::string& scheme, double cost);
// Whether two words rhyme so.
bool rhyme(const std::string& a, const std::string& b);

// goal x s / sqrt(s^2 + 15), s the sum of the values of the text's words (Hutto and Gilbert 2014, VADER,
// whose lexicon's first two columns are such a list). Empty: a list of our own.
TextRule::Rule feels(const std::string& lexicon, double goal);

}  // namespace steer
