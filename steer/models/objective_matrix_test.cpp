// Every objective through every generator, by every way of guidance that suits it; what cannot work says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/test_worlds.h"
#include "steer/guidance/presets.h"
#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"

namespace steer {
namespace {

constexpr int64_t kSide = 8;

// Generators of 8x8 colour images.
std::vector<std::pair<std::string, std::unique_ptr<Generator>>> generators() {
  const Json unet = {{"sample_size", kSide},
                     {"in_channels", 3},
                     {"out_channels", 3},
                     {"block_out_channels", {8, 8}},
                     {"layers_per_block", 1},
                     {"norm_num_groups", 4},
                     {"down_block_types", {"DownBlock2D", "DownBlock2D"}},
                     {"up_block_types", {"UpBlock2D", "UpBlock2D"}}};
  std::vector<std::pair<std::string, std::unique_ptr<Generator>>> all;
  Json ddn = small_ddn_options("pyramid");
  ddn["pyramid"]["image_channels"] = 3;
  all.emplace_back("ddn", generator_of(make_model("ddn", ddn, 7)));
  for (const char* process : {"edm", "flow", "ddpm"}) {
    Json options = {{"process", {{"type", process}}}, {"unet", unet}};
    all.emplace_back(process, generator_of(make_model("diffusion", options, 7)));
  }
  return all;
}

// A folder with everything that the words below name; pictures have edges and colours.
struct Things {
  Things() {
    std::filesystem::create_directories(folder);
    const Tensor ramp = at::linspace(-1, 1, kSide).view({1, kSide, 1}).expand({3, kSide, kSide});
    Tensor picture = ramp.clone();
    picture.narrow(1, 2, 4).narrow(2, 2, 4).fill_(0.9);
    picture[0].narrow(0, 2, 4).narrow(1, 2, 4).fill_(-0.8);
    write_png(folder + "x.png", picture);
    write_script(folder + "classes.pt",
                 "def forward(self, x):\n"
                 "  m = x.mean(dim=[2, 3])\n"
                 "  return torch.cat([m, 3 * x[:, :, :4].mean(dim=[2, 3])], 1)\n");
    write_script(folder + "judge.pt",
                 "def forward(self, x):\n"
                 "  m = torch.tanh(x).mean(dim=[2, 3])\n"
                 "  return torch.cat([m, 2 * x[:, :, :3].mean(dim=[2, 3])], 1)\n");
    write_script(folder + "other.pt", "def forward(self, x):\n  return torch.sigmoid(x - 0.2)\n");
    write_script(folder + "softer.pt", "def forward(self, x):\n  return torch.tanh(x)\n");
    write_script(folder + "edged.pt", "def forward(self, x):\n  return x[:, :, 1:, :] - x[:, :, :-1, :]\n");
    write_script(folder + "maps.pt", "def forward(self, x):\n  return torch.tanh(x * 2)\n");
    write_script(folder + "clip.pt", "def forward(self, x, words: str):\n  return x.mean(dim=[1, 2, 3])\n");
    std::ofstream(folder + "judge.sh") << "#!/bin/sh\n"
                                          "head -c 128 >/dev/null\n"
                                          "bytes=$(wc -c)\n"
                                          "count=$((bytes / "
                                       << 3 * kSide * kSide * 4
                                       << "))\n"
                                          "i=0; while [ $i -lt $count ]; do echo $i; i=$((i + 1)); done\n";
    std::filesystem::permissions(folder + "judge.sh", std::filesystem::perms::all);
  }
  ~Things() { std::filesystem::remove_all(folder); }
  std::string folder = testing::TempDir() + "steer_matrix/";

