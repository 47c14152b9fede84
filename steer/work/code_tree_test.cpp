#include "steer/work/code_tree.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

TEST(CodeTree, HoldsEveryPrefix) {
  const LoadedModel loaded = loaded_ddn();
  CodeTreeOptions options;
  options.levels = 2;
  options.cell = 8;
  const CodeTree tree = code_tree(loaded, options);
  EXPECT_EQ(tree.branching, 8);
  EXPECT_EQ(tree.prefixes, 8 + 64);
  EXPECT_EQ(tree.picture.sizes(), (std::vector<int64_t>{1, 72, 72}));
  EXPECT_EQ(tree.figures["levels"], 2);
  options.most = 63;
  EXPECT_THROW(code_tree(loaded, options), Error);
}

TEST(CodeTree, IsToldTheClass) {
  const LoadedModel loaded = loaded_class_ddn();
  CodeTreeOptions options;
  options.levels = 3;
  options.cell = 4;
  EXPECT_THROW(code_tree(loaded, options), Error);
  options.telling.label = "1";
  const Tensor one = code_tree(loaded, options).picture;
  options.telling.label = "2";
  EXPECT_FALSE(torch::equal(code_tree(loaded, options).picture, one));
}

}  // namespace
}  // namespace steer
