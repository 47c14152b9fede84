#include "steer/codes/similarity.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

const Tensor& list() {
  static const Tensor codes = torch::tensor(
      {{9, 9, 3, 4}, {1, 9, 9, 9}, {1, 2, 9, 4}, {1, 2, 9, 9}, {1, 2, 3, 4}, {1, 9, 3, 4}}, torch::kInt64);
  return codes;
}

std::vector<int64_t> numbers(const Tensor& tensor) {
  return {tensor.data_ptr<int64_t>(), tensor.data_ptr<int64_t>() + tensor.numel()};
}

TEST(Similarity, LongerPrefixesComeFirstThenTheOtherLayers) {
  const SimilarCodes found = similar_codes(torch::tensor({1, 2, 3, 4}, torch::kInt64), list(), 6);
  EXPECT_EQ(numbers(found.row), (std::vector<int64_t>{4, 2, 3, 5, 1, 0}));
  EXPECT_EQ(numbers(found.prefix), (std::vector<int64_t>{4, 2, 2, 1, 1, 0}));
  EXPECT_EQ(numbers(found.agreeing), (std::vector<int64_t>{4, 3, 2, 3, 1, 2}));
}

TEST(Similarity, ADistanceDecidesAmongEqualPrefixesAlone) {
  Tensor asked;
  const auto low_rows_are_far = [&](const Tensor& rows) {
    asked = rows;
    return rows.neg().to(torch::kFloat32);
  };
  const SimilarCodes found =
      similar_codes(torch::tensor({1, 2, 3, 4}, torch::kInt64), list(), 3, low_rows_are_far);
  EXPECT_EQ(numbers(found.row), (std::vector<int64_t>{4, 3, 2}));
  EXPECT_EQ(numbers(asked), (std::vector<int64_t>{2, 3, 4}));
}

TEST(Similarity, NearestRowsFollowTheDistanceAlone) {
  const SimilarCodes found = nearest_rows(torch::tensor({1, 2, 3, 4}, torch::kInt64), list(),
                                          torch::tensor({3.0, 9.0, 1.0, 9.0, 9.0, 1.0}), 4);
  EXPECT_EQ(numbers(found.row), (std::vector<int64_t>{2, 5, 0, 1}));
  EXPECT_EQ(numbers(found.prefix), (std::vector<int64_t>{2, 1, 0, 1}));
  EXPECT_EQ(numbers(found.agreeing), (std::vector<int64_t>{3, 3, 2, 1}));
}

TEST(Similarity, ACodeOfTheListFindsItself) {
  for (int64_t i = 0; i < list().size(0); ++i)
    EXPECT_EQ(similar_codes(list()[i], list(), 1).row.item<int64_t>(), i);
  EXPECT_EQ(similar_codes(list()[0], list(), 99).row.numel(), 6);
  EXPECT_THROW(similar_codes(list()[0].narrow(0, 0, 3), list(), 1), Error);
  EXPECT_THROW(similar_codes(list()[0], list(), 0), Error);
}

}  // namespace
}  // namespace steer
