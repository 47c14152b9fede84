// The loops behind FramePower: Fourier transforms of many frames of a sound at once.
#pragma once

#include <cstdint>

namespace steer::kernels {

// How many frames are transformed at once, side by side: value i of frame f stands at [i][f].
constexpr int64_t kFrameLanes = 16;

// The smallest window that frame_power takes.
constexpr int64_t kLeastFrame = 16;

// A real Fourier transform of `window` samples, a power of two and at least kLeastFrame: a complex one of
// half = window / 2 numbers, of which sample 2 j is the real part and 2 j + 1 the imaginary one, in place, by
// steps of radix 4 and perhaps a last one of radix 2, so that results stand in another order. The arrays are
// the caller's.
struct FramePlan {
  int64_t window = 0;
  int64_t hop = 0;                  // samples from a frame to the next
  int64_t columns = 0;              // stretches of `hop` samples that kFrameLanes frames lie in
  const float* weight = nullptr;    // [window]: what samples are multiplied by
  const int32_t* sample = nullptr;  // [window]: where a sample of the first frame is in [hop][columns]
  const float* turns = nullptr;     // cos and -sin of 2 pi i j / size for i = 1, 2, 3, by j = 0 ... size / 4,
                                    // of the blocks of size half, half / 4 ... above 4
  const float* half_turn = nullptr;  // [half / 2][2]: cos and -sin of 2 pi k / window
  const int32_t* place = nullptr;    // [half]: where result k stands
};

// Floats of room that frame_power needs.
int64_t frame_room(const FramePlan& plan);

// |X_k|^2, k = 0 ... window / 2, of kFrameLanes frames of which the first begins at `sound`, as [k][frame].
// Reads columns hop samples. Both kinds of room are best aligned to 64 bytes.
void frame_power(const float* sound, const FramePlan& plan, float* room, float* power);

}  // namespace steer::kernels
