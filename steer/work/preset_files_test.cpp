#include "steer/work/preset_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/shipped.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// A folder of two models that ship, one of them with two presets.
struct PresetFiles : testing::Test {
  void SetUp() override {
    std::filesystem::create_directories(folder / "models/presets");
    for (const char* model : {"little", "little.two"})
      write_file(folder / ("models/" + std::string(model) + ".safetensors"), "");
    for (const char* preset : {"little.label", "little.colours", "littler.label"})
      write_file(folder / ("models/presets/" + std::string(preset) + ".json"),
                 R"({"guidance": {"climb": {"rho": 2}}})");
    set_share(folder.path());
  }
  void TearDown() override { set_share(""); }

  TemporaryFolder folder;
};

TEST_F(PresetFiles, AreListedForTheModelThatTheyShipWith) {
  const std::vector<std::string> two = {"colours", "label"};
  EXPECT_EQ(presets_of("little"), two);
  EXPECT_EQ(presets_of(folder / "models/little.safetensors"), two);
  EXPECT_TRUE(presets_of("littler").empty()) << "there are presets but no such model";
  EXPECT_TRUE(presets_of("elsewhere/little.safetensors").empty()) << "another model of that name";
}

TEST_F(PresetFiles, AreReadByNameOrPath) {
  EXPECT_EQ(read_preset("label", "little")["guidance"]["climb"]["rho"], 2);
  const std::string own = folder / "own.json";
  write_file(own, R"({"sampler": {"scale": 3}})");
  EXPECT_EQ(read_preset(own, "little")["sampler"]["scale"], 3);
  write_file(own, R"({"rho": 3})");
  EXPECT_NE(refusal([&] { read_preset(own, "little"); }).find("expected an object with guidance or sampler"),
            std::string::npos);
}

TEST_F(PresetFiles, AreNamedWhereOneIsMissing) {
  EXPECT_EQ(
      refusal([] { read_preset("lable", "little"); }),
      "[preset] lable: expected a file that steer search wrote, or a preset of little (that ships for it: "
      "colours, label)");
  EXPECT_EQ(refusal([] { read_preset("label", "runs/mine"); }),
            "[preset] label: expected a file that steer search wrote, or a preset of runs/mine (none ships "
            "for it)");
}

}  // namespace
}  // namespace steer
