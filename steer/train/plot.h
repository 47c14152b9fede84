// Figures of training as curves in a picture that any browser shows.
#pragma once

#include <string>
#include <vector>

namespace steer {

// One figure over the run. Points that are not finite are left out.
struct PlotCurve {
  std::string name;          // in the legend
  std::vector<double> x, y;  // as many of each, x ascending
};

// Curves that share a vertical axis.
struct PlotPanel {
  std::string label;              // of the axis
  std::vector<PlotCurve> curves;  // in the order of the legend
  // Values in [0, 1] on a linear axis. Else the axis is logarithmic where all values are positive and the
  // largest is several times the smallest.
  bool is_share = false;
  bool smoothed = true;  // lines are running means; else they go from point to point
};

// Panels below each other over one horizontal axis, as an SVG document: the points pale, their running mean
// as a line, the last mean in the legend. Long curves are thinned. Panels without points are left out.
std::string svg_plot(const std::string& title, const std::string& x_label,
                     const std::vector<PlotPanel>& panels);

// RUN/loss.svg out of the losses and accuracies in RUN/log.jsonl, over the images seen, written atomically.
// Nothing is written, and false returned, while the log has none. Error where the log cannot be read.
bool write_loss_plot(const std::string& run);

}  // namespace steer
