#include "steer/modalities/objectives.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>

#include <png.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/image/blur.h"
#include "steer/image/image_space.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// A picture file of the given size that is removed at the end.
struct PictureFile {
  PictureFile(const std::string& name, const Tensor& image) : path(testing::TempDir() + "steer_" + name) {
    write_png(path, image);
    picture = read_image(path, 3).unsqueeze(0);
  }
  ~PictureFile() { std::filesystem::remove(path); }

  std::string path;
  Tensor picture;  // [1, 3, H, W], as read
};

Tensor noise_picture(int64_t size) {
  return torch::rand({3, size, size}) * 2 - 1;
}

ObjectiveContext colour32() {
  ObjectiveContext context;
  context.space = image_space(3, 32, 32);
  return context;
}

// A PNG of planes uint8 [4, H, W].
void write_rgba_png(const std::string& path, const Tensor& planes) {
  const Tensor pixels = planes.permute({1, 2, 0}).contiguous();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(planes.size(1));
  image.width = static_cast<png_uint_32>(planes.size(2));
  image.format = PNG_FORMAT_RGBA;
  ASSERT_TRUE(png_image_write_to_file(&image, path.c_str(), 0, pixels.data_ptr<uint8_t>(), 0, nullptr));
}

std::string objective_refusal(const std::string& words, const ObjectiveContext& context) {
  return refusal([&] { make_objective(words, context); });
}

TEST(Objectives, AreHighestAtTheirOwnPicture) {
  const PictureFile file("own.png", noise_picture(32));
  for (const char* words : {"inpaint(PATH, mask=left)", "super_resolve(PATH, factor=4)", "colourise(PATH)",
                            "denoise(PATH, noise=0.5)", "gaussian_deblur(PATH)",
                            "gaussian_deblur(PATH, std=1, size=5, noise=0.1)",
                            "0.5*inpaint(PATH, mask=centre) + 2*colourise(PATH)"}) {
    std::string filled = words;
    for (size_t at; (at = filled.find("PATH")) != std::string::npos;)
      filled.replace(at, 4, "'" + file.path + "'");
    const std::unique_ptr<Objective> objective = make_objective(filled, colour32());
    const Tensor x = file.picture + 0.2 * torch::randn({9, 3, 32, 32});
    const float best = objective->score(file.picture).item<float>();
    EXPECT_NEAR(best, 0.0f, 1e-6) << words;
    EXPECT_LT(objective->score(x).max().item<float>(), best) << words;
    EXPECT_EQ(shape_text(objective->degraded().sizes()), "[1, 3, 32, 32]");
    EXPECT_EQ(shape_text(objective->hidden().sizes()), "[1, 1, 32, 32]");
    // Its own words make the same objective again.
    EXPECT_TRUE(torch::equal(make_objective(objective->words(), colour32())->score(x), objective->score(x)));
  }
}

TEST(Objectives, TakeTheContextsTruthWhereWordsNameNoImage) {
  ObjectiveContext context = colour32();
  context.truth = torch::rand({2, 3, 32, 32}) * 2 - 1;
  for (const char* words : {"inpaint(mask=left)", "super_resolve(factor=4)", "colourise()",
                            "denoise(add=false)", "gaussian_deblur()"})
    EXPECT_TRUE(
        torch::allclose(make_objective(words, context)->score(context.truth), torch::zeros({2}), 0, 1e-6));
  EXPECT_EQ(objective_refusal("colourise()", colour32()),
            "[objective] column 1: colourise needs an image, as in colourise(photo.png, ...)");
}

TEST(Modalities, AWordForDataMeansTheSameWhateverAFolderOfItsNameHolds) {
  const TemporaryFolder folder;
  folder.put("shapes/log.jsonl", "{\"text\": \"no picture\"}\n");
  folder.put("shapes:hue/some.txt", "no picture");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  DataOptions options;
  options.size = 16, options.limit = 2;
  std::vector<std::string> kinds;
  for (const char* path : {"shapes", "shapes:hue", "./shapes"}) {
    options.path = path;
    if (options.path == "./shapes") options.size = 0, options.length = 4;
    kinds.push_back(make_dataset(options)->space().kind);
  }
  std::filesystem::current_path(before);
  EXPECT_EQ(kinds, (std::vector<std::string>{"image", "image", "text"}));
}

TEST(Modalities, AreOneForEachKind) {
  EXPECT_EQ(refusal([] { add_modality(modality_of("points")); }),
            "[modality] expected a new kind of sample but \"points\" is known already");
}

