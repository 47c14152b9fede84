#include "steer/points/point_files.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/objectives/program.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

std::string csv_refusal(const std::string& text) {
  return refusal([&] { points_from_csv(text, "a.csv"); });
}

TEST(PointFiles, RowsComeBackBitForBit) {
  const Tensor x = torch::randn({50, 2}) * 3, label = torch::arange(50) % 4;
  const PlanePoints plain = points_from_csv(points_csv(x), "a.csv");
  EXPECT_TRUE(torch::equal(plain.x, x));
  EXPECT_TRUE(torch::equal(plain.label, torch::full({50}, -1)));
  const PlanePoints labelled = points_from_csv(points_csv(x, label), "a.csv");
  EXPECT_TRUE(torch::equal(labelled.x, x));
  EXPECT_TRUE(torch::equal(labelled.label, label));
}

TEST(PointFiles, ReadsWhatOthersWrite) {
  const Tensor x = torch::tensor({{0.5, -1.0}, {2.0, 3.25}});
  for (const char* text :
       {"0.5,-1\n2,3.25\n", "# made by hand\r\nx; y\r\n0.5; -1\r\n\r\n2;3.25", "0.5 -1\n  2\t3.25\n"})
    EXPECT_TRUE(torch::equal(points_from_csv(text, "a.csv").x, x)) << text;
  EXPECT_TRUE(torch::equal(points_from_npy(npy_bytes(x), "a.npy").x, x));
  EXPECT_TRUE(torch::equal(points_from_npy(npy_bytes(x[1]), "a.npy").x, x.narrow(0, 1, 1)));
  // Doubles, as numpy.save writes them.
  std::string bytes = npy_bytes(x).substr(0, 128);
  bytes.replace(bytes.find("<f4"), 3, "<f8");
  const Tensor doubles = x.to(torch::kFloat64).contiguous();
  bytes.append(static_cast<const char*>(doubles.data_ptr()), doubles.nbytes());
  EXPECT_TRUE(torch::equal(points_from_npy(bytes, "a.npy").x, x));
}

TEST(PointFiles, RefusesWhatIsNoPoint) {
  EXPECT_EQ(csv_refusal("1,2\n3\n"),
            "[points] a.csv, line 2: expected x, y and perhaps a label, alike on every line, but got \"3\"");
  EXPECT_NE(csv_refusal("1,2\n3,nan\n").find("line 2"), std::string::npos);
  EXPECT_NE(csv_refusal("1,2\n3,4,1\n").find("line 2"), std::string::npos);
  EXPECT_NE(csv_refusal("1,2,0.5\n").find("expected a label"), std::string::npos);
  EXPECT_NE(csv_refusal("x,y\n\n").find("at least one point"), std::string::npos);
  EXPECT_NE(csv_refusal("1,2,3,4\n"), "accepted");
  const std::string whole = npy_bytes(torch::zeros({5, 2}));
  for (size_t length = 0; length < whole.size(); length += 7)
    EXPECT_NE(refusal([&] { points_from_npy(whole.substr(0, length), "a.npy"); }), "accepted") << length;
  for (const auto& shape : {std::vector<int64_t>{2, 3}, {5}, {2, 2, 2}})
    EXPECT_NE(refusal([&] { points_from_npy(npy_bytes(torch::zeros(shape)), "a.npy"); }), "accepted");
  // Numbers that no 64-bit count and no float holds.
  std::string vast = whole;
  vast.replace(vast.find("(5, 2)"), 6, "(1e300, 2)"), vast.erase(vast.find("    "), 4);
  EXPECT_NE(refusal([&] { points_from_npy(vast, "a.npy"); }), "accepted");
  EXPECT_NE(csv_refusal("1,2\n1e300,3\n").find("line 2"), std::string::npos);
  EXPECT_NE(csv_refusal(std::string(3000000, ',')).find("expected"), std::string::npos);
  std::string turned = whole;
  turned.replace(turned.find("False"), 5, "True ");
  EXPECT_NE(refusal([&] { points_from_npy(turned, "a.npy"); }).find("C order"), std::string::npos);
  EXPECT_NE(refusal([&] { read_points("a.txt"); }).find(".csv or .npy"), std::string::npos);
}

}  // namespace
}  // namespace steer
