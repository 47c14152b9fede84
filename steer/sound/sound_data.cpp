#include "steer/sound/sound_data.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "steer/core/check.h"
#include "steer/data/archives.h"
#include "steer/data/listing.h"
#include "steer/data/tensor_dataset.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/spoken_digits.h"

namespace steer {
namespace {

constexpr size_t kTestSound = 10;  // one of so many is for tests
constexpr int kLooked = 64;        // files that tell whether there are sounds

// Whether one of the first files in an archive is a sound. The rest, which may be gigabytes, is not unpacked.
bool begins_with_sounds(const std::string& archive) {
  struct Enough {};
  bool found = false;
  int looked = 0;
  const auto look = [&](const std::string& name) {
    found = is_sound_name(name);
    if (found || ++looked == kLooked) throw Enough();
    return false;
  };
  try {
    read_archive(archive, look, [](const std::string&, const std::string&) {});
  } catch (const Enough&) {
  }
  return found;
}

// Whether recordings of digits lie in a folder, or no sound but the archive that holds them.
bool has_digits(const std::string& folder) {
  const std::vector<Listed> files = folder_listing(folder).files;
  const auto any = [&](const auto& holds) {
    return std::any_of(files.begin(), files.end(), [&](const Listed& file) { return holds(file.name); });
  };
  return any([](const std::string& name) { return spoken_digit_named(name).has_value(); }) ||
         !any([](const std::string& name) { return is_sound_name(name); });
}

LabelledSounds digits_of(const DataOptions& options) {
  SpokenDigits digits = spoken_digits(options.path, options.split);
  std::vector<SpokenDigit> kept;
  for (const SpokenDigit& digit : digits.recordings)
    if (options.half == 0 || options.split != "train" || digit.take % 2 == options.half - 1)
      kept.push_back(digit);
  digits.recordings.clear();
  for (const size_t i : at_even_distances(kept.size(), options.limit)) digits.recordings.push_back(kept[i]);
  STEER_CHECK(!digits.recordings.empty(), "[data] ", options.path,
              ": expected recordings of this half but got none");
  LabelledSounds all{read_spoken_digits(digits), {}};
  for (const SpokenDigit& digit : digits.recordings)
    all.name.push_back(options.labels == "speaker" ? digit.speaker : std::to_string(digit.digit));
  return all;
}

LabelledSounds sounds_in(const DataOptions& options) {
  STEER_CHECK(options.half == 0 && options.labels != "speaker", "[data] ", options.path,
              ": expected half and labels=speaker with recordings named DIGIT_SPEAKER_TAKE.wav alone");
  std::vector<std::string> names;
  for (const Listed& file : folder_listing(options.path).files)
    if (is_sound_name(file.name)) names.push_back(file.name);
  std::vector<std::string> part;
  for (size_t i = 0; i < names.size(); ++i)
    if ((i % kTestSound == kTestSound - 1) == (options.split == "test")) part.push_back(names[i]);
  STEER_CHECK(!part.empty(), "[data] ", options.path, ": expected sounds for the part ", options.split,
              ", one of ten being for tests, but got ", names.size(), " in all");
  LabelledSounds all;
  for (const size_t i : at_even_distances(part.size(), options.limit)) {
    all.sounds.push_back(read_sound((std::filesystem::path(options.path) / part[i]).string()));
    const size_t slash = part[i].find('/');
    all.name.push_back(slash == std::string::npos ? "" : part[i].substr(0, slash));
  }
  return all;
}

void check_sound_options(const DataOptions& options) {
  const DataOptions usual;
  STEER_CHECK(options.split == "train" || options.split == "test", "[data] ", options.path,
              ": expected split train or test but got ", options.split);
  STEER_CHECK(options.limit >= 0, "[data] ", options.path, ": expected a limit of 0 or more but got ",
              options.limit);
  STEER_CHECK(options.channels <= 1, "[data] ", options.path,
              ": expected channels 0 or 1, as sounds have here, but got ", options.channels);
  STEER_CHECK(options.labels == usual.labels || options.labels == "digit" || options.labels == "speaker",
              "[data] ", options.path, ": expected labels digit or speaker but got ", options.labels);
  STEER_CHECK(options.rare.empty() && options.hydrogens && options.tokenizer == usual.tokenizer, "[data] ",
              options.path, ": expected no words of images, texts and molecules with sounds");
}

}  // namespace

bool names_sounds(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code unreadable;
  if (is_archive_name(path) && fs::is_regular_file(path, unreadable)) return begins_with_sounds(path);
  if (!fs::is_directory(path, unreadable)) return false;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator at(path, unreadable), end; at != end && names.size() < kLooked;
       at.increment(unreadable))
    if (!unreadable && at->is_regular_file(unreadable)) names.push_back(at->path().string());
  if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return is_sound_name(name); }))
    return true;
  return names.size() == 1 && is_archive_name(names[0]) && begins_with_sounds(names[0]);
}

LabelledSounds labelled_sounds(const DataOptions& options) {
  check_sound_options(options);
  const bool archive = !std::filesystem::is_directory(options.path);
  return archive || has_digits(options.path) ? digits_of(options) : sounds_in(options);
}

int64_t rate_asked(const DataOptions& options, const LabelledSounds& all) {
  return options.rate > 0 ? options.rate : all.sounds.at(0).rate;
}

std::vector<size_t> at_even_distances(size_t there, int64_t most) {
  const size_t some = most > 0 ? std::min(there, static_cast<size_t>(most)) : there;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < some; ++i) chosen.push_back(i * there / some);
  return chosen;
}

std::unique_ptr<Dataset> sound_dataset(const Space& space, const Tensor& x, const LabelledSounds& all) {
  std::map<std::string, int64_t> numbers;
  for (const std::string& name : all.name)
    if (!name.empty()) numbers[name] = 0;
  std::vector<std::string> classes;
  for (auto& [name, number] : numbers) number = static_cast<int64_t>(classes.size()), classes.push_back(name);
  std::vector<int64_t> labels;
  for (const std::string& name : all.name) labels.push_back(name.empty() ? -1 : numbers.at(name));
  return std::make_unique<TensorDataset>(space, x, at::tensor(labels, torch::kInt64), classes);
}

}  // namespace steer
