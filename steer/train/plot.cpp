#include "steer/train/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>

#include "steer/core/files.h"
#include "steer/core/json_lines.h"

namespace steer {
namespace {

// In pixels.
constexpr double kWidth = 900, kLeft = 76, kRight = 24, kTop = 48, kPanelHeight = 300, kPanelGap = 28,
                 kBottom = 56;
constexpr size_t kMostPoints = 1500;    // drawn of a curve
constexpr double kLogarithmicFrom = 4;  // largest to smallest value of a panel
constexpr const char* kColours[] = {"#1668b8", "#c2570c", "#2c7a3f", "#8a3fa0", "#a3761b", "#5b6470"};

// Values along one side of a panel.
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;

  // Where a value is, from 0 at the low end to 1 at the high end.
  double place(double value) const {
    if (logarithmic) return std::log(value / low) / std::log(high / low);
    return (value - low) / (high - low);
  }
};

// An axis over values of any order with a little room at both ends.
Axis axis_over(const std::vector<double>& values, bool may_be_logarithmic) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  Axis axis{*least, *most, may_be_logarithmic && *least > 0 && *most > kLogarithmicFrom * *least};
  if (axis.logarithmic) {
    const double room = std::pow(axis.high / axis.low, 0.04);
    axis.low /= room, axis.high *= room;
  } else {
    double room = 0.04 * (axis.high - axis.low);
    if (room == 0) room = axis.high == 0 ? 1 : 0.1 * std::abs(axis.high);
    axis.low -= room, axis.high += room;
  }
  return axis;
}

// Multiples of 1, 2 or 5 times a power of ten, about `count` of them.
std::vector<double> even_ticks(double low, double high, double count) {
  const double raw = (high - low) / count, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw < 1.5 * power ? 1 : raw < 3.5 * power ? 2 : raw < 7.5 * power ? 5 : 10);
  std::vector<double> ticks;
  for (double i = std::ceil(low / step); i * step <= high; ++i) ticks.push_back(i * step);
  return ticks;
}

std::vector<double> ticks_of(const Axis& axis) {
  if (!axis.logarithmic) return even_ticks(axis.low, axis.high, 6);
  // Powers of ten, with twos and fives between while there is room for them.
  std::vector<double> all, tens;
  for (double power = std::pow(10, std::floor(std::log10(axis.low))); power <= axis.high; power *= 10)
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double tick = digit * power;
      if (tick < axis.low || tick > axis.high) continue;
      all.push_back(tick);
      if (digit == 1) tens.push_back(tick);
    }
  if (all.size() < 3) return even_ticks(axis.low, axis.high, 6);
  return all.size() > 10 ? tens : all;
}

std::string number_text(double value) {
  if (std::abs(value) >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (std::abs(value) >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.4g}", std::abs(value) < 1e-12 ? 0.0 : value);
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '&')
      safe += "&amp;";
    else if (static_cast<unsigned char>(c) >= ' ')
      safe += c;
  }
  return safe;
}

// Means over the points around each: up to a fortieth of the curve to both sides, fewer near the beginning,
// where curves are steep, and what there is near the end.
std::vector<double> running_mean(const std::vector<double>& y) {
  std::vector<double> sums{0}, means;
  for (const double value : y) sums.push_back(sums.back() + value);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t reach = std::min(std::max<size_t>(2, y.size() / 40), (i + 3) / 4);
    const size_t first = i - std::min(reach, i), end = std::min(y.size(), i + reach + 1);
    means.push_back((sums[end] - sums[first]) / static_cast<double>(end - first));
  }
  return means;
}

PlotCurve finite_part(const PlotCurve& curve) {
  PlotCurve part{curve.name, {}, {}};
  for (size_t i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i)
    if (std::isfinite(curve.x[i]) && std::isfinite(curve.y[i]))
      part.x.push_back(curve.x[i]), part.y.push_back(curve.y[i]);
  return part;
}

