// Linear inverse problems of pictures.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "steer/objectives/linear_objective.h"

namespace steer {

// Unless told otherwise, the standard deviation:
constexpr double kMeasurementNoise = 0.05;  // of a measurement's noise, on the [-1, 1] scale
constexpr double kDenoiseNoise = 0.5;       // of the noise in pictures to denoise, on that scale
constexpr double kBlurStd = 1.5;            // of a blur, in pixels

// The tasks below are made from truth [T, C, H, W] in [-1, 1]; noise is a standard deviation > 0. None keeps
// what its measurement does not give.

// All pixels but those to be filled: fill [T or 1, 1, H, W], 1 = to be filled, 0 = given. One in between, s,
// is known with noise of s / (1 - s) beside the task's own, as a sample that begins with that share of noise
// is. Filled pixels are shown grey, soft ones between that and themselves, and all of them are hidden.
LinearTask inpaint(const Tensor& truth, const Tensor& fill, double noise = kMeasurementNoise);

// The mean of every factor x factor block; the factor must divide H and W. Shown with repeated pixels.
LinearTask super_resolve(const Tensor& truth, int64_t factor, double noise = kMeasurementNoise);

// The same from the small pictures [T, C, H / factor, W / factor].
LinearTask super_resolve_from(const Tensor& low, int64_t factor, double noise = kMeasurementNoise);

// The mean of the channels; refuses pictures of one channel. Shown grey in all channels.
LinearTask colourise(const Tensor& truth, double noise = kMeasurementNoise);

// Every pixel, rounded to the nearest of `levels` >= 2 values from -1 to 1; noise is that of rounding, step /
// sqrt(12).
LinearTask low_bit(const Tensor& truth, int64_t levels);

// Every pixel, badly: `noisy` is what was measured, with noise of the stated deviation in it already.
LinearTask denoise(const Tensor& noisy, double noise = kDenoiseNoise);

// Every pixel of the picture blurred by a Gaussian of deviation `std` > 0 pixels, see blur.h. `size` is the
// width of the kernel in pixels, odd; 0: as far as 4 deviations, or as far as the picture lets mirror its
// borders. Error where size / 2 is not below H and W. Shown blurred; all pixels are hidden.
LinearTask gaussian_deblur(const Tensor& truth, double std, int64_t size = 0,
                           double noise = kMeasurementNoise);

// The same from pictures that are blurred already.
LinearTask gaussian_deblur_from(const Tensor& images, double std, int64_t size = 0,
                                double noise = kMeasurementNoise);

}  // namespace steer
