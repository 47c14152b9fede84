#include "steer/models/diffusers_model.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/models/small_models.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

Tensor drawn(DiffusionModel& model, const Tensor& label) {
  SamplerOptions sampler = suited_sampler(model.process().type());
  sampler.levels.steps = 4;
  return model.draw({sample_seeds(3, 2), {label, {}}}, nullptr, settings_of(sampler)).state.x;
}

TEST(DiffusersModel, ComesBackAsTheSameGenerator) {
  const TemporaryFolder folder;
  for (const char* process : {"ddpm", "cosine"}) {
    auto model = small_diffusion(process, 3);
    for (Tensor& parameter : model->module().parameters()) parameter.detach().add_(0.02);
    const std::string path = folder / process;
    export_diffusers(path, *model);
    const auto back = import_diffusers(path);
    EXPECT_EQ(back->process().type(), process);
    EXPECT_EQ(back->settings().prediction, "eps");
    // The one for "no class" is a class like others to whom it is not told.
    EXPECT_EQ(back->needs().classes, 4);
    const Tensor label = torch::tensor({2, 3});
    EXPECT_LT((drawn(*back, label) - drawn(*model, label)).abs().max().item<double>(), 1e-5) << process;
  }
}

TEST(DiffusersModel, ProcessesThatTheLibraryLacksAreRefused) {
  const TemporaryFolder folder;
  for (const char* process : {"edm", "flow", "vp"}) {
    auto model = small_diffusion(process);
    EXPECT_THROW(export_diffusers(folder / process, *model), Error) << process;
  }
}

}  // namespace
}  // namespace steer
