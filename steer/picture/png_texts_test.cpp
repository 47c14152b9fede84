#include "steer/picture/png_texts.h"

#include <gmock/gmock.h>
#include <png.h>
#include <zlib.h>

#include <tuple>
#include <utility>

#include "steer/core/files.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Key, text and whether it is stored in Latin-1.
using Parts = std::vector<std::tuple<std::string, std::string, bool>>;

Parts parts(const std::vector<PngText>& texts) {
  Parts all;
  for (const PngText& text : texts) all.emplace_back(text.key, text.text, text.latin1);
  return all;
}

Parts parts_in(const std::string& bytes) {
  return parts(decode_png_texts(bytes, "a.png"));
}

// What the tests put into pictures: every form, a key twice, no text at all.
std::vector<PngText> some_texts() {
  return {{"steer", "{\"seed\":7,\"name\":\"Gr\u00fc\u00dfe \u2192 \U0001F600\"}"},
          {"parameters", "a cat\nSteps: 20, d\u00e9j\u00e0 vu \u00ff", true},
          {"parameters", "\u732b, which Latin-1 does not have", true},
          {"Author \u00e9", ""},
          {"Comment", "", true}};
}

Tensor small_picture() {
  return torch::linspace(-1, 1, 3 * 5 * 7).view({3, 5, 7});
}

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

// A chunk as the standard draws it: length, type, data, checksum of type and data.
std::string chunk_bytes(const std::string& type, const std::string& data) {
  const std::string summed = type + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + summed + big_endian(static_cast<uint32_t>(sum));
}

// The small picture with these chunks behind IHDR.
std::string png_with(const std::string& chunks) {
  return encode_png(small_picture()).insert(8 + 25, chunks);
}

std::string packed(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string bytes(size, '\0');
  compress(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
           text.size());
  return bytes.substr(0, size);
}

std::string zero(const std::string& text = "") {
  return text + '\0';
}

// Types and data of all chunks.
std::vector<std::pair<std::string, std::string>> chunks_in(const std::string& bytes) {
  std::vector<std::pair<std::string, std::string>> chunks;
  for (size_t at = 8; at < bytes.size();) {
    size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    chunks.emplace_back(bytes.substr(at + 4, 4), bytes.substr(at + 8, size));
    EXPECT_EQ(bytes.substr(at, 12 + size), chunk_bytes(chunks.back().first, chunks.back().second));
    at += 12 + size;
  }
  return chunks;
}

std::string reading(const std::string& bytes) {
  return refusal([&] { decode_png_texts(bytes, "a.png"); });
}

std::string writing(const std::vector<PngText>& texts) {
  return refusal([&] { encode_png(small_picture(), texts); });
}

TEST(PngTexts, WriteThenReadGivesThemBack) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.png";
  write_png(path, small_picture(), some_texts());
  std::vector<PngText> expected = some_texts();
  expected[2].latin1 = false;
  EXPECT_EQ(parts(png_texts(path)), parts(expected));
  write_png(path, small_picture());
  EXPECT_TRUE(png_texts(path).empty());
}

TEST(PngTexts, ChunksAreAsTheStandardSays) {
  const std::string plain = encode_png(small_picture()), bytes = encode_png(small_picture(), some_texts());
  auto chunks = chunks_in(bytes);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"iTXt", zero("steer") + std::string(4, '\0') +
                   "{\"seed\":7,\"name\":\"Gr\xc3\xbc\xc3\x9f"
                   "e \xe2\x86\x92 \xf0\x9f\x98\x80\"}"},
      {"tEXt", zero("parameters") + "a cat\nSteps: 20, d\xe9j\xe0 vu \xff"},
      {"iTXt", zero("parameters") + std::string(4, '\0') + "\xe7\x8c\xab, which Latin-1 does not have"},
      {"iTXt", zero("Author \xe9") + std::string(4, '\0')},
      {"tEXt", zero("Comment")}};
  ASSERT_GT(chunks.size(), 1 + expected.size());
  EXPECT_EQ(chunks.front().first, "IHDR");
  EXPECT_EQ((decltype(chunks)(chunks.begin() + 1, chunks.begin() + 6)), expected);
  EXPECT_EQ(chunks.back().first, "IEND");
  chunks.erase(chunks.begin() + 1, chunks.begin() + 6);
  EXPECT_EQ(chunks, chunks_in(plain));
}

TEST(PngTexts, PixelsAreThoseOfThePictureWithout) {
  const std::string plain = encode_png(small_picture());
  EXPECT_EQ(encode_png(small_picture(), {}), plain);
  EXPECT_TRUE(torch::equal(decode_bytes(encode_png(small_picture(), some_texts()), "a.png", 0),
                           decode_bytes(plain, "a.png", 0)));
}

