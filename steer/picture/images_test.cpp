#include "steer/picture/images.h"

#include <gmock/gmock.h>
#include <png.h>
#include <sys/resource.h>
#include <webp/encode.h>
#include <webp/mux.h>
#include <zlib.h>

#include "steer/core/tensors.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::HasSubstr;

Tensor wavy(int64_t channels, int64_t height, int64_t width) {
  const Tensor y = torch::arange(height).view({1, height, 1}), x = torch::arange(width).view({1, 1, width});
  return from_bytes(
      ((torch::arange(channels).view({-1, 1, 1}) * 40 + y * 5 + x * 3) % 256).to(torch::kUInt8));
}

// A PNG of one row in a format that encode_png does not write.
std::string png_row(int depth, int type, int width, std::vector<uint8_t> row,
                    const std::vector<png_color>& palette = {}) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp to, png_bytep data, size_t count) {
        static_cast<std::string*>(png_get_io_ptr(to))->append(reinterpret_cast<char*>(data), count);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), 1, depth, type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  png_write_row(png, row.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::vector<int> values(const Tensor& bytes) {
  const Tensor flat = bytes.to(torch::kInt32).flatten();
  return std::vector<int>(flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel());
}

TEST(Png, WriteThenReadGivesThePictureBack) {
  const TemporaryFolder folder;
  for (int64_t channels : {1, 3}) {
    const Tensor picture = wavy(channels, 13, 17);
    write_png(folder / "a.png", picture);
    EXPECT_TRUE(torch::equal(read_image(folder / "a.png", 0), picture));
  }
}

TEST(Png, AlphaIsReadBesideTheColoursUnderIt) {
  const std::string layered = png_row(8, PNG_COLOR_TYPE_RGB_ALPHA, 2, {255, 0, 51, 0, 0, 255, 0, 51});
  const LayeredImage read = decode_layers(layered, "a", 3);
  EXPECT_EQ(values(read.image), (std::vector<int>{255, 0, 0, 255, 51, 0}));
  EXPECT_EQ(values(read.alpha), (std::vector<int>{0, 51}));
  EXPECT_EQ(decode_layers(layered, "a", 1).image.size(0), 1);
  const LayeredImage opaque = decode_layers(encode_png(wavy(1, 4, 5)), "a", 3);
  EXPECT_EQ(shape_text(opaque.image.sizes()), "[3, 4, 5]");
  EXPECT_EQ(opaque.alpha.min().item<int>(), 255);
}

TEST(Png, ChannelsAreMadeAsAsked) {
  const std::string colour = encode_png(wavy(3, 4, 5)), grey = encode_png(wavy(1, 4, 5));
  const Tensor rgb = decode_bytes(colour, "a", 3).to(torch::kFloat64);
  const Tensor expected = (rgb[0] * 0.299 + rgb[1] * 0.587 + rgb[2] * 0.114).round();
  EXPECT_LE((decode_bytes(colour, "a", 1)[0] - expected).abs().max().item<double>(), 1.0);
  const Tensor repeated = decode_bytes(grey, "a", 3);
  EXPECT_EQ(shape_text(repeated.sizes()), "[3, 4, 5]");
  EXPECT_TRUE(torch::equal(repeated[0], repeated[2]));
}

TEST(Png, EveryStoredFormIsRead) {
  EXPECT_EQ(values(decode_bytes(png_row(16, PNG_COLOR_TYPE_GRAY, 2, {0xFF, 0xFF, 0x80, 0x80}), "a", 0)),
            (std::vector<int>{255, 128}));
  EXPECT_EQ(values(decode_bytes(png_row(1, PNG_COLOR_TYPE_GRAY, 3, {0b10100000}), "a", 0)),
            (std::vector<int>{255, 0, 255}));
  EXPECT_EQ(
      values(decode_bytes(png_row(8, PNG_COLOR_TYPE_PALETTE, 2, {1, 0}, {{1, 2, 3}, {7, 8, 9}}), "a", 0)),
      (std::vector<int>{7, 1, 8, 2, 9, 3}));
}

TEST(Png, TransparencyLiesOverTheBackground) {
  const std::string colour = png_row(8, PNG_COLOR_TYPE_RGBA, 2, {200, 100, 50, 255, 200, 100, 50, 51});
  EXPECT_EQ(values(decode_bytes(colour, "a", 0)), (std::vector<int>{200, 244, 100, 224, 50, 214}));
  EXPECT_EQ(values(decode_bytes(colour, "a", 0, {0, 0, 0})), (std::vector<int>{200, 40, 100, 20, 50, 10}));
  EXPECT_EQ(values(decode_bytes(colour, "a", 0, {255, 0, 0})), (std::vector<int>{200, 244, 100, 20, 50, 10}));
  const std::string grey = png_row(8, PNG_COLOR_TYPE_GRAY_ALPHA, 2, {200, 0, 200, 255});
  EXPECT_EQ(values(decode_bytes(grey, "a", 0)), (std::vector<int>{255, 200}));
  EXPECT_EQ(values(decode_bytes(grey, "a", 3, {0, 0, 9})), (std::vector<int>{0, 200, 0, 200, 9, 200}));
  EXPECT_EQ(values(decode_bytes(grey, "a", 1, {0, 0, 0})), (std::vector<int>{0, 200}));
  // Ink of one colour, drawn by alpha alone.
  EXPECT_EQ(values(decode_bytes(png_row(8, PNG_COLOR_TYPE_GRAY_ALPHA, 3, {0, 0, 0, 128, 0, 255}), "a", 1)),
            (std::vector<int>{255, 127, 0}));
}

TEST(Png, EveryCutIsRefused) {
  const std::string whole = encode_png(wavy(3, 20, 20));
  for (size_t length = 0; length < whole.size(); length += 1 + length / 16)
    EXPECT_THAT(refusal([&] { decode_bytes(whole.substr(0, length), "cut.png", 0); }),
                HasSubstr("cut.png: expected"))
        << length;
  EXPECT_THAT(refusal([&] { decode_bytes(whole.substr(0, whole.size() - 1), "cut.png", 0); }),
              HasSubstr("whole PNG"));
}

TEST(Png, AChunkTakesNoMoreMemoryThanItsFileHas) {
  std::string bytes = encode_png(wavy(1, 6, 5), {{"steer", "{}", false}});
  const size_t chunk = bytes.find("iTXt");
  ASSERT_NE(chunk, std::string::npos);
  bytes[chunk - 4] = '\x5C';  // of its length: 1.5 GB
  rusage before = {}, after = {};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &before), 0);
  EXPECT_THAT(refusal([&] { decode_bytes(bytes, "long.png", 0); }), HasSubstr("whole PNG"));
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &after), 0);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100000);  // kB
}

