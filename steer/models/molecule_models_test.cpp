#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/guidance/climb.h"
#include "steer/guidance/presets.h"
#include "steer/modalities/objectives.h"
#include "steer/models/diffusion_model.h"
#include "steer/models/families.h"
#include "steer/models/models.h"
#include "steer/models/property_model.h"
#include "steer/molecule/molecule_objectives.h"
#include "steer/molecule/molecule_space.h"
#include "steer/nn/initial_values.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// Water and hydrogen, with the number of atoms told as a property.
class TwoMolecules : public Dataset {
 public:
  int64_t size() const override { return 6; }
  Space space() const override { return molecule_space(4, "HO"); }
  std::vector<std::string> values() const override { return {"mu", "gap"}; }
  Batch batch(const std::vector<int64_t>& indices) const override {
    std::vector<Molecule> some;
    Batch batch;
    batch.told.value = torch::zeros({static_cast<int64_t>(indices.size()), 2});
    for (size_t i = 0; i < indices.size(); ++i) {
      const bool water = indices[i] % 3 != 0;
      Molecule molecule;
      molecule.number = water ? std::vector<int>{8, 1, 1} : std::vector<int>{1, 1};
      molecule.position = water
                              ? std::vector<std::array<double, 3>>{{0, 0, 0}, {0.96, 0, 0}, {-0.24, 0.93, 0}}
                              : std::vector<std::array<double, 3>>{{0, 0, 0}, {0.74, 0, 0}};
      some.push_back(molecule);
      batch.told.value[static_cast<int64_t>(i)][0] = water ? 1.85 : 0;
      batch.told.value[static_cast<int64_t>(i)][1] = static_cast<double>(molecule.size());
    }
    batch.data = as_samples(space(), some, "[test]");
    batch.index = torch::tensor(indices, torch::kInt64);
    batch.told.label = torch::full({batch.index.size(0)}, -1, torch::kInt64);
    return batch;
  }
};

std::unique_ptr<Model> small_molecule_diffusion() {
  const Json options = {{"egnn", {{"width", 16}, {"blocks", 2}}}, {"process", {{"type", "edm"}}}};
  return make_model("diffusion", fitted_options("diffusion", options, TwoMolecules(), "water"), 5);
}

// A model told the number of atoms, which it knows as "gap".
std::unique_ptr<Model> told_molecule_diffusion() {
  const Json options = {{"egnn", {{"width", 16}, {"blocks", 2}, {"told", {"gap"}}}}};
  auto model = make_model("diffusion", fitted_options("diffusion", options, TwoMolecules(), "water"), 5);
  model->meet(TwoMolecules());
  return model;
}

DrawRequest told_gaps(std::vector<double> gaps) {
  const auto count = static_cast<int64_t>(gaps.size());
  DrawRequest request{sample_seeds(5, count), {}};
  request.told.value = torch::tensor(gaps, torch::kFloat32).unsqueeze(1);
  return request;
}

double mean_off(const State& samples) {
  return samples.x.narrow(2, 0, 3).sum(1).abs().max().item<double>();
}

TEST(MoleculeDiffusion, FollowsItsDataAndLearns) {
  const auto model = small_molecule_diffusion();
  const auto& diffusion = dynamic_cast<DiffusionModel&>(*model);
  EXPECT_EQ(model->space(), TwoMolecules().space());
  EXPECT_EQ(diffusion.settings().egnn.sizes, (std::vector<int64_t>{0, 0, 2, 4, 0}));
  const Batch batch = TwoMolecules().batch({0, 1, 2, 3});
  const LossReport report = model->loss(batch, 3);
  report.loss.backward();
  EXPECT_GT(report.loss.item<double>(), 0);
}

TEST(ToldMoleculeDiffusion, HasAsManyAtomsAsSuitWhatItIsTold) {
  const auto model = told_molecule_diffusion();
  auto& generator = dynamic_cast<Generator&>(*model);
  EXPECT_EQ(generator.needs().values, (std::vector<std::string>{"gap"}));
  const double untold = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> gaps = {2, 3, 2, 3, 3, 2, 2.9, 2.1};
  gaps.resize(40, untold);
  const Json settings = {{"steps", 2}};
  const Tensor atoms = generator.draw(told_gaps(gaps), nullptr, settings).state.mask.sum(1);
  const Tensor wanted = torch::tensor({2, 3, 2, 3, 3, 2, 3, 2}, torch::kInt64);
  EXPECT_TRUE(torch::equal(atoms.narrow(0, 0, 8), wanted)) << atoms;
  // Two of three molecules of the data have three atoms.
  EXPECT_GT((atoms.narrow(0, 8, 32) == 2).sum().item<int64_t>(), 3);
  EXPECT_GT((atoms.narrow(0, 8, 32) == 3).sum().item<int64_t>(), 8);
  // However far off, the nearest size is taken.
  EXPECT_EQ(generator.draw(told_gaps({-1e6}), nullptr, settings).state.mask.sum().item<int64_t>(), 2);
}

