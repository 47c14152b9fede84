#include "steer/image/picture_names.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

const std::map<std::string, std::string>& split_words() {
  static const std::map<std::string, std::string> words = {
      {"train", "train"},    {"training", "train"},   {"test", "test"},      {"testing", "test"},
      {"eval", "test"},      {"evaluation", "test"},  {"val", "validation"}, {"validation", "validation"},
      {"dev", "validation"}, {"valid", "validation"},
  };
  return words;
}

// The part of a name before its first "/", empty where there is none.
std::string first_level(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

std::string without_level(const std::string& name) {
  return name.substr(name.find('/') + 1);
}

// What is skipped alike.
std::string reason_of(const std::string& name) {
  const std::string ending = file_ending(name);
  return ending.empty() ? "without an ending" : ending;
}

// A picture on the way to its class: what is left of its name after the levels that were looked at.
struct Found {
  Listed file;
  std::string rest;
  std::string split;
};

// Looks through folders around everything that hold folders, but for splits.
void look_through(std::vector<Found>& found) {
  while (true) {
    const std::string top = first_level(found.front().rest);
    if (top.empty() || !split_of_word(top).empty()) return;
    bool deeper = false;
    for (const Found& one : found) {
      if (first_level(one.rest) != top) return;
      deeper = deeper || !first_level(without_level(one.rest)).empty();
    }
    if (!deeper) return;
    for (Found& one : found) one.rest = without_level(one.rest);
  }
}

// Whether folders of the first level are splits, which are given out of the names; what lies beside is
// skipped.
bool part_splits(std::vector<Found>& found, std::vector<Skipped>& skipped) {
  std::set<std::string> splits;
  bool others = false;
  for (const Found& one : found) {
    const std::string level = first_level(one.rest), split = split_of_word(level);
    if (!split.empty())
      splits.insert(split);
    else if (!level.empty())
      others = true;
  }
  if (splits.empty() || (others && splits.size() < 2)) return false;
  std::vector<Found> kept;
  for (Found& one : found) {
    one.split = split_of_word(first_level(one.rest));
    if (one.split.empty()) {
      skipped.push_back({one.file.name, "outside the splits", ""});
      continue;
    }
    one.rest = without_level(one.rest);
    kept.push_back(std::move(one));
  }
  found = std::move(kept);
  return true;
}

bool has_split(const std::vector<Found>& found, const std::string& split) {
  return std::any_of(found.begin(), found.end(), [&](const Found& one) { return one.split == split; });
}

// Sorts the pictures of a split into classes, and deals them out one class after the other.
void deal(const std::vector<Found>& found, const std::string& split, int64_t limit, PictureNames& names) {
  std::map<std::string, std::vector<Listed>> by_class;
  size_t longest = 0;
  for (const Found& one : found) {
    std::vector<Listed>& members = by_class[first_level(one.rest)];
    if (one.split == split) members.push_back(one.file);
    longest = std::max(longest, members.size());
  }
  for (const auto& entry : by_class)
    if (!entry.first.empty()) names.classes.push_back(entry.first);
  for (size_t turn = 0; turn < longest; ++turn) {
    int64_t label = by_class.count("") ? -1 : 0;
    for (const auto& entry : by_class) {
      if (turn < entry.second.size()) names.pictures.push_back({entry.second[turn], label});
      ++label;
    }
  }
  if (limit > 0 && limit < static_cast<int64_t>(names.pictures.size()))
    names.pictures.resize(static_cast<size_t>(limit));
}

}  // namespace

std::string split_of_word(const std::string& word) {
  std::string small = word;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  const auto at = split_words().find(small);
  return at == split_words().end() ? "" : at->second;
}

PictureNames picture_names(const std::string& path, const FileListing& listing, const std::string& split,
                           int64_t limit) {
  PictureNames names;
  names.skipped = listing.skipped;
  std::vector<Found> found;
  for (const Listed& file : listing.files) {
    if (is_image_name(file.name))
      found.push_back({file, file.name, ""});
    else
      names.skipped.push_back({file.name, reason_of(file.name), ""});
  }
  const std::string left_out = text_of(names.skipped);
  STEER_CHECK(!found.empty(), "[data] ", path, ": expected PNG, JPEG or WebP pictures but got none",
              left_out.empty() ? "" : "; ", left_out);
  look_through(found);
  std::string taken = split;
  if (part_splits(found, names.skipped)) {
    if (split == "test" && !has_split(found, split) && has_split(found, "validation"))
      names.split = taken = "validation";
    STEER_CHECK(has_split(found, taken), "[data] ", path, ": expected pictures in ", split, "/ but got none");
  } else {
    STEER_CHECK(split == "train", "[data] ", path, ": expected folders train/ and ", split, "/ for split ",
                split, " but got pictures without a split (split train takes them all)");
    for (Found& one : found) one.split = split;
  }
  deal(found, taken, limit, names);
  return names;
}

}  // namespace steer
