#include "steer/work/property_telling.h"

#include <gtest/gtest.h>

#include "steer/models/families.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

LoadedModel small_property() {
  LoadedModel loaded;
  loaded.model = make_model(
      "property", {{"network", {{"elements", "HO"}, {"names", {"mu", "gap"}}, {"width", 8}, {"layers", 1}}}},
      1);
  return loaded;
}

TEST(PropertyTelling, TellsOfAllMoleculesOfAllFiles) {
  const TemporaryFolder folder;
  TellingSource source;
  source.files = {
      folder.put("two.xyz", "2\n\nH 0 0 0\nH 0.74 0 0\n3\n\nO 0 0 0\nH 0.96 0 0\nH -0.24 0.93 0\n"),
      folder.put("one.xyz", "2\n\nH 0 5 0\nH 0 5 0.74\n")};
  source.batch = 2;
  const ToldProperties found = told_properties(small_property(), source);
  EXPECT_EQ(found.told.sizes(), (std::vector<int64_t>{3, 2}));
  // The same molecule elsewhere, beside a larger one or not.
  EXPECT_LT((found.told[0] - found.told[2]).abs().max().item<double>(), 1e-5);
  EXPECT_GT((found.told[0] - found.told[1]).abs().max().item<double>(), 1e-5);
  EXPECT_EQ(found.figures["told"].size(), 3u);
  EXPECT_TRUE(found.figures["told"][1].contains("gap"));
}

TEST(PropertyTelling, RefusesWhatItCannotTellOf) {
  const TemporaryFolder folder;
  TellingSource source;
  EXPECT_NE(refusal([&] { told_properties(small_property(), source); }).find("either files"),
            std::string::npos);
  source.files = {folder.put("carbon.xyz", "1\n\nC 0 0 0\n")};
  EXPECT_NE(refusal([&] { told_properties(small_property(), source); }).find("HO"), std::string::npos);
  EXPECT_NE(refusal([&] { told_properties(loaded_ddn(), source); }).find("property"), std::string::npos);
}

}  // namespace
}  // namespace steer
