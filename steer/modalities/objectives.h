// All objectives by name: what the user writes on the command line or in JSON becomes an object here.
#pragma once

#include <memory>
#include <string>

#include "steer/objectives/context.h"
#include "steer/objectives/objective.h"

namespace steer {

// The objective that the words describe, on the context's device:
//
//   inpaint([image], mask=..., noise=0.05)            mask: see make_mask
//   super_resolve([image], factor=4, noise=0.05)      image: of the sample's size, or 1/factor of it already
//   colourise([image], noise=0.05)                    the mean of the channels is known
//   denoise([image], noise=0.5, add=false)            image: the noisy one; with add=true, and to a context's
//                                                     truth, noise is added
//   low_bit([image], levels=5)                        the nearest of `levels` values of each pixel is known
//   gaussian_deblur([image], std=1.5, size=auto, noise=0.05, blurred=false)
//                                                     the image is blurred first unless it is blurred
//                                                     already; size: of the kernel, see linear.h
//   gaussian(mean=0.3, std=0.5)                       every number is near the mean
//   edges([image])                                    Sobel magnitudes, see edges.h
//   canny([image], low=100, high=200)                 Canny's edges, see canny.h
//   strokes(image, distance=l2)                       colours where the image is not transparent; l1 or l2,
//                                                     see strokes.h
//   style([image], model=FILE.pt, size=64, normalise=none)    features of a network, see style.h
//   gram([image], model=FILE.pt, size=64, normalise=none)     Gram matrices of its features, see gram.h
//   text(words, model=FILE.pt)                        a network of images and text, see text.h
//   label([class], classifier=FILE, temperature=1)    see labels.h and nn/saved_network.h
//   entropy(classifier=FILE)                          that the classifier is sure
//   program(command, timeout=60)                      an outside program scores the samples, see program.h;
//                                                     whoever lets others write words lets them run programs
//
// Each with an image takes fit=resize (stretched; by area when shrinking) or fit=pad (black around the
// middle) for images of another size. Weighted sums: `0.5*a(...) + b(...)`; sums of ranks (RankSum):
// `rank(0.5*a(...) + 0.5*b(...))`. Errors are one line that starts with `[objective]`.
std::unique_ptr<Objective> make_objective(const std::string& words, const ObjectiveContext& context);

}  // namespace steer
