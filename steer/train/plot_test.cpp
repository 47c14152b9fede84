#include "steer/train/plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

PlotCurve curve_of(const std::string& name, const std::vector<double>& y) {
  PlotCurve curve{name, {}, y};
  for (size_t i = 0; i < y.size(); ++i) curve.x.push_back(100 * static_cast<double>(i + 1));
  return curve;
}

size_t times(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) ++count;
  return count;
}

TEST(Plot, AxesAreLogarithmicWhereValuesFallFarAndStayPositive) {
  const auto is_logarithmic = [](const std::vector<double>& y) {
    return svg_plot("t", "x", {{"loss", {curve_of("a", y)}, false}}).find("(logarithmic)") !=
           std::string::npos;
  };
  EXPECT_TRUE(is_logarithmic({10, 1, 0.1}));
  EXPECT_FALSE(is_logarithmic({3, 2, 1}));
  EXPECT_FALSE(is_logarithmic({10, 1, 0}));
  const std::string shares = svg_plot("t", "x", {{"accuracy", {curve_of("a", {0.01, 0.9})}, true}});
  EXPECT_EQ(shares.find("(logarithmic)"), std::string::npos);
}

TEST(Plot, TheLegendHasTheLastRunningMean) {
  EXPECT_NE(svg_plot("t", "x", {{"loss", {curve_of("mse", {8, 4, 2})}}}).find(">mse 3<"), std::string::npos);
}

TEST(Plot, EveryNumberStandsInsideItsPanel) {
  const std::string plot =
      svg_plot("t", "x", {{"loss", {curve_of("a", {5, 5, 5})}}, {"b", {curve_of("b", {0})}}});
  EXPECT_EQ(plot.find("nan"), std::string::npos);
  EXPECT_EQ(plot.find("inf"), std::string::npos);
  EXPECT_EQ(times(plot, "rotate(-90"), 2u);
}

TEST(Plot, WhatIsNotFiniteAndEmptyPanelsAreLeftOut) {
  const std::string plot =
      svg_plot("a < b & c", "x",
               {{"loss", {curve_of("a", {5, NAN, INFINITY, 3}), curve_of("gone", {NAN})}},
                {"accuracy", {curve_of("b", {NAN})}}});
  EXPECT_NE(plot.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_EQ(plot.find("nan"), std::string::npos);
  EXPECT_EQ(plot.find("gone"), std::string::npos);
  EXPECT_EQ(plot.find("accuracy"), std::string::npos);
  EXPECT_NE(svg_plot("t", "x", {}).find("</svg>"), std::string::npos);
}

TEST(Plot, LongCurvesAreThinned) {
  const std::string plot = svg_plot("t", "x", {{"loss", {curve_of("a", std::vector<double>(100000, 1.0))}}});
  EXPECT_LT(plot.size(), 100000u);
}

TEST(Plot, ALogGivesLossesAndAccuraciesTheirPanels) {
  const TemporaryFolder folder;
  EXPECT_FALSE(write_loss_plot(folder / "nothing"));
  write_file(folder / "log.jsonl",
             "{\"images\": 10, \"loss\": 2.5, \"accuracy\": 0.25, \"splits\": 4}\n"
             "{\"images\": 20, \"loss\": null, \"accuracy\": 0.5, \"splits\": 4}\n");
  EXPECT_TRUE(write_loss_plot(folder / ""));
  const std::string plot = read_file(folder / "loss.svg");
  EXPECT_NE(plot.find(">accuracy</text>"), std::string::npos);
  EXPECT_NE(plot.find(">loss 2.5<"), std::string::npos);
  EXPECT_EQ(plot.find("splits"), std::string::npos);
}

}  // namespace
}  // namespace steer
