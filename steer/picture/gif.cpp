#include "steer/picture/gif.h"

#include <gif_lib.h>

#include <cstdint>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int kColours = 256;
constexpr int kReds = 6, kGreens = 7, kBlues = 6;

// Steps 0 to levels - 1 that bytes are nearest to, and the byte that a step stands for.
Tensor steps(const Tensor& bytes, int levels) {
  return at::floor_divide(bytes.to(torch::kInt64) * (levels - 1) + 127, 255);
}
int byte_of(int step, int levels) {
  return (step * 255 + (levels - 1) / 2) / (levels - 1);
}

Tensor grey_palette() {
  return at::arange(kColours).to(torch::kUInt8).unsqueeze(1).expand({-1, 3}).contiguous();
}

Tensor cube_palette() {
  const Tensor palette = at::zeros({kColours, 3}, torch::kUInt8);
  uint8_t* out = palette.data_ptr<uint8_t>();
  for (int red = 0; red < kReds; ++red)
    for (int green = 0; green < kGreens; ++green)
      for (int blue = 0; blue < kBlues; ++blue) {
        *out++ = static_cast<uint8_t>(byte_of(red, kReds));
        *out++ = static_cast<uint8_t>(byte_of(green, kGreens));
        *out++ = static_cast<uint8_t>(byte_of(blue, kBlues));
      }
  return palette;
}

Tensor cube_indices(const Tensor& frames) {
  const Tensor red = steps(frames.select(1, 0), kReds), green = steps(frames.select(1, 1), kGreens),
               blue = steps(frames.select(1, 2), kBlues);
  return ((red * kGreens + green) * kBlues + blue).to(torch::kUInt8);
}

struct Rectangle {
  int64_t top, left, height, width;
};

// The smallest rectangle that holds all that differs; one pixel if nothing does.
Rectangle changed(const Tensor& before, const Tensor& now) {
  const Tensor differs = before != now;
  const Tensor rows = differs.any(1).nonzero(), columns = differs.any(0).nonzero();
  if (rows.numel() == 0) return {0, 0, 1, 1};
  const int64_t top = rows[0].item<int64_t>(), left = columns[0].item<int64_t>();
  return {top, left, rows[-1].item<int64_t>() - top + 1, columns[-1].item<int64_t>() - left + 1};
}

// A GIF in the making, in memory.
class Film {
 public:
  Film(int64_t height, int64_t width, const Tensor& palette) {
    int error = 0;
    gif_.reset(EGifOpen(&bytes_, append, &error));
    STEER_CHECK(gif_, "[write_gif] expected to begin but got ", text(error));
    EGifSetGifVersion(gif_.get(), true);
    const Tensor colours = palette.contiguous();
    ColorMapObject* map = GifMakeMapObject(kColours, nullptr);
    STEER_CHECK(map, "[write_gif] expected memory for a palette");
    for (int i = 0; i < kColours; ++i) {
      const uint8_t* colour = colours.data_ptr<uint8_t>() + 3 * i;
      map->Colors[i] = {colour[0], colour[1], colour[2]};
    }
    const int done =
        EGifPutScreenDesc(gif_.get(), static_cast<int>(width), static_cast<int>(height), kColourBits, 0, map);
    GifFreeMapObject(map);
    check(done);
    // The block by which players know to repeat for ever.
    const uint8_t forever[] = {1, 0, 0};
    check(EGifPutExtensionLeader(gif_.get(), APPLICATION_EXT_FUNC_CODE));
    check(EGifPutExtensionBlock(gif_.get(), 11, "NETSCAPE2.0"));
    check(EGifPutExtensionBlock(gif_.get(), sizeof forever, forever));
    check(EGifPutExtensionTrailer(gif_.get()));
  }

