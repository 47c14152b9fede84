#include "steer/image/text.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/image/image_space.h"
#include "steer/image/words.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(Text, HandsWordsAndColourImagesToTheNetwork) {
  const TemporaryFolder folder;
  const std::string network =
      write_script(folder / "clip.pt",
                   "def forward(self, images, text: str):\n  assert images.size(1) == 3\n"
                   "  s = images.mean(dim=[1, 2, 3])\n  if text == 'a dark day':\n    s = -s\n  return s\n");
  ObjectiveContext context;
  context.space = image_space(1, 4, 4);
  const Tensor x = torch::rand({5, 1, 4, 4});
  const auto dark =
      objective_of("text('a dark day', model='" + network + "')", vocabulary_of({&image_words()}), context);
  const auto bright =
      objective_of("text('a bright day', model='" + network + "')", vocabulary_of({&image_words()}), context);
  EXPECT_TRUE(torch::allclose(bright->score(x), x.mean({1, 2, 3})));
  EXPECT_TRUE(torch::allclose(dark->score(x), -bright->score(x)));
  EXPECT_THROW(objective_of("text(model='" + network + "')", vocabulary_of({&image_words()}), context),
               Error);
  EXPECT_THROW(objective_of("text('a day')", vocabulary_of({&image_words()}), context), Error);
  const std::string flat =
      write_script(folder / "flat.pt", "def forward(self, images, text: str):\n  return images\n");
  EXPECT_THROW(
      objective_of("text('a day', model='" + flat + "')", vocabulary_of({&image_words()}), context)->score(x),
      Error);
}

}  // namespace
}  // namespace steer
