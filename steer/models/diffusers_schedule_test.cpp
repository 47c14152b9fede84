#include "steer/models/diffusers_schedule.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/models/diffusers_json.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(DiffusersSchedule, SchedulesAreTakenOverOrRefusedByName) {
  const auto read = [](const Json& config) -> std::string {
    try {
      return schedule_config(read_schedule_config(config, "s.json")).dump();
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(read(Json::object()), schedule_config({}).dump());
  EXPECT_FALSE(read_schedule_config({{"_class_name", "PNDMScheduler"}}, "").clip_sample);
  EXPECT_EQ(read_schedule_config({{"predict_epsilon", false}}, "").prediction_type, "sample");
  EXPECT_EQ(read_schedule_config({{"timestep_spacing", "trailing"}, {"beta_end", 0.5}}, "").beta_end, 0.5);
  const std::vector<std::pair<Json, const char*>> table = {
      {{{"beta_schedule", "sigmoid"}}, "sigmoid"},
      {{{"prediction_type", "flow_prediction"}}, "flow_prediction"},
      {{{"variance_type", "learned_range"}}, "learned_range"},
      {{{"_class_name", "ScoreSdeVeScheduler"}}, "ScoreSdeVeScheduler"},
      {{{"rescale_betas_zero_snr", true}}, "rescale_betas_zero_snr"},
      {{{"trained_betas", Json::array({0.1})}}, "trained_betas"},
      {{{"thresholding", true}}, "thresholding"},
      {{{"use_flow_sigmas", true}}, "use_flow_sigmas"},
      {{{"timestep_spacing", "random"}}, "random"},
      {{{"timestep_type", "secret"}}, "secret"},
      {{{"clip_sample_range", 0}}, "clip_sample_range"},
      {{{"sigma_min", 3}, {"sigma_max", 2}}, "sigma_max"},
      {{{"num_train_timesteps", 0}}, "num_train_timesteps"},
      {{{"beta_start", 0.5}}, "beta_start"},
      {{{"beta_end", "x"}}, "beta_end"}};
  for (const auto& [config, part] : table)
    EXPECT_NE(read(config).find(part), std::string::npos) << read(config);
}

TEST(DiffusersSchedule, BetasAreThoseOfTheFormulas) {
  DiffusersSchedule schedule;
  // Golden: reference section 1.2.
  const Tensor kept = (1 - betas(schedule)).cumprod(0);
  EXPECT_NEAR(kept[0].item<double>(), 0.9999, 1e-9);
  EXPECT_NEAR(kept[999].item<double>(), 4.03583e-5, 1e-10);
  schedule.beta_schedule = "scaled_linear";
  EXPECT_NEAR(betas(schedule)[0].item<double>(), 1e-4, 1e-12);
  EXPECT_NEAR(betas(schedule)[999].item<double>(), 0.02, 1e-12);
  EXPECT_LT(betas(schedule)[500].item<double>(), 0.01);
  schedule.beta_schedule = "squaredcos_cap_v2";
  const Tensor cosine = betas(schedule);
  EXPECT_EQ(cosine.size(0), 1000);
  EXPECT_NEAR(cosine[999].item<double>(), 0.999, 1e-12);
  // Half-way the kept part is cos^2 of about a quarter turn: 1/2 but for the offset.
  EXPECT_NEAR((1 - cosine).cumprod(0)[499].item<double>(), 0.4938, 1e-3);
}

TEST(DiffusersSchedule, EveryClassHasDefaultsOfItsOwn) {
  const auto read = [](const char* scheduler) {
    return read_schedule_config({{"_class_name", scheduler}}, "s.json");
  };
  EXPECT_EQ(read("HeunDiscreteScheduler").beta_start, 0.00085);
  EXPECT_EQ(read("HeunDiscreteScheduler").beta_end, 0.012);
  EXPECT_EQ(read("DDIMScheduler").beta_end, 0.02);
  EXPECT_TRUE(read("DDIMScheduler").clip_sample);
  EXPECT_EQ(read("DDIMScheduler").timestep_spacing, "leading");
  EXPECT_EQ(read("EulerDiscreteScheduler").timestep_spacing, "linspace");
  EXPECT_FALSE(read("EulerDiscreteScheduler").clip_sample);
  EXPECT_EQ(read("EDMEulerScheduler").kind, "edm");
  EXPECT_EQ(read("EDMEulerScheduler").sigma_max, 80);
  EXPECT_EQ(read("FlowMatchEulerDiscreteScheduler").kind, "flow");
  for (const std::string& each : scheduler_names())
    EXPECT_EQ(refusal([&] { read(each.c_str()); }), "accepted") << each;
  EXPECT_NE(refusal([] { scheduler_defaults("LCMScheduler"); }).find("LCMScheduler"), std::string::npos);
}

TEST(DiffusersSchedule, NumbersThatAreNoneAsPythonWritesThemDoNotStopAFile) {
  const Json config =
      parse_json(with_words_for_non_numbers(R"({"_class_name": "DPMSolverMultistepScheduler", "beta_end": 0.5,
  "lambda_min_clipped": -Infinity, "odd": [NaN, Infinity,-Infinity], "say \"NaN": "Infinity \\"})"),
                 "s.json");
  EXPECT_EQ(read_schedule_config(config, "s.json").beta_end, 0.5);
  EXPECT_EQ(config.at("lambda_min_clipped"), "-Infinity");
  EXPECT_EQ(config.at("odd"), Json::array({"NaN", "Infinity", "-Infinity"}));
  EXPECT_EQ(config.at("say \"NaN"), "Infinity \\");
  // Where such a number matters, it is refused by its name.
  const std::string text = refusal([] {
    read_schedule_config(parse_json(with_words_for_non_numbers(R"({"beta_end": NaN})"), ""), "s.json");
  });
  EXPECT_NE(text.find("beta_end"), std::string::npos) << text;
  EXPECT_NE(text.find("NaN"), std::string::npos) << text;
  EXPECT_EQ(with_words_for_non_numbers(R"("a\)"), R"("a\)");
}

TEST(DiffusersSchedule, WhatIsWrittenIsReadAsItWas) {
  DiffusersSchedule schedule;
  schedule.variance_type = "fixed_large", schedule.clip_sample_range = 2;
  schedule.timestep_spacing = "trailing", schedule.steps_offset = 1;
  for (const char* kind : {"betas", "edm", "flow"}) {
    schedule.kind = kind;
    schedule.sigma_min = 0.01, schedule.sigma_max = 50, schedule.shift = 3;
    const Json written = schedule_config(schedule);
    const DiffusersSchedule back = read_schedule_config(written, "s.json");
    EXPECT_EQ(back.kind, kind);
    EXPECT_EQ(schedule_config(back), written);
  }
}

}  // namespace
}  // namespace steer