  std::string filled(std::string words) const {
    for (size_t at; (at = words.find('@')) != std::string::npos;) words.replace(at, 1, folder);
    return words;
  }
};

// Words, and whether a gradient reaches all of it.
const std::vector<std::pair<const char*, bool>> kObjectives = {
    {"inpaint('@x.png', mask=left)", true},
    {"super_resolve('@x.png', factor=4)", true},
    {"colourise('@x.png')", true},
    {"denoise('@x.png')", true},
    {"low_bit('@x.png')", true},
    {"gaussian_deblur('@x.png', std=0.5)", true},
    {"gaussian(mean=0.5)", true},
    {"edges('@x.png')", true},
    {"canny('@x.png', low=10, high=40)", false},
    {"strokes('@x.png')", true},
    {"strokes('@x.png', distance=l1)", true},
    {"style('@x.png', model='@maps.pt', size=8)", true},
    {"gram('@x.png', model='@maps.pt', size=8)", true},
    {"label(2, classifier='@classes.pt')", true},
    {"label(classifier='@classes.pt')", true},
    {"text('a bright sky', model='@clip.pt')", true},
    {"entropy(classifier='@classes.pt')", true},
    {"program('@judge.sh')", false},
    {"0.5*inpaint('@x.png', mask=top) + label(1, classifier='@classes.pt')", true},
    {"rank(inpaint('@x.png', mask=top) + 2*label(1, classifier='@classes.pt'))", false}};

constexpr int64_t kSamples = 3, kSteps = 3;

std::unique_ptr<Objective> asked(const Things& things, const char* words) {
  ObjectiveContext context;
  context.space = image_space(3, kSide, kSide);
  context.samples = kSamples;
  return make_objective(things.filled(words), context);
}

std::string draw_refusal(const Generator& model, const Objective& objective, const Json& settings) {
  return refusal([&] {
    const Tensor x = model.draw({sample_seeds(0, kSamples), {}}, &objective, settings).state.x;
    EXPECT_TRUE(at::isfinite(x).all().item<bool>());
    EXPECT_EQ(x.size(0), kSamples);
  });
}

SamplerOptions short_sampler(const DiffusionModel& model) {
  SamplerOptions sampler = suited_guided_sampler(model.sampler(), model.process().type());
  sampler.levels.steps = kSteps;
  return sampler;
}

Json short_settings(const Generator& model) {
  const auto* diffusion = dynamic_cast<const DiffusionModel*>(&model);
  return diffusion ? settings_of(short_sampler(*diffusion)) : Json::object();
}

TEST(ObjectiveMatrix, EveryObjectiveGuidesEveryGenerator) {
  const Things things;
  for (auto& [name, model] : generators()) {
    for (const auto& [words, differentiable] : kObjectives) {
      const auto objective = asked(things, words);
      EXPECT_EQ(objective->differentiable(), differentiable) << words;
      const Json settings = short_settings(*model);
      // Whatever suits the objective, unasked; and particles, which every generator has.
      EXPECT_EQ(draw_refusal(*model, *objective, settings), "accepted") << name << " " << words;
      if (settings.empty()) {
        EXPECT_EQ(draw_refusal(*model, *objective, {{"particles", 3}}), "accepted") << name << " " << words;
        continue;
      }
      for (const std::string& method : guidance_names()) {
        GuidanceOptions guidance = guidance_preset(method);
        guidance.population.count = 2;
        Json asked = settings;
        asked["guidance"] = options_json(guidance);
        const bool climbing = climbs(guidance.climb);
        const std::string said = draw_refusal(*model, *objective, asked);
        if (climbing && !differentiable) {
          // A sum of which one term has a gradient is refused in other words than an objective without any.
          EXPECT_THAT(said, ::testing::HasSubstr("particles")) << name << " " << method << " " << words;
        } else {
          EXPECT_EQ(said, "accepted") << name << " " << method << " " << words;
        }
      }
    }
  }
}

TEST(ObjectiveMatrix, GuidedSamplesScoreHigherThanUnguidedOnes) {
  const Things things;
  for (auto& [name, model] : generators()) {
    for (const auto& [words, differentiable] : kObjectives) {
      // Scores of ranks are of the samples compared, and the program numbers what it is given.
      const std::string text = words;
      if (text.rfind("rank", 0) == 0 || text.rfind("program", 0) == 0) continue;
      const auto objective = asked(things, words);
      const DrawRequest request{sample_seeds(0, kSamples), {}};
      Json settings = short_settings(*model);
      const torch::NoGradGuard no_grad;
      const auto score = [&](const Objective* guide) {
        return objective->score(model->draw(request, guide, settings).state).mean().item<double>();
      };
      const double unguided = score(nullptr);
      // The gradient of a network that was never trained leads nowhere; choosing helps whatever the network.
      GuidanceOptions best_of = guidance_preset("best_of");
      best_of.population.count = 8;
      if (settings.empty())
        settings["top"] = 1;
      else
        settings["guidance"] = options_json(best_of);
      // Canny's edges may be found in full without guidance.
      const double guided = score(objective.get());
      EXPECT_GE(guided, unguided) << name << " " << words;
      if (text.rfind("canny", 0) != 0) {
        EXPECT_GT(guided, unguided) << name << " " << words;
      }
    }
  }
}

// Pictures that a denoiser knows exactly: a mixture of smooth ones, a few of them like x.png.
Denoiser exact_pictures(const Things& things) {
  constexpr int64_t kPictures = 24;
  const Tensor truth = read_image(things.folder + "x.png", 3).to(torch::kFloat64);
  std::vector<Tensor> means;
  for (int64_t i = 0; i < kPictures; ++i) {
    const Tensor coarse = normals(static_cast<uint64_t>(i), {3, 2, 2}, 1);
    const Tensor smooth = at::upsample_bilinear2d(coarse, {kSide, kSide}, false)[0];
    means.push_back((i % 4 == 0 ? truth + 0.2 * smooth : 0.5 * smooth).clamp(-1, 1).flatten());
  }
  Mixture mixture;
  mixture.means = at::stack(means);
  mixture.stds = at::full({kPictures}, 0.15, torch::kFloat64);
  mixture.weights = at::full({kPictures}, 1.0 / kPictures, torch::kFloat64);
  const Denoiser vectors = exact_denoiser(mixture);
  return [vectors](const Tensor& x, const Tensor& sigma) { return vectors(x.flatten(1), sigma).view_as(x); };
}

// Objectives, each with another that nothing was steered by and that should rise too.
const std::vector<std::pair<const char*, const char*>> kJudged = {
    {"inpaint('@x.png', mask=left)", "denoise('@x.png')"},
    {"super_resolve('@x.png', factor=4)", "super_resolve('@x.png', factor=2)"},
    {"colourise('@x.png')", "super_resolve('@x.png', factor=4)"},
    {"denoise('@x.png')", "inpaint('@x.png', mask=left)"},
    {"low_bit('@x.png')", "denoise('@x.png')"},
    {"gaussian_deblur('@x.png', std=0.5)", "super_resolve('@x.png', factor=2)"},
    {"gaussian(mean=0.5)", "gaussian(mean=0.4, std=0.2)"},
    {"edges('@x.png')", "gram('@x.png', model='@edged.pt', size=8)"},
    {"strokes('@x.png')", "strokes('@x.png', distance=l1)"},
    {"strokes('@x.png', distance=l1)", "strokes('@x.png')"},
    {"style('@x.png', model='@maps.pt', size=8)", "style('@x.png', model='@other.pt', size=8)"},
    {"gram('@x.png', model='@maps.pt', size=8)", "gram('@x.png', model='@softer.pt', size=8)"},
    {"label(2, classifier='@classes.pt')", "label(2, classifier='@judge.pt')"},
    {"text('a bright sky', model='@clip.pt')", "gaussian(mean=0.6, std=0.3)"},
    {"entropy(classifier='@classes.pt')", "entropy(classifier='@judge.pt')"},
    {"0.5*inpaint('@x.png', mask=top) + label(1, classifier='@classes.pt')", "inpaint('@x.png', mask=top)"}};

TEST(ObjectiveMatrix, EveryMethodRaisesTheScoreAndAnotherJudgeAgrees) {
  const Things things;
  const Space space = image_space(3, kSide, kSide);
  const Denoiser denoiser = exact_pictures(things);
  const Tensor seeds = sample_seeds(0, 8);
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  const torch::NoGradGuard no_grad;
  const Tensor levels = with_zero(karras_levels(12, 0.02, 20));
  const auto drawn = [&](const Step& step) {
    const Tensor start = starting_noise(seeds, space.sizes, 20);
    return within(space, solve(denoiser, start, levels, step).x);
  };
  const Tensor unguided = drawn(make_step(solver, seeded_noise(seeds, space.sizes)));
  for (const auto& [words, other] : kJudged) {
    const auto objective = asked(things, words), judge = asked(things, other);
    const auto mean = [](const Objective& of, const Tensor& x) { return of.score(x).mean().item<double>(); };
    const double before = mean(*objective, unguided), before_judge = mean(*judge, unguided);
    for (const std::string& method : climb_names()) {
      if (method == "pigdm" && objective->linear().empty()) continue;  // made for measurements
      const ClimbOptions options = suited_guidance(method, kOwnStrength, *objective, space).climb;
      const Smoothed smoothed(*objective, space, lengths_climbed(options));
      const Tensor guided = drawn(climb(make_step(solver, seeded_noise(seeds, space.sizes)), smoothed,
                                        options, solver, levels, seeded_noise(seeds + 1000, space.sizes)));
      const std::string what = joined(words, " ", method);
      EXPECT_GT(mean(*objective, guided), before) << what;
      EXPECT_GT(mean(*judge, guided), before_judge) << what << ": " << other;
    }
  }
}

TEST(ObjectiveMatrix, APopulationOfOneAndNoStrengthAreTheUnguidedSamples) {
  const Things things;
  auto model = small_diffusion("edm");
  ObjectiveContext context;
  context.space = image_space(1, kSide, kSide);
  const auto objective = make_objective("gaussian()", context);
  const DrawRequest request{sample_seeds(3, kSamples), {}};
  const SamplerOptions sampler = short_sampler(*model);
  const Tensor unguided = model->draw(request, nullptr, settings_of(sampler)).state.x;
  GuidanceOptions none = guidance_preset("best_of");
  none.population.count = 1;
  GuidanceOptions still = guidance_preset("tfg");
  still.climb.rho = still.climb.mu = 0;
  for (const GuidanceOptions& guidance : {none, still}) {
    const Tensor made = model->draw(request, objective.get(), settings_of(sampler, guidance)).state.x;
    EXPECT_LT((made - unguided).abs().max().item<double>(), 1e-6);
  }
}

TEST(ObjectiveMatrix, GuidanceLeavesNoGradientInTheWeightsAndCountsWhatItAsks) {
  auto model = small_diffusion("edm");
  ObjectiveContext context;
  context.space = image_space(1, kSide, kSide);
  const auto objective = make_objective("gaussian()", context);
  const DrawRequest request{sample_seeds(3, kSamples), {}};
  const SamplerOptions sampler = short_sampler(*model);
  const auto evaluations = [&](const GuidanceOptions& guidance) {
    const auto plan = model->plan(objective.get(), settings_of(sampler, guidance));
    const int64_t counted = plan->draw(request).evaluations;
    EXPECT_EQ(plan->evaluations(), counted);
    return counted;
  };
  GuidanceOptions guidance = guidance_preset("tfg");
  guidance.climb.recurrence = 3;
  EXPECT_EQ(evaluations(guidance), kSteps * 3);
  for (const Tensor& parameter : model->module().parameters()) {
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_FALSE(parameter.grad().defined());
  }
  guidance = guidance_preset("feynman_kac");
  guidance.population.count = 5;
  EXPECT_EQ(evaluations(guidance), kSteps * 5);
}

TEST(ObjectiveMatrix, ASampleDependsOnItsSeedAlone) {
  auto model = small_diffusion("flow");
  ObjectiveContext context;
  context.space = image_space(1, kSide, kSide);
  const auto objective = make_objective("gaussian()", context);
  for (const std::string& method : guidance_names()) {
    const Json settings = settings_of(short_sampler(*model), guidance_preset(method));
    const Tensor all = model->draw({sample_seeds(3, 4), {}}, objective.get(), settings).state.x;
    const Tensor one = model->draw({sample_seeds(5, 1), {}}, objective.get(), settings).state.x;
    EXPECT_LT((one[0] - all[2]).abs().max().item<double>(), 1e-4) << method;
  }
}

TEST(ObjectiveMatrix, StepsAreSafeUnlessSettingsAreOlderThanThat) {
  auto model = small_diffusion("flow");
  ObjectiveContext context;
  context.space = image_space(1, kSide, kSide);
  const auto objective = make_objective("gaussian()", context);
  for (const std::string& method : climb_names()) {
    Json settings = model->plan(objective.get(), {{"method", method}})->settings();
    EXPECT_EQ(settings["guidance"]["climb"]["safe"].get<bool>(), method != "pigdm") << method;
    settings["guidance"]["climb"].erase("safe");
    const Json old = model->plan(objective.get(), settings)->settings();
    EXPECT_FALSE(old["guidance"]["climb"]["safe"].get<bool>()) << method;
  }
  // One setting of many is no old recipe.
  const Json one = {{"method", "tfg"}, {"guidance", {{"climb", {{"rho", 2}}}}}};
  EXPECT_TRUE(model->plan(objective.get(), one)->settings()["guidance"]["climb"]["safe"].get<bool>());
}

}  // namespace
}  // namespace steer
