#include "steer/train/run_file.h"

#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(RunFile, WhatARunLeavesBehindMakesItAgain) {
  const auto model = small_ddn("pyramid");
  RunOptions options;
  options.train.images = 77;
  const Json written = run_json(options, *model);
  for (const char* family : {"ddn", ""}) {
    const RunFile file = read_run_file(written, family, "here");
    EXPECT_EQ(file.family, "ddn");
    EXPECT_EQ(file.options.train.images, 77);
    EXPECT_EQ(make_model(file.family, file.model, 0)->options(), model->options());
  }
}

TEST(RunFile, WhatAFileLeavesOutIsAsBefore) {
  RunOptions before;
  before.train.rate = 0.5;
  const RunFile file = read_run_file({{"train", {{"images", 5}}}}, "diffusion", "here", before);
  EXPECT_EQ(file.options.train.rate, 0.5);
  EXPECT_EQ(file.options.train.images, 5);
  EXPECT_TRUE(file.model.empty());
}

TEST(RunFile, AnotherFamilyAndUnknownKeysAreRefused) {
  EXPECT_NE(refusal([] {
              read_run_file({{"family", "ddn"}}, "diffusion", "here");
            }).find("here: family"),
            std::string::npos);
  EXPECT_NE(refusal([] { read_run_file({{"trian", 1}}, "ddn", "here"); }).find("train"), std::string::npos);
  EXPECT_NE(refusal([] { read_run_file(Json::array(), "ddn", "here"); }).find("object"), std::string::npos);
  for (const Json& model : {Json::array(), Json(3), Json("unet"), Json()})
    EXPECT_NE(refusal([&] {
                read_run_file({{"diffusion", model}}, "diffusion", "here");
              }).find("here: diffusion: expected an object"),
              std::string::npos)
        << model;
}

}  // namespace
}  // namespace steer
