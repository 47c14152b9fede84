#include "steer/sound/sound_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "steer/core/files.h"
#include "steer/core/random.h"
#include "steer/sound/small_sounds.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

std::vector<float> first_channel(const std::string& bytes) {
  const Tensor samples = sound_from_bytes(bytes, "a.wav").samples[0].contiguous();
  return std::vector<float>(samples.data_ptr<float>(), samples.data_ptr<float>() + samples.numel());
}

std::string sound_refusal(const std::string& bytes) {
  return refusal([&] { sound_from_bytes(bytes, "a.wav"); });
}

// The samples of whole numbers of so many bits in a file of either kind of head.
void expect_whole(uint64_t bits, const std::string& samples, const std::vector<float>& expected) {
  for (const bool extensible : {false, true}) {
    WavHead head;
    head.bits = bits;
    head.extensible = extensible;
    EXPECT_EQ(first_channel(wav_bytes(head, samples)), expected) << bits << " " << extensible;
  }
}

TEST(SoundFiles, ReadWholeNumbersOfEveryWidth) {
  expect_whole(8, std::string("\x00\x40\x80\x81\xFF", 5), {-1, -0.5, 0, 1 / 128.0f, 127 / 128.0f});
  expect_whole(16, memory_of<int16_t>({-32768, -1, 0, 1, 32767}),
               {-1, -1 / 32768.0f, 0, 1 / 32768.0f, 32767 / 32768.0f});
  std::string three;
  for (const int32_t k : {-8388608, -1, 0, 1, 8388607}) three += low_bytes(static_cast<uint32_t>(k), 3);
  expect_whole(24, three, {-1, -1 / 8388608.0f, 0, 1 / 8388608.0f, 8388607 / 8388608.0f});
  expect_whole(32, memory_of<int32_t>({INT32_MIN, -1, 0, 1 << 30, INT32_MAX}),
               {-1, -0x1p-31f, 0, 0.5, static_cast<float>(INT32_MAX) / 0x1p31f});
}

TEST(SoundFiles, ReadFloatingPointNumbersAsTheyAre) {
  for (const bool extensible : {false, true}) {
    WavHead head;
    head.tag = 3;
    head.extensible = extensible;
    head.bits = 32;
    const std::vector<float> values = {-1, 0.1f, 0, 1.5, -1e6f};
    EXPECT_EQ(first_channel(wav_bytes(head, memory_of(values))), values);
    head.bits = 64;
    EXPECT_EQ(first_channel(wav_bytes(head, memory_of<double>({-1, 0.1f, 0, 1.5, -1e6}))), values);
  }
}

TEST(SoundFiles, KeepChannelsAndRate) {
  WavHead head;
  head.channels = 3;
  head.rate = 44100;
  const Sound sound = sound_from_bytes(wav_bytes(head, memory_of<int16_t>({1, 2, 3, 4, 5, 6})), "a.wav");
  EXPECT_EQ(sound.rate, 44100);
  EXPECT_TRUE(
      sound.samples.mul(32768).equal(at::tensor({1., 4., 2., 5., 3., 6.}).view({3, 2}).to(torch::kFloat)));
  EXPECT_TRUE(as_mono(sound).samples.mul(32768).equal(at::tensor({2., 5.}).view({1, 2}).to(torch::kFloat)));
  EXPECT_DOUBLE_EQ(sound.seconds(), 2 / 44100.0);
}

TEST(SoundFiles, ReadNumbersWithTheHighestByteFirst) {
  const std::string format = "fmt " + high_bytes(16, 4) + high_bytes(1, 2) + high_bytes(1, 2) +
                             high_bytes(8000, 4) + high_bytes(16000, 4) + high_bytes(2, 2) +
                             high_bytes(16, 2);
  const std::string data = "data" + high_bytes(4, 4) + high_bytes(256, 2) + high_bytes(0x8000, 2);
  const std::vector<float> expected = {256 / 32768.0f, -1};
  EXPECT_EQ(first_channel("RIFX" + high_bytes(4 + format.size() + data.size(), 4) + "WAVE" + format + data),
            expected);
}

