#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <png.h>

#include "steer/core/check.h"
#include "steer/picture/decoders.h"
#include "steer/picture/orientation.h"
#include "steer/picture/png_texts.h"

namespace steer {
namespace {

// libpng leaves by longjmp on errors, so what must be freed stands in a reader that outlives the
// functions which call it, and those functions hold nothing that needs a destructor.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string_view left;  // what libpng has not yet asked for
  char message[128] = "no memory";
  int64_t height = 0, width = 0, channels = 0;

  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void png_fail(png_structp png, png_const_charp text) {
  std::snprintf(static_cast<PngReader*>(png_get_error_ptr(png))->message, sizeof PngReader::message, "%s",
                text);
  png_longjmp(png, 1);
}

void png_stay_silent(png_structp, png_const_charp) {}

void png_give(png_structp png, png_bytep to, size_t count) {
  PngReader& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader.left.size()) png_error(png, "the end of the file");
  std::memcpy(to, reader.left.data(), count);
  reader.left.remove_prefix(count);
}

// Memory for libpng, which would take as much for a chunk as its four bytes of length say. No chunk is longer
// than the file, and nothing else takes more than the texts may.
png_voidp png_take(png_structp png, png_alloc_size_t size) {
  const PngReader& reader = *static_cast<PngReader*>(png_get_mem_ptr(png));
  return size > std::max(reader.left.size(), kMaxPngTextBytes) ? nullptr : std::malloc(size);
}

void png_give_back(png_structp, png_voidp memory) {
  std::free(memory);
}

// Reads everything before the pixels; afterwards rows are 8 bits of grey, grey and alpha, RGB, or RGB and
// alpha.
bool png_start(PngReader& reader) {
  reader.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, png_fail, png_stay_silent, &reader,
                                        png_take, png_give_back);
  if (!reader.png) return false;
  if (setjmp(png_jmpbuf(reader.png))) return false;
  reader.info = png_create_info_struct(reader.png);
  png_set_read_fn(reader.png, &reader, png_give);
  png_read_info(reader.png, reader.info);
  png_set_expand(reader.png);
  png_set_scale_16(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  reader.height = png_get_image_height(reader.png, reader.info);
  reader.width = png_get_image_width(reader.png, reader.info);
  reader.channels = png_get_channels(reader.png, reader.info);
  return true;
}

bool png_finish(PngReader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

// Orientation, which may stand before or after the pixels.
int png_orientation(PngReader& reader) {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (!png_get_eXIf_1(reader.png, reader.info, &size, &exif)) return 1;
  return orientation_in({reinterpret_cast<const char*>(exif), size});
}

}  // namespace

Decoded decode_png(std::string_view bytes, const std::string& name) {
  PngReader reader;
  reader.left = bytes;
  STEER_CHECK(png_start(reader), "[read_image] ", name, ": expected a whole PNG but got ", reader.message);
  check_sides(name, reader.height, reader.width);
  const Tensor pixels = at::empty({reader.height, reader.width, reader.channels}, torch::kUInt8);
  std::vector<png_bytep> rows(static_cast<size_t>(reader.height));
  for (int64_t y = 0; y < reader.height; ++y)
    rows[y] = pixels.data_ptr<uint8_t>() + y * reader.width * reader.channels;
  STEER_CHECK(png_finish(reader, rows.data()), "[read_image] ", name, ": expected a whole PNG but got ",
              reader.message);
  return {planes_of(pixels), png_orientation(reader)};
}

}  // namespace steer
