// WAV and AIFF files: chunks that say how samples stand and how many there are.
#pragma once

#include <string>
#include <string_view>

#include "steer/sound/sound_container.h"

namespace steer {

// The container of a file that begins with RIFF, RIFX, RF64 or BW64 and is WAVE (Microsoft's "Multimedia
// Programming Interface" 1.0; EBU Tech 3306), or with FORM and is AIFF or AIFC (Apple's "Audio Interchange
// File Format AIFF-C"), as sound_container says of them. `bytes` must outlive it.
SoundContainer wav_container(std::string_view bytes, const std::string& name);
SoundContainer aiff_container(std::string_view bytes, const std::string& name);

}  // namespace steer