// An AIFF file of 16 bits that tells of so many frames of 8,000 Hz.
std::string aiff_bytes(uint64_t frames, const std::string& samples) {
  const std::string common = "COMM" + high_bytes(18, 4) + high_bytes(1, 2) + high_bytes(frames, 4) +
                             high_bytes(16, 2) + high_bytes(16383 + 12, 2) + high_bytes(8000ull << 51, 8);
  const std::string sound = "SSND" + high_bytes(8 + samples.size(), 4) + high_bytes(0, 8) + samples;
  const std::string name = "NAME" + high_bytes(3, 4) + std::string("abc\0", 4);
  return "FORM" + high_bytes(4 + name.size() + sound.size() + common.size(), 4) + "AIFF" + name + sound +
         common;
}

TEST(SoundFiles, ReadAiffWithChunksInAnyOrder) {
  const std::string samples = high_bytes(1, 2) + high_bytes(0xFFFF, 2) + high_bytes(0x4000, 2);
  const std::vector<float> expected = {1 / 32768.0f, -1 / 32768.0f, 0.5};
  EXPECT_EQ(first_channel(aiff_bytes(3, samples)), expected);
  EXPECT_EQ(sound_from_bytes(aiff_bytes(3, samples), "a.aiff").rate, 8000);
  EXPECT_EQ(sound_refusal(aiff_bytes(1000000000, samples)),
            "[read] a.wav: expected 1000000000 frames but the file holds 3");
  EXPECT_EQ(sound_refusal(aiff_bytes(0, "")), "[read] a.wav: expected at least one frame but got none");
}

TEST(SoundFiles, PassOverOddChunksAndTheirPadding) {
  const std::string odd = riff_chunk("LIST", "INFOabc") + riff_chunk("xyz1", "1"),
                    data = memory_of<int16_t>({5, -7});
  const std::vector<float> expected = {5 / 32768.0f, -7 / 32768.0f};
  EXPECT_EQ(first_channel(riff(odd + WavHead().chunk() + odd + riff_chunk("data", data) + odd)), expected);
  WavHead eight;
  eight.bits = 8;
  const std::vector<float> three = {0, 1 / 128.0f, 2 / 128.0f};
  EXPECT_EQ(first_channel(wav_bytes(eight, "\x80\x81\x82") + odd), three);
  std::string unpadded = wav_bytes(eight, "\x80\x81\x82");
  unpadded.pop_back();
  EXPECT_EQ(first_channel(unpadded), three);
}

TEST(SoundFiles, AreReadToTheEndWhereAStreamLeftItsSizesOpen) {
  const std::string format = WavHead().chunk(), samples = memory_of<int16_t>({1, 2, 3, 0, 0, -6});
  const std::vector<float> expected = first_channel(wav_bytes({}, samples));
  EXPECT_EQ(expected.size(), 6u);
  for (const uint64_t whole : {0ull, 0xFFFFFFFFull, 8ull, 4 + 24 + 8 + 12ull, 0x7FFFF024ull})
    for (const uint64_t part : {0ull, 0xFFFFFFFFull, 0x7FFFF000ull, 0x80000000ull})
      EXPECT_EQ(first_channel("RIFF" + low_bytes(whole, 4) + "WAVE" + format + "data" + low_bytes(part, 4) +
                              samples),
                expected)
          << whole << " " << part;
}

TEST(SoundFiles, ReadLongWavByTheirLongSizes) {
  const std::string samples = memory_of<int16_t>({1, 2, 3});
  for (const uint64_t told : {6ull, 0ull, 0xFFFFFFFFFFFFFFFFull}) {
    const std::string bytes =
        "RF64" + low_bytes(0xFFFFFFFF, 4) + "WAVE" +
        riff_chunk("ds64", low_bytes(100, 8) + low_bytes(told, 8) + low_bytes(3, 8) + low_bytes(0, 4)) +
        WavHead().chunk() + "data" + low_bytes(0xFFFFFFFF, 4) + samples;
    EXPECT_EQ(first_channel(bytes).size(), 3u) << told;
  }
}

