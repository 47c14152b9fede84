#include "steer/work/reflowing.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

LoadedModel loaded_process(const std::string& process) {
  LoadedModel loaded;
  loaded.model = small_diffusion(process);
  loaded.path = "here";
  return loaded;
}

ReflowRequest reflow_request_in(const TemporaryFolder& folder) {
  ReflowRequest request;
  request.run = "here";
  request.out = folder / "straight";
  request.settings = {{"steps", 2}};
  request.pairs = 12, request.batch = 5;
  request.images = 32;
  request.sets = {"train.loader.batch=8", "train.grid_minutes=0"};
  return request;
}

TEST(Reflowing, PairsAreDrawnOnceAndARunGoesOn) {
  const TemporaryFolder folder;
  ReflowRequest request = reflow_request_in(folder);
  std::vector<std::string> titles;
  const Reflowing first = run_reflow(loaded_process("flow"), request, [&](const Moment& moment) {
    if (titles.empty() || titles.back() != moment.title) titles.push_back(moment.title);
    return true;
  });
  EXPECT_EQ(titles, (std::vector<std::string>{"draw pairs", "reflow " + request.out}));
  EXPECT_FALSE(first.drawn_before);
  EXPECT_EQ(first.pairs, 12);
  EXPECT_EQ(first.sampler["levels"]["steps"], 2);
  EXPECT_EQ(first.summary.state.images, 32);
  EXPECT_NE(refusal([&] { run_reflow(loaded_process("flow"), request); }).find("holds a run already"),
            std::string::npos);
  request.resume = true, request.images = 48, request.sets = {};
  const Reflowing second = run_reflow(loaded_process("flow"), request);
  EXPECT_TRUE(second.drawn_before);
  EXPECT_EQ(second.summary.state.images, 48);
  const Json json = reflowing_json(second, request);
  EXPECT_EQ(json["images"], 48);
  EXPECT_EQ(json["pairs"], 12);
}

TEST(Reflowing, OnlyFlowsAreTakenAndAWatchEndsTheDrawing) {
  const TemporaryFolder folder;
  const ReflowRequest request = reflow_request_in(folder);
  EXPECT_NE(refusal([&] { run_reflow(loaded_process("edm"), request); }).find("expected a flow"),
            std::string::npos);
  const std::string fault =
      refusal([&] { run_reflow(loaded_process("flow"), request, [](const Moment&) { return false; }); });
  EXPECT_NE(fault.find("interrupted"), std::string::npos) << fault;
  EXPECT_FALSE(std::filesystem::exists(request.out));
}

}  // namespace
}  // namespace steer
