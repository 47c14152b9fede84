// A picture made larger: what lies beyond its edges is filled in, window by window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/image/outpainting.h"
#include "steer/models/models.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// What grows, and how.
struct OutpaintOptions {
  std::string picture;               // a file, of any size
  Margins margins;                   // pixels to add at each side
  int64_t count = 4;                 // N ways to do it
  std::vector<int64_t> seeds{0};     // one for each; a single one: number i takes it + i
  double noise = kMeasurementNoise;  // of what is known, as inpaint()
  Json settings = Json::object();    // of Generator::plan
  Telling telling;                   // what number i is told
};

// What came of it.
struct Outpainted {
  State pictures;           // N pictures [C, h + top + bottom, w + left + right] in [-1, 1]
  Tensor picture;           // of all of them [C, H, W]
  int64_t windows = 0;      // that were drawn
  int64_t evaluations = 0;  // of the network for one picture; 0 where they are not counted
  double seconds = 0;       // of drawing
  std::string text;         // Plan::text
  Json figures;             // the same by name
};

// Every window is drawn as inpaint() of what is known in it. Error for a model that does not make pictures,
// for a file that cannot be read, as Outpainting and Generator::plan, and where the watch ends it.
Outpainted outpaint(const Generator& generator, const OutpaintOptions& options, torch::Device device,
                    const WorkWatch& watch = {});

}  // namespace steer
