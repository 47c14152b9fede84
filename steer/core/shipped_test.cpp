#include "steer/core/shipped.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "steer/core/files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(Shipped, ABareNameIsLookedForAmongWhatShipsAfterThePathItself) {
  const TemporaryFolder share, here;
  std::filesystem::create_directories(share / "models");
  write_file(share / "models/digits.safetensors", "weights");
  setenv("STEER_SHARE", share.path().c_str(), 1);
  EXPECT_EQ(found_or_shipped("digits", "models", ".safetensors"), share / "models/digits.safetensors");
  EXPECT_EQ(found_or_shipped("digits.safetensors", "models", ".safetensors"),
            share / "models/digits.safetensors");
  // Paths are taken as they are, and names of nothing too.
  EXPECT_EQ(found_or_shipped("./digits", "models", ".safetensors"), "./digits");
  EXPECT_EQ(found_or_shipped("letters", "models", ".safetensors"), "letters");
  EXPECT_THAT(shipped_names("models", ".safetensors"), ::testing::Contains("digits"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(here.path());
  write_file("digits", "mine");
  EXPECT_EQ(found_or_shipped("digits", "models", ".safetensors"), "digits");
  std::filesystem::current_path(before);
  unsetenv("STEER_SHARE");
}

TEST(Shipped, ALibraryMayBeToldItsFolder) {
  const TemporaryFolder share, named;
  share.put("models/told.safetensors", "weights");
  EXPECT_EQ(found_or_shipped("told", "models", ".safetensors"), "told");
  set_share(share.path());
  EXPECT_EQ(found_or_shipped("told", "models", ".safetensors"), share / "models/told.safetensors");
  // The environment's comes first.
  named.put("models/told.safetensors", "other");
  setenv("STEER_SHARE", named.path().c_str(), 1);
  EXPECT_EQ(found_or_shipped("told", "models", ".safetensors"), named / "models/told.safetensors");
  unsetenv("STEER_SHARE");
  set_share("");
}

}  // namespace
}  // namespace steer
