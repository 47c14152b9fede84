#include "steer/picture/gif.h"

#include <gif_lib.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string_view>

#include "steer/core/files.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

struct Film {
  Tensor frames;  // uint8 [F, 3, H, W], as shown
  std::vector<int> delays, areas;
};

// A film as a player shows it: each patch over what stood before.
Film shown(std::string_view bytes) {
  int error = 0;
  GifFileType* gif = DGifOpen(
      &bytes,
      [](GifFileType* from, GifByteType* to, int count) {
        auto& left = *static_cast<std::string_view*>(from->UserData);
        const size_t some = std::min(left.size(), static_cast<size_t>(count));
        std::memcpy(to, left.data(), some);
        left.remove_prefix(some);
        return static_cast<int>(some);
      },
      &error);
  STEER_CHECK(gif && DGifSlurp(gif) == GIF_OK, "not a GIF");
  Film film;
  film.frames = torch::zeros({gif->ImageCount, 3, gif->SHeight, gif->SWidth}, torch::kUInt8);
  auto out = film.frames.accessor<uint8_t, 4>();
  for (int f = 0; f < gif->ImageCount; ++f) {
    if (f > 0) film.frames[f].copy_(film.frames[f - 1]);
    const SavedImage& image = gif->SavedImages[f];
    const GifImageDesc& at = image.ImageDesc;
    for (int i = 0; i < at.Width * at.Height; ++i) {
      const GifColorType colour = gif->SColorMap->Colors[image.RasterBits[i]];
      const GifByteType channels[] = {colour.Red, colour.Green, colour.Blue};
      for (int c = 0; c < 3; ++c) out[f][c][at.Top + i / at.Width][at.Left + i % at.Width] = channels[c];
    }
    GraphicsControlBlock control;
    DGifSavedExtensionToGCB(gif, f, &control);
    film.delays.push_back(control.DelayTime);
    film.areas.push_back(at.Width * at.Height);
  }
  DGifCloseFile(gif, &error);
  return film;
}

Tensor noisy_frames(at::IntArrayRef shape) {
  torch::manual_seed(3);
  return torch::randint(0, 256, shape, torch::kUInt8);
}

TEST(Gif, GreyFramesComeBackBitForBit) {
  const TemporaryFolder folder;
  const Tensor frames = noisy_frames({4, 13, 17});
  write_gif(folder / "a.gif", frames);
  const std::string bytes = read_file(folder / "a.gif");
  EXPECT_EQ(bytes.substr(0, 6), "GIF89a");
  EXPECT_NE(bytes.find("NETSCAPE2.0"), bytes.npos);
  const Film film = shown(bytes);
  EXPECT_TRUE(torch::equal(film.frames, frames.unsqueeze(1).expand({-1, 3, -1, -1})));
  EXPECT_EQ(film.delays, (std::vector<int>{5, 5, 5, 200}));
  EXPECT_EQ(encode_gif(frames.unsqueeze(1)), bytes);
}

TEST(Gif, AFrameStoresOnlyWhatChanged) {
  const Tensor frames = noisy_frames({1, 20, 30}).repeat({3, 1, 1});
  frames[1].slice(0, 4, 9).slice(1, 10, 12) += 1;
  frames[2] = frames[1];
  const Film film = shown(encode_gif(frames));
  EXPECT_EQ(film.areas, (std::vector<int>{600, 10, 1}));
  EXPECT_TRUE(torch::equal(film.frames.select(1, 0), frames));
}

TEST(Gif, ValuesStandForThePaletteAndColoursAreRoundedToNearOnes) {
  GifOptions options;
  options.palette = noisy_frames({256, 3});
  const Tensor frames = noisy_frames({2, 5, 6});
  const Tensor colours = options.palette.index({frames.to(torch::kInt64)}).permute({0, 3, 1, 2});
  EXPECT_TRUE(torch::equal(shown(encode_gif(frames, options)).frames, colours));

  const Tensor wanted = noisy_frames({2, 3, 9, 9});
  const Tensor off = shown(encode_gif(wanted)).frames.to(torch::kInt32) - wanted.to(torch::kInt32);
  EXPECT_LE(off.abs().max().item<int>(), 26);  // half a step of six
  const Tensor corners = torch::tensor({0, 255, 0, 255, 255, 0}, torch::kUInt8).view({1, 3, 1, 2});
  EXPECT_TRUE(torch::equal(shown(encode_gif(corners)).frames, corners));
}

TEST(Gif, OtherFramesAreRefused) {
  EXPECT_THROW(encode_gif(torch::zeros({1, 4, 4})), Error);
  EXPECT_THROW(encode_gif(torch::zeros({1, 2, 4, 4}, torch::kUInt8)), Error);
  EXPECT_THROW(encode_gif(torch::zeros({0, 4, 4}, torch::kUInt8)), Error);
  GifOptions options;
  options.palette = torch::zeros({16, 3}, torch::kUInt8);
  EXPECT_THROW(encode_gif(torch::zeros({1, 4, 4}, torch::kUInt8), options), Error);
}

}  // namespace
}  // namespace steer
