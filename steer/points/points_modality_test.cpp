#include "steer/points/points_modality.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/points/point_files.h"
#include "steer/points/points_picture.h"
#include "steer/points/points_space.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

std::unique_ptr<Dataset> data_of(const std::string& path, const std::string& split = "train",
                                 int64_t limit = 0, int64_t seed = 0) {
  DataOptions options;
  options.path = path, options.split = split, options.limit = limit, options.seed = seed;
  return points_modality().dataset(options);
}

Tensor all_of(const Dataset& data) {
  std::vector<int64_t> indices(static_cast<size_t>(data.size()));
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  return data.batch(indices).data.x;
}

TEST(PointsModality, KnowsItsDataByTheirNames) {
  const Modality& points = points_modality();
  for (const char* path : {"points:spirals", "points:photo.png", "runs/a.csv", "B.NPY"})
    EXPECT_TRUE(points.holds(path)) << path;
  for (const char* path : {"shapes", "spirals", "photos/", "a.png", "csv"})
    EXPECT_FALSE(points.holds(path)) << path;
}

TEST(PointsModality, DrawsOtherPointsForEachSplitAndSeed) {
  const auto train = data_of("points:two_moons", "train", 100),
             test = data_of("points:two_moons", "test", 100);
  EXPECT_EQ(train->space(), points_space());
  EXPECT_EQ(train->size(), 100);
  EXPECT_EQ(train->classes().size(), 2u);
  EXPECT_EQ(data_of("points:two_moons", "test")->size(), 10000);
  EXPECT_FALSE(torch::equal(all_of(*train), all_of(*test)));
  EXPECT_TRUE(torch::equal(all_of(*train), all_of(*data_of("points:two_moons", "train", 100))));
  EXPECT_FALSE(torch::equal(all_of(*train), all_of(*data_of("points:two_moons", "train", 100, 1))));
  EXPECT_TRUE(data_of("points:qr", "train", 10)->classes().empty());
}

TEST(PointsModality, ReadsFilesAsDataAndAsOneSample) {
  const TemporaryFolder folder;
  const Tensor x = torch::randn({25, 2}), label = torch::arange(25) % 3;
  const std::string path = folder.put("a.csv", points_csv(x, label));
  const auto train = data_of(path), test = data_of(path, "test");
  EXPECT_EQ(train->size(), 23);
  EXPECT_TRUE(torch::equal(all_of(*test), x.index_select(0, torch::tensor({9, 19}))));
  EXPECT_EQ(train->classes(), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(train->batch({9}).told.label.item<int64_t>(), 10 % 3);
  EXPECT_TRUE(torch::equal(points_modality().read(path, points_space(), "").x, x.narrow(0, 0, 1)));
  const std::string few = folder.put("b.csv", points_csv(x.narrow(0, 0, 4)));
  EXPECT_NE(refusal([&] { data_of(few, "test"); }).find("at least 10 points"), std::string::npos);
  Space image;
  image.sizes = {3, 8, 8};
  EXPECT_NE(refusal([&] { points_modality().read(path, image, ""); }), "accepted");
}

TEST(PointsModality, RefusesOptionsOfImages) {
  DataOptions options;
  options.path = "points:qr", options.size = 32;
  EXPECT_NE(refusal([&] { points_modality().dataset(options); }).find("no size"), std::string::npos);
  options.size = 0, options.split = "both";
  EXPECT_NE(refusal([&] { points_modality().dataset(options); }).find("train or test"), std::string::npos);
}

TEST(PointsModality, APictureShowsPointsWhereTheyAre) {
  const Modality& points = points_modality();
  const auto pixel = [](double coordinate) {
    return static_cast<int64_t>((coordinate / kPictureReach + 1) / 2 * static_cast<double>(kPictureSide));
  };
  const Tensor nothing = points.picture(points_space(), {torch::full({1, 2}, 9.0)}, 0);
  const Tensor one = points.picture(points_space(), {torch::tensor({{0.31, 0.72}})}, 0);
  EXPECT_EQ(one.sizes(), (std::vector<int64_t>{3, kPictureSide, kPictureSide}));
  EXPECT_LE(one.abs().max().item<double>(), 1);
  const Tensor changed = ((one - nothing).abs().sum(0) > 0.5).nonzero().to(torch::kFloat32).mean(0);
  EXPECT_NEAR(changed[0].item<double>(), static_cast<double>(pixel(-0.72)), 1);
  EXPECT_NEAR(changed[1].item<double>(), static_cast<double>(pixel(0.31)), 1);
  // Several sources have several colours; points at the same place show the last one.
  const Tensor a = torch::tensor({{-0.3, 0.3}}), b = torch::tensor({{0.3, 0.3}});
  const Tensor two = points.picture(points_space(), {a, b}, 0);
  const auto colour = [&](double x) { return two.select(1, pixel(-0.3)).select(1, pixel(x)); };
  EXPECT_GT((colour(-0.3) - colour(0.3)).abs().max().item<double>(), 0.5);
  EXPECT_TRUE(
      torch::allclose(points.picture(points_space(), {a, a}, 0).select(1, pixel(-0.3)).select(1, pixel(-0.3)),
                      colour(0.3), 0, 0.2));
}

TEST(PointsModality, DistancesGrowAsSamplesLeaveTheData) {
  const Tensor real = all_of(*data_of("points:spirals", "train", 4000)),
               same = all_of(*data_of("points:spirals", "test", 4000));
  const auto near = points_modality().distances(points_space(), same, real),
             far = points_modality().distances(points_space(), same + 0.2, real);
  ASSERT_EQ(near.size(), 3u);
  for (size_t i = 0; i < near.size(); ++i) {
    EXPECT_LT(points_modality().distances(points_space(), real, real)[i].value, 1e-6) << near[i].name;
    EXPECT_LT(1.5 * near[i].value, far[i].value) << near[i].name;
  }
}

}  // namespace
}  // namespace steer
