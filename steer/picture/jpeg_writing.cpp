#include "steer/picture/jpeg_writing.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct JpegWriter {
  jpeg_error_mgr errors{};
  jpeg_compress_struct jpeg{};
  std::jmp_buf jump;
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  bool made = false;

  ~JpegWriter() {
    if (made) jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
};

void leave_writing(j_common_ptr jpeg) {
  std::longjmp(static_cast<JpegWriter*>(jpeg->client_data)->jump, 1);
}

void write_silently(j_common_ptr) {}

bool write_jpeg(JpegWriter& writer, const unsigned char* pixels, int64_t height, int64_t width,
                int64_t channels, const JpegSettings& settings) {
  writer.jpeg.err = jpeg_std_error(&writer.errors);
  writer.errors.error_exit = leave_writing;
  writer.errors.output_message = write_silently;
  writer.jpeg.client_data = &writer;
  if (setjmp(writer.jump)) return false;
  writer.made = true;
  jpeg_create_compress(&writer.jpeg);
  jpeg_mem_dest(&writer.jpeg, &writer.bytes, &writer.count);
  writer.jpeg.image_height = static_cast<JDIMENSION>(height);
  writer.jpeg.image_width = static_cast<JDIMENSION>(width);
  writer.jpeg.input_components = static_cast<int>(channels);
  writer.jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&writer.jpeg);
  jpeg_set_quality(&writer.jpeg, settings.quality, TRUE);
  writer.jpeg.optimize_coding = settings.standard_tables ? FALSE : TRUE;
  // Of the three components the first, brightness, is the one that defaults make finer.
  if (!settings.thin_colours)
    writer.jpeg.comp_info[0].h_samp_factor = writer.jpeg.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&writer.jpeg, TRUE);
  while (writer.jpeg.next_scanline < writer.jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels) + writer.jpeg.next_scanline * width * channels;
    jpeg_write_scanlines(&writer.jpeg, &row, 1);
  }
  jpeg_finish_compress(&writer.jpeg);
  return true;
}

}  // namespace

std::string encode_jpeg(const Tensor& picture, const JpegSettings& settings) {
  STEER_CHECK(picture.dim() == 3 && picture.scalar_type() == torch::kUInt8 &&
                  (picture.size(0) == 1 || picture.size(0) == 3),
              "[write_jpeg] expected a uint8 picture [1 or 3, H, W] but got ", picture.scalar_type(), " ",
              shape_text(picture.sizes()));
  STEER_CHECK(settings.quality >= 1 && settings.quality <= 100,
              "[write_jpeg] expected a quality of 1 to 100 but got ", settings.quality);
  const Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  const auto writer = std::make_unique<JpegWriter>();
  STEER_CHECK(write_jpeg(*writer, pixels.data_ptr<uint8_t>(), pixels.size(0), pixels.size(1), pixels.size(2),
                         settings),
              "[write_jpeg] expected a picture that a JPEG holds but got ", shape_text(picture.sizes()));
  return std::string(reinterpret_cast<const char*>(writer->bytes), writer->count);
}

}  // namespace steer
