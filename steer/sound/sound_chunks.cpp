#include "steer/sound/sound_chunks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/codes/binary_fields.h"
#include "steer/core/check.h"
#include "steer/sound/sound.h"

namespace steer {
namespace {

// A file of chunks: a name of four letters, a size in four bytes, content, and a byte more after an odd size.
struct ChunkFile {
  std::string_view bytes;
  const std::string& name;
  bool high_first;  // how numbers stand

  uint64_t number(size_t at, size_t count) const {
    if (!high_first) return number_at(bytes, at, count);
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  }
};

struct SoundChunk {
  std::string_view id;
  size_t begin = 0;   // of the content
  uint64_t size = 0;  // as the file says
};

constexpr size_t kChunkHead = 8, kFormHead = 12;

bool chunk_at(const ChunkFile& file, size_t at, SoundChunk& chunk) {
  if (at > file.bytes.size() || file.bytes.size() - at < kChunkHead) return false;
  chunk = {file.bytes.substr(at, 4), at + kChunkHead, file.number(at + 4, 4)};
  return true;
}

size_t bytes_from(const ChunkFile& file, const SoundChunk& chunk) {
  return file.bytes.size() - chunk.begin;
}

size_t behind(const SoundChunk& chunk) {
  return chunk.begin + static_cast<size_t>(chunk.size + chunk.size % 2);
}

void check_whole(const ChunkFile& file, const SoundChunk& chunk) {
  STEER_CHECK(chunk.size <= bytes_from(file, chunk), "[read] ", file.name, ": expected ", chunk.size,
              " bytes of the chunk \"", chunk.id, "\" but the file holds ", bytes_from(file, chunk));
}

void append_chunk_size(std::string& head, uint64_t size, bool high_first) {
  for (size_t i = 0; i < 4; ++i)
    head += static_cast<char>(static_cast<unsigned char>(size >> (8 * (high_first ? 3 - i : i))));
}

std::string chunk_copy(const ChunkFile& file, const SoundChunk& chunk) {
  std::string copy(chunk.id);
  append_chunk_size(copy, chunk.size, file.high_first);
  copy += file.bytes.substr(chunk.begin, static_cast<size_t>(chunk.size));
  if (chunk.size % 2) copy += '\0';
  return copy;
}

// A file of these chunks and, behind them, one whose content is `body`.
SoundContainer rebuilt(const ChunkFile& file, std::string_view form, std::string_view kind,
                       const std::string& chunks, std::string_view last, std::string_view body) {
  const uint64_t size = 4 + chunks.size() + kChunkHead + body.size();
  STEER_CHECK(size < std::numeric_limits<uint32_t>::max(), "[read] ", file.name,
              ": expected less than 4 GiB of samples but got ", body.size(), " bytes");
  SoundContainer container;
  container.head = form;
  append_chunk_size(container.head, size, file.high_first);
  container.head += std::string(kind) + chunks + std::string(last);
  append_chunk_size(container.head, body.size(), file.high_first);
  container.body = body;
  return container;
}

void check_channels_and_rate(const ChunkFile& file, uint64_t channels, double rate) {
  STEER_CHECK(channels > 0, "[read] ", file.name, ": expected at least one channel but its head says 0");
  STEER_CHECK(rate >= 1 && rate <= static_cast<double>(kMostSoundRate), "[read] ", file.name,
              ": expected a rate of 1 to ", kMostSoundRate, " Hz but its head says ",
              std::llround(std::min(rate, 1e18)));
}

void check_wav_format(const ChunkFile& file, const SoundChunk& chunk) {
  constexpr uint64_t kMpeg = 0x50, kMp3 = 0x55;
  STEER_CHECK(chunk.size >= 16, "[read] ", file.name,
              ": expected a chunk \"fmt \" of at least 16 bytes but got ", chunk.size);
  const uint64_t tag = file.number(chunk.begin, 2);
  STEER_CHECK(tag != kMpeg && tag != kMp3, "[read] ", file.name,
              ": expected samples that can be told to be whole but got MPEG audio");
  check_channels_and_rate(file, file.number(chunk.begin + 2, 2),
                          static_cast<double>(file.number(chunk.begin + 4, 4)));
}

// Whether what stands from `at` on to the end are whole chunks, at least one, with names of printable
// letters.
bool whole_chunks_from(const ChunkFile& file, size_t at) {
  SoundChunk chunk;
  bool any = false;
  for (; chunk_at(file, at, chunk); at = behind(chunk), any = true)
    if (chunk.size > bytes_from(file, chunk) ||
        !std::all_of(chunk.id.begin(), chunk.id.end(), [](char c) { return c >= ' ' && c <= '~'; }))
      return false;
  return any && at >= file.bytes.size();
}

// The content of the chunk "data" of so many bytes, as the file says.
std::string_view wav_samples(const ChunkFile& file, const SoundChunk& chunk, uint64_t size) {
  constexpr uint64_t kPlaceholder = 0x7FFFE000;  // SoX: 0x7FFFF000 and less; others: 0xFFFFFFFF
  const size_t held = bytes_from(file, chunk);
  const bool streamed = size == 0 ? !whole_chunks_from(file, chunk.begin) : size >= kPlaceholder;
  if (streamed && size != held) size = std::min<uint64_t>(size ? size : held, held);
  STEER_CHECK(size <= held, "[read] ", file.name, ": expected ", size,
              " bytes of samples but the file holds ", held);
  return file.bytes.substr(chunk.begin, static_cast<size_t>(size));
}

SoundContainer wav_of(const ChunkFile& file) {
  constexpr uint64_t kMostFact = 64;
  std::string kept;
  bool formatted = false;
  uint64_t long_size = 0;
  SoundChunk chunk;
  for (size_t at = kFormHead; chunk_at(file, at, chunk); at = behind(chunk)) {
    if (chunk.id == "data") {
      STEER_CHECK(formatted, "[read] ", file.name, ": expected a chunk \"fmt \" before the samples");
      const bool is_long = long_size > 0 && chunk.size == 0xFFFFFFFF;
      return rebuilt(file, file.high_first ? "RIFX" : "RIFF", "WAVE", kept, "data",
                     wav_samples(file, chunk, is_long ? long_size : chunk.size));
    }
    check_whole(file, chunk);
    const bool format = chunk.id == "fmt " && !formatted;
    if (format) check_wav_format(file, chunk);
    formatted = formatted || format;
    if (format || (chunk.id == "fact" && chunk.size <= kMostFact)) kept += chunk_copy(file, chunk);
    if (chunk.id == "ds64" && chunk.size >= 16) long_size = file.number(chunk.begin + 8, 8);
  }
  fail("[read] ", file.name, ": expected a chunk \"data\" but the file ends");
}

// The number at `at` in 80 bits of IEEE 754: sign and exponent, then 64 bits of which the first is its whole
// part.
double extended_at(const ChunkFile& file, size_t at) {
  const int exponent = static_cast<int>(file.number(at, 2));
  if (exponent & 0x8000) return 0;
  return std::ldexp(static_cast<double>(file.number(at + 2, 8)), exponent - 16383 - 63);
}

// The frames that a chunk "COMM" tells of, or -1 where a code follows that packs several into one.
int64_t aiff_frames(const ChunkFile& file, const SoundChunk& chunk, bool compressed) {
  constexpr size_t kPlain = 18;
  STEER_CHECK(chunk.size >= (compressed ? kPlain + 4 : kPlain), "[read] ", file.name,
              ": expected a chunk \"COMM\" of at least ", compressed ? kPlain + 4 : kPlain, " bytes but got ",
              chunk.size);
  check_channels_and_rate(file, file.number(chunk.begin, 2), extended_at(file, chunk.begin + 8));
  const std::string_view code = compressed ? file.bytes.substr(chunk.begin + kPlain, 4) : "NONE";
  if (code == "ima4" || code == "GSM ") return -1;
  return static_cast<int64_t>(file.number(chunk.begin + 2, 4));
}

SoundContainer aiff_of(const ChunkFile& file) {
  const std::string_view kind = file.bytes.substr(8, 4);
  std::string kept;
  SoundChunk chunk, samples;
  int64_t frames = -1;
  bool formatted = false;
  for (size_t at = kFormHead; chunk_at(file, at, chunk); at = behind(chunk)) {
    if (chunk.id == "COMM" && !formatted) {
      check_whole(file, chunk);
      frames = aiff_frames(file, chunk, kind == "AIFC");
      formatted = true;
      kept += chunk_copy(file, chunk);
    }
    if (chunk.id == "SSND" && samples.id.empty()) samples = chunk;
    if (formatted && !samples.id.empty()) break;
    check_whole(file, chunk);
  }
  STEER_CHECK(formatted, "[read] ", file.name, ": expected a chunk \"COMM\" but the file ends");
  STEER_CHECK(!samples.id.empty() || frames == 0, "[read] ", file.name,
              ": expected a chunk \"SSND\" but the file ends");
  STEER_CHECK(frames != 0, "[read] ", file.name, ": expected at least one frame but got none");
  check_whole(file, samples);
  SoundContainer container = rebuilt(file, "FORM", kind, kept, "SSND",
                                     file.bytes.substr(samples.begin, static_cast<size_t>(samples.size)));
  container.frames = frames;
  return container;
}

}  // namespace

SoundContainer wav_container(std::string_view bytes, const std::string& name) {
  return wav_of({bytes, name, bytes.substr(0, 4) == "RIFX"});
}

SoundContainer aiff_container(std::string_view bytes, const std::string& name) {
  return aiff_of({bytes, name, true});
}

}  // namespace steer
