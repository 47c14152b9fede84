// Points in the plane as a kind of sample.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// Points [N, 2], anywhere: files as read_points (of several rows the first is the sample), data sets as
// make_points_dataset, pictures as points_picture. Distances: sliced_wasserstein; js and tv of cells of side
// 1/16.
const Modality& points_modality();

}  // namespace steer
