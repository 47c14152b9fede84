#include "steer/codes/code_file.h"

#include <fmt/format.h>

#include <ATen/Parallel.h>

#include "steer/codes/binary_fields.h"
#include "steer/codes/range_coder.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// A byte above 127, both line ends and Ctrl-Z: any transfer as text is seen at once.
constexpr std::string_view kCodeMagic(
    "\x89"
    "DDN\r\n\x1a\n",
    8);
// Files whose coder needs a prior name it in eight bytes more and are of the second version.
constexpr uint64_t kCodeVersion = 1, kCodeByPriorVersion = 2;
constexpr size_t kCodeHeaderBytes = 30, kPriorBytes = 8, kRunBytes = 4;

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

// Images are walked through side by side, a block at a time; the coder then takes their parts in order.
std::string coded_by(const Prior& prior, const CodeFile& file, const Tensor& label) {
  constexpr int64_t kBlock = 4096;
  struct Part {
    uint32_t before, of, total;
  };
  const int64_t layers = file.code.size(1), codes = file.code.size(0);
  std::vector<Part> parts(static_cast<size_t>(std::min(kBlock, codes) * layers));
  RangeEncoder encoder;
  for (int64_t first = 0; first < codes; first += kBlock) {
    const int64_t count = std::min(kBlock, codes - first);
    const int64_t* index = file.code.data_ptr<int64_t>() + first * layers;
    const int64_t* told = label.data_ptr<int64_t>() + first;
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        Prior::Walk walk(prior, told[n]);
        for (int64_t i = n * layers; i < (n + 1) * layers; ++i) {
          const std::vector<uint32_t>& counts = walk.frequencies();
          Part part = {0, counts[static_cast<size_t>(index[i])], 0};
          for (size_t k = 0; k < counts.size(); ++k) {
            if (static_cast<int64_t>(k) < index[i]) part.before += counts[k];
            part.total += counts[k];
          }
          parts[static_cast<size_t>(i)] = part;
          walk.take(index[i]);
        }
      }
    });
    for (size_t i = 0; i < static_cast<size_t>(count * layers); ++i)
      encoder.put(parts[i].before, parts[i].of, parts[i].total);
  }
  return encoder.finish();
}

void decode_by(const Prior& prior, const Tensor& label, std::string_view bytes, CodeFile& file,
               const std::string& name) {
  RangeDecoder decoder(bytes, name);
  int64_t* index = file.code.data_ptr<int64_t>();
  for (int64_t n = 0; n < file.code.size(0); ++n) {
    Prior::Walk walk(prior, label.data_ptr<int64_t>()[n]);
    for (size_t l = 0; l < file.candidates.size(); ++l) {
      *index = decoder.next(walk.frequencies());
      walk.take(*index++);
    }
  }
  decoder.finish();
}

// Where the payload lies in bytes that are whole and undamaged; refuses all others.
struct Frame {
  Coder coder;
  size_t runs_at, payload_at, payload_bytes;
};

Frame checked_frame(std::string_view bytes, const std::string& what) {
  STEER_CHECK(bytes.substr(0, kCodeMagic.size()) == kCodeMagic, what,
              "expected a file of codes but got another kind");
  STEER_CHECK(bytes.size() >= kCodeHeaderBytes, what, "expected a header of ", kCodeHeaderBytes,
              " bytes but got ", bytes.size(), " (cut off?)");
  const uint64_t version = number_at(bytes, 8, 2), coder = number_at(bytes, 10, 2);
  STEER_CHECK(version == kCodeVersion || version == kCodeByPriorVersion, what, "expected format version ",
              kCodeVersion, " or ", kCodeByPriorVersion, " but got ", version);
  if (version == kCodeVersion)
    STEER_CHECK(coder <= static_cast<uint64_t>(Coder::kAdaptive), what, "expected coder 0 or 1 but got ",
                coder);
  else
    STEER_CHECK(coder == static_cast<uint64_t>(Coder::kPrior), what, "expected coder 2 but got ", coder);
  const size_t runs_at = kCodeHeaderBytes + (version == kCodeByPriorVersion ? kPriorBytes : 0);
  const Frame frame = {static_cast<Coder>(coder), runs_at, runs_at + kRunBytes * number_at(bytes, 24, 2),
                       number_at(bytes, 26, 4)};
  const size_t size = frame.payload_at + frame.payload_bytes + kSumBytes;
  STEER_CHECK(bytes.size() == size, what, "expected ", size, " bytes but got ", bytes.size(),
              bytes.size() < size ? " (cut off?)" : "");
  STEER_CHECK(checksum_agrees(bytes), what, "expected its checksum to agree with its bytes (damaged?)");
  return frame;
}

// K of each layer, from the runs of layers.
std::vector<int64_t> candidates_of_runs(std::string_view runs, const std::string& what) {
  std::vector<int64_t> candidates;
  for (size_t at = 0; at < runs.size(); at += kRunBytes) {
    const size_t layers = number_at(runs, at, 2);
    const auto k = static_cast<int64_t>(number_at(runs, at + 2, 2)) + 1;
    const size_t room = static_cast<size_t>(kMaxLayers) - candidates.size();
    STEER_CHECK(layers >= 1 && layers <= room, what, "expected 1 to ", room, " more layers but got ", layers);
    STEER_CHECK(candidates.empty() || candidates.back() != k, what,
                "expected neighbouring runs of layers to differ in their candidates");
    candidates.insert(candidates.end(), layers, k);
  }
  return candidates;
}