TEST(SoundFiles, ThatAreCutAreRefused) {
  const std::string whole = wav_bytes({}, memory_of<int16_t>({1, 2, 3, 4}));
  EXPECT_EQ(sound_refusal(whole.substr(0, whole.size() - 3)),
            "[read] a.wav: expected 8 bytes of samples but the file holds 5");
  EXPECT_EQ(sound_refusal(riff(WavHead().chunk()) + "data" + low_bytes(1000000000, 4) + "abcd"),
            "[read] a.wav: expected 1000000000 bytes of samples but the file holds 4");
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(sound_refusal(whole.substr(0, length)).rfind("[read] a.wav: expected ", 0), 0u) << length;
  const Sound noise{at::rand({2, 3000}).mul(2).sub(1), 22050};
  for (const char* ending : {".flac", ".ogg", ".wav"}) {
    const std::string bytes = encode_sound(noise, joined("a", ending)).bytes;
    EXPECT_EQ(sound_from_bytes(bytes, "a").frames(), 3000);
    for (const double share : {0.0, 0.01, 0.3, 0.6, 0.9, 0.999})
      EXPECT_EQ(sound_refusal(bytes.substr(0, static_cast<size_t>(share * static_cast<double>(bytes.size()))))
                    .rfind("[read] a.wav: expected ", 0),
                0u)
          << ending << share;
  }
}

TEST(SoundFiles, RefuseWhatIsNoSound) {
  EXPECT_EQ(sound_refusal(""), "[read] a.wav: expected a sound but the file is empty");
  EXPECT_EQ(sound_refusal("%PDF-1.4"),
            "[read] a.wav: expected a WAV, AIFF, FLAC or Ogg file but it begins with \"%PDF\"");
  EXPECT_EQ(sound_refusal(riff(riff_chunk("data", "abcd"))),
            "[read] a.wav: expected a chunk \"fmt \" before the samples");
  EXPECT_EQ(sound_refusal(riff(WavHead().chunk())),
            "[read] a.wav: expected a chunk \"data\" but the file ends");
  EXPECT_EQ(sound_refusal(riff("LIST" + low_bytes(4000000000, 4) + "abc")),
            "[read] a.wav: expected 4000000000 bytes of the chunk \"LIST\" but the file holds 3");
  EXPECT_EQ(sound_refusal(wav_bytes({}, "")), "[read] a.wav: expected at least one frame but got none");
  EXPECT_EQ(sound_refusal(riff(WavHead().chunk() + riff_chunk("data", "") + riff_chunk("LIST", "INFO"))),
            "[read] a.wav: expected at least one frame but got none");
  WavHead head;
  head.channels = 0;
  EXPECT_EQ(sound_refusal(wav_bytes(head, "abcd")),
            "[read] a.wav: expected at least one channel but its head says 0");
  head = {};
  head.rate = 0;
  EXPECT_EQ(sound_refusal(wav_bytes(head, "abcd")),
            "[read] a.wav: expected a rate of 1 to 2147483647 Hz but its head says 0");
  head = {};
  head.tag = 0x55;
  EXPECT_EQ(sound_refusal(wav_bytes(head, "abcd")),
            "[read] a.wav: expected samples that can be told to be whole but got MPEG audio");
  head = {};
  head.rate = 4000000000;
  EXPECT_NE(sound_refusal(wav_bytes(head, "abcd")).find("but its head says 4000000000"), std::string::npos);
  head = {};
  head.bits = 0;
  EXPECT_EQ(sound_refusal(wav_bytes(head, "abcd")).rfind("[read] a.wav: expected ", 0), 0u);
  head = {};
  head.channels = 65535;
  EXPECT_EQ(sound_refusal(wav_bytes(head, "abcd")).rfind("[read] a.wav: expected ", 0), 0u);
}

TEST(SoundFiles, RefuseSamplesThatAreNotFinite) {
  WavHead head;
  head.tag = 3;
  head.bits = 32;
  head.channels = 2;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(sound_refusal(wav_bytes(head, memory_of<float>({0, 1, 0, kInfinity}))),
            "[read] a.wav: expected finite samples but got infinity in frame 2 of channel 2");
  EXPECT_EQ(sound_refusal(wav_bytes(head, memory_of<float>({std::nanf(""), 1, 0, 0}))),
            "[read] a.wav: expected finite samples but got nan in frame 1 of channel 1");
  head.bits = 64;
  EXPECT_EQ(sound_refusal(wav_bytes(head, memory_of<double>({0, -1e300}))),
            "[read] a.wav: expected finite samples but got -infinity in frame 1 of channel 2");
}

