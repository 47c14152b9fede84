#include "steer/picture/images.h"

#include <algorithm>
#include <cctype>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/picture/fit.h"

namespace steer {
namespace {

// Both libraries leave by longjmp on errors, so what must be freed stands in a reader that outlives the
// functions which call them, and those functions hold nothing that needs a destructor.
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

// Reads everything before the pixels; afterwards rows are 8 bits of grey, grey and alpha, RGB, or RGB and
// alpha.
bool png_start(PngReader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, png_fail, png_stay_silent);
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

void check_sides(const std::string& name, int64_t height, int64_t width) {
  STEER_CHECK(height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide, "[read_image] ", name,
              ": expected sides of 1 to ", kMaxSide, " pixels but got ", width, " x ", height);
}

// Rows of interleaved values as [C, H, W].
Tensor planes(const Tensor& pixels) {
  return pixels.permute({2, 0, 1}).contiguous();
}

// Planes [C + 1, H, W], the last of them alpha, laid over black.
Tensor over_black(const Tensor& pixels) {
  const int64_t colours = pixels.size(0) - 1;
  const Tensor product =
      pixels.narrow(0, 0, colours).to(torch::kInt32) * pixels.narrow(0, colours, 1).to(torch::kInt32);
  return at::floor_divide(product + 127, 255).to(torch::kUInt8);
}

// Grey, grey and alpha, RGB, or RGB and alpha: [C, H, W].
Tensor decode_png(std::string_view bytes, const std::string& name) {
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
  return planes(pixels);
}

struct JpegReader {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct jpeg{};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "no memory";
  bool made = false;

  ~JpegReader() {
    if (made) jpeg_destroy_decompress(&jpeg);
  }
};

void jpeg_fail(j_common_ptr jpeg) {
  JpegReader& reader = *static_cast<JpegReader*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reader.message);
  std::longjmp(reader.jump, 1);
}

// Every warning about the data is an error, except the two that lose nothing.
void jpeg_warn(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM) jpeg_fail(jpeg);
}

void jpeg_stay_silent(j_common_ptr) {}

bool jpeg_start(JpegReader& reader, std::string_view bytes) {
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = jpeg_fail;
  reader.errors.emit_message = jpeg_warn;
  reader.errors.output_message = jpeg_stay_silent;
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.jump)) return false;
  reader.made = true;
  jpeg_create_decompress(&reader.jpeg);
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  reader.jpeg.out_color_space = reader.jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  return true;
}

bool jpeg_finish(JpegReader& reader, unsigned char* to, size_t stride) {
  if (setjmp(reader.jump)) return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = to + reader.jpeg.output_scanline * stride;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

Tensor decode_jpeg(std::string_view bytes, const std::string& name) {
  JpegReader reader;
  STEER_CHECK(jpeg_start(reader, bytes), "[read_image] ", name, ": expected a whole JPEG but got ",
              reader.message);
  const int64_t height = reader.jpeg.image_height, width = reader.jpeg.image_width;
  const int64_t channels = reader.jpeg.num_components;
  check_sides(name, height, width);
  STEER_CHECK(channels == 1 || channels == 3, "[read_image] ", name,
              ": expected a grey or colour JPEG but got ", channels, " components");
  const Tensor pixels = at::empty({height, width, channels}, torch::kUInt8);
  STEER_CHECK(jpeg_finish(reader, pixels.data_ptr<uint8_t>(), static_cast<size_t>(width * channels)),
              "[read_image] ", name, ": expected a whole JPEG but got ", reader.message);
  return planes(pixels);
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// All planes of a PNG or JPEG: one or three of colour, and alpha where there is one.
Tensor decode_planes(std::string_view bytes, const std::string& name) {
  const bool png = starts_with(bytes, "\x89PNG\r\n\x1a\n"), jpeg = starts_with(bytes, "\xff\xd8");
  STEER_CHECK(png || jpeg, "[read_image] ", name, ": expected a PNG or JPEG but got ", bytes.size(),
              " bytes of something else");
  return png ? decode_png(bytes, name) : decode_jpeg(bytes, name);
}

}  // namespace

Tensor decode_bytes(std::string_view bytes, const std::string& name, int64_t channels) {
  const Tensor stored = decode_planes(bytes, name);
  const Tensor colours = stored.size(0) % 2 ? stored : over_black(stored);
  return with_channels(colours.unsqueeze(0), channels).squeeze(0);
}

LayeredImage decode_image_alpha(std::string_view bytes, const std::string& name, int64_t channels) {
  const Tensor stored = decode_planes(bytes, name);
  const int64_t colours = stored.size(0) - (stored.size(0) % 2 ? 0 : 1);
  const Tensor image = with_channels(stored.narrow(0, 0, colours).unsqueeze(0), channels).squeeze(0);
  const Tensor alpha = colours == stored.size(0)
                           ? at::ones({1, stored.size(1), stored.size(2)})
                           : stored.narrow(0, colours, 1).to(torch::kFloat32).div(255.0);
  return {from_bytes(image), alpha};
}

LayeredImage read_image_alpha(const std::string& path, int64_t channels) {
  return decode_image_alpha(read_file(path), path, channels);
}

Tensor decode_image(std::string_view bytes, const std::string& name, int64_t channels) {
  return from_bytes(decode_bytes(bytes, name, channels));
}

Tensor read_image(const std::string& path, int64_t channels) {
  return decode_image(read_file(path), path, channels);
}

std::string encode_png(const Tensor& picture, const std::vector<PngText>& texts) {
  STEER_CHECK(picture.dim() == 3 && (picture.size(0) == 1 || picture.size(0) == 3) && picture.numel() > 0,
              "[write_png] expected a picture [1 or 3, H, W] but got ", shape_text(picture.sizes()));
  const Tensor pixels = to_bytes(picture).to(torch::kCPU).permute({1, 2, 0}).contiguous();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(picture.size(1));
  image.width = static_cast<png_uint_32>(picture.size(2));
  image.format = picture.size(0) == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t count = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(count, '\0');
  const int written =
      png_image_write_to_memory(&image, bytes.data(), &count, 0, pixels.data_ptr<uint8_t>(), 0, nullptr);
  STEER_CHECK(written, "[write_png] expected to encode the picture but got ", image.message);
  bytes.resize(count);
  return with_texts(bytes, texts);
}

void write_png(const std::string& path, const Tensor& picture, const std::vector<PngText>& texts) {
  write_file(path, encode_png(picture, texts));
}

bool is_image_name(std::string_view name) {
  std::string end(name.substr(name.rfind('.') == name.npos ? name.size() : name.rfind('.')));
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

}  // namespace steer