TEST(ToldMoleculeDiffusion, FollowsWhatItIsToldAndTakesAScale) {
  const auto model = told_molecule_diffusion();
  const torch::NoGradGuard no_grad;
  const InitialValues values(4);
  for (auto& parameter : model->module().parameters()) at::Tensor(parameter).normal_(0, 0.1);
  auto& generator = dynamic_cast<Generator&>(*model);
  const auto drawn = [&](double gap, const Json& settings) {
    return generator.draw(told_gaps({gap}), nullptr, settings).state.x;
  };
  const Json few = {{"steps", 4}, {"sampler", {{"atoms", 3}}}},
             strong = {{"steps", 4}, {"sampler", {{"atoms", 3}, {"scale", 3}}}};
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(torch::equal(drawn(2.5, few), drawn(2.9, few)));
  EXPECT_FALSE(torch::equal(drawn(2.5, few), drawn(2.5, strong)));
  EXPECT_TRUE(torch::equal(drawn(none, few), drawn(none, strong)));
  // Without numbers nothing is told.
  const Samples untold = generator.draw({sample_seeds(5, 1), {}}, nullptr, few);
  EXPECT_TRUE(torch::equal(untold.state.x, drawn(none, few)));
  DrawRequest wide = told_gaps({2});
  wide.told.value = torch::zeros({1, 2});
  EXPECT_NE(refusal([&] { generator.draw(wide, nullptr, few); }).find("expected 1 numbers"),
            std::string::npos);
}

TEST(ToldMoleculeDiffusion, LearnsFromItsDataAndBeginsFromAnUntoldModel) {
  const auto model = told_molecule_diffusion();
  const auto& network = dynamic_cast<const EgnnImpl&>(*dynamic_cast<DiffusionModel&>(*model).network());
  EXPECT_NEAR(network.told_mean.item<double>(), 8.0 / 3, 1e-6);
  EXPECT_NEAR(network.told_deviation.item<double>(), 4.0 / 9, 1e-6);
  EXPECT_NEAR(network.told_by_atoms[0][3].item<double>(), 3, 1e-6);
  model->loss(TwoMolecules().batch({0, 1, 2, 3}), 3).loss.backward();
  // The last two of what enters are the number and that it is told.
  const Tensor moved = network.embedding->weight.grad().abs().sum(0);
  EXPECT_GT(moved.narrow(0, 3, 2).min().item<double>(), 0);

  const auto plain = small_molecule_diffusion();
  LoadedModel from;
  from.path = "plain", from.model = small_molecule_diffusion();
  const WeightsTaken taken = take_weights(*model, from);
  EXPECT_EQ(taken.fresh, (std::vector<std::string>{"told_by_atoms", "told_deviation", "told_mean"}));
  const Batch batch = TwoMolecules().batch({0, 1});
  const auto answer = [&](Model& of, const Tensor& told) {
    return dynamic_cast<DiffusionModel&>(of).denoiser(told)(batch.data.x, torch::full({2}, 0.5));
  };
  EXPECT_TRUE(torch::allclose(answer(*model, torch::tensor({{2.f}, {3.f}})), answer(*plain, {}), 1e-5, 1e-6));

  const Json other = {{"egnn", {{"told", {"size"}}}}};
  EXPECT_NE(refusal([&] {
              fitted_options("diffusion", other, TwoMolecules(), "water");
            }).find("expected names out of mu, gap but got size"),
            std::string::npos);
  const Json certain = {{"label_dropout", 0}, {"egnn", {{"told", {"gap"}}}}};
  EXPECT_NE(refusal([&] {
              make_model("diffusion", fitted_options("diffusion", certain, TwoMolecules(), "water"), 5);
            }).find("label_dropout"),
            std::string::npos);
}

TEST(MoleculeDiffusion, SamplesLieWithinTheSubspaceAndFollowTheirSeeds) {
  const auto model = small_molecule_diffusion();
  auto& generator = dynamic_cast<Generator&>(*model);
  for (const char* solver : {"heun", "ddpm", "dpmpp_2m_sde"}) {
    const Json settings = {{"solver", solver}, {"steps", 4}};
    const Samples many = generator.draw({sample_seeds(5, 12), {}}, nullptr, settings);
    EXPECT_LT(mean_off(many.state), 1e-4) << solver;
    EXPECT_TRUE(torch::equal(many.state.mask, (many.state.x != 0).any(2)));
    const Tensor atoms = many.state.mask.sum(1);
    EXPECT_TRUE(((atoms == 2) | (atoms == 3)).all().item<bool>());
    const Samples one = generator.draw({sample_seeds(9, 1), {}}, nullptr, settings);
    // Up to rounding, as all samples in float32.
    EXPECT_LT((one.state.x[0] - many.state.x[4]).abs().max().item<double>(), 1e-3) << solver;
  }
}

