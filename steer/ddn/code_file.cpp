#include "steer/ddn/code_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/range_coder.h"

namespace steer {
namespace {

// A byte above 127, both line ends and Ctrl-Z: any transfer as text is seen at once.
constexpr std::string_view kMagic(
    "\x89"
    "DDN\r\n\x1a\n",
    8);
constexpr uint64_t kVersion = 1;
constexpr size_t kHeaderBytes = 30, kRunBytes = 4, kSumBytes = 4;

// Layers of equal K next to each other.
struct LayerRun {
  int64_t layers, candidates;
};

std::vector<LayerRun> runs_of(const std::vector<int64_t>& candidates) {
  std::vector<LayerRun> runs;
  for (int64_t k : candidates) {
    if (runs.empty() || runs.back().candidates != k) runs.push_back({0, k});
    ++runs.back().layers;
  }
  return runs;
}

// Refuses what a file cannot hold before anything is made of these numbers; `what` begins the refusal.
void check_extent(const std::vector<int64_t>& candidates, int64_t codes, const std::string& what) {
  const auto layers = static_cast<int64_t>(candidates.size());
  STEER_CHECK(layers >= 1 && layers <= kMaxLayers, what, "expected 1 to ", kMaxLayers, " layers but got ",
              layers);
  int64_t sum = 0;
  for (int64_t k : candidates) {
    STEER_CHECK(k >= 1 && k <= kMaxAlphabet, what, "expected 1 to ", kMaxAlphabet, " candidates but got ", k);
    sum += k;
  }
  STEER_CHECK(sum <= kMaxCandidates, what, "expected at most ", kMaxCandidates,
              " candidates in all layers but got ", sum);
  STEER_CHECK(codes >= 1 && codes <= kMaxIndices / layers, what, "expected 1 to ", kMaxIndices / layers,
              " codes of ", layers, " layers but got ", codes);
}

// Bits that number k things.
int width(int64_t k) {
  int bits = 0;
  while ((int64_t{1} << bits) < k) ++bits;
  return bits;
}

int64_t packed_bytes(const std::vector<int64_t>& candidates, int64_t codes) {
  int64_t bits = 0;
  for (int64_t k : candidates) bits += width(k);
  return (bits * codes + 7) / 8;
}

std::string packed(const CodeFile& file) {
  std::string bytes;
  uint64_t open = 0;  // bits not yet in a byte, the newest lowest
  int count = 0;
  const int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < file.code.size(0); ++n)
    for (int64_t k : file.candidates) {
      const int bits = width(k);
      open = open << bits | static_cast<uint64_t>(*index++);
      for (count += bits; count >= 8; count -= 8) bytes += static_cast<char>(open >> (count - 8));
    }
  if (count > 0) bytes += static_cast<char>(open << (8 - count));
  return bytes;
}

void unpack(std::string_view bytes, CodeFile& file, const std::string& what) {
  const int64_t expected = packed_bytes(file.candidates, file.code.size(0));
  STEER_CHECK(static_cast<int64_t>(bytes.size()) == expected, what, "expected ", expected,
              " bytes of packed indices but got ", bytes.size());
  uint64_t open = 0;
  int count = 0;
  size_t at = 0;
  int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < file.code.size(0); ++n)
    for (int64_t k : file.candidates) {
      const int bits = width(k);
      for (; count < bits; count += 8) open = open << 8 | static_cast<unsigned char>(bytes[at++]);
      count -= bits;
      const auto got = static_cast<int64_t>(open >> count & ((uint64_t{1} << bits) - 1));
      STEER_CHECK(got < k, what, "expected an index below ", k, " but got ", got);
      *index++ = got;
    }
  STEER_CHECK((open & ((uint64_t{1} << count) - 1)) == 0, what, "expected zeros after the last index");
}

std::vector<Frequencies> even_frequencies(const std::vector<int64_t>& candidates) {
  return std::vector<Frequencies>(candidates.begin(), candidates.end());
}

std::string adaptively_coded(const CodeFile& file) {
  std::vector<Frequencies> by_layer = even_frequencies(file.candidates);
  RangeEncoder encoder;
  const int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < file.code.size(0); ++n)
    for (Frequencies& frequencies : by_layer) {
      encoder.put(frequencies, *index);
      frequencies.learn(*index++);
    }
  return encoder.finish();
}

void decode_adaptively(std::string_view bytes, CodeFile& file, const std::string& name) {
  std::vector<Frequencies> by_layer = even_frequencies(file.candidates);
  RangeDecoder decoder(bytes, name);
  int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < file.code.size(0); ++n)
    for (Frequencies& frequencies : by_layer) {
      *index = decoder.next(frequencies);
      frequencies.learn(*index++);
    }
  decoder.finish();
}

void append(std::string& bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
}

