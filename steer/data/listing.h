// Which files a folder or an archive holds, links followed.
#pragma once

#include <string>
#include <vector>

#include "steer/data/skipped.h"

namespace steer {

// A file by the name under which it is found, with "/" between folders and relative to the folder or archive.
struct Listed {
  std::string name;    // under which it is found
  std::string source;  // in an archive the entry that holds the bytes; in a folder the name
};

// The files of a folder or archive, and what of it is no file.
struct FileListing {
  std::vector<Listed> files;  // by name, in order
  // Links to nothing or into a loop, folders that may not be read, pipes and devices.
  std::vector<Skipped> skipped;
};

// Everything below a folder. A link to a file or folder counts as what it leads to, in the place where the
// link lies; a link back to a folder around it is skipped. What begins with a dot is left out, and so is all
// below it. Error where `path` is no folder.
FileListing folder_listing(const std::string& path);

// The same of an archive (archives.h), whose hard and symbolic links lead to other entries of it. Error as
// archive_entries, and for a name that stands there twice.
FileListing archive_listing(const std::string& path);

}  // namespace steer
