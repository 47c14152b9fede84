// What may be asked of points in the plane.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "steer/objectives/objective.h"

namespace steer {

// An objective with a gradient that is a function of points x [N, 2] -> [N] alone; `words` is what words()
// gives.
std::unique_ptr<Objective> plane_objective(std::function<Tensor(const Tensor& x)> score, std::string words);

// -(|x| - radius)^2 / (2 std^2): points near a circle around the origin. radius >= 0, std > 0.
Tensor ring_score(const Tensor& x, double radius, double std);

// ln sigmoid(sharpness (x cos a + y sin a - offset)), a the angle in degrees: points on that side of a line.
// sharpness > 0, in 1 / length.
Tensor halfplane_score(const Tensor& x, double angle_degrees, double offset, double sharpness);

// y = x + noise of deviation std > 0: both coordinates are known, one target.
Measurement near_measurement(double x, double y, double std);

// y = x_axis + noise of deviation std > 0: one coordinate is known, axis 0 or 1; one target.
Measurement coordinate_measurement(int64_t axis, double value, double std);

}  // namespace steer
