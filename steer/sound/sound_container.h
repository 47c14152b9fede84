// What a sound file says about itself, checked against what it holds before anything is decoded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace steer {

// A file as its decoder shall see it: `head`, then `body`.
struct SoundContainer {
  std::string head;       // a rebuilt head of a WAV or AIFF file with what decoding needs alone; else empty
  std::string_view body;  // of the file: the samples of a WAV or AIFF, with the former's size as it really
                          // is; else all
  int64_t frames = -1;    // that the file says it has; -1 where it does not say

  size_t size() const { return head.size() + body.size(); }
};

// The container in `bytes`, which must outlive it: WAV (RIFF, RIFX, RF64), AIFF and AIFF-C, FLAC or Ogg,
// told by the first bytes (Microsoft's "Multimedia Programming Interface" 1.0; EBU Tech 3306; Apple's "Audio
// Interchange File Format AIFF-C"; RFC 9639; RFC 3533). The sound of a WAV whose size is a placeholder of
// writers that cannot go back (0, or 2 GiB less 8 KiB and more) goes to the end of the file; so does one of
// size 0 that is not followed by whole chunks. Error, with `name`, for another kind of file; for one that is
// cut off or whose chunks do not fit; for no channel, and for a rate of 0; for Ogg pages that are damaged or
// not those of one stream.
SoundContainer sound_container(std::string_view bytes, const std::string& name);

}  // namespace steer