TEST(SoundFiles, AllNumbersOf16BitsComeBackUnchanged) {
  std::vector<int16_t> all;
  for (int k = -32768; k < 32768; ++k) all.push_back(static_cast<int16_t>(k));
  WavHead head;
  head.channels = 2;
  head.rate = 22050;
  const std::string bytes = wav_bytes(head, memory_of(all));
  const Sound sound = sound_from_bytes(bytes, "a.wav");
  const EncodedSound again = encode_sound(sound, "b.wav");
  EXPECT_EQ(again.bytes, bytes);
  EXPECT_EQ(again.clamped, 0);
  for (const char* bits : {"16", "24", "32", "float"})
    EXPECT_TRUE(sound_from_bytes(encode_sound(sound, "b.WAV", bits).bytes, "b").samples.equal(sound.samples))
        << bits;
  for (const char* bits : {"16", "24"})
    EXPECT_TRUE(sound_from_bytes(encode_sound(sound, "b.flac", bits).bytes, "b").samples.equal(sound.samples))
        << bits;
}

TEST(SoundFiles, ClampWhatIsBeyondFullScale) {
  const Sound loud{at::tensor({-1.5, -1.00001, -1., 1., 1.00001, 3e9, 0.}).to(torch::kFloat32).view({1, 7}),
                   8000};
  for (const char* bits : {"16", "24", "32"}) {
    const EncodedSound encoded = encode_sound(loud, "a.wav", bits);
    EXPECT_EQ(encoded.clamped, 4) << bits;
    const Tensor back = sound_from_bytes(encoded.bytes, "a").samples;
    EXPECT_LT(back.sub(loud.samples.clamp(-1, 1)).abs().max().item<float>(), 1 / 32767.0f) << bits;
  }
  const EncodedSound exact = encode_sound(loud, "a.wav", "float");
  EXPECT_EQ(exact.clamped, 0);
  EXPECT_TRUE(sound_from_bytes(exact.bytes, "a").samples.equal(loud.samples));
  EXPECT_EQ(encode_sound(loud, "a.ogg").clamped, 4);
  EXPECT_LT(sound_from_bytes(encode_sound(loud, "a.ogg").bytes, "a").samples.abs().max().item<float>(), 2);
}

TEST(SoundFiles, AreWrittenTheSameEachTime) {
  const Sound tone = sine_sound(440, 0.5, 22050, 20000);
  for (const char* name : {"a.wav", "a.flac", "a.ogg"}) {
    const std::string bytes = encode_sound(tone, name).bytes;
    EXPECT_EQ(encode_sound(tone, name).bytes, bytes) << name;
    const Sound back = sound_from_bytes(bytes, name);
    EXPECT_EQ(back.rate, 22050);
    ASSERT_EQ(back.frames(), 20000) << name;
    EXPECT_LT(back.samples.sub(tone.samples).abs().max().item<float>(), name[2] == 'o' ? 0.02 : 2e-5) << name;
  }
  EXPECT_EQ(encode_sound(tone, "a.wav", "float").bytes, encode_sound(tone, "a.wav", "float").bytes);
}

TEST(SoundFiles, ALongSoundIsWrittenAsVorbis) {
  const Sound tone = sine_sound(300, 0.5, 8000, 1200000);
  EXPECT_EQ(sound_from_bytes(encode_sound(tone, "a.ogg").bytes, "a").frames(), tone.frames());
}

TEST(SoundFiles, AppearWholeUnderTheirName) {
  const TemporaryFolder folder;
  const std::string path = folder / "deep/a.wav";
  EXPECT_EQ(write_sound(path, sine_sound(440, 1.5, 8000, 1000)) > 100, true);
  EXPECT_EQ(read_sound(path).frames(), 1000);
  Sound broken = sine_sound(440, 0.5, 8000, 10);
  broken.samples[0][3] = std::nan("");
  EXPECT_EQ(refusal([&] { write_sound(path, broken); }),
            "[write_sound] expected finite samples but got infinities or not-a-numbers");
  EXPECT_EQ(read_sound(path).frames(), 1000);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "deep"), {}), 1);
  EXPECT_NE(refusal([&] { read_sound(folder / "none.wav"); }).find("none.wav"), std::string::npos);
}

TEST(SoundFiles, AreReadFromPipes) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string bytes = wav_bytes({}, memory_of<int16_t>({1, 2, 3}));
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(ends[1]);
  EXPECT_EQ(read_sound(joined("/dev/fd/", ends[0])).frames(), 3);
  ::close(ends[0]);
}

