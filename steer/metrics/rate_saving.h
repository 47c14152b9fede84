// How many bits one way of coding saves against another at the same error.
#pragma once

#include <optional>
#include <vector>

namespace steer {

// One point of a curve.
struct RatePoint {
  double bits = 0;  // above 0
  double psnr = 0;  // dB
};

// What came of a comparison.
struct RateSaving {
  double share = 0;         // by how much the bits change: -0.3 is 30 % less, at the same PSNR
  double from = 0, to = 0;  // PSNR over which it is the mean, in dB
};

// The mean change of bits from `anchor` to `tested` over all PSNRs that both reach (the BD-rate of
// Bjontegaard, VCEG-M33, 2001): logarithms of bits are interpolated over PSNR by cubics that rise where the
// points rise (Fritsch and Carlson 1980), as the standard bodies do since. Points that cost more without
// being better are left out. Nothing where curves share no PSNR or one has a single point.
std::optional<RateSaving> rate_saving(std::vector<RatePoint> anchor, std::vector<RatePoint> tested);

}  // namespace steer
