#include "steer/core/class_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

TEST(ClassNames, AWordIsANameOrElseANumber) {
  const ClassNames animals = {"ant", "bee", "cat"};
  EXPECT_EQ(class_of("cat", animals, 3, "x"), 2);
  EXPECT_EQ(class_of("1", animals, 3, "x"), 1);
  EXPECT_EQ(class_of("9", {}, 10, "x"), 9);
  // Folders of digits are sorted as words are.
  EXPECT_EQ(class_of("2", {"0", "1", "10", "2"}, 4, "x"), 3);
  EXPECT_EQ(refusal([&] { class_of("dog", animals, 3, "[label]"); }),
            "[label]: expected a class out of ant, bee, cat, or a number from 0 to 2, but got \"dog\"");
  for (const char* word : {"", "3", "-1", "1.0", "99999999999"})
    EXPECT_THAT(refusal([&] { class_of(word, {}, 3, "x"); }), HasSubstr("a number from 0 to 2")) << word;
}

TEST(ClassNames, LabelsGoOverByName) {
  const Tensor label = torch::tensor({0, 2, -1, 1}, torch::kInt64);
  const Tensor there = relabelled(label, {"ant", "bee", "cat"}, {"cat", "dog", "ant", "bee"}, "x");
  EXPECT_TRUE(at::equal(there, torch::tensor({2, 0, -1, 3}, torch::kInt64)));
  // What is not used need not be known.
  EXPECT_TRUE(at::equal(relabelled(label.narrow(0, 0, 1), {"ant", "bee", "cat"}, {"ant"}, "x"),
                        torch::zeros({1}, torch::kInt64)));
  EXPECT_EQ(refusal([&] {
              relabelled(label, {"ant", "bee", "cat"}, {"ant", "cat"}, "[data]");
            }),
            "[data]: expected classes out of ant, cat but got \"bee\" out of ant, bee, cat");
}

TEST(ClassNames, WithoutNamesLabelsStay) {
  const Tensor label = torch::tensor({0, 2}, torch::kInt64);
  EXPECT_TRUE(at::equal(relabelled(label, {}, {"a", "b", "c"}, "x"), label));
  EXPECT_TRUE(at::equal(relabelled(label, {"a", "b", "c"}, {}, "x"), label));
  EXPECT_FALSE(relabelled({}, {"a"}, {"b"}, "x").defined());
}

TEST(ClassNames, GoIntoMetadataAndBack) {
  const ClassNames names = {"a \"b\"", "c,d", ""};
  EXPECT_EQ(class_names_of(class_names_json(names)), names);
  for (const char* text : {"", "3", "[1]", "{", "[\"a\", 2]"}) EXPECT_TRUE(class_names_of(text).empty());
  EXPECT_EQ(class_text(names, 1), "c,d");
  EXPECT_EQ(class_text({}, 1), "1");
  EXPECT_TRUE(are_numbers({"0", "1", "2"}));
  EXPECT_FALSE(are_numbers({"0", "1", "10", "2"}));
  EXPECT_THAT(names_text(ClassNames(23, "x")), HasSubstr("x and 3 more"));
}

}  // namespace
}  // namespace steer
