#include "steer/work/listings.h"

#include <gtest/gtest.h>

#include <set>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/diffusion/solver.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Listings, HaveAMeaningForEveryNameAndNoNameTwice) {
  std::set<std::string> lists;
  for (const Listing& listing : listings()) {
    EXPECT_TRUE(lists.insert(listing.name).second) << listing.name;
    EXPECT_FALSE(listing.entries.empty()) << listing.name;
    std::set<std::string> names;
    for (const Named& entry : listing.entries) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      EXPECT_FALSE(entry.meaning.empty()) << entry.name;
      EXPECT_EQ(entry.meaning.find('\n'), std::string::npos) << entry.name;
    }
  }
}

TEST(Listings, HoldWhatTheLibraryTakes) {
  const Listing& listing = listing_of("solvers");
  EXPECT_EQ(names_of(listing.entries), solver_names());
  EXPECT_EQ(listing_json(listing)["entries"][0]["name"], "ddpm");
  std::set<std::string> settings;
  for (const Named& entry : listing_of("settings").entries) settings.insert(entry.name);
  for (const char* name : {"ddn.top", "ddn.beam", "diffusion.solver", "diffusion.guidance"})
    EXPECT_EQ(settings.count(name), 1u) << name;
}

TEST(Listings, SuggestTheNearestName) {
  EXPECT_NE(refusal([] { listing_of("solver"); }).find("did you mean solvers?"), std::string::npos);
  EXPECT_EQ(
      refusal([] { words_about("inpant"); }),
      "[words] expected a kind of sample or a word of an objective but got inpant; did you mean inpaint?");
}

TEST(Words, AreThoseOfAKindOrOneAlone) {
  EXPECT_EQ(words_about("super_resolve").size(), 1u);
  // Kinds of samples may each have a word of a name.
  for (const Word* word : words_about("inpaint")) EXPECT_EQ(word->name, "inpaint");
  EXPECT_EQ(words_about("inpaint").size(), 3u);
  EXPECT_EQ(words_about("entropy").at(0)->name, "certain");
  EXPECT_GE(words_about("").size(), words_about("image").size());
  EXPECT_NE(find_word(words_about("image"), "gaussian"), nullptr);
}

}  // namespace
}  // namespace steer