  // A patch [h, w] at (top, left) over what stood before.
  void add(const Tensor& patch, int64_t top, int64_t left, int64_t delay) {
    GraphicsControlBlock control{};
    control.DisposalMode = DISPOSE_DO_NOT;
    control.DelayTime = static_cast<int>(delay);
    control.TransparentColor = NO_TRANSPARENT_COLOR;
    GifByteType packed[4];
    check(EGifGCBToExtension(&control, packed) == sizeof packed ? GIF_OK : GIF_ERROR);
    check(EGifPutExtension(gif_.get(), GRAPHICS_EXT_FUNC_CODE, sizeof packed, packed));
    const Tensor rows = patch.contiguous();
    const int height = static_cast<int>(rows.size(0)), width = static_cast<int>(rows.size(1));
    check(EGifPutImageDesc(gif_.get(), static_cast<int>(left), static_cast<int>(top), width, height, false,
                           nullptr));
    for (int y = 0; y < height; ++y)
      check(EGifPutLine(gif_.get(), rows.data_ptr<uint8_t>() + y * width, width));
  }

  std::string finished() {
    int error = 0;
    const int done = EGifCloseFile(gif_.release(), &error);
    STEER_CHECK(done == GIF_OK, "[write_gif] expected to finish but got ", text(error));
    return std::move(bytes_);
  }

 private:
  static constexpr int kColourBits = 8;

  struct Closer {
    void operator()(GifFileType* gif) const {
      int ignored = 0;
      EGifCloseFile(gif, &ignored);
    }
  };

  static int append(GifFileType* gif, const GifByteType* from, int count) {
    static_cast<std::string*>(gif->UserData)->append(reinterpret_cast<const char*>(from), count);
    return count;
  }
  static std::string text(int error) {
    const char* words = GifErrorString(error);
    return words ? words : "an unknown error";
  }
  void check(int done) const {
    STEER_CHECK(done == GIF_OK, "[write_gif] expected to encode a frame but got ", text(gif_->Error));
  }

  std::string bytes_;  // before gif_, which writes its last byte when it is closed
  std::unique_ptr<GifFileType, Closer> gif_;
};

}  // namespace

std::string encode_gif(const Tensor& frames, const GifOptions& options) {
  constexpr int64_t kLongestSide = 65535;
  const bool colours = frames.dim() == 4 && frames.size(1) == 3;
  STEER_CHECK(frames.scalar_type() == torch::kUInt8 && frames.numel() > 0 &&
                  (frames.dim() == 3 || (frames.dim() == 4 && frames.size(1) == 1) || colours) &&
                  frames.size(-1) <= kLongestSide && frames.size(-2) <= kLongestSide,
              "[write_gif] expected bytes [F, H, W], [F, 1, H, W] or [F, 3, H, W] but got ",
              frames.toString(), " ", shape_text(frames.sizes()));
  STEER_CHECK(!options.palette.defined() || (options.palette.scalar_type() == torch::kUInt8 && !colours &&
                                             options.palette.sizes() == at::IntArrayRef({kColours, 3})),
              "[write_gif] expected a palette of bytes [256, 3], and none for colours");
  const Tensor indices =
      colours ? cube_indices(frames) : (frames.dim() == 4 ? frames.squeeze(1) : frames).contiguous();
  const Tensor palette = colours ? cube_palette() : options.palette;
  const int64_t count = indices.size(0), height = indices.size(1), width = indices.size(2);
  Film film(height, width, palette.defined() ? palette : grey_palette());
  for (int64_t f = 0; f < count; ++f) {
    const Rectangle r = f == 0 ? Rectangle{0, 0, height, width} : changed(indices[f - 1], indices[f]);
    film.add(indices[f].narrow(0, r.top, r.height).narrow(1, r.left, r.width), r.top, r.left,
             f + 1 < count ? options.delay_centiseconds : options.last_centiseconds);
  }
  return film.finished();
}

void write_gif(const std::string& path, const Tensor& frames, const GifOptions& options) {
  write_file(path, encode_gif(frames, options));
}

}  // namespace steer
