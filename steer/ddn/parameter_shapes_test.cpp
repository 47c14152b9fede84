#include "steer/ddn/parameter_shapes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "steer/ddn/points_network.h"
#include "steer/ddn/small_networks.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

void expect_shapes(const Network& network, const std::vector<NamedShape>& shapes) {
  std::map<std::string, std::vector<int64_t>> told;
  for (const NamedShape& each : shapes) told[each.name] = each.shape;
  EXPECT_EQ(told.size(), shapes.size());
  const auto named = network.named_parameters();
  EXPECT_EQ(told.size(), named.size());
  for (const auto& item : named) EXPECT_EQ(told[item.key()], item.value().sizes().vec()) << item.key();
}

int64_t sum_of_candidates(const PyramidOptions& options) {
  return std::inner_product(options.layers.begin(), options.layers.end(), options.candidates.begin(),
                            int64_t{0});
}

double bits_of(const PyramidOptions& options) {
  double bits = 0;
  for (size_t s = 0; s < options.layers.size(); ++s)
    bits += static_cast<double>(options.layers[s]) * std::log2(static_cast<double>(options.candidates[s]));
  return bits;
}

TEST(ParameterShapes, AreThoseOfTheNetwork) {
  PyramidOptions pyramid;
  pyramid.widths = {16, 12, 12, 8};
  pyramid.layers = {2, 1, 2, 3};
  pyramid.candidates = {8, 4, 4, 2};
  pyramid.image_channels = 3;
  expect_shapes(Pyramid(pyramid), parameter_shapes(pyramid));
  pyramid.leak = false;
  pyramid.start_size = 2;
  expect_shapes(Pyramid(pyramid), parameter_shapes(pyramid));
  RecurrentOptions recurrent;
  recurrent.size = 16, recurrent.base = 8, recurrent.image_channels = 3;
  expect_shapes(Recurrent(recurrent), parameter_shapes(recurrent));
}

TEST(ParameterShapes, OfPointsAreAsMany) {
  PointsNetworkOptions points;
  for (const bool leak : {true, false}) {
    points.leak = leak;
    ConditionOptions condition;
    condition.type = leak ? "class" : "none";
    Extent built;
    for (const Tensor& parameter : PointsNetwork(points, condition).parameters())
      built.add(parameter.sizes().vec());
    EXPECT_EQ(extent(points, condition).tensors, built.tensors);
    EXPECT_EQ(extent(points, condition).numbers, built.numbers);
  }
}

TEST(ParameterShapes, OfScalesWithoutEndAreRefused) {
  PyramidOptions pyramid;
  for (const size_t scales : {14, 63, 64, 65, 1000000}) {
    pyramid.widths.assign(scales, 8), pyramid.layers.assign(scales, 4096);
    EXPECT_NE(refusal([&] { parameter_shapes(pyramid); }).find("up to a size of 4096"), std::string::npos);
    EXPECT_THROW(Pyramid{pyramid}, Error);
  }
}

TEST(ParameterShapes, CountTheOfficialNetworks) {
  // Golden: reference section 3.1, table of configurations (layers, sum of K, bits, parameters).
  struct Row {
    PyramidOptions options;
    int64_t layers, candidates;
    double bits;
    int64_t parameters;
  };
  const std::vector<Row> table = {{official_pyramid(32, 32, 64, 3), 63, 4032, 378, 74743552 + 1548288},
                                  {official_pyramid(32, 32, 512, 3), 63, 32256, 567, 74743552 + 12386304},
                                  {official_pyramid(64, 64, 512, 3), 127, 48640, 1079, 93847680 + 15532032},
                                  {official_pyramid(64, 64, 64, 3), 127, 8128, 762, 96182400},
                                  {official_pyramid(64, 64, 2, 3), 127, 254, 127, 93920640},
                                  {official_pyramid(256, 8, 64, 3), 55, 3520, 330, 40290208 + 933888}};
  for (const Row& row : table) {
    EXPECT_EQ(std::accumulate(row.options.layers.begin(), row.options.layers.end(), int64_t{0}), row.layers);
    EXPECT_EQ(sum_of_candidates(row.options), row.candidates);
    EXPECT_DOUBLE_EQ(bits_of(row.options), row.bits);
    EXPECT_EQ(value_count(parameter_shapes(row.options)), row.parameters);
  }
  EXPECT_EQ(value_count(parameter_shapes(RecurrentOptions())), 3149415 + 1000);
}

}  // namespace
}  // namespace steer
