// What a conditional network is told about an image beside its code: a class, its greys, its edges, or a
// small version of it.
#pragma once

#include <torch/types.h>

#include <string>

#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// What kind of thing a network is told.
struct ConditionOptions {
  std::string type = "none";        // none | class | colour | edge | resize
  int64_t classes = 10;             // of type class, at least 2
  std::string encoding = "digits";  // of type class: digits | one_hot
  int64_t size = 8;                 // of type resize: side of the small version
  double threshold = 0.75;          // of type edge: the least gradient magnitude of an edge
  bool everywhere = false;          // at every layer instead of once per resolution
  bool every_scale = true;          // at scales of a single layer too

  void fields(OptionFields& f) {
    f("type", type,
      "none, class, colour (told the greys), edge (told the edges) or resize (told a small image)");
    f("classes", classes, "of type class: how many there are", from_to(2, 1 << 20));
    f("encoding", encoding,
      "of type class: digits (official, two bits a channel) or one_hot (a channel a class)");
    f("size", size, "of type resize: height and width of the small image", from_to(1, 4096));
    f("threshold", threshold, "of type edge: the least gradient magnitude of an edge, on [-1, 1]",
      at_least(0));
    f("everywhere", everywhere, "tell every layer, not only one per resolution (pyramid)");
    f("every_scale", every_scale,
      "tell a scale of a single layer too, at the layer behind it (official); false: networks made before "
      "this option (pyramid)");
  }
};

// What the rows of one forward are told; nothing of it is defined for an unconditional network.
struct Condition {
  Tensor label;  // int64 [N], for type class
  Tensor maps;   // float32 [N, condC, h, w], what is added to the features

  // Whether anything is told.
  bool defined() const { return maps.defined(); }
  // The same for the given rows, int64.
  Condition at(const Tensor& rows) const;
};

// Error that names the option when a word or number is out of range.
void check(const ConditionOptions& options);

// Channels condC of the maps: 0 for none; one for each two bits of a label, or one for each class; 1 for
// colour and edge; the image's for resize.
int64_t condition_channels(const ConditionOptions& options, int64_t image_channels);

// Error where a label [N] is not that of a class; reads the values.
void check_labels(const ConditionOptions& options, const Tensor& label);

bool needs_image(const ConditionOptions& options);  // whether the condition is made from an image
bool needs_label(const ConditionOptions& options);  // whether it is made from a label

// The condition for using a network, made from labels int64 [N] or from images [N, C, H, W] in [-1, 1]: greys
// are the plain mean of the channels, edges those above the threshold. The other of the two is not looked
// at. Error when the one it needs is undefined or a label is not a class.
Condition make_condition(const ConditionOptions& options, const Tensor& label, const Tensor& images);

// The same for training, harder to rely on: greys are a convex mix of the channels at random, uniform numbers
// divided by their sum; the threshold moves by up to 0.25. One draw for the whole batch, a function of the
// seed.
Condition make_training_condition(const ConditionOptions& options, const Tensor& label, const Tensor& images,
                                  uint64_t seed);

// Labels int64 [N] as numbers float32 [N, condC]: base-4 digits, most significant first, as -1, -1/3, 1/3, 1;
// class 0 is all zeros. Of 10 classes, 5 is (-1/3, -1/3) and 9 is (1/3, -1/3).
Tensor class_digits(const Tensor& label, int64_t classes);

// 1 where the magnitude of the 3x3 Sobel gradient of the channel mean is above the threshold, else -1: images
// [N, C, H, W] to [N, 1, H - 2, W - 2].
Tensor edge_map(const Tensor& images, double threshold);

}  // namespace steer
