// Power of the frames of a sound, many at once: what MelSpectrogram takes its bands of.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "steer/sound/frame_power_kernel.h"
#include "steer/sound/kept_rooms.h"
#include "steer/sound/stft.h"

namespace steer {

using torch::Tensor;

// Where a thread works on a group of frames.
struct FrameRoom {
  Tensor samples, room, power;  // float32
};

// A plan of transforms of frames that are cut so, once for all sounds.
class FramePower {
 public:
  // Error unless suits(options).
  explicit FramePower(const StftOptions& options);
  FramePower(const FramePower&) = delete;  // the plan points into its tables
  FramePower& operator=(const FramePower&) = delete;

  // Whether frames are of a size that the loops are for: a power of two.
  static bool suits(const StftOptions& options);

  // For one thread; must not outlive this.
  std::shared_ptr<FrameRoom> room() const;

  // |X_k|^2, k = 0 ... window / 2, of kFrameLanes frames from `first` on of a sound of so many samples, at
  // least a window: [k][frame], in `room` until the next call, with `kSpareRows` rows of zeros behind.
  // Frames that the sound does not have hold anything finite.
  const float* group(const float* sound, int64_t samples, int64_t first, FrameRoom& room) const;

  static constexpr int64_t kSpareRows = 4;

 private:
  StftOptions options_;
  kernels::FramePlan plan_;
  std::vector<float> weight_, turns_, half_turn_;
  std::vector<int32_t> sample_, place_;
  KeptRooms<FrameRoom> rooms_;
};

}  // namespace steer
