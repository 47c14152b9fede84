#include "steer/sound/spoken_digits.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <unordered_map>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/data/archives.h"
#include "steer/data/listing.h"
#include "steer/sound/sound_files.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostRecordingBytes = int64_t{64} << 20;

bool is_decimal_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

auto key_of(const SpokenDigit& digit) {
  return std::tie(digit.digit, digit.speaker, digit.take);
}

std::vector<SpokenDigit> recordings_among(const std::vector<Listed>& files) {
  std::vector<SpokenDigit> recordings;
  for (const Listed& file : files)
    if (std::optional<SpokenDigit> digit = spoken_digit_named(file.name)) {
      digit->source = file.source;
      recordings.push_back(std::move(*digit));
    }
  return recordings;
}

// The one archive that lies in a folder itself; empty where there is none or several.
std::string only_archive(const std::string& folder, const std::vector<Listed>& files) {
  std::string found;
  for (const Listed& file : files) {
    if (!is_archive_name(file.name) || file.name.find('/') != std::string::npos) continue;
    if (!found.empty()) return "";
    found = file.name;
  }
  return found.empty() ? "" : (fs::path(folder) / found).string();
}

SpokenDigits all_spoken_digits(const std::string& path) {
  std::error_code unreadable;
  STEER_CHECK(fs::exists(path, unreadable), "[data] ", path,
              ": expected a folder or archive of recordings but got no such path");
  const bool folder = fs::is_directory(path, unreadable);
  const std::vector<Listed> files = (folder ? folder_listing(path) : archive_listing(path)).files;
  SpokenDigits digits{path, recordings_among(files)};
  const std::string archive = folder && digits.recordings.empty() ? only_archive(path, files) : "";
  if (!archive.empty()) return all_spoken_digits(archive);
  STEER_CHECK(
      !digits.recordings.empty(), "[data] ", path,
      ": expected recordings named DIGIT_SPEAKER_TAKE.wav, such as 7_jackson_0.wav, but got none among ",
      files.size(), " files");
  return digits;
}

void sort_recordings(SpokenDigits& digits) {
  std::vector<SpokenDigit>& all = digits.recordings;
  std::sort(all.begin(), all.end(),
            [](const SpokenDigit& a, const SpokenDigit& b) { return key_of(a) < key_of(b); });
  const auto twice =
      std::adjacent_find(all.begin(), all.end(),
                         [](const SpokenDigit& a, const SpokenDigit& b) { return key_of(a) == key_of(b); });
  STEER_CHECK(twice == all.end(), "[data] ", digits.path,
              ": expected one recording for each digit, speaker and take but got ", twice->name, " and ",
              std::next(twice)->name);
}

std::vector<Sound> sounds_of_archive(const SpokenDigits& digits) {
  std::unordered_multimap<std::string, size_t> places;
  for (size_t i = 0; i < digits.recordings.size(); ++i) places.emplace(digits.recordings[i].source, i);
  std::vector<Sound> sounds(digits.recordings.size());
  read_archive(
      digits.path, [&](const std::string& name) { return places.count(name) > 0; },
      [&](const std::string& name, const std::string& bytes) {
        const auto found = places.equal_range(name);
        for (auto place = found.first; place != found.second; ++place)
          sounds[place->second] =
              sound_from_bytes(bytes, digits.path + ":" + digits.recordings[place->second].name);
      },
      kMostRecordingBytes);
  for (size_t i = 0; i < sounds.size(); ++i)
    STEER_CHECK(sounds[i].samples.defined(), "[data] ", digits.path, ": expected ", digits.recordings[i].name,
                " but the archive does not hold it");
  return sounds;
}

}  // namespace

std::optional<SpokenDigit> spoken_digit_named(std::string_view name) {
  constexpr size_t kMostTakeDigits = 6;
  const std::string_view file = name.substr(name.rfind('/') + 1);
  if (file_ending(file) != ".wav") return std::nullopt;
  const std::string_view stem = file.substr(0, file.size() - 4);
  const size_t last = stem.rfind('_');
  if (stem.size() < 5 || !is_decimal_digit(stem[0]) || stem[1] != '_' || last < 3) return std::nullopt;
  const std::string take(stem.substr(last + 1));
  if (take.empty() || take.size() > kMostTakeDigits ||
      !std::all_of(take.begin(), take.end(), is_decimal_digit))
    return std::nullopt;
  SpokenDigit digit;
  digit.name = digit.source = std::string(name);
  digit.digit = stem[0] - '0';
  digit.speaker = std::string(stem.substr(2, last - 2));
  digit.take = std::stoi(take);
  return digit;
}

SpokenDigits spoken_digits(const std::string& path, const std::string& split) {
  STEER_CHECK(split == "train" || split == "test" || split == "all", "[data] ", path,
              ": expected split train, test or all but got ", split);
  SpokenDigits digits = all_spoken_digits(path);
  sort_recordings(digits);
  std::vector<SpokenDigit>& all = digits.recordings;
  const size_t before = all.size();
  if (split != "all")
    all.erase(
        std::remove_if(all.begin(), all.end(),
                       [&](const SpokenDigit& digit) { return digit.for_tests() != (split == "test"); }),
        all.end());
  STEER_CHECK(!all.empty(), "[data] ", path, ": expected recordings of split ", split, ", takes ",
              split == "test" ? "0 to 4," : "from 5 on,", " but got none among ", before);
  return digits;
}

std::vector<Sound> read_spoken_digits(const SpokenDigits& digits) {
  std::error_code unreadable;
  if (!fs::is_directory(digits.path, unreadable)) return sounds_of_archive(digits);
  std::vector<Sound> sounds;
  for (const SpokenDigit& digit : digits.recordings) {
    const std::string path = (fs::path(digits.path) / digit.source).string();
    const auto size = static_cast<int64_t>(fs::file_size(path, unreadable));
    STEER_CHECK(unreadable || size <= kMostRecordingBytes, "[data] ", path,
                ": expected a recording of at most ", kMostRecordingBytes, " bytes but got ", size);
    sounds.push_back(read_sound(path));
  }
  return sounds;
}

}  // namespace steer