TEST(MoleculeDiffusion, IsGuidedByEveryWayToALargerRadius) {
  const auto model = small_molecule_diffusion();
  auto& generator = dynamic_cast<Generator&>(*model);
  ObjectiveContext context;
  context.space = model->space();
  const auto wide = make_objective("radius(4, noise=0.2)", context);
  const auto score = [&](const Json& settings, const Objective* objective) {
    Json all = settings;
    all["steps"] = 10;
    const Samples samples = generator.draw({sample_seeds(5, 8), {}}, objective, all);
    EXPECT_LT(mean_off(samples.state), 1e-4) << settings.dump();
    return gyration_radius(seen_molecules(samples.state)).mean().item<double>();
  };
  const double plain = score({}, nullptr);
  for (const char* method : {"dps", "freedom", "mpgd", "ugd", "tfg", "lgd", "auto"}) {
    const double reached = score({{"method", method}}, wide.get());
    EXPECT_LT(std::abs(reached - 4), std::abs(plain - 4)) << method;
  }
  const double chosen = score({{"method", "feynman_kac"}, {"particles", 32}}, wide.get());
  EXPECT_LT(std::abs(chosen - 4), std::abs(plain - 4));
}

// In float64, where only rounding could tell a turned molecule from another.
TEST(MoleculeDiffusion, EveryGuidedStepTurnsWithItsNoise) {
  const InitialValues values(4);
  EgnnOptions shape;
  shape.atoms = 5, shape.elements = "HO", shape.width = 12, shape.blocks = 2;
  Egnn network(shape);
  network->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) at::Tensor(parameter).normal_(0, 0.1);
  // The preconditioning of edm, without its cast to float32.
  const Denoiser denoiser = [network](const Tensor& x, const Tensor& sigma) {
    const Tensor s = sigma.view({-1, 1, 1}), both = s.square() + 0.25;
    const Tensor f = network->forward(x / both.sqrt(), sigma.log() / 4);
    return x * 0.25 / both + s * 0.5 / both.sqrt() * f;
  };
  ObjectiveContext context;
  context.space = molecule_space(5, "HO");
  const auto objective =
      make_objective("radius(3, noise=4) + clash(1.5, noise=4) + count(O, 2, noise=4)", context);
  const Tensor places = torch::arange(5).unsqueeze(0) < torch::tensor({{5}, {3}});
  Tensor q = std::get<0>(torch::linalg_qr(torch::randn({3, 3}, torch::kFloat64)));
  const auto turned = [&](const Tensor& x) {
    return torch::cat({x.narrow(-1, 0, 3).matmul(q), x.narrow(-1, 3, x.size(-1) - 3)}, -1);
  };
  const auto noise_of = [&](uint64_t seed, bool turn) -> Noise {
    const Noise plain = seeded_noise(sample_seeds(seed, 2), {5, 5});
    return [=](int64_t draw) {
      const Tensor noise = network->confined(plain(draw), places);
      return turn ? turned(noise) : noise;
    };
  };
  const Tensor levels = torch::tensor({3.0, 1.0, 0.3, 0.0}, torch::kFloat64);
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  for (const std::string method : {"dps", "lgd", "freedom", "mpgd", "ugd", "tfg"}) {
    const ClimbOptions options = guidance_preset(method).climb;
    const Smoothed smoothed(*objective, context.space);
    const auto stepped = [&](bool turn) {
      const Step step = climb(make_step(solver, noise_of(1, turn), 3), smoothed, options, solver, levels,
                              noise_of(9, turn));
      Tensor x = 3 * noise_of(5, turn)(0);
      for (int64_t i = 0; i < 3; ++i)
        x = step(denoiser, x, levels[i].item<double>(), levels[i + 1].item<double>());
      return x;
    };
    const Tensor plain = stepped(false), other = stepped(true);
    EXPECT_LT((turned(plain) - other).abs().max().item<double>(),
              1e-10 * (1 + plain.abs().max().item<double>()))
        << method;
    EXPECT_LT(plain.narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-9) << method;
  }
}

TEST(MoleculeDiffusion, GoesOnFromMoleculesAtTheirOwnPlaces) {
  const auto model = small_molecule_diffusion();
  auto& generator = dynamic_cast<Generator&>(*model);
  DrawRequest request{sample_seeds(1, 3), {}};
  request.begin.from = TwoMolecules().batch({1, 0, 2}).data;
  request.begin.noise = 0.3;
  const Samples samples = generator.draw(request, nullptr, {{"steps", 4}});
  EXPECT_TRUE(torch::equal(samples.state.mask, request.begin.from.mask));
  request.begin.noise = 0;
  EXPECT_TRUE(torch::equal(generator.draw(request, nullptr, {}).state.x, request.begin.from.x));
}