TEST(Png, ChangedBytesAreRefused) {
  std::string bytes = encode_png(wavy(1, 20, 20));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] + 1);
  EXPECT_THAT(refusal([&] { decode_bytes(bytes, "bad.png", 0); }), HasSubstr("whole PNG"));
}

TEST(Png, SidesBeyondTheLimitAreRefused) {
  EXPECT_THAT(refusal([] {
                decode_bytes(png_row(1, PNG_COLOR_TYPE_GRAY, 20000, std::vector<uint8_t>(2500)), "wide", 0);
              }),
              HasSubstr("expected sides of 1 to 16384 pixels but got 20000 x 1"));
}

TEST(Png, OnlyGreyAndColourPicturesAreWritten) {
  EXPECT_THAT(refusal([] { encode_png(torch::zeros({2, 4, 4})); }), HasSubstr("[2, 4, 4]"));
  EXPECT_NE(refusal([] { write_png("/dev/null/at/all.png", torch::zeros({1, 4, 4})); }), "accepted");
}

TEST(Png, MorePixelsThanTheLimitAreRefusedUnread) {
  // One row of each would do: what a header asks for is refused before any row is read.
  std::string large = encode_png(wavy(1, 4, 4));
  const auto put = [&](size_t at, uint32_t value) {
    for (int i = 0; i < 4; ++i) large[at + static_cast<size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, 16384), put(20, 16384);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(large.data()) + 12, 17)));
  EXPECT_THAT(refusal([&] { decode_bytes(large, "large.png", 0); }),
              HasSubstr("large.png: expected at most 67108864 pixels but got 16384 x 16384"));
}

std::string smooth_jpeg(int channels) {
  std::vector<uint8_t> pixels(static_cast<size_t>(24 * 32 * channels));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(40 + 6 * (i / (32 * channels)));
  return jpeg_bytes(pixels, 24, 32, channels);
}

TEST(Jpeg, IsReadCloseToWhatWasWritten) {
  for (int channels : {1, 3}) {
    const Tensor read = decode_bytes(smooth_jpeg(channels), "a", 0);
    ASSERT_EQ(read.size(0), channels);
    const Tensor expected = (torch::arange(24) * 6 + 40).view({1, 24, 1});
    EXPECT_LE((read.to(torch::kInt32) - expected).abs().max().item<int>(), 6);
  }
  EXPECT_EQ(decode_image(smooth_jpeg(3), "a", 1).size(0), 1);
}

TEST(Jpeg, EveryCutIsRefused) {
  const std::string whole = smooth_jpeg(3);
  for (size_t length = 0; length < whole.size(); length += 1 + length / 32)
    EXPECT_THAT(refusal([&] { decode_bytes(whole.substr(0, length), "cut.jpg", 0); }),
                HasSubstr("cut.jpg: expected"))
        << length;
  EXPECT_THAT(refusal([&] { decode_bytes(whole.substr(0, whole.size() - 1), "cut.jpg", 0); }),
              HasSubstr("whole JPEG"));
}

TEST(Images, OtherFilesAreRefused) {
  EXPECT_THAT(refusal([] { decode_bytes("GIF89a...", "a.gif", 0); }),
              HasSubstr("a.gif: expected a PNG, JPEG or WebP"));
  // Beginnings of the names of formats.
  const std::string webp = std::string("RIFF") + std::string(4, '\0') + "WEBP";
  for (size_t length = 0; length <= webp.size(); ++length)
    EXPECT_THAT(refusal([&] { decode_bytes(webp.substr(0, length), "a", 0); }), HasSubstr("a: expected"));
  EXPECT_THAT(refusal([] { read_image("/nowhere.png", 0); }), HasSubstr("/nowhere.png"));
  EXPECT_TRUE(is_image_name("x/A.JPeG"));
  EXPECT_FALSE(is_image_name("png"));
}

