#include "steer/work/sample_film.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/sound_files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// Sees samples of a space at each of `steps` steps.
void see_all(SampleFilm& film, int64_t steps, const std::function<State(int64_t)>& at_step) {
  for (int64_t i = 0; i < steps; ++i) {
    Glimpse glimpse;
    glimpse.index = i, glimpse.of = steps;
    glimpse.sample = [&, i] { return at_step(i); };
    film.see(glimpse);
  }
}

TEST(SampleFilm, OfSoundsIsHeardInTwelveMomentsThatEndWithTheLast) {
  const TemporaryFolder folder;
  const Space space = mel_space(usual_mel_options(8000, 16), 16);
  // Silence, but a band in the very end.
  const auto at_step = [](int64_t i) {
    State state(at::full({2, 1, 16, 16}, -1.0));
    if (i == 29) state.x.select(2, 5).fill_(1);
    return state;
  };
  SampleFilm film(space);
  see_all(film, 30, at_step);
  EXPECT_EQ(film.frames(), 30);
  film.write(folder / "film.wav", {{"run", "x"}});
  const Sound heard = read_sound(folder / "film.wav");
  const int64_t each = sound_samples(space), pause = 8000 / 4;
  ASSERT_EQ(heard.samples.size(1), 12 * each + 11 * pause);
  const int64_t before = 11 * (each + pause);
  EXPECT_EQ(heard.samples.narrow(1, 0, before).abs().max().item<double>(), 0);
  EXPECT_GT(heard.samples.narrow(1, before, each).abs().max().item<double>(), 0.5);
  EXPECT_EQ(read_json_file(folder / "film.json")["run"], "x");
  film.write(folder / "film.gif", {{"run", "x"}});
  EXPECT_EQ(read_file(folder / "film.gif").substr(0, 6), "GIF89a");
}

TEST(SampleFilm, WithoutASampleIsRefused) {
  const TemporaryFolder folder;
  const SampleFilm film(mel_space(usual_mel_options(8000, 16), 16));
  EXPECT_EQ(refusal([&] {
              film.write(folder / "film.wav", {{"run", "x"}});
            }),
            "[film] " + (folder / "film.wav") + ": expected steps that show samples but there were none");
}

}  // namespace
}  // namespace steer
