// Pictures of samples, and what is written with them.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/picture/png_texts.h"

namespace steer {

// Samples of one space as a picture [C, h, w] in [-1, 1], `columns` side by side (0: as suits the kind).
Tensor picture_of(const Space& space, const State& samples, int64_t columns = 0);

// Several views of the same samples, sample i of each together: what was given, what was made, the truth.
Tensor picture_of(const Space& space, const std::vector<State>& sources, int64_t columns = 0);

// One sample by itself, without a frame.
Tensor picture_alone(const Space& space, const State& sample);

// Whether samples of the space can be shown as plain text; and each of them so.
bool has_texts(const Space& space);
std::vector<std::string> texts_of(const Space& space, const State& samples);

// What stands beside a path: the same name ending in .json.
std::string twin_path(const std::string& path);

// Beside what was written to a path: the same name ending in .json, with how it was made and the version of
// steer. Nothing beside a device or pipe.
void write_twin(const std::string& path, const Json& twin);

// A picture in the format that the path ends in (picture_writing.h), texts inside where it holds any, and its
// twin.
void write_picture(const std::string& path, const Tensor& picture, const Json& twin,
                   const std::vector<PngText>& texts = {});

}  // namespace steer
