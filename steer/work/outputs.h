// Where results go, looked at before work begins.
#pragma once

#include <string>

#include "steer/core/json_fwd.h"

namespace steer {

// What a file that is written holds, other than a picture.
enum class OutputKind {
  kCodes,    // steer encode
  kIndex,    // steer search-similar
  kPrior,    // steer prior: .safetensors
  kPreset,   // steer search: .json
  kTable,    // steer rates: .csv
  kFilm,     // a film: .gif, with a .json beside it
  kChart,    // a chart: .svg, with a .json beside it
  kSamples,  // samples in a format of their kind's own, with a .json beside it
  kText,     // completions and manual
};

// Error unless a picture can be written to `path`: a name that ends as those of pictures (picture_writing.h),
// or a device or pipe; in a folder that is there or can be made; and neither the picture nor the .json beside
// it stands there already unless steer wrote it, or `force` allows to write over it.
void check_picture_output(const std::string& path, bool force);

// The same for a file of another kind.
void check_file_output(const std::string& path, OutputKind kind, bool force);

// Error unless `path` is a folder that can be written to, or can be made; what is in it is not looked at.
void check_folder_output(const std::string& path);

// The same for a folder that gets an index.html: one that steer did not write stays, unless `force`.
void check_page_output(const std::string& folder, bool force);

// Whether steer wrote this: what stands beside its pictures.
bool is_twin(const Json& json);

}  // namespace steer