// The whole number in `count` bytes at `at`, which are known to be there.
uint64_t number(std::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

uint64_t checksum(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

// Where the payload lies in bytes that are whole and undamaged; refuses all others.
struct Frame {
  size_t payload_at, payload_bytes;
};

Frame checked_frame(std::string_view bytes, const std::string& what) {
  STEER_CHECK(bytes.substr(0, kMagic.size()) == kMagic, what,
              "expected a file of codes but got another kind");
  STEER_CHECK(bytes.size() >= kHeaderBytes, what, "expected a header of ", kHeaderBytes, " bytes but got ",
              bytes.size(), " (cut off?)");
  STEER_CHECK(number(bytes, 8, 2) == kVersion, what, "expected format version ", kVersion, " but got ",
              number(bytes, 8, 2));
  const Frame frame = {kHeaderBytes + kRunBytes * number(bytes, 24, 2), number(bytes, 26, 4)};
  const size_t size = frame.payload_at + frame.payload_bytes + kSumBytes;
  STEER_CHECK(bytes.size() == size, what, "expected ", size, " bytes but got ", bytes.size(),
              bytes.size() < size ? " (cut off?)" : "");
  STEER_CHECK(number(bytes, size - kSumBytes, kSumBytes) == checksum(bytes.substr(0, size - kSumBytes)), what,
              "expected its checksum to agree with its bytes (damaged?)");
  return frame;
}

// K of each layer, from the runs of layers.
std::vector<int64_t> candidates_in(std::string_view runs, const std::string& what) {
  std::vector<int64_t> candidates;
  for (size_t at = 0; at < runs.size(); at += kRunBytes) {
    const size_t layers = number(runs, at, 2);
    const auto k = static_cast<int64_t>(number(runs, at + 2, 2)) + 1;
    const size_t room = static_cast<size_t>(kMaxLayers) - candidates.size();
    STEER_CHECK(layers >= 1 && layers <= room, what, "expected 1 to ", room, " more layers but got ", layers);
    STEER_CHECK(candidates.empty() || candidates.back() != k, what,
                "expected neighbouring runs of layers to differ in their candidates");
    candidates.insert(candidates.end(), layers, k);
  }
  return candidates;
}

}  // namespace

Coder make_coder(const std::string& name) {
  if (name == "packed") return Coder::kPacked;
  if (name == "adaptive") return Coder::kAdaptive;
  fail("[coder] expected packed or adaptive but got \"", name, "\"");
}

std::string name(Coder coder) {
  return coder == Coder::kPacked ? "packed" : "adaptive";
}

std::string fingerprint_text(uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

std::string write_codes(const CodeFile& given) {
  const std::string what = "[write_codes] ";
  CodeFile file = given;
  STEER_CHECK(file.code.defined(), what, "expected codes but got none");
  STEER_CHECK(file.code.dim() == 2 && file.code.scalar_type() == torch::kInt64 &&
                  file.code.size(1) == static_cast<int64_t>(file.candidates.size()),
              what, "expected int64 codes [N, ", file.candidates.size(), "] but got ",
              file.code.scalar_type(), " ", shape_text(file.code.sizes()));
  check_extent(file.candidates, file.code.size(0), what);
  file.code = file.code.cpu().contiguous();
  const Tensor limits = at::tensor(at::IntArrayRef(file.candidates), torch::kInt64);
  STEER_CHECK(file.code.ge(0).logical_and(file.code.lt(limits)).all().item<bool>(), what,
              "expected every index below the number of its layer's candidates");

  const std::vector<LayerRun> runs = runs_of(file.candidates);
  const std::string payload = file.coder == Coder::kPacked ? packed(file) : adaptively_coded(file);
  std::string bytes(kMagic);
  append(bytes, kVersion, 2);
  append(bytes, static_cast<uint64_t>(file.coder), 2);
  append(bytes, file.fingerprint, 8);
  append(bytes, static_cast<uint64_t>(file.code.size(0)), 4);
  append(bytes, runs.size(), 2);
  append(bytes, payload.size(), 4);
  for (const LayerRun& run : runs) {
    append(bytes, static_cast<uint64_t>(run.layers), 2);
    append(bytes, static_cast<uint64_t>(run.candidates - 1), 2);
  }
  bytes += payload;
  append(bytes, checksum(bytes), kSumBytes);
  return bytes;
}

CodeFile read_codes(std::string_view bytes, const std::string& name) {
  const std::string what = joined("[read_codes] ", name, ": ");
  const Frame frame = checked_frame(bytes, what);
  CodeFile file;
  const uint64_t coder = number(bytes, 10, 2);
  STEER_CHECK(coder <= static_cast<uint64_t>(Coder::kAdaptive), what, "expected coder 0 or 1 but got ",
              coder);
  file.coder = static_cast<Coder>(coder);
  file.fingerprint = number(bytes, 12, 8);
  file.candidates = candidates_in(bytes.substr(kHeaderBytes, frame.payload_at - kHeaderBytes), what);
  const auto codes = static_cast<int64_t>(number(bytes, 20, 4));
  check_extent(file.candidates, codes, what);
  file.code = at::empty({codes, static_cast<int64_t>(file.candidates.size())}, torch::kInt64);
  const std::string_view payload = bytes.substr(frame.payload_at, frame.payload_bytes);
  if (file.coder == Coder::kPacked)
    unpack(payload, file, what);
  else
    decode_adaptively(payload, file, name);
  return file;
}

}  // namespace steer