TEST(MoleculeDdn, LearnsItsMoleculesAndChoosesAmongThem) {
  const TwoMolecules data;
  const Json options = {{"points", {{"width", 64}, {"layers", 2}, {"candidates", {4, 4}}}},
                        {"balance", "bias"}};
  const auto model = make_model("ddn", fitted_options("ddn", options, data, "water"), 3);
  EXPECT_EQ(model->space(), data.space());
  auto& generator = dynamic_cast<Generator&>(*model);
  const Batch batch = data.batch({0, 1, 2, 3, 4, 5});
  torch::optim::Adam adam(model->module().parameters(), torch::optim::AdamOptions(1e-2));
  for (int64_t step = 0; step < 300; ++step) {
    adam.zero_grad();
    model->loss(batch, static_cast<uint64_t>(step)).loss.backward();
    adam.step();
    model->after_step(step, nullptr, nullptr);
  }
  const Encoded back = generator.codec()->encode(batch.data);
  EXPECT_TRUE(torch::equal(back.state.mask, batch.data.mask));
  ObjectiveContext context;
  context.space = model->space();
  for (const int64_t oxygen : {0, 1}) {
    const auto wanted = make_objective("count(O, " + std::to_string(oxygen) + ")", context);
    const Samples samples = generator.draw({sample_seeds(1, 4), {}}, wanted.get(), {{"top", 1}});
    const Tensor found = type_count(seen_molecules(samples.state), 1);
    EXPECT_LT((found - static_cast<double>(oxygen)).abs().max().item<double>(), 0.4) << found;
  }
}

TEST(PropertyModel, MeetsItsDataAndLearnsInTheirUnits) {
  const TwoMolecules data;
  const Json options = {{"network", {{"width", 16}, {"layers", 2}, {"names", {"gap"}}}}};
  const auto model = make_model("property", fitted_options("property", options, data, "water"), 2);
  auto& property = dynamic_cast<PropertyModel&>(*model);
  const Batch batch = data.batch({0, 1, 2, 3, 4, 5});
  EXPECT_NE(refusal([&] { model->loss(batch, 1); }).find("met"), std::string::npos);
  model->meet(data);
  // Gap is 2, 3, 3 of each three: mean 8/3, mean absolute deviation 4/9.
  EXPECT_NEAR(model->module().named_buffers()["mean"].item<double>(), 8.0 / 3, 1e-6);
  EXPECT_NEAR(model->module().named_buffers()["deviation"].item<double>(), 4.0 / 9, 1e-6);
  torch::optim::Adam adam(model->module().parameters(), torch::optim::AdamOptions(1e-2));
  for (int64_t step = 0; step < 150; ++step) {
    adam.zero_grad();
    model->loss(batch, static_cast<uint64_t>(step)).loss.backward();
    adam.step();
  }
  const Tensor told = property.told(batch.data).squeeze(1);
  EXPECT_LT((told - batch.told.value.select(1, 1)).abs().max().item<double>(), 0.15);
  const Json other = {{"network", {{"names", {"volume"}}}}};
  EXPECT_NE(refusal([&] { fitted_options("property", other, data, "water"); }).find("mu, gap"),
            std::string::npos);
}

TEST(PropertyModel, GuidesFromItsFileInItsUnits) {
  const TwoMolecules data;
  const Json options = {{"network", {{"width", 16}, {"layers", 2}}}};
  const auto model = make_model("property", fitted_options("property", options, data, "water"), 2);
  model->meet(data);
  const TemporaryFolder folder;
  const std::string path = folder / "properties.safetensors";
  save_model(path, *model, {}, nullptr);
  const State samples = data.batch({0, 1, 2}).data;
  const Tensor told = dynamic_cast<PropertyModel&>(*model).told(samples);
  const torch::NoGradGuard no_grad;
  EXPECT_LT((load_properties(path, torch::kCPU).network(samples.x) - told).abs().max().item<double>(), 1e-5);
  ObjectiveContext context;
  context.space = data.space();
  const auto both = make_objective("property(predictor='" + path + "', mu=1, gap=2.5, noise=0.5)", context);
  const Tensor unit = 0.5 * dynamic_cast<PropertyModel&>(*model).deviation();
  const Tensor off = (told - torch::tensor({1.0, 2.5})) / unit;
  EXPECT_LT((both->score(samples) + off.square().sum(1) / 2).abs().max().item<double>(), 1e-3);
}

}  // namespace
}  // namespace steer
