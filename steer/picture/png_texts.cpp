#include "steer/picture/png_texts.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"

namespace steer {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr size_t kPngFrame = 12;                  // of a chunk: length, type, checksum
constexpr size_t kPngStart = 8 + kPngFrame + 13;  // the signature and the chunk IHDR

struct PngChunk {
  std::string_view type, data;
};

std::string four_bytes(uint64_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

uint32_t number_at(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The checksum of a chunk's type and data.
uint32_t checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

// UTF-8 as Latin-1, one byte each; nothing where a character is not in Latin-1.
std::optional<std::string> latin1_of_utf8(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      bytes += text[i];
    } else {
      if (first > 0xC3) return std::nullopt;
      bytes += static_cast<char>((first & 0x03) << 6 | (text[++i] & 0x3F));
    }
  }
  return bytes;
}

std::string utf8_of_latin1(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) text += static_cast<char>(0xC0 | byte >> 6);
    text += static_cast<char>(byte < 0x80 ? byte : 0x80 | (byte & 0x3F));
  }
  return text;
}

// What the standard allows as a key, in Latin-1.
bool is_png_key(const std::string& key) {
  constexpr size_t kLongest = 79;
  return !key.empty() && key.size() <= kLongest && key.front() != ' ' && key.back() != ' ' &&
         key.find("  ") == std::string::npos && std::all_of(key.begin(), key.end(), [](unsigned char c) {
           return (c >= 0x20 && c < 0x7F) || c > 0xA0;
         });
}

// Type and data of the chunk for a text.
std::string text_chunk(const PngText& text) {
  const std::optional<std::string> key = is_utf8(text.key) ? latin1_of_utf8(text.key) : std::nullopt;
  STEER_CHECK(key && is_png_key(*key),
              "[write_png] expected a text's key of 1 to 79 printable characters of Latin-1, single blanks "
              "between them, but got ",
              in_quotes(text.key));
  STEER_CHECK(is_utf8(text.text) && text.text.find('\0') == std::string::npos,
              "[write_png] expected a text in UTF-8 without zero bytes for the key ", in_quotes(text.key),
              " but got other bytes");
  const std::optional<std::string> latin1 = text.latin1 ? latin1_of_utf8(text.text) : std::nullopt;
  if (latin1) return "tEXt" + *key + '\0' + *latin1;
  // Not compressed, in no language, no translated key.
  return "iTXt" + *key + std::string(5, '\0') + text.text;
}

// All chunks up to IEND.
std::vector<PngChunk> png_chunks(std::string_view bytes, const std::string& what) {
  STEER_CHECK(bytes.substr(0, kPngSignature.size()) == kPngSignature, what, "expected a PNG but got ",
              bytes.size(), " bytes of something else");
  std::vector<PngChunk> chunks;
  size_t at = kPngSignature.size();
  do {
    const std::string_view left = bytes.substr(at);
    STEER_CHECK(left.size() >= kPngFrame && number_at(left) <= left.size() - kPngFrame, what,
                "expected a whole PNG but got the end of the file in the chunk at byte ", at);
    const size_t size = number_at(left);
    STEER_CHECK(checksum(left.substr(4, 4 + size)) == number_at(left.substr(8 + size)), what,
                "expected a whole PNG but got changed bytes in the chunk at byte ", at);
    chunks.push_back({left.substr(4, 4), left.substr(8, size)});
    at += kPngFrame + size;
  } while (chunks.back().type != "IEND");
  return chunks;
}

// Unpacks up to `most` bytes and one more, which tells that there are too many.
std::string unpacked(std::string_view packed, size_t most, const std::string& what) {
  constexpr size_t kStep = size_t{1} << 16;
  z_stream stream{};
  STEER_CHECK(inflateInit(&stream) == Z_OK, what, "expected memory to unpack a text");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::vector<char> step(kStep);
  int state = Z_OK;
  while (state == Z_OK && text.size() <= most) {
    const size_t room = std::min(step.size(), most + 1 - text.size());
    stream.next_out = reinterpret_cast<Bytef*>(step.data());
    stream.avail_out = static_cast<uInt>(room);
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(step.data(), room - stream.avail_out);
  }
  STEER_CHECK(state == Z_STREAM_END || text.size() > most, what,
              "expected a whole compressed text but got other bytes");
  return text;
}