TEST(Objectives, AddNoiseThatDependsOnTheTargetsSeedAlone) {
  ObjectiveContext context = colour32();
  context.truth = torch::zeros({3, 3, 32, 32});
  context.seed = 11;
  const Tensor noisy = make_objective("denoise(noise=0.5)", context)->degraded();
  EXPECT_NEAR(noisy.std().item<float>(), 0.5f, 0.02f);
  context.truth = context.truth.narrow(0, 0, 1);
  context.seed = 13;
  EXPECT_TRUE(torch::equal(make_objective("denoise(noise=0.5)", context)->degraded()[0], noisy[2]));
  // A picture from a file is noisy already unless told otherwise.
  const PictureFile file("noisy.png", noise_picture(32));
  const std::string image = "'" + file.path + "'";
  EXPECT_TRUE(torch::equal(make_objective("denoise(" + image + ")", context)->degraded(), file.picture));
  EXPECT_TRUE(torch::allclose(make_objective("denoise(" + image + ", add=true)", context)->degraded()[0],
                              file.picture[0] + noisy[2], 1e-5, 1e-6));
}

TEST(Objectives, DeblurTakesPicturesThatAreBlurredAlready) {
  const PictureFile file("blurred.png", noise_picture(32));
  const std::string image = "'" + file.path + "'";
  const auto shown = [&](const std::string& words) { return make_objective(words, colour32())->degraded(); };
  EXPECT_TRUE(torch::equal(shown("gaussian_deblur(" + image + ", blurred=true)"), file.picture));
  EXPECT_TRUE(torch::equal(shown("gaussian_deblur(" + image + ", size=auto)"),
                           blurred(file.picture, gaussian_kernel(1.5, 6))));
}

TEST(Objectives, SuperResolveTakesSmallPicturesAsTheMeasurement) {
  const PictureFile low("low.png", noise_picture(8));
  const auto objective = make_objective("super_resolve('" + low.path + "', factor=4)", colour32());
  ASSERT_EQ(objective->linear().size(), 1u);
  EXPECT_TRUE(torch::equal(objective->linear()[0].y, low.picture));
  EXPECT_EQ(objective_refusal("super_resolve('" + low.path + "', factor=2)", colour32()),
            "[image] " + low.path +
                ": expected an image of size 32x32 or 16x16 (height x width) but got 8x8; "
                "fit resize, pad or crop takes other sizes");
}

TEST(Objectives, FitPicturesOfAnotherSizeOnlyWhenTold) {
  const PictureFile large("large.png", noise_picture(64)), small("small.png", noise_picture(28));
  const auto shown = [&](const PictureFile& file, const std::string& fit) {
    return make_objective("denoise('" + file.path + "', fit=" + fit + ")", colour32())->degraded();
  };
  EXPECT_EQ(objective_refusal("denoise('" + large.path + "')", colour32()),
            "[image] " + large.path +
                ": expected an image of size 32x32 (height x width) but got 64x64; "
                "fit resize, pad or crop takes other sizes");
  EXPECT_TRUE(torch::allclose(shown(large, "resize"), area_resize(large.picture, 32, 32), 1e-5, 1e-6));
  EXPECT_EQ(shape_text(shown(small, "resize").sizes()), "[1, 3, 32, 32]");
  const Tensor padded = shown(small, "pad");
  EXPECT_TRUE(torch::equal(padded.narrow(2, 2, 28).narrow(3, 2, 28), small.picture));
  EXPECT_EQ(padded.narrow(2, 0, 2).max().item<float>(), -1.0f);
  EXPECT_TRUE(torch::allclose(shown(large, "pad"), shown(large, "resize")));
  EXPECT_NE(objective_refusal("denoise('" + small.path + "', fit=stretch)", colour32())
                .find(": denoise: expected fit as resize or pad or crop but got stretch"),
            std::string::npos);
  ObjectiveContext context = colour32();
  context.fit = "pad";
  EXPECT_TRUE(torch::equal(make_objective("denoise('" + small.path + "')", context)->degraded(), padded));
}

TEST(Objectives, OrderSamplesAsTheirFormulasDo) {
  // Yang 2025: -MSE to the picture shrunk, to its channel means, to 5 grey levels, over the known pixels.
  torch::manual_seed(77);
  ObjectiveContext context = colour32();
  context.truth = torch::rand({1, 3, 32, 32}) * 2 - 1;
  const Tensor x = torch::rand({7, 3, 32, 32}) * 2 - 1;
  const auto mse = [](const Tensor& a, const Tensor& b) { return (a - b).square().mean({1, 2, 3}); };
  std::vector<std::pair<std::string, Tensor>> table;
  for (const int64_t factor : {2, 4, 8, 16})
    table.push_back({joined("super_resolve(factor=", factor, ")"),
                     mse(area_resize(x, 32 / factor, 32 / factor),
                         area_resize(context.truth, 32 / factor, 32 / factor))});
  table.push_back({"colourise()", mse(x.mean({1}, true), context.truth.mean({1}, true))});
  const Tensor kernel = gaussian_kernel(1.5, 6);
  table.push_back({"gaussian_deblur()", mse(blurred(x, kernel), blurred(context.truth, kernel))});
  table.push_back({"gaussian(mean=-0.2, std=0.1)", (x + 0.2).square().mean({1, 2, 3})});
  table.push_back({"low_bit()", mse(x, (2 * context.truth).round() / 2)});
  table.push_back({"denoise(noise=0.53, add=false)", mse(x, context.truth)});
  table.push_back({"inpaint(mask=left)", mse(x.narrow(3, 16, 16), context.truth.narrow(3, 16, 16))});
  for (const auto& [words, error] : table)
    EXPECT_TRUE(torch::equal(make_objective(words, context)->score(x).argsort(), (-error).argsort()))
        << words;
}