CodeHeader header_in(std::string_view bytes, const Frame& frame, const std::string& what) {
  CodeHeader header;
  header.coder = frame.coder;
  header.fingerprint = number_at(bytes, 12, 8);
  if (header.coder == Coder::kPrior) header.prior = number_at(bytes, kCodeHeaderBytes, kPriorBytes);
  header.candidates = candidates_of_runs(bytes.substr(frame.runs_at, frame.payload_at - frame.runs_at), what);
  header.codes = static_cast<int64_t>(number_at(bytes, 20, 4));
  check_extent(header.candidates, header.codes, what);
  return header;
}

}  // namespace

Coder make_coder(const std::string& name) {
  if (name == "packed") return Coder::kPacked;
  if (name == "adaptive") return Coder::kAdaptive;
  if (name == "prior") return Coder::kPrior;
  fail("[coder] expected packed, adaptive or prior but got \"", name, "\"");
}

std::string name(Coder coder) {
  if (coder == Coder::kPacked) return "packed";
  return coder == Coder::kAdaptive ? "adaptive" : "prior";
}

std::string fingerprint_text(uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

std::string write_codes(const CodeFile& given, const Prior* prior, const Tensor& label) {
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

  const bool by_prior = file.coder == Coder::kPrior;
  if (by_prior) {
    STEER_CHECK(prior, what, "expected a prior to code with but got none");
    STEER_CHECK(prior->model() == file.fingerprint && prior->candidates() == file.candidates, what,
                "expected a prior of the model with fingerprint ", fingerprint_text(file.fingerprint),
                " but got one of ", fingerprint_text(prior->model()));
  }

  const std::vector<LayerRun> runs = runs_of(file.candidates);
  const std::string payload =
      by_prior ? coded_by(*prior, file, prior->checked_label(label, file.code.size(0), what))
      : file.coder == Coder::kPacked ? packed(file)
                                     : adaptively_coded(file);
  std::string bytes(kCodeMagic);
  append_number(bytes, by_prior ? kCodeByPriorVersion : kCodeVersion, 2);
  append_number(bytes, static_cast<uint64_t>(file.coder), 2);
  append_number(bytes, file.fingerprint, 8);
  append_number(bytes, static_cast<uint64_t>(file.code.size(0)), 4);
  append_number(bytes, runs.size(), 2);
  append_number(bytes, payload.size(), 4);
  if (by_prior) append_number(bytes, prior->fingerprint(), kPriorBytes);
  for (const LayerRun& run : runs) {
    append_number(bytes, static_cast<uint64_t>(run.layers), 2);
    append_number(bytes, static_cast<uint64_t>(run.candidates - 1), 2);
  }
  bytes += payload;
  append_checksum(bytes);
  return bytes;
}

CodeHeader read_code_header(std::string_view bytes, const std::string& name) {
  const std::string what = joined("[read_codes] ", name, ": ");
  return header_in(bytes, checked_frame(bytes, what), what);
}

bool begins_codes(std::string_view bytes) {
  return bytes.substr(0, kCodeMagic.size()) == kCodeMagic;
}

Coder coder_in(std::string_view bytes, const std::string& name) {
  return checked_frame(bytes, joined("[read_codes] ", name, ": ")).coder;
}

CodeFile read_codes(std::string_view bytes, const std::string& name, const Prior* prior,
                    const Tensor& label) {
  const std::string what = joined("[read_codes] ", name, ": ");
  const Frame frame = checked_frame(bytes, what);
  const CodeHeader header = header_in(bytes, frame, what);
  CodeFile file;
  file.coder = header.coder;
  file.fingerprint = header.fingerprint;
  file.candidates = header.candidates;
  file.code = at::empty({header.codes, static_cast<int64_t>(file.candidates.size())}, torch::kInt64);
  const std::string_view payload = bytes.substr(frame.payload_at, frame.payload_bytes);
  if (file.coder == Coder::kPacked) {
    unpack(payload, file, what);
  } else if (file.coder == Coder::kAdaptive) {
    decode_adaptively(payload, file, name);
  } else {
    const uint64_t needed = header.prior;
    STEER_CHECK(prior, what, "expected the prior with fingerprint ", fingerprint_text(needed),
                ", which coded it");
    STEER_CHECK(prior->fingerprint() == needed, what, "expected the prior with fingerprint ",
                fingerprint_text(needed), " but got ", fingerprint_text(prior->fingerprint()));
    STEER_CHECK(prior->model() == file.fingerprint && prior->candidates() == file.candidates, what,
                "expected codes of the prior's model");
    const Tensor told = prior->checked_label(label, header.codes, what);
    try {
      decode_by(*prior, told, payload, file, name);
    } catch (const Error& error) {
      if (prior->labels() == 0) throw;
      fail(error.what(), " (damaged, or told other labels than when it was coded)");
    }
  }
  return file;
}

}  // namespace steer
