#include "steer/image/masks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>

#include "steer/core/check.h"
#include "steer/image/sized_image.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

Tensor box(int64_t height, int64_t width, int64_t top, int64_t bottom, int64_t left, int64_t right) {
  Tensor mask = at::zeros({1, 1, height, width});
  mask.slice(2, top, bottom).slice(3, left, right).fill_(1);
  return mask;
}

Tensor checker(int64_t height, int64_t width) {
  const Tensor rows = at::arange(height, torch::kInt64).mul(8).div(height, "floor");
  const Tensor columns = at::arange(width, torch::kInt64).mul(8).div(width, "floor");
  return (rows.unsqueeze(1) + columns.unsqueeze(0))
      .remainder(2)
      .to(torch::kFloat32)
      .view({1, 1, height, width});
}

// Two rings one above the other; of the upper one the lower right quarter is missing, of the lower one the
// upper left.
Tensor letter_s(int64_t height, int64_t width) {
  constexpr double kRadius = 0.17, kHalfStroke = 0.07;
  const Tensor v = ((at::arange(height) + 0.5) / static_cast<double>(height)).unsqueeze(1) - 0.5;
  const Tensor u = ((at::arange(width) + 0.5) / static_cast<double>(width)).unsqueeze(0) - 0.5;
  const auto ring = [&](const Tensor& from_middle) {
    return (at::sqrt(u.square() + from_middle.square()) - kRadius).abs() < kHalfStroke;
  };
  const Tensor upper = v + kRadius, lower = v - kRadius;
  const Tensor strokes = (ring(upper) & ~((u > 0) & (upper > 0))) | (ring(lower) & ~((u < 0) & (lower < 0)));
  return strokes.to(torch::kFloat32).view({1, 1, height, width});
}

Tensor read_mask(const std::string& path, int64_t height, int64_t width, const std::string& fit,
                 const Colour& background) {
  std::error_code ignored;
  STEER_CHECK(std::filesystem::exists(path, ignored), "[mask] expected ",
              fmt::format("{}", fmt::join(mask_names(), ", ")),
              ", not_ before one of them, or a picture file but got ", path);
  // Where compression has blurred black or white it is meant to be that.
  constexpr float kNearly = 8;
  const Tensor bytes = at_size(read_bytes(path, 1, background), path, fit, height, width).to(torch::kFloat32);
  return (bytes / 255).masked_fill(bytes < kNearly, 0).masked_fill(bytes > 255 - kNearly, 1);
}

// Undefined for an unknown name.
Tensor named_mask(const std::string& name, int64_t h, int64_t w) {
  if (name == "left") return box(h, w, 0, h, 0, w / 2);
  if (name == "right") return box(h, w, 0, h, w - w / 2, w);
  if (name == "top") return box(h, w, 0, h / 2, 0, w);
  if (name == "bottom") return box(h, w, h - h / 2, h, 0, w);
  if (name == "quadrants") return box(h, w, 0, h / 2, 0, w / 2) + box(h, w, h / 2, h, w / 2, w);
  if (name == "centre") return box(h, w, h / 4, 3 * h / 4, w / 4, 3 * w / 4);
  if (name == "eyes") return box(h, w, 2 * h / 5, 5 * h / 9, 0, w);
  if (name == "eyes_bar")
    return at::maximum(box(h, w, 2 * h / 5, 5 * h / 9, 0, w), box(h, w, 0, h, 2 * w / 5, 3 * w / 5));
  if (name == "letter_s") return letter_s(h, w);
  if (name == "checker") return checker(h, w);
  return {};
}

// The mask of a known name, undefined for others.
Tensor mask_by_name(const std::string& words, int64_t h, int64_t w) {
  if (const Tensor mask = named_mask(words, h, w); mask.defined()) return mask;
  if (words.rfind("not_", 0) == 0)
    if (const Tensor mask = named_mask(words.substr(4), h, w); mask.defined()) return 1 - mask;
  return {};
}

}  // namespace

const std::vector<std::string>& mask_names() {
  static const std::vector<std::string> names = {"left",   "right", "top",      "bottom",   "quadrants",
                                                 "centre", "eyes",  "eyes_bar", "letter_s", "checker"};
  return names;
}

Tensor make_mask(const std::string& words, int64_t height, int64_t width, const std::string& fit,
                 const Colour& background) {
  STEER_CHECK(height > 0 && width > 0, "[mask] expected a size above 0 but got ", height, "x", width);
  const Tensor named = mask_by_name(words, height, width);
  const Tensor mask = named.defined() ? named : read_mask(words, height, width, fit, background);
  const double filled = mask.sum().item<double>();
  STEER_CHECK(filled > 0, "[mask] ", words, ": fills no pixel, nothing would be left to do");
  STEER_CHECK(filled < static_cast<double>(height * width), "[mask] ", words,
              ": fills every pixel, nothing would be given");
  return mask;
}

}  // namespace steer