// An Exif segment after the first two bytes of a JPEG.
std::string with_orientation(const std::string& jpeg, char orientation) {
  const std::string exif = std::string("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24) +
                           orientation + std::string(7, '\0');
  const size_t length = exif.size() + 2;
  return jpeg.substr(0, 2) + "\xff\xe1" + static_cast<char>(length >> 8) + static_cast<char>(length) + exif +
         jpeg.substr(2);
}

TEST(Jpeg, IsTurnedAsTheCameraNoted) {
  const std::string stored = smooth_jpeg(1);  // brighter from the top down
  const Tensor plain = decode_bytes(stored, "a", 0);
  for (const auto& [orientation, dims] :
       std::vector<std::pair<char, std::vector<int64_t>>>{{1, {}}, {3, {1, 2}}, {4, {1}}})
    EXPECT_TRUE(torch::equal(decode_bytes(with_orientation(stored, orientation), "a", 0), plain.flip(dims)));
  const Tensor turned = decode_bytes(with_orientation(stored, 6), "a", 0);
  EXPECT_EQ(shape_text(turned.sizes()), "[1, 32, 24]");
  EXPECT_GT(turned[0][0][0].item<int>(), turned[0][0][23].item<int>());  // what was below is on the left
}

TEST(Jpeg, InksBecomeColours) {
  // Four components as libjpeg writes them without Adobe's mark: ink, not light.
  for (const bool adobe : {false, true}) {
    std::vector<uint8_t> inks;
    for (int i = 0; i < 64; ++i)
      for (int ink : {255, 0, 0, 0}) inks.push_back(static_cast<uint8_t>(adobe ? 255 - ink : ink));
    const Tensor read = decode_bytes(jpeg_bytes(inks, 8, 8, 4, adobe), "cyan.jpg", 0).to(torch::kInt32);
    ASSERT_EQ(read.size(0), 3);
    EXPECT_LE((read.select(0, 0)).max().item<int>(), 6) << adobe;
    EXPECT_GE((read.narrow(0, 1, 2)).min().item<int>(), 249) << adobe;
  }
}

std::string webp_bytes(const Tensor& picture, bool alpha) {
  const Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  const int height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1));
  uint8_t* out = nullptr;
  const size_t size = alpha
                          ? WebPEncodeLosslessRGBA(pixels.data_ptr<uint8_t>(), width, height, width * 4, &out)
                          : WebPEncodeLosslessRGB(pixels.data_ptr<uint8_t>(), width, height, width * 3, &out);
  const std::string bytes(reinterpret_cast<char*>(out), size);
  WebPFree(out);
  return bytes;
}

TEST(Webp, IsReadAsItWasWritten) {
  const Tensor picture = to_bytes(wavy(3, 9, 14));
  EXPECT_TRUE(torch::equal(decode_bytes(webp_bytes(picture, false), "a.webp", 0), picture));
  const Tensor clear = torch::cat({picture, torch::zeros({1, 9, 14}, torch::kUInt8)});
  EXPECT_EQ(decode_bytes(webp_bytes(clear, true), "a.webp", 0).min().item<int>(), 255);
  const std::string whole = webp_bytes(picture, false);
  for (size_t length = 12; length < whole.size(); length += 1 + length / 16)
    EXPECT_THAT(refusal([&] { decode_bytes(whole.substr(0, length), "cut.webp", 0); }),
                HasSubstr("cut.webp"));
}

TEST(Webp, OfAnAnimationTheFirstFrameIsShown) {
  WebPAnimEncoder* encoder = WebPAnimEncoderNew(14, 9, nullptr);
  const Tensor first = to_bytes(wavy(3, 9, 14));
  WebPConfig config;
  ASSERT_TRUE(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, 6));
  for (int frame = 0; frame < 2; ++frame) {
    const Tensor pixels = (frame ? 255 - first : first).permute({1, 2, 0}).contiguous();
    WebPPicture picture;
    ASSERT_TRUE(WebPPictureInit(&picture));
    picture.use_argb = 1, picture.width = 14, picture.height = 9;
    ASSERT_TRUE(WebPPictureImportRGB(&picture, pixels.data_ptr<uint8_t>(), 14 * 3));
    ASSERT_TRUE(WebPAnimEncoderAdd(encoder, &picture, frame * 100, &config));
    WebPPictureFree(&picture);
  }
  WebPAnimEncoderAdd(encoder, nullptr, 200, nullptr);
  WebPData data;
  ASSERT_TRUE(WebPAnimEncoderAssemble(encoder, &data));
  const std::string bytes(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  WebPAnimEncoderDelete(encoder);
  EXPECT_TRUE(torch::equal(decode_bytes(bytes, "film.webp", 3), first));
}

}  // namespace
}  // namespace steer