// Takes what stands before the next zero byte, and that byte.
std::optional<std::string_view> taken_field(std::string_view& left) {
  const size_t zero = left.find('\0');
  if (zero == std::string_view::npos) return std::nullopt;
  const std::string_view field = left.substr(0, zero);
  left.remove_prefix(zero + 1);
  return field;
}

// The parts of a chunk for a text, as stored.
struct StoredText {
  std::string_view key, text;
  bool packed;
};

std::optional<StoredText> stored_text(const PngChunk& chunk) {
  std::string_view left = chunk.data;
  const std::optional<std::string_view> key = taken_field(left);
  if (!key) return std::nullopt;
  if (chunk.type == "tEXt") return StoredText{*key, left, false};
  // iTXt says whether it is compressed; both say how, and there is one way.
  const bool international = chunk.type == "iTXt";
  const size_t head = international ? 2 : 1;
  if (left.size() < head) return std::nullopt;
  const bool packed = !international || left[0] != 0;
  if (packed && left[head - 1] != 0) return std::nullopt;
  left.remove_prefix(head);
  // The language and the translated key.
  if (international && !(taken_field(left) && taken_field(left))) return std::nullopt;
  return StoredText{*key, left, packed};
}

}  // namespace

std::string with_texts(std::string_view png, const std::vector<PngText>& texts) {
  if (texts.empty()) return std::string(png);
  STEER_CHECK(png.size() > kPngStart && png.substr(0, kPngSignature.size()) == kPngSignature,
              "[write_png] expected a PNG to put texts into but got ", png.size(),
              " bytes of something else");
  std::string bytes(png.substr(0, kPngStart));
  size_t room = kMaxPngTextBytes;
  for (const PngText& text : texts) {
    const std::string chunk = text_chunk(text);
    const size_t size = chunk.size() - 4;
    STEER_CHECK(size <= room, "[write_png] expected at most ", kMaxPngTextBytes,
                " bytes of texts but got more with the key ", in_quotes(text.key));
    room -= size;
    bytes += four_bytes(size) + chunk + four_bytes(checksum(chunk));
  }
  bytes += png.substr(kPngStart);
  return bytes;
}

std::vector<PngText> decode_png_texts(std::string_view bytes, const std::string& name) {
  const std::string what = "[png_texts] " + name + ": ";
  std::vector<PngText> texts;
  size_t room = kMaxPngTextBytes;
  for (const PngChunk& chunk : png_chunks(bytes, what)) {
    const bool latin1 = chunk.type == "tEXt" || chunk.type == "zTXt";
    if (!latin1 && chunk.type != "iTXt") continue;
    const std::optional<StoredText> stored = stored_text(chunk);
    STEER_CHECK(stored, what, "expected a key and a text in ", chunk.type, " but got ", chunk.data.size(),
                " other bytes");
    const std::string text = stored->packed ? unpacked(stored->text, room, what) : std::string(stored->text);
    STEER_CHECK(stored->key.size() + text.size() <= room, what, "expected at most ", kMaxPngTextBytes,
                " bytes of texts but got more");
    room -= stored->key.size() + text.size();
    STEER_CHECK(latin1 || is_utf8(text), what, "expected UTF-8 in iTXt but got other bytes");
    texts.push_back({utf8_of_latin1(stored->key), latin1 ? utf8_of_latin1(text) : text, latin1});
  }
  return texts;
}

std::vector<PngText> png_texts(const std::string& path) {
  return decode_png_texts(read_file(path), path);
}

}  // namespace steer
