// A kind of sample: how it is read, written and shown, where its data come from, and in which words it is
// spoken of.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"
#include "steer/modality/rival.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

// A measure of samples beside real ones: how far they are from them, or what they are like.
struct NamedDistance {
  std::string name;  // as a key of JSON
  double value;      // of a distance 0 for equal distributions; of other measures near that of real samples
  std::string meaning;  // one line
};

// One value for each kind, made in the folder of that kind.
struct Modality {
  std::string kind;     // Space::kind
  std::string plural;   // of its samples, for people: "images"
  std::string meaning;  // one line: what its samples are

  // The one sample in a file as State of one row, or all of its pieces. Error for what is no such file, and
  // for another size unless `fit` says how it is brought to the space's.
  std::function<State(const std::string& path, const Space& space, const std::string& fit)> read;

  // Whether `path` (a file, a folder or a word) may be a data set of this kind; and the data set.
  std::function<bool(const std::string& path)> holds;
  std::function<std::unique_ptr<Dataset>(const DataOptions& options)> dataset;
  // What such a path may be: words, and kinds of files and folders in angle brackets.
  std::vector<Named> data;

  // Data options that bring a data set to a model's space.
  std::function<void(DataOptions& options, const Space& space)> fitted;

  // Samples of a space brought to another of this kind, for a model that goes on from them; empty where a
  // kind has one size alone. Error where it cannot be.
  std::function<State(const State& samples, const Space& from, const Space& to)> brought;

  // Samples of a space as a picture [C, h, w] in [-1, 1]. Several sources show one thing seen several ways:
  // sample i of each belong together. `columns` side by side, 0: as suits.
  std::function<Tensor(const Space& space, const std::vector<State>& sources, int64_t columns)> picture;

  // Samples as plain text, one for each, where a terminal and a file of text can show them; may be empty.
  std::function<std::vector<std::string>(const Space& space, const State& samples)> texts;

  // Samples as a network learns them that knows nothing of their symmetries: of all that are alike one; and
  // what such a network gives, numbers [N, sizes...], as samples. Empty where both are as they are.
  std::function<Tensor(const Tensor& x)> posed;
  std::function<State(const Tensor& x)> finished;

  // Files of this kind's own format: whether a path names one, and what it holds. May be empty.
  std::function<bool(const std::string& path)> writes;
  std::function<std::string(const std::string& path, const Space& space, const State& samples)> file_of;

  // One sample by itself as a picture [C, h, w] in [-1, 1], without a frame; empty: as `picture`.
  std::function<Tensor(const State& sample)> alone;

  // Samples of things in space as such a picture, always of one size, seen from `share` of the way around
  // them, 0 to 1; empty for others.
  std::function<Tensor(const Space& space, const State& samples, double share)> turned;

  // A tree of samples as one picture: K, then K^2 and so on, child k of sample i in row i K + k; those of the
  // last level have `cell` pixels a side. Empty where a kind has none.
  std::function<Tensor(const std::vector<State>& levels, int64_t cell)> nested;

  // What an index keeps of each sample to tell how near others are: [N, C, S, S] in [-1, 1], S at most
  // `side`. Empty where a kind has none.
  std::function<Tensor(const State& samples, int64_t side)> sketch;

  // What files of this kind are coded by elsewhere, to compare codes with; may be none.
  std::vector<Rival> rivals;

  // How many samples a picture needs to show what their distribution is like.
  int64_t shown = 1;
  // How many a picture shows at most where nobody asked for a number; 0: any.
  int64_t most_shown = 0;

  // How far samples of a space are from real ones, or what they are like, by measures of this kind that need
  // no network. May be empty.
  std::function<std::vector<NamedDistance>(const Space& space, const State& samples, const State& real)>
      distances;

  // The method of guidance that suits objectives with a gradient; empty: as the objective is
  // (guidance/presets.h).
  std::string method;

  // The words that objectives about this kind are made of, beside those that suit every kind; never null.
  const std::vector<Word>* words = nullptr;
};

}  // namespace steer
