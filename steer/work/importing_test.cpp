#include "steer/work/importing.h"

#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(Importing, AFolderOfDiffusersBecomesARunThatDrawsTheSame) {
  const TemporaryFolder folder;
  LoadedModel loaded;
  loaded.model = small_diffusion("ddpm");
  loaded.path = "small";
  const Json exported = export_folder(loaded, folder / "theirs");
  EXPECT_EQ(exported["parameters"], loaded.model->parameter_count());
  const Imported made = import_folder(folder / "theirs", {}, folder / "run");
  EXPECT_EQ(made.parameters, loaded.model->parameter_count());
  EXPECT_EQ(made.space, loaded.model->space());
  EXPECT_EQ(made.figures["process"], "ddpm");
  EXPECT_EQ(made.figures["image"], Json({1, 8, 8}));
  LoadedModel back = load_model(folder / "run", torch::kCPU);
  EXPECT_EQ(weight_fingerprint(back.model->module()), weight_fingerprint(loaded.model->module()));
  const Json options = read_json_file(folder / "run/options.json");
  EXPECT_EQ(options["family"], "diffusion");
  EXPECT_EQ(options["data"]["size"], 8);
  EXPECT_EQ(options["data"]["channels"], 1);
}

TEST(Importing, ARunThatIsThereIsKept) {
  const TemporaryFolder folder;
  folder.put("run/model.safetensors", "mine");
  EXPECT_NE(
      refusal([&] { import_folder(folder / "theirs", {}, folder / "run"); }).find("holds a run already"),
      std::string::npos);
  EXPECT_NE(refusal([&] { import_weights("x", {}, folder / "run"); }).find("holds a run already"),
            std::string::npos);
}

TEST(Importing, OnlyADiffusionIsExported) {
  const TemporaryFolder folder;
  LoadedModel loaded;
  loaded.model = small_ddn("pyramid");
  loaded.path = "small";
  EXPECT_NE(refusal([&] { export_folder(loaded, folder / "x"); }).find("expected a diffusion model"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
