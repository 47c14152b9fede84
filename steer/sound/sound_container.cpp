#include "steer/sound/sound_container.h"

#include "steer/core/check.h"
#include "steer/sound/ogg_pages.h"
#include "steer/sound/sound_chunks.h"

namespace steer {
namespace {

// A file that its decoder sees as it is.
SoundContainer whole_container(std::string_view bytes) {
  SoundContainer container;
  container.body = bytes;
  return container;
}

// Frames by the 36 bits of STREAMINFO, the first block of a FLAC file, where 0 is not known.
SoundContainer flac_container(std::string_view bytes, const std::string& name) {
  constexpr size_t kTotal = 21, kLeast = 42;
  STEER_CHECK(bytes.size() >= kLeast, "[read] ", name, ": expected at least ", kLeast, " bytes but got ",
              bytes.size());
  int64_t frames = bytes[kTotal] & 15;
  for (size_t i = 1; i < 5; ++i) frames = frames << 8 | static_cast<unsigned char>(bytes[kTotal + i]);
  SoundContainer container = whole_container(bytes);
  container.frames = frames > 0 ? frames : -1;
  return container;
}

}  // namespace

SoundContainer sound_container(std::string_view bytes, const std::string& name) {
  STEER_CHECK(!bytes.empty(), "[read] ", name, ": expected a sound but the file is empty");
  const std::string_view mark = bytes.substr(0, 4), kind = bytes.size() < 12 ? "" : bytes.substr(8, 4);
  const bool riff = mark == "RIFF" || mark == "RIFX" || mark == "RF64" || mark == "BW64";
  if (riff && kind == "WAVE") return wav_container(bytes, name);
  if (mark == "FORM" && (kind == "AIFF" || kind == "AIFC")) return aiff_container(bytes, name);
  if (mark == "fLaC") return flac_container(bytes, name);
  STEER_CHECK(mark == "OggS", "[read] ", name,
              ": expected a WAV, AIFF, FLAC or Ogg file but it begins with \"", mark, "\"");
  check_ogg_pages(bytes, name);
  return whole_container(bytes);
}

}  // namespace steer