TEST(SoundFiles, RefuseToWriteWhatAFormatDoesNotHave) {
  const Sound tone = sine_sound(440, 0.5, 8000, 100);
  const auto refused = [](const Sound& sound, const std::string& name, const std::string& bits) {
    return refusal([&] { encode_sound(sound, name, bits); });
  };
  EXPECT_EQ(refused(tone, "a.mid", "16"),
            "[write_sound] a.mid: expected a name that ends in .wav, .flac or .ogg");
  EXPECT_EQ(refused(tone, "a.wav", "8"), "[write_sound] a.wav: expected bits 16, 24, 32 or float but got 8");
  EXPECT_EQ(refused(tone, "a.flac", "float"), "[write_sound] a.flac: expected bits 16 or 24 but got float");
  EXPECT_EQ(refused(tone, "a.ogg", "24"), "[write_sound] a.ogg: expected bits 16 but got 24");
  EXPECT_EQ(refused({at::zeros({9, 10}), 8000}, "a.flac", "16"),
            "[write_sound] a.flac: expected channels and a rate that this format has but got 9 and 8000 Hz");
  EXPECT_NE(refused({at::zeros({1, 10}), 3000000}, "a.flac", "16"), "accepted");
  EXPECT_NE(refused({at::zeros({1, 10}), 3000000}, "a.ogg", "16"), "accepted");
  EXPECT_NE(refused({at::zeros({1, 10}), int64_t{1} << 40}, "a.wav", "16"), "accepted");
  EXPECT_EQ(refused({at::zeros({1, 0}), 8000}, "a.wav", "16"),
            "[write_sound] expected at least one frame but got none");
  EXPECT_EQ(refused({at::zeros({1, 5}), 0}, "a.wav", "16"),
            "[write_sound] expected a rate of 1 to 2147483647 Hz but got 0");
  EXPECT_EQ(refused({at::zeros({5}), 8000}, "a.wav", "16"),
            "[write_sound] expected samples float32 [C, T] but got float [5]");
}

TEST(SoundFiles, OfDamagedPagesAreRefused) {
  const std::string bytes = encode_sound(sine_sound(440, 0.5, 8000, 4000), "a.ogg").bytes;
  std::string changed = bytes;
  changed[bytes.size() / 2] ^= 1;
  EXPECT_NE(sound_refusal(changed).find("agree with its checksum but it is damaged"), std::string::npos);
  EXPECT_NE(sound_refusal(bytes + bytes).find("expected one stream, which ends at byte"), std::string::npos);
  EXPECT_NE(sound_refusal(bytes + "x").find("one stream"), std::string::npos);
}

// Reads it or refuses it with one line; what is read is sound.
void sound_or_refusal(const std::string& bytes) {
  Sound sound;
  const std::string refused = refusal([&] { sound = sound_from_bytes(bytes, "a"); });
  if (refused == "accepted")
    EXPECT_EQ(refusal([&] { check_sound(sound, "a"); }), "accepted");
  else
    EXPECT_EQ(refused.rfind("[read] a: ", 0), 0u) << refused;
}

TEST(SoundFiles, DamagedCopiesAreReadOrRefused) {
  const Sound tone = sine_sound(440, 0.9, 8000, 300);
  std::vector<std::string> files = {aiff_bytes(6, "abcdefghijkl"),
                                    wav_bytes({}, "abcdefgh") + riff_chunk("LIST", "INFOabc")};
  for (const char* name : {"a.wav", "a.flac", "a.ogg"}) files.push_back(encode_sound(tone, name).bytes);
  WavHead head;
  head.extensible = true;
  head.tag = 3;
  head.bits = 32;
  files.push_back(wav_bytes(head, memory_of<float>({0, 0.5, -1})));
  Random random(5);
  for (const std::string& file : files)
    for (int round = 0; round < 400; ++round) sound_or_refusal(damaged(file, random));
}

TEST(SoundFiles, AreToldByTheirNames) {
  for (const char* name : {"a.wav", "b/A.FLAC", "a.ogg", "a.oga", "a.aif", "a.aiff", "a.aifc"})
    EXPECT_TRUE(is_sound_name(name)) << name;
  for (const char* name : {"wav", "a.wave", "a.png", "a.mp3", ""}) EXPECT_FALSE(is_sound_name(name)) << name;
}

}  // namespace
}  // namespace steer
