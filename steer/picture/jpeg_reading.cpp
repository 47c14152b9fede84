#include <csetjmp>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include "steer/core/check.h"
#include "steer/picture/decoders.h"
#include "steer/picture/orientation.h"

namespace steer {
namespace {

// As many as no camera or program writes.
constexpr int kMostScans = 500;

// libjpeg leaves by longjmp on errors, as libpng does.
struct JpegReader {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct jpeg{};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "no memory";
  jpeg_progress_mgr progress{};
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

// A small file may ask for thousands of passes over a large picture.
void jpeg_count_scans(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor) return;
  const int scan = reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number;
  if (scan <= kMostScans) return;
  JpegReader& reader = *static_cast<JpegReader*>(jpeg->client_data);
  std::snprintf(reader.message, sizeof reader.message, "more than %d scans", kMostScans);
  std::longjmp(reader.jump, 1);
}

bool jpeg_start(JpegReader& reader, std::string_view bytes) {
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = jpeg_fail;
  reader.errors.emit_message = jpeg_warn;
  reader.errors.output_message = jpeg_stay_silent;
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.jump)) return false;
  reader.made = true;
  jpeg_create_decompress(&reader.jpeg);
  reader.progress.progress_monitor = jpeg_count_scans;
  reader.jpeg.progress = &reader.progress;
  jpeg_save_markers(&reader.jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  reader.jpeg.out_color_space = reader.jpeg.num_components == 1   ? JCS_GRAYSCALE
                                : reader.jpeg.num_components == 4 ? JCS_CMYK
                                                                  : JCS_RGB;
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

int jpeg_orientation(const jpeg_decompress_struct& jpeg) {
  for (const jpeg_marker_struct* marker = jpeg.marker_list; marker; marker = marker->next) {
    const int orientation =
        orientation_in({reinterpret_cast<const char*>(marker->data), marker->data_length});
    if (orientation != 1) return orientation;
  }
  return 1;
}

// Cyan, magenta, yellow and black [4, H, W] as RGB, without a colour profile: each ink takes its share of the
// light, black of all. Files by Adobe's programs store the light that is left instead of the ink.
Tensor rgb_of_inks(const Tensor& inks, bool of_light) {
  const int64_t count = inks.size(1) * inks.size(2);
  const Tensor out = at::empty({3, inks.size(1), inks.size(2)}, torch::kUInt8);
  const auto light = [&](uint8_t value) { return of_light ? value : 255 - value; };
  const uint8_t* const from = inks.data_ptr<uint8_t>();
  uint8_t* const to = out.data_ptr<uint8_t>();
  for (int64_t at = 0; at < 3 * count; ++at)
    to[at] = static_cast<uint8_t>((light(from[at]) * light(from[3 * count + at % count]) + 127) / 255);
  return out;
}

}  // namespace

Decoded decode_jpeg(std::string_view bytes, const std::string& name) {
  JpegReader reader;
  STEER_CHECK(jpeg_start(reader, bytes), "[read_image] ", name, ": expected a whole JPEG but got ",
              reader.message);
  const int64_t height = reader.jpeg.image_height, width = reader.jpeg.image_width;
  const int64_t channels = reader.jpeg.num_components;
  const int orientation = jpeg_orientation(reader.jpeg);
  check_sides(name, height, width);
  STEER_CHECK(channels == 1 || channels == 3 || channels == 4, "[read_image] ", name,
              ": expected a grey, colour or CMYK JPEG but got ", channels, " components");
  const Tensor pixels = at::empty({height, width, channels}, torch::kUInt8);
  STEER_CHECK(jpeg_finish(reader, pixels.data_ptr<uint8_t>(), static_cast<size_t>(width * channels)),
              "[read_image] ", name, ": expected a whole JPEG but got ", reader.message);
  const Tensor planes = planes_of(pixels);
  return {channels == 4 ? rgb_of_inks(planes, reader.jpeg.saw_Adobe_marker) : planes, orientation};
}

}  // namespace steer
