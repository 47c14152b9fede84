#include "steer/image/outpainting.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Where windows of `side` begin along `length`: at every half of it, and at the end.
std::vector<int64_t> beginnings(int64_t length, int64_t side) {
  std::vector<int64_t> at;
  for (int64_t i = 0; i + side < length; i += std::max<int64_t>(1, side / 2)) at.push_back(i);
  at.push_back(length - side);
  return at;
}

}  // namespace

Outpainting::Outpainting(const Tensor& picture, const Margins& m, int64_t height, int64_t width,
                         int64_t count)
    : height_(height), width_(width) {
  STEER_CHECK(picture.dim() == 3 && count > 0, "[outpaint] expected a picture [C, h, w] but got ",
              shape_text(picture.sizes()));
  STEER_CHECK(std::min({m.left, m.right, m.top, m.bottom}) >= 0 && m.left + m.right + m.top + m.bottom > 0,
              "[outpaint] expected pixels to add at a side or several but got left ", m.left, ", right ",
              m.right, ", top ", m.top, ", bottom ", m.bottom);
  const int64_t h = picture.size(1), w = picture.size(2);
  const int64_t whole_h = h + m.top + m.bottom, whole_w = w + m.left + m.right;
  STEER_CHECK(whole_h >= height && whole_w >= width, "[outpaint] expected a grown picture of at least ",
              width, " x ", height, " pixels, which the model makes, but got ", whole_w, " x ", whole_h);
  pictures_ = at::zeros({count, picture.size(0), whole_h, whole_w}, torch::kFloat32);
  pictures_.narrow(2, m.top, h).narrow(3, m.left, w).copy_(picture);
  known_ = at::zeros({1, 1, whole_h, whole_w}, torch::kBool);
  known_.narrow(2, m.top, h).narrow(3, m.left, w).fill_(true);
  added_ = whole_h * whole_w - h * w;
  for (const int64_t top : beginnings(whole_h, height))
    for (const int64_t left : beginnings(whole_w, width)) places_.push_back({top, left});
  choose();
}

Tensor Outpainting::window(const Tensor& of) const {
  const Place& at = places_[static_cast<size_t>(next_)];
  return of.narrow(2, at.top, height_).narrow(3, at.left, width_);
}

void Outpainting::choose() {
  int64_t best = -1, most = -1;
  for (size_t i = 0; i < places_.size(); ++i) {
    next_ = static_cast<int64_t>(i);
    const int64_t known = window(known_).sum().item<int64_t>();
    if (known < height_ * width_ && known > most) best = next_, most = known;
  }
  next_ = best;
}

double Outpainting::share() const {
  return 1 - static_cast<double>(known_.logical_not().sum().item<int64_t>()) / static_cast<double>(added_);
}

LinearTask Outpainting::task(double noise) const {
  return inpaint(window(pictures_), window(known_).logical_not().to(torch::kFloat32), noise);
}

void Outpainting::take(const Tensor& samples) {
  const Tensor made = window(pictures_), known = window(known_);
  STEER_CHECK(samples.sizes() == made.sizes(), "[outpaint] expected samples ", shape_text(made.sizes()),
              " but got ", shape_text(samples.sizes()));
  made.copy_(at::where(known, made, samples.to(made.options())));
  known.fill_(true);
  choose();
}

}  // namespace steer