// A document that grows.
class Drawing {
 public:
  Drawing(const Axis& x, double height) : x_(x) {
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:g}\" width=\"{0:g}\" "
        "height=\"{1:g}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#24292f\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        kWidth, height);
  }

  void word(double x, double y, const std::string& word, const std::string& style) {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style, escaped(word));
  }

  // The panel whose upper edge is at `top`; `last` has the numbers of the horizontal axis below it.
  void panel(const PlotPanel& panel, double top, bool last) {
    std::vector<double> values;
    for (const PlotCurve& curve : panel.curves) values.insert(values.end(), curve.y.begin(), curve.y.end());
    const Axis y = axis_over(values, !panel.is_share);
    const double bottom = top + kPanelHeight;
    const auto down = [&](double value) { return bottom - y.place(value) * kPanelHeight; };
    for (const double tick : ticks_of(y)) {
      line(kLeft, down(tick), kWidth - kRight, down(tick), "#e4e7eb");
      word(kLeft - 8, down(tick) + 4.5, number_text(tick), "text-anchor=\"end\"");
    }
    for (const double tick : ticks_of(x_)) {
      line(across(tick), top, across(tick), bottom, "#e4e7eb");
      if (last) word(across(tick), bottom + 18, number_text(tick), "text-anchor=\"middle\"");
    }
    line(kLeft, top, kLeft, bottom, "#8c959f");
    line(kLeft, bottom, kWidth - kRight, bottom, "#8c959f");
    const double middle = (top + bottom) / 2;
    word(18, middle, panel.label + (y.logarithmic ? " (logarithmic)" : ""),
         fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 18 {:.1f})\"", middle));
    std::vector<std::vector<double>> means;
    for (size_t i = 0; i < panel.curves.size(); ++i) {
      means.push_back(panel.smoothed ? running_mean(panel.curves[i].y) : panel.curves[i].y);
      curve(panel.curves[i], means.back(), down, colour(i));
    }
    // Where the curves do not end.
    const bool ends_high = y.place(means[0].back()) > 0.6;
    legend(panel, means, ends_high ? bottom - 30 - 20 * static_cast<double>(means.size()) : top);
  }

  std::string finished() const { return text_ + "</svg>\n"; }

 private:
  static const char* colour(size_t i) { return kColours[i % std::size(kColours)]; }

  double across(double value) const { return kLeft + x_.place(value) * (kWidth - kLeft - kRight); }

  void line(double x1, double y1, double x2, double y2, const char* colour) {
    text_ +=
        fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2, y2, colour);
  }

  template <class Down>
  void curve(const PlotCurve& curve, const std::vector<double>& mean, const Down& down, const char* colour) {
    const size_t count = curve.x.size(), stride = (count + kMostPoints - 1) / kMostPoints;
    std::string points, way;
    for (size_t i = 0; i < count; ++i) {
      if (i % stride != 0 && i + 1 != count) continue;
      const double x = across(curve.x[i]);
      points += fmt::format("M{:.1f} {:.1f}h0", x, down(curve.y[i]));  // a round cap makes a dot of it
      way += fmt::format("{}{:.1f} {:.1f}", way.empty() ? "M" : "L", x, down(mean[i]));
    }
    text_ += fmt::format(
        "<path d=\"{}\" stroke=\"{}\" stroke-width=\"3.5\" stroke-linecap=\"round\" opacity=\"0.25\"/>\n"
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n",
        points, colour, way, colour);
  }

  void legend(const PlotPanel& panel, const std::vector<std::vector<double>>& means, double top) {
    const size_t count = panel.curves.size();
    std::vector<std::string> words;
    size_t longest = 0;
    for (size_t i = 0; i < count; ++i) {
      words.push_back(panel.curves[i].name + " " + number_text(means[i].back()));
      longest = std::max(longest, words.back().size());
    }
    const double width = 44 + 7.5 * static_cast<double>(longest), left = kWidth - kRight - 10 - width;
    text_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"4\" fill=\"#ffffff\" "
        "fill-opacity=\"0.85\" stroke=\"#d0d7de\"/>\n",
        left, top + 10, width, 10 + 20 * static_cast<double>(count));
    for (size_t i = 0; i < count; ++i) {
      const double y = top + 30 + 20 * static_cast<double>(i);
      text_ += fmt::format("<path d=\"M{:.1f} {:.1f}h20\" stroke=\"{}\" stroke-width=\"3\"/>\n", left + 10,
                           y - 4.5, colour(i));
      word(left + 36, y, words[i], "");
    }
  }

  Axis x_;
  std::string text_;
};

// Whether a figure of the log is a loss.
bool is_loss(const std::string& name) {
  return name == "loss" || name.rfind("mse", 0) == 0;
}

// The figures of a log that `wanted` picks, in the order of their names.
PlotPanel panel_of(const std::string& label, const std::vector<Json>& log,
                   const std::function<bool(const std::string&)>& wanted) {
  std::map<std::string, PlotCurve> curves;
  for (const Json& line : log)
    for (const auto& [name, value] : line.items())
      if (wanted(name) && value.is_number() && line.contains("images") && line["images"].is_number()) {
        PlotCurve& curve = curves[name];
        curve.name = name;
        curve.x.push_back(line["images"].get<double>());
        curve.y.push_back(value.get<double>());
      }
  PlotPanel panel{label, {}, false};
  for (auto& [name, curve] : curves) panel.curves.push_back(std::move(curve));
  return panel;
}

}  // namespace

std::string svg_plot(const std::string& title, const std::string& x_label,
                     const std::vector<PlotPanel>& panels) {
  std::vector<PlotPanel> shown;
  std::vector<double> xs;
  for (const PlotPanel& panel : panels) {
    PlotPanel part{panel.label, {}, panel.is_share, panel.smoothed};
    for (const PlotCurve& curve : panel.curves) {
      part.curves.push_back(finite_part(curve));
      const std::vector<double>& x = part.curves.back().x;
      xs.insert(xs.end(), x.begin(), x.end());
      if (x.empty()) part.curves.pop_back();
    }
    if (!part.curves.empty()) shown.push_back(std::move(part));
  }
  Axis x = xs.empty() ? Axis() : axis_over(xs, false);
  if (!xs.empty() && *std::min_element(xs.begin(), xs.end()) >= 0) x.low = 0;
  const double each = kPanelHeight + kPanelGap, count = static_cast<double>(shown.size());
  Drawing drawing(x, kTop + each * count - kPanelGap + kBottom);
  drawing.word(kLeft, 28, title, "font-size=\"16\" font-weight=\"600\"");
  for (size_t i = 0; i < shown.size(); ++i)
    drawing.panel(shown[i], kTop + each * static_cast<double>(i), i + 1 == shown.size());
  drawing.word((kLeft + kWidth - kRight) / 2, kTop + each * count - kPanelGap + 42, x_label,
               "text-anchor=\"middle\"");
  return drawing.finished();
}

bool write_loss_plot(const std::string& run) {
  const std::vector<Json> log = read_json_lines(run + "/log.jsonl").values;
  const PlotPanel losses = panel_of("loss", log, is_loss);
  PlotPanel accuracies =
      panel_of("accuracy", log, [](const std::string& name) { return name == "accuracy"; });
  accuracies.is_share = true;
  if (losses.curves.empty() && accuracies.curves.empty()) return false;
  write_file(run + "/loss.svg", svg_plot("Training of " + run, "samples seen", {losses, accuracies}));
  return true;
}

}  // namespace steer
