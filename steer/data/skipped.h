// What a data set leaves out, told in one line.
#pragma once

#include <string>
#include <vector>

namespace steer {

// A file that is no sample.
struct Skipped {
  std::string name;    // relative to the folder or archive
  std::string reason;  // alike for files that are skipped alike: ".heic", "unreadable"
  std::string detail;  // what is said of the first file of a reason, or nothing
};

// "skipped: 4 .heic, 1 unreadable (x.png: cut off)": how many for each reason, in the order of first sight,
// and for reasons that are no ending the first file's name and detail. Empty where nothing was skipped.
std::string text_of(const std::vector<Skipped>& skipped);

}  // namespace steer