// The texts that libpng finds, each "form key text".
std::vector<std::string> by_libpng(std::string bytes) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_read_fn(png, &bytes, [](png_structp from, png_bytep data, size_t count) {
    auto& left = *static_cast<std::string*>(png_get_io_ptr(from));
    if (count > left.size()) png_error(from, "the end of the file");
    left.copy(reinterpret_cast<char*>(data), count);
    left.erase(0, count);
  });
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_textp texts = nullptr;
  const int count = png_get_text(png, info, &texts, nullptr);
  std::vector<std::string> found;
  for (int i = 0; i < count; ++i)
    found.push_back(joined(texts[i].compression, " ", texts[i].key, " ", texts[i].text));
  png_destroy_read_struct(&png, &info, nullptr);
  return found;
}

TEST(PngTexts, LibpngReadsThem) {
  EXPECT_THAT(by_libpng(encode_png(small_picture(), some_texts())),
              ElementsAre(joined("1 steer ", some_texts()[0].text),
                          "-1 parameters a cat\nSteps: 20, d\xe9j\xe0 vu \xff",
                          joined("1 parameters ", some_texts()[2].text), "1 Author \xe9 ", "-1 Comment "));
}

// One white pixel with texts by libpng, some of them behind the pixels.
std::string written_by_libpng(std::vector<png_text> before, std::vector<png_text> after) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png), end = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp to, png_bytep data, size_t count) {
        static_cast<std::string*>(png_get_io_ptr(to))->append(reinterpret_cast<char*>(data), count);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, 1, 1, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_text(png, info, before.data(), static_cast<int>(before.size()));
  png_set_text(png, end, after.data(), static_cast<int>(after.size()));
  png_write_info(png, info);
  const uint8_t white = 255;
  png_write_row(png, &white);
  png_write_end(png, end);
  png_destroy_info_struct(png, &end);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

png_text text_for_libpng(int form, const char* key, const std::string& text) {
  png_text made{};
  made.compression = form;
  made.key = const_cast<char*>(key);
  made.text = const_cast<char*>(text.c_str());
  made.text_length = form == PNG_TEXT_COMPRESSION_NONE || form == PNG_TEXT_COMPRESSION_zTXt ? text.size() : 0;
  made.itxt_length = made.text_length ? 0 : text.size();
  made.lang = const_cast<char*>("ja");
  made.lang_key = const_cast<char*>("\u540d\u524d");
  return made;
}

TEST(PngTexts, WhatLibpngWroteIsReadBeforeAndBehindThePixels) {
  std::string latin1 = "caf\xe9 ", utf8 = "\u732b ";
  for (int i = 0; i < 12; ++i) latin1 += latin1, utf8 += utf8;  // 20480 and 16384 bytes
  std::string latin1_as_utf8 = "caf\u00e9 ";
  for (int i = 0; i < 12; ++i) latin1_as_utf8 += latin1_as_utf8;
  const std::string bytes = written_by_libpng({text_for_libpng(PNG_TEXT_COMPRESSION_NONE, "a", latin1),
                                               text_for_libpng(PNG_TEXT_COMPRESSION_zTXt, "b", latin1),
                                               text_for_libpng(PNG_ITXT_COMPRESSION_NONE, "c", utf8)},
                                              {text_for_libpng(PNG_ITXT_COMPRESSION_zTXt, "d", utf8),
                                               text_for_libpng(PNG_TEXT_COMPRESSION_zTXt, "e", latin1)});
  std::vector<std::string> types;
  for (const auto& [type, data] : chunks_in(bytes)) types.push_back(type);
  EXPECT_THAT(types, ElementsAre("IHDR", "tEXt", "zTXt", "iTXt", "IDAT", "iTXt", "zTXt", "IEND"));
  EXPECT_EQ(parts_in(bytes), (Parts{{"a", latin1_as_utf8, true},
                                    {"b", latin1_as_utf8, true},
                                    {"c", utf8, false},
                                    {"d", utf8, false},
                                    {"e", latin1_as_utf8, true}}));
}

TEST(PngTexts, LongTextsAreKeptUpToTheMost) {
  // A key of 5, five zeros: the chunk has just the most.
  std::string longest(kMaxPngTextBytes - 10, 'x');
  const std::string bytes = encode_png(small_picture(), {{"steer", longest}});
  EXPECT_EQ(parts_in(bytes), (Parts{{"steer", longest, false}}));
  EXPECT_EQ(decode_bytes(bytes, "a.png", 0).size(2), 7);
  EXPECT_EQ(by_libpng(bytes).size(), 1u);
  for (const auto& texts :
       {std::vector<PngText>{{"steer", longest + 'x'}}, std::vector<PngText>{{"steer", longest}, {"b", ""}}})
    EXPECT_THAT(writing(texts),
                HasSubstr("[write_png] expected at most 8000000 bytes of texts but got more"));
}

TEST(PngTexts, GiganticTextsAreRefusedHoweverSmallTheyArePacked) {
  const std::string most(kMaxPngTextBytes - 1, 'x'), half(kMaxPngTextBytes / 2, 'x');
  const std::string too_many = "[png_texts] a.png: expected at most 8000000 bytes of texts but got more";
  EXPECT_EQ(
      decode_png_texts(png_with(chunk_bytes("zTXt", zero("a") + zero() + packed(most))), "a.png")[0].text,
      most);
  const std::string gigantic = packed(std::string(size_t{1} << 26, 'x'));
  for (const std::string& chunks : {chunk_bytes("zTXt", zero("a") + zero() + packed(most + 'x')),
                                    chunk_bytes("zTXt", zero("a") + zero() + gigantic),
                                    chunk_bytes("iTXt", zero("a") + "\1" + std::string(3, '\0') + gigantic),
                                    chunk_bytes("tEXt", zero("a") + most + 'x'),
                                    chunk_bytes("zTXt", zero("a") + zero() + packed(half)) +
                                        chunk_bytes("zTXt", zero("a") + zero() + packed(half))})
    EXPECT_EQ(reading(png_with(chunks)), too_many);
}

TEST(PngTexts, EveryCutIsRefused) {
  const std::string whole = encode_png(small_picture(), some_texts());
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(reading(whole.substr(0, length)),
                HasSubstr(length < 8 ? "a.png: expected a PNG but got"
                                     : "a.png: expected a whole PNG but got the end of the file"))
        << length;
  EXPECT_EQ(reading(whole + "and more"), "accepted");
}

TEST(PngTexts, EveryChangedByteIsRefused) {
  const std::string whole = encode_png(small_picture(), some_texts());
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_THAT(reading(changed), HasSubstr("[png_texts] a.png: expected a")) << at;
  }
}

