#include "steer/sound/sound_files.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/sound/ogg_pages.h"
#include "steer/sound/sndfile_calls.h"
#include "steer/sound/sound_container.h"

namespace steer {
namespace {

constexpr int64_t kSoundBlock = 65536;    // samples that are decoded at once
constexpr int64_t kEncodedFrames = 4096;  // frames that are encoded at once: libsndfile's stack holds them

void check_decoded_finite(const std::vector<float>& samples, size_t from, int64_t channels,
                          const std::string& name) {
  for (size_t i = from; i < samples.size(); ++i)
    STEER_CHECK(std::isfinite(samples[i]), "[read] ", name, ": expected finite samples but got ",
                std::isnan(samples[i]) ? "nan"
                : samples[i] > 0       ? "infinity"
                                       : "-infinity",
                " in frame ", static_cast<int64_t>(i) / channels + 1, " of channel ",
                static_cast<int64_t>(i) % channels + 1);
}

// All samples, frame by frame, with room from the start for `likely` frames.
std::vector<float> decoded(SNDFILE* file, int64_t channels, int64_t likely, const std::string& name) {
  std::vector<float> samples;
  const int64_t frames = std::max<int64_t>(1, kSoundBlock / channels);
  samples.reserve(static_cast<size_t>((likely + frames) * channels));
  for (;;) {
    const size_t before = samples.size();
    samples.resize(before + static_cast<size_t>(frames * channels));
    const int64_t got = sf_readf_float(file, samples.data() + before, frames);
    samples.resize(before + static_cast<size_t>(std::max<int64_t>(got, 0) * channels));
    STEER_CHECK(sf_error(file) == SF_ERR_NO_ERROR, "[read] ", name,
                ": expected a whole sound but libsndfile says: ", sndfile_words(file));
    if (got <= 0) return samples;
    check_decoded_finite(samples, before, channels, name);
    STEER_CHECK(static_cast<int64_t>(samples.size()) <= kMostSoundSamples, "[read] ", name,
                ": expected at most ", kMostSoundSamples, " samples but got more");
  }
}

// A way to store samples.
struct SoundFormat {
  int major = 0, minor = 0;
  int bits = 0;  // of whole numbers; 0: floating-point numbers
};

SoundFormat format_named(std::string_view name, const std::string& bits) {
  const std::string ending = file_ending(name);
  STEER_CHECK(ending == ".wav" || ending == ".flac" || ending == ".ogg", "[write_sound] ", name,
              ": expected a name that ends in .wav, .flac or .ogg");
  const char* choices = ending == ".wav" ? "16, 24, 32 or float" : ending == ".flac" ? "16 or 24" : "16";
  const bool low = bits == "16", middle = bits == "24" && ending != ".ogg", high = ending == ".wav";
  STEER_CHECK(low || middle || (high && (bits == "32" || bits == "float")), "[write_sound] ", name,
              ": expected bits ", choices, " but got ", bits);
  if (ending == ".ogg") return {SF_FORMAT_OGG, SF_FORMAT_VORBIS, 0};
  const int major = ending == ".wav" ? SF_FORMAT_WAV : SF_FORMAT_FLAC;
  if (low) return {major, SF_FORMAT_PCM_16, 16};
  if (middle) return {major, SF_FORMAT_PCM_24, 24};
  return bits == "32" ? SoundFormat{major, SF_FORMAT_PCM_32, 32} : SoundFormat{major, SF_FORMAT_FLOAT, 0};
}

int64_t beyond_full_scale(const float* samples, int64_t count) {
  return std::count_if(samples, samples + count, [](float x) { return std::abs(x) > 1; });
}

// Whole numbers of so many bits in the upper bits of 32, as libsndfile takes them.
void store_whole(const float* samples, int64_t count, int bits, int32_t* to) {
  const double scale = std::ldexp(1.0, bits - 1);
  for (int64_t i = 0; i < count; ++i) {
    const double x = std::clamp(std::nearbyint(samples[i] * scale), -scale, scale - 1);
    to[i] = static_cast<int32_t>(x) * (int32_t{1} << (32 - bits));
  }
}

bool put_frames(SNDFILE* file, const float* samples, int64_t frames, int64_t channels,
                const SoundFormat& format) {
  const int64_t count = frames * channels;
  if (format.bits > 0) {
    std::vector<int32_t> whole(static_cast<size_t>(count));
    store_whole(samples, count, format.bits, whole.data());
    return sf_writef_int(file, whole.data(), frames) == frames;
  }
  if (format.major == SF_FORMAT_WAV) return sf_writef_float(file, samples, frames) == frames;
  std::vector<float> clamped(samples, samples + count);
  for (float& x : clamped) x = std::clamp(x, -1.0f, 1.0f);
  return sf_writef_float(file, clamped.data(), frames) == frames;
}

// The file of samples that stand frame by frame.
std::string stored(const float* samples, const Sound& sound, const SoundFormat& format,
                   std::string_view name) {
  SF_INFO info = {};
  info.channels = static_cast<int>(std::min<int64_t>(sound.channels(), std::numeric_limits<int>::max()));
  info.samplerate = static_cast<int>(sound.rate);
  info.format = format.major | format.minor;
  BytesWriter writer;
  SF_VIRTUAL_IO calls = writing_calls();
  const bool fits = sf_format_check(&info) != 0;
  SoundFile file(fits ? sf_open_virtual(&calls, SFM_WRITE, &info, &writer) : nullptr, sf_close);
  STEER_CHECK(file, "[write_sound] ", name, ": expected channels and a rate that this format has but got ",
              sound.channels(), " and ", sound.rate, " Hz");
  sf_command(file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it would hold the time of day
  for (int64_t at = 0; at < sound.frames(); at += kEncodedFrames) {
    const int64_t frames = std::min(kEncodedFrames, sound.frames() - at);
    STEER_CHECK(put_frames(file.get(), samples + at * sound.channels(), frames, sound.channels(), format),
                "[write_sound] ", name,
                ": expected to encode all frames but libsndfile says: ", sndfile_words(file.get()));
  }
  STEER_CHECK(sf_close(file.release()) == 0, "[write_sound] ", name,
              ": expected to end the file but libsndfile could not");
  return std::move(writer.bytes);
}

}  // namespace

bool is_sound_name(std::string_view name) {
  const std::string ending = file_ending(name);
  for (const char* known : {".wav", ".flac", ".ogg", ".oga", ".aif", ".aiff", ".aifc"})
    if (ending == known) return true;
  return false;
}

Sound sound_from_bytes(std::string_view bytes, const std::string& name) {
  const SoundContainer container = sound_container(bytes, name);
  ContainerReader reader{&container};
  SF_VIRTUAL_IO calls = reading_calls();
  SF_INFO info = {};
  const SoundFile file(sf_open_virtual(&calls, SFM_READ, &info, &reader), sf_close);
  STEER_CHECK(file, "[read] ", name, ": expected a sound but libsndfile says: ", sndfile_words(nullptr));
  STEER_CHECK(info.channels >= 1 && info.samplerate >= 1, "[read] ", name,
              ": expected at least one channel and 1 Hz but got ", info.channels, " and ", info.samplerate);
  // Room for what the head claims, if a byte may hold two samples.
  const int64_t likely =
      std::clamp<int64_t>(info.frames, 0, 2 * static_cast<int64_t>(container.size()) / info.channels);
  const std::vector<float> samples = decoded(file.get(), info.channels, likely, name);
  STEER_CHECK(!samples.empty(), "[read] ", name, ": expected at least one frame but got none");
  const int64_t frames = static_cast<int64_t>(samples.size()) / info.channels;
  STEER_CHECK(frames >= container.frames, "[read] ", name, ": expected ", container.frames,
              " frames but the file holds ", frames);
  const Tensor rows = at::empty({info.channels, frames}, torch::kFloat32);
  rows.copy_(at::from_blob(const_cast<float*>(samples.data()), {frames, info.channels}, torch::kFloat32).t());
  return {rows, info.samplerate};
}

Sound read_sound(const std::string& path) {
  return sound_from_bytes(read_file(path), path);
}

EncodedSound encode_sound(const Sound& sound, std::string_view name, const std::string& bits) {
  check_sound(sound, "write_sound");
  const SoundFormat format = format_named(name, bits);
  const Tensor samples = sound.samples.detach().to(torch::kCPU).t().contiguous();
  const float* first = samples.data_ptr<float>();
  EncodedSound encoded;
  encoded.bytes = stored(first, sound, format, name);
  if (format.major == SF_FORMAT_OGG) renumber_ogg(encoded.bytes);
  const bool clamps = format.bits > 0 || format.major == SF_FORMAT_OGG;
  encoded.clamped = clamps ? beyond_full_scale(first, samples.numel()) : 0;
  return encoded;
}

int64_t write_sound(const std::string& path, const Sound& sound, const std::string& bits) {
  const EncodedSound encoded = encode_sound(sound, path, bits);
  write_file(path, encoded.bytes);
  return encoded.clamped;
}

}  // namespace steer
