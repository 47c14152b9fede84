#include "steer/points/words.h"

#include <utility>

#include "steer/core/check.h"
#include "steer/objectives/linear_objective.h"
#include "steer/points/plane_objectives.h"
#include "steer/points/planes.h"

namespace steer {
namespace {

constexpr double kFar = 1000, kLeastStd = 1e-3;

Parameter std_parameter(double otherwise, const std::string& meaning) {
  return number_parameter("std", otherwise, kLeastStd, kFar, meaning);
}

Parameter coordinate_parameter(const std::string& name, double otherwise, const std::string& meaning) {
  return number_parameter(name, otherwise, -kFar, kFar, meaning);
}

std::unique_ptr<Objective> measured(Measurement measurement, const Arguments& arguments,
                                    const ObjectiveContext& context) {
  measurement.y = measurement.y.to(context.device);
  return std::make_unique<LinearObjective>(LinearTask{std::move(measurement), {}, {}}, arguments.words());
}

std::unique_ptr<Objective> ring_by(const Arguments& arguments, const ObjectiveContext&) {
  const double radius = arguments.number("radius"), std = arguments.number("std");
  return plane_objective([=](const Tensor& x) { return ring_score(x, radius, std); }, arguments.words());
}

std::unique_ptr<Objective> halfplane_by(const Arguments& arguments, const ObjectiveContext&) {
  const double angle = arguments.number("angle"), offset = arguments.number("offset"),
               sharpness = arguments.number("sharpness");
  return plane_objective([=](const Tensor& x) { return halfplane_score(x, angle, offset, sharpness); },
                         arguments.words());
}

std::unique_ptr<Objective> near_by(const Arguments& arguments, const ObjectiveContext& context) {
  return measured(near_measurement(arguments.number("x"), arguments.number("y"), arguments.number("std")),
                  arguments, context);
}

std::unique_ptr<Objective> coordinate_by(const Arguments& arguments, const ObjectiveContext& context) {
  const int64_t axis = arguments.text("axis") == "x" ? 0 : 1;
  return measured(coordinate_measurement(axis, arguments.number("value"), arguments.number("std")), arguments,
                  context);
}

std::unique_ptr<Objective> density_by(const Arguments& arguments, const ObjectiveContext&) {
  return plane_objective(make_plane(arguments.text("name")).log_density(arguments.number("std")),
                         arguments.words());
}

std::string known_planes() {
  std::string known;
  for (const std::string& name : plane_names()) known += name + ", ";
  return known + "or a picture whose bright places are dense";
}

}  // namespace

const std::vector<Word>& points_words() {
  static const std::vector<std::string> points = {"points"};
  static const std::vector<Word> words = {
      {"ring",
       {},
       points,
       Nature::kGradient,
       "points near a circle around the origin: -(|x| - radius)^2 / (2 std^2)",
       "ring(radius=0.7, std=0.05)",
       {number_parameter("radius", 1, 0, kFar, "of the circle"),
        std_parameter(0.05, "how far from it is still near")},
       ring_by,
       {}},
      {"near",
       {},
       points,
       Nature::kLinear,
       "points near a place: both coordinates are known",
       "near(x=0.3, y=-0.5, std=0.1)",
       {coordinate_parameter("x", 0, "the place's first coordinate"),
        coordinate_parameter("y", 0, "its second one"), std_parameter(0.1, "deviation of the noise in both")},
       near_by,
       {}},
      {"coordinate",
       {},
       points,
       Nature::kLinear,
       "points of which one coordinate is known",
       "coordinate(axis=x, value=0.5, std=0.05)",
       {choice_parameter("axis", {"x", "y"}, "which of the two"),
        coordinate_parameter("value", 0.5, "what it is"),
        std_parameter(0.05, "deviation of the noise in it")},
       coordinate_by,
       {}},
      {"halfplane",
       {},
       points,
       Nature::kGradient,
       "points on one side of a line: ln sigmoid(sharpness (x cos(angle) + y sin(angle) - offset))",
       "halfplane(angle=90, offset=0.2)",
       {number_parameter("angle", 0, -360, 360, "of the line's normal with the x axis, in degrees"),
        coordinate_parameter("offset", 0, "the line's distance from the origin along its normal"),
        number_parameter("sharpness", 20, kLeastStd, 1e4,
                         "how steeply the score falls behind the line, in 1 / length")},
       halfplane_by,
       {}},
      {"density",
       {},
       points,
       Nature::kGradient,
       "points where a distribution of the plane is dense: its logarithm, blurred",
       "density(two_moons, std=0.05)",
       {positional(required(text_parameter("name", known_planes()))),
        number_parameter("std", 0.05, 0.02, 1, "deviation of the blur, a length")},
       density_by,
       {}},
  };
  return words;
}

}  // namespace steer
