// What a sample is: its kind and the shape of its numbers.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// Where samples of one kind live. A checkpoint holds the space of its model.
struct Space {
  std::string kind = "image";  // the word of its modality: image, points, ...
  std::vector<int64_t> sizes;  // of the numbers of one sample: [C, H, W] of images, [2] of the plane
  double limit = 0;            // the numbers lie in [-limit, limit]; 0: anywhere
  double rate_hz = 0;          // of sounds; 0: has none
  int64_t vocabulary = 0;      // of tokens; 0: has none
  std::string alphabet;        // what its tokens stand for, as its modality writes it; empty: has none

  void fields(OptionFields& f) {
    f("kind", kind, "the kind of sample");
    f("sizes", sizes, "shape of the numbers of one sample");
    f("limit", limit, "the numbers lie in [-limit, limit]; 0 = anywhere");
    f("rate_hz", rate_hz, "samples in a second, of sounds; 0 = none");
    f("vocabulary", vocabulary, "number of tokens, of text; 0 = none");
    f("alphabet", alphabet, "what its tokens stand for, of text: a tokenizer as JSON; empty = none");
  }
};

// What the maps of a network made for images are, where they are not images: spectrograms. Or its lists.
struct MapKind {
  std::string kind = "image";
  double rate_hz = 0;
  std::string alphabet;

  void fields(OptionFields& f) {
    f("kind", kind, "the kind of sample");
    f("rate_hz", rate_hz, "samples in a second, of sounds; 0 = none", at_least(0));
    f("alphabet", alphabet, "what a space of this kind says of its numbers; empty = nothing");
  }
};

// Whether they are the same in everything.
bool operator==(const Space& a, const Space& b);
bool operator!=(const Space& a, const Space& b);

// Maps [channels, height, width] in [-1, 1] of a kind, and the kind of a space of such maps.
Space maps_space(const MapKind& kind, int64_t channels, int64_t height, int64_t width);
MapKind map_kind(const Space& space);
// Lists [values] in [-1, 1] of a kind.
Space list_space(const MapKind& kind, int64_t values);

// How many numbers a sample has.
int64_t values_of(const Space& space);

// "image 3x32x32", "text 256 of 65", for people.
std::string text_of(const Space& space);

// Samples x [N, ...] with their numbers inside the space's limit.
Tensor within(const Space& space, const Tensor& x);

// The sizes of a sample as a network made for maps sees it: those that a space has fewer are 1.
struct MapSizes {
  int64_t channels, height, width;  // C, H and W
};

// Of a space's samples; those of two sizes, as lists of equal parts, are C numbers at one place. Error for
// spaces of more sizes.
MapSizes map_sizes(const Space& space);

// Samples [N, sizes...] as maps [N, C, H, W].
Tensor as_maps(const Space& space, const Tensor& x);

// Such maps as samples [N, sizes...].
Tensor from_maps(const Space& space, const Tensor& maps);

}  // namespace steer