TEST(PngTexts, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.put("a.txt", "not a picture");
  EXPECT_EQ(refusal([&] { png_texts(path); }),
            "[png_texts] " + path + ": expected a PNG but got 13 bytes of something else");
  EXPECT_THAT(refusal([] { png_texts("/nowhere.png"); }), HasSubstr("/nowhere.png"));
  EXPECT_THAT(refusal([] {
                with_texts("not a picture", {{"a", "b"}});
              }),
              HasSubstr("[write_png] expected a PNG to put texts into"));
}

TEST(PngTexts, ChunksThatHoldNoTextAreRefused) {
  for (const auto& [type, data] : std::vector<std::pair<std::string, std::string>>{
           {"tEXt", ""},
           {"tEXt", "no key"},
           {"zTXt", zero("a")},
           {"zTXt", zero("a") + "\1" + packed("text")},
           {"iTXt", zero("a")},
           {"iTXt", zero("a") + zero()},
           {"iTXt", zero("a") + "\1\1" + std::string(2, '\0') + packed("text")},
           {"iTXt", zero("a") + std::string(2, '\0') + "en"},
           {"iTXt", zero("a") + std::string(2, '\0') + zero("en") + "no translated key"}})
    EXPECT_EQ(reading(png_with(chunk_bytes(type, data))),
              joined("[png_texts] a.png: expected a key and a text in ", type, " but got ", data.size(),
                     " other bytes"));
  for (const std::string& text : {std::string(), std::string("other bytes"), packed("text").substr(0, 8)})
    EXPECT_THAT(reading(png_with(chunk_bytes("zTXt", zero("a") + zero() + text))),
                HasSubstr("expected a whole compressed text"));
  EXPECT_THAT(reading(png_with(chunk_bytes("iTXt", zero("a") + std::string(4, '\0') + "\xff"))),
              HasSubstr("expected UTF-8 in iTXt"));
}

TEST(PngTexts, OnlyKeysAndTextsOfTheStandardAreWritten) {
  for (const std::string& key : {std::string(), std::string(80, 'k'), std::string(" k"), std::string("k "),
                                 std::string("k  k"), std::string("k\n"), zero("k"), std::string("\u732b"),
                                 std::string("\u0085"), std::string("\xff"), std::string("\xc3")})
    EXPECT_THAT(writing({{key, "text"}}), HasSubstr("[write_png] expected a text's key")) << key;
  for (const std::string& text : {zero("text"), std::string("\xe9"), std::string("\xc3")})
    for (const bool latin1 : {false, true})
      EXPECT_THAT(writing({{"k", text, latin1}}), HasSubstr("[write_png] expected a text in UTF-8"));
  EXPECT_EQ(writing({{std::string(79, 'k'), "text"}}), "accepted");
}

TEST(PngTexts, WhatCannotBeWrittenLeavesTheFileThatWasThere) {
  const TemporaryFolder folder;
  const std::string path = folder.put("a.png", "before");
  EXPECT_NE(refusal([&] { write_png(path, small_picture(), {{"", "text"}}); }), "accepted");
  EXPECT_EQ(read_file(path), "before");
}

}  // namespace
}  // namespace steer