TEST(Objectives, StrokesReadTheirAlpha) {
  // RGBA: the left column red and opaque, the rest transparent.
  Tensor planes = torch::zeros({4, 32, 32}, torch::kUInt8);
  planes[0].narrow(1, 0, 1).fill_(255);
  planes[3].narrow(1, 0, 1).fill_(255);
  planes[1].narrow(1, 5, 3).fill_(200);
  const std::string path = testing::TempDir() + "steer_strokes.png";
  write_rgba_png(path, planes);
  const ObjectiveContext context = colour32();
  Tensor red = torch::full({1, 3, 32, 32}, -1.0f);
  red.select(1, 0).fill_(1);
  for (const char* distance : {"l1", "l2"}) {
    const auto objective =
        make_objective("strokes('" + path + "', noise=2, distance=" + distance + ")", context);
    EXPECT_NEAR(objective->score(red).item<float>(), 0, 1e-6);
    // A column of 32 pixels in three channels, each off by 2.
    EXPECT_NEAR(objective->score(-red).item<float>(), 96 * (distance[1] == '1' ? -std::sqrt(2.0) : -0.5),
                1e-3);
    EXPECT_EQ(objective->linear().size(), distance[1] == '2' ? 1u : 0u);
  }
  EXPECT_NE(objective_refusal("strokes('" + path + "', distance=l3)", context).find("l2 or l1"),
            std::string::npos);
  EXPECT_NE(objective_refusal("strokes()", context).find("needs the argument image"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(Objectives, ARankOfTermsIsRead) {
  ObjectiveContext context = colour32();
  context.truth = torch::rand({2, 3, 32, 32}) * 2 - 1;
  const auto objective = make_objective("rank(0.5*inpaint(mask=left) + edges()) + colourise()", context);
  EXPECT_EQ(objective->words(), "rank(0.5*inpaint(mask=left) + edges()) + colourise()");
  EXPECT_EQ(objective->targets(), 2);
  ASSERT_EQ(objective->parts().size(), 2u);
  EXPECT_EQ(objective->parts()[0].objective->parts().size(), 2u);
}

TEST(Objectives, RefuseWhatTheyDoNotKnow) {
  ObjectiveContext context = colour32();
  context.truth = torch::zeros({1, 3, 32, 32});
  EXPECT_EQ(objective_refusal("colourise() + inpant(mask=left)", context),
            "[objective] column 15: unknown objective inpant; known are inpaint, super_resolve, colourise, "
            "denoise, low_bit, gaussian_deblur, strokes, edges, canny, style, gram, text, gaussian, label, "
            "certain, program, rank; did you mean inpaint?");
  EXPECT_EQ(objective_refusal("inpaint()", context), "[objective] column 1: inpaint needs the argument mask");
  EXPECT_EQ(objective_refusal("super_resolve()", context),
            "[objective] column 1: super_resolve needs the argument factor");
  EXPECT_EQ(objective_refusal("super_resolve(factor=5)", context),
            "[objective] column 1: super_resolve: expected a factor that divides 32x32 but got 5");
  EXPECT_EQ(
      objective_refusal("super_resolve(factor=64)", context),
      "[objective] column 15: super_resolve: expected factor as a whole number from 2 to 32 but got 64");
  EXPECT_EQ(objective_refusal("colourise(noise=0)", context),
            "[objective] column 11: colourise: expected noise as a number from 0.001 to 100 but got 0");
  EXPECT_EQ(objective_refusal("denoise(add=perhaps)", context),
            "[objective] column 9: denoise: expected add as true or false but got perhaps");
  EXPECT_EQ(objective_refusal("gaussian_deblur(size=81)", context),
            "[gaussian_deblur] expected a kernel of size 1 to 63, whose radius is below the picture's sides, "
            "but got 81");
  EXPECT_EQ(
      objective_refusal("gaussian_deblur(size=wide)", context),
      "[objective] column 17: gaussian_deblur: expected size as a whole number from 1 to 65536 but got wide");
  EXPECT_NE(objective_refusal("gaussian_deblur(size=4)", context).find("odd size"), std::string::npos);
  EXPECT_NE(objective_refusal("gaussian(std=0)", context).find("expected std as a number"),
            std::string::npos);
  EXPECT_NE(objective_refusal("inpaint(missing.png, mask=left)", context), "accepted");
  EXPECT_NE(objective_refusal("inpaint(mask=diagonal)", context), "accepted");
  context.space.sizes[0] = 1;
  EXPECT_NE(objective_refusal("inpaint(mask=left)", context), "accepted");  // truth of three channels
  context.truth = torch::zeros({1, 1, 32, 32});
  EXPECT_EQ(objective_refusal("colourise()", context),
            "[objective] column 1: colourise: expected samples of several channels but these are grey");
}

}  // namespace
}  // namespace steer
