#include "steer/sound/spoken_digits.h"

#include <gtest/gtest.h>

#include <map>

#include "steer/sound/small_sounds.h"
#include "steer/testing/refusal.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

// A recording that tells its digit and take by its only sample.
std::string recording(int digit, int take) {
  return wav_bytes({}, memory_of<int16_t>({static_cast<int16_t>(100 * digit + take)}));
}

std::vector<std::pair<std::string, std::string>> small_corpus() {
  return {{"fsdd/README.md", "text"},
          {"fsdd/recordings/3_theo_10.wav", recording(3, 10)},
          {"fsdd/recordings/3_theo_9.wav", recording(3, 9)},
          {"fsdd/recordings/3_theo_4.wav", recording(3, 4)},
          {"fsdd/recordings/0_von_x_5.WAV", recording(0, 5)},
          {"fsdd/recordings/10_theo_1.wav", "no name"},
          {"fsdd/recordings/0_theo.wav", "no name"}};
}

std::vector<std::string> names_of(const SpokenDigits& digits) {
  std::vector<std::string> names;
  for (const SpokenDigit& digit : digits.recordings)
    names.push_back(digit.name.substr(digit.name.rfind('/') + 1));
  return names;
}

void expect_small_corpus(const std::string& path) {
  const SpokenDigits all = spoken_digits(path);
  EXPECT_EQ(names_of(all),
            (std::vector<std::string>{"0_von_x_5.WAV", "3_theo_4.wav", "3_theo_9.wav", "3_theo_10.wav"}));
  EXPECT_EQ(names_of(spoken_digits(path, "test")), std::vector<std::string>{"3_theo_4.wav"});
  EXPECT_EQ(names_of(spoken_digits(path, "train")).size(), 3u);
  const std::vector<Sound> sounds = read_spoken_digits(all);
  ASSERT_EQ(sounds.size(), 4u);
  for (size_t i = 0; i < sounds.size(); ++i)
    EXPECT_EQ(sounds[i].samples.item<float>() * 32768,
              static_cast<float>(100 * all.recordings[i].digit + all.recordings[i].take));
}

TEST(SpokenDigits, NamesTellDigitSpeakerAndTake) {
  const auto digit = spoken_digit_named("a/b_c/7_jackson_32.wav");
  ASSERT_TRUE(digit);
  EXPECT_EQ(digit->digit, 7);
  EXPECT_EQ(digit->speaker, "jackson");
  EXPECT_EQ(digit->take, 32);
  EXPECT_FALSE(digit->for_tests());
  EXPECT_TRUE(spoken_digit_named("0_a_004.wav")->for_tests());
  EXPECT_EQ(spoken_digit_named("0_a_b_4.wav")->speaker, "a_b");
  for (const char* name : {"", "7.wav", "7_a.wav", "7__1.wav", "7_a_.wav", "a_b_1.wav", "77_a_1.wav",
                           "7_a_-1.wav", "7_a_1.mp3", "7_a_1.wav/x", "7_a_1234567.wav", "7_1.wav"})
    EXPECT_FALSE(spoken_digit_named(name)) << name;
}

TEST(SpokenDigits, AreReadFromFoldersAndArchives) {
  const TemporaryFolder folder;
  for (const auto& [name, bytes] : small_corpus()) folder.put("folder/" + name, bytes);
  expect_small_corpus(folder / "folder");
  for (const char* ending : {"tar", "tar.gz", "zip"}) {
    const std::string path = folder / joined("alone.", ending, "/a.", ending);
    folder.put(joined("alone.", ending, "/README"), "text");
    write_archive(path, small_corpus());
    expect_small_corpus(path);
    expect_small_corpus(folder / joined("alone.", ending));
  }
}

TEST(SpokenDigits, RefuseWhatIsNoSuchCorpus) {
  const TemporaryFolder folder;
  folder.put("a/x.wav", "x");
  const std::string path = folder / "a";
  EXPECT_EQ(refusal([&] { spoken_digits(path); }), "[data] " + path +
                                                       ": expected recordings named DIGIT_SPEAKER_TAKE.wav, "
                                                       "such as 7_jackson_0.wav, but got none among 1 files");
  EXPECT_EQ(
      refusal([&] { spoken_digits(folder / "none"); }),
      "[data] " + folder / "none" + ": expected a folder or archive of recordings but got no such path");
  EXPECT_EQ(refusal([&] { spoken_digits(path, "half"); }),
            "[data] " + path + ": expected split train, test or all but got half");
  folder.put("a/b/1_a_7.wav", recording(1, 7));
  EXPECT_EQ(refusal([&] { spoken_digits(path, "test"); }),
            "[data] " + path + ": expected recordings of split test, takes 0 to 4, but got none among 1");
  folder.put("a/c/1_a_07.wav", recording(1, 7));
  EXPECT_NE(refusal([&] { spoken_digits(path); }).find("b/1_a_7.wav and c/1_a_07.wav"), std::string::npos);
  EXPECT_NE(refusal([&] { spoken_digits(folder.put("x.txt", "text")); }), "accepted");
}

TEST(SpokenDigits, NameTheRecordingThatCannotBeRead) {
  const TemporaryFolder folder;
  folder.put("a/1_a_7.wav", recording(1, 7).substr(0, 45));
  EXPECT_EQ(refusal([&] { read_spoken_digits(spoken_digits(folder / "a")); }),
            "[read] " + folder / "a/1_a_7.wav: expected 2 bytes of samples but the file holds 1");
  write_archive(folder / "a.tar", {{"1_a_7.wav", "text"}});
  EXPECT_NE(refusal([&] { read_spoken_digits(spoken_digits(folder / "a.tar")); }).find("a.tar:1_a_7.wav"),
            std::string::npos);
}

TEST(SpokenDigits, TheCorpusHasTwoSplitsOfAllDigitsAndSpeakers) {
  const std::string path = shared_data("spoken-digits");
  if (path.empty()) GTEST_SKIP() << "shared/data/spoken-digits is absent";
  const SpokenDigits test = spoken_digits(path, "test"), train = spoken_digits(path, "train");
  EXPECT_EQ(test.recordings.size(), 300u);
  EXPECT_EQ(train.recordings.size(), 2700u);
  std::map<std::pair<int, std::string>, int> takes;
  for (const SpokenDigit& digit : test.recordings) ++takes[{digit.digit, digit.speaker}];
  EXPECT_EQ(takes.size(), 60u);
  for (const auto& [key, count] : takes) EXPECT_EQ(count, 5) << key.first << key.second;
  for (const Sound& sound : read_spoken_digits(test)) {
    EXPECT_EQ(sound.rate, 8000);
    EXPECT_EQ(sound.channels(), 1);
  }
}

}  // namespace
}  // namespace steer
