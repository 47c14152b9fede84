#include "steer/molecule/ani.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/json.h"
#include "steer/core/pi.h"
#include "steer/molecule/ani_objective.h"
#include "steer/molecule/molecule_space.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

constexpr double kEv = 27.211386;  // of a Hartree

// Molecules as an Ani takes them.
struct AniInput {
  Tensor position, number;
};

AniInput one_molecule(const std::vector<int64_t>& number, const std::vector<double>& position) {
  const auto atoms = static_cast<int64_t>(number.size());
  return {torch::tensor(position, torch::kFloat64).view({1, atoms, 3}),
          torch::tensor(number, torch::kInt64).view({1, atoms})};
}

// Water with an angle of 104 degrees between bonds of 0.96 Angstrom.
AniInput bent_water() {
  const double angle = 104 * kPi / 180;
  return one_molecule({8, 1, 1}, {0, 0, 0, 0.96, 0, 0, 0.96 * std::cos(angle), 0.96 * std::sin(angle), 0});
}

// Two molecules of up to 7 atoms with near and far neighbours, the second with empty places between.
AniInput some_input() {
  torch::manual_seed(5);
  AniInput input;
  input.number = torch::tensor({{6, 1, 8, 7, 1, 1, 6}, {8, 0, 1, 6, 0, 0, 1}}, torch::kInt64);
  const Tensor grid = torch::tensor({{0.0, 0.0, 0.0},
                                     {1.1, 0.0, 0.0},
                                     {0.0, 1.3, 0.0},
                                     {0.0, 0.0, 1.4},
                                     {1.2, 1.3, 0.2},
                                     {2.8, 0.1, 1.9},
                                     {4.1, -0.4, 0.3}},
                                    torch::kFloat64);
  input.position = (grid + 0.2 * torch::randn({2, 7, 3}, torch::kFloat64)) * (input.number > 0).unsqueeze(2);
  return input;
}

Json small_options() {
  return {{"elements", {"H", "C", "N", "O"}},
          {"radial_cutoff", 4.5},
          {"radial_eta", 3.1},
          {"radial_shifts", {0.8, 1.5, 2.6}},
          {"angular_cutoff", 3.2},
          {"angular_eta", 2.3},
          {"zeta", 5.5},
          {"angular_shifts", {0.9, 1.7}},
          {"angle_shifts", {0.4, 1.2, 2.4}},
          {"celu_alpha", 0.1},
          {"self_energies", {-0.5, -38.0, -54.5, -75.0}}};
}

constexpr int64_t kSmallLength = 4 * 3 + 10 * 2 * 3;

// A potential of random networks with two layers.
Checkpoint small_file(int64_t networks = 3) {
  torch::manual_seed(3);
  Checkpoint file;
  for (const char* element : {"H", "C", "N", "O"}) {
    const std::string name = element;
    file.tensors[name + ".0.weight"] = 0.5 * torch::randn({networks, 6, kSmallLength});
    file.tensors[name + ".0.bias"] = torch::randn({networks, 6});
    file.tensors[name + ".1.weight"] = 0.3 * torch::randn({networks, 1, 6});
    file.tensors[name + ".1.bias"] = torch::randn({networks, 1});
  }
  file.metadata = {{"format", "steer"},
                   {"family", "ani"},
                   {"potential", "small"},
                   {"options", Json({{"network", small_options()}}).dump()}};
  return file;
}

Ani ani_of(const Checkpoint& file) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "ani.safetensors", file);
  return Ani(folder / "ani.safetensors");
}

Ani small_ani() {
  return ani_of(small_file());
}

double largest_of(const Tensor& x) {
  return x.abs().max().item<double>();
}

// The formulas of a distance and of an angle, written out; angular numbers are those of one pair of kinds.
double falloff_at(double r, double cutoff) {
  return r > cutoff ? 0 : 0.5 * std::cos(kPi * r / cutoff) + 0.5;
}

std::vector<double> radial_by_hand(double r, const AniConstants& c) {
  std::vector<double> numbers;
  for (const double s : c.radial_shifts)
    numbers.push_back(0.25 * std::exp(-c.radial_eta * (r - s) * (r - s)) * falloff_at(r, c.radial_cutoff));
  return numbers;
}

std::vector<double> angular_by_hand(double r1, double r2, double cosine, const AniConstants& c) {
  std::vector<double> numbers;
  const double angle = std::acos(0.95 * cosine), r = (r1 + r2) / 2;
  const double falloff = falloff_at(r1, c.angular_cutoff) * falloff_at(r2, c.angular_cutoff);
  for (const double s : c.angular_shifts)
    for (const double a : c.angle_shifts)
      numbers.push_back(2 * std::pow((1 + std::cos(angle - a)) / 2, c.zeta) *
                        std::exp(-c.angular_eta * (r - s) * (r - s)) * falloff);
  return numbers;
}

// An environment of zeros but for these numbers at these places.
Tensor environment_of(const std::vector<std::pair<int64_t, std::vector<double>>>& parts) {
  Tensor all = torch::zeros({kSmallLength}, torch::kFloat64);
  for (const auto& [at, numbers] : parts)
    all.narrow(0, at, static_cast<int64_t>(numbers.size())) += torch::tensor(numbers, torch::kFloat64);
  return all;
}

TEST(Ani, HydrogensSeeEachOtherAsTheFormulaSays) {
  const Ani ani = small_ani();
  const AniInput in = one_molecule({1, 1}, {0, 0, 0, 0.4, -0.5, 0.3});
  const Tensor seen = ani.environments(in.position, in.number);
  const Tensor expected = environment_of({{0, radial_by_hand(std::sqrt(0.5), ani.constants())}});
  ASSERT_EQ(seen.sizes(), (std::vector<int64_t>{2, kSmallLength}));
  for (const int64_t atom : {0, 1}) EXPECT_LT(largest_of(seen[atom] - expected), 1e-14);
}

TEST(Ani, AtomsOfWaterSeeWhatTheFormulaSays) {
  const Ani ani = small_ani();
  const AniConstants& c = ani.constants();
  const AniInput in = bent_water();
  const Tensor seen = ani.environments(in.position, in.number);
  // Kinds are H C N O, radial numbers 3 a kind, angular ones 6 a pair of kinds: HH is 0, HO is 3.
  const double bond = 0.96, angle = 104 * kPi / 180, apart = 2 * bond * std::sin(angle / 2);
  const int64_t of_hydrogen = 0, of_oxygen = 9, of_two_hydrogens = 12, of_both = 12 + 3 * 6;
  const std::vector<double> near = radial_by_hand(bond, c), far = radial_by_hand(apart, c);
  const Tensor oxygen = environment_of({{of_hydrogen, near},
                                        {of_hydrogen, near},
                                        {of_two_hydrogens, angular_by_hand(bond, bond, std::cos(angle), c)}});
  const Tensor hydrogen = environment_of({{of_oxygen, near},
                                          {of_hydrogen, far},
                                          {of_both, angular_by_hand(bond, apart, std::sin(angle / 2), c)}});
  EXPECT_LT(largest_of(seen[0] - oxygen), 1e-14);
  for (const int64_t atom : {1, 2}) EXPECT_LT(largest_of(seen[atom] - hydrogen), 1e-14);
}

TEST(Ani, NetworksAreWhatTheirLayersSay) {
  const Checkpoint file = small_file();
  const Ani ani = ani_of(file);
  const AniInput in = bent_water();
  const Tensor seen = ani.environments(in.position, in.number);
  std::vector<double> each;
  for (int64_t m = 0; m < 3; ++m) {
    double sum = 0;
    for (int64_t atom = 0; atom < 3; ++atom) {
      const std::string name = atom == 0 ? "O" : "H";
      const auto of = [&](const std::string& what) {
        return file.tensors.at(name + what)[m].to(torch::kFloat64);
      };
      const Tensor a = of(".0.weight").mv(seen[atom]) + of(".0.bias");
      const Tensor h = torch::where(a > 0, a, 0.1 * (torch::exp(a / 0.1) - 1));
      sum += (of(".1.weight").mv(h) + of(".1.bias")).item<double>();
    }
    each.push_back(sum);
  }
  const Tensor sums = torch::tensor(each, torch::kFloat64);
  const AniEnergies energies = ani.energies(in.position, in.number);
  EXPECT_NEAR(energies.told.item<double>(), kEv * sums.mean().item<double>(), 1e-10);
  EXPECT_NEAR(energies.deviation.item<double>(), kEv * sums.std(0).item<double>(), 1e-10);
  EXPECT_NEAR(energies.self.item<double>(), kEv * (-75.0 - 2 * 0.5), 1e-10);
  EXPECT_NEAR(ani.energy(in.position, in.number).item<double>(),
              energies.told.item<double>() + energies.self.item<double>(), 1e-10);
}

TEST(Ani, OneNetworkIsSureOfItself) {
  const Ani ani = ani_of(small_file(1));
  const AniInput in = some_input();
  EXPECT_EQ(ani.networks(), 1);
  EXPECT_EQ(largest_of(ani.energies(in.position, in.number).deviation), 0);
}

// The gradient of f at x by differences of `step`, where f sums what it gives.
template <class F>
Tensor by_differences(const F& f, const Tensor& x, double step) {
  Tensor gradient = torch::zeros_like(x);
  for (int64_t i = 0; i < x.numel(); ++i) {
    const auto moved = [&](double by) {
      Tensor y = x.clone();
      y.view({-1})[i] += by;
      return f(y).sum().template item<double>();
    };
    gradient.view({-1})[i] =
        (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
  }
  return gradient;
}

TEST(Ani, ForcesAreMinusTheSlopeOfTheEnergy) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  const auto energy = [&](const Tensor& x) { return ani.energies(x, in.number).told; };
  const Tensor forces = ani.forces(in.position, in.number);
  EXPECT_GT(largest_of(forces), 0.1);
  EXPECT_LT(largest_of(forces + by_differences(energy, in.position, 1e-3)), 1e-6);
  EXPECT_LT(largest_of(forces.sum(1)), 1e-10);
  EXPECT_EQ(largest_of(forces[1][4]), 0);
}

TEST(Ani, ForcesAndDeviationsHaveGradients) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  const auto squares = [&](const Tensor& x) { return ani.forces(x, in.number).square(); };
  const auto deviation = [&](const Tensor& x) { return ani.energies(x, in.number).deviation; };
  const Tensor x = in.position.clone().requires_grad_();
  const Tensor of_forces = torch::autograd::grad({squares(x).sum()}, {x})[0],
               of_deviation = torch::autograd::grad({deviation(x).sum()}, {x})[0];
  EXPECT_LT(largest_of(of_forces - by_differences(squares, in.position, 1e-3)), 1e-6 * largest_of(of_forces));
  EXPECT_LT(largest_of(of_deviation - by_differences(deviation, in.position, 1e-3)), 1e-6);
}

TEST(Ani, EnergiesKnowNoPlaceNoTurnAndNoOrder) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  const Tensor before = ani.energies(in.position, in.number).told;
  const Tensor turn = std::get<0>(torch::linalg_qr(torch::randn({3, 3}, torch::kFloat64)));
  const Tensor order = torch::tensor({4, 2, 6, 0, 1, 5, 3}, torch::kInt64);
  for (const Tensor& x : {in.position + torch::tensor({3.0, -7.0, 1.5}, torch::kFloat64),
                          in.position.matmul(turn), -in.position})
    EXPECT_LT(largest_of(ani.energies(x, in.number).told - before), 1e-10);
  const AniEnergies reordered =
      ani.energies(in.position.index_select(1, order), in.number.index_select(1, order));
  EXPECT_LT(largest_of(reordered.told - before), 1e-10);
  EXPECT_LT(largest_of(ani.forces(in.position.matmul(turn), in.number) -
                       ani.forces(in.position, in.number).matmul(turn)),
            1e-10);
}

TEST(Ani, AMoleculeDoesNotDependOnItsBatch) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    const Tensor x = in.position.to(type), together = ani.energies(x, in.number).told;
    EXPECT_EQ(together.scalar_type(), type);
    for (const int64_t i : {0, 1})
      EXPECT_NEAR(ani.energies(x.narrow(0, i, 1), in.number.narrow(0, i, 1)).told.item<double>(),
                  together[i].item<double>(), type == torch::kFloat64 ? 1e-12 : 1e-5);
    // What stands at empty places counts for nothing.
    const Tensor filled = torch::where((in.number > 0).unsqueeze(2), x, torch::full_like(x, 0.5));
    EXPECT_TRUE(torch::equal(ani.energies(filled, in.number).told, together));
    EXPECT_LT(largest_of(ani.energies(in.position, in.number).told - together), 1e-4);
  }
}

TEST(Ani, AtomsFarApartHaveTheEnergyOfAtomsAlone) {
  const Ani ani = small_ani();
  const AniInput far = one_molecule({1, 6, 8}, {0, 0, 0, 50, 0, 0, 0, 4.51, 0});
  const Tensor alone =
      ani.energies(torch::zeros({3, 1, 3}, torch::kFloat64), far.number.t().contiguous()).told;
  const AniEnergies energies = ani.energies(far.position, far.number);
  EXPECT_NEAR(energies.told.item<double>(), alone.sum().item<double>(), 1e-12);
  EXPECT_NEAR(energies.self.item<double>(), kEv * (-0.5 - 38 - 75), 1e-10);
  EXPECT_EQ(largest_of(ani.forces(far.position, far.number)), 0);
  EXPECT_EQ(largest_of(ani.environments(far.position, far.number)), 0);
}

TEST(Ani, TakesBadPlacesAndNone) {
  const Ani ani = small_ani();
  // Two atoms at one place.
  const AniInput same = one_molecule({6, 1, 1}, {0, 0, 0, 0, 0, 0, 1, 0, 0});
  EXPECT_TRUE(ani.forces(same.position, same.number).isfinite().all().item<bool>());
  EXPECT_TRUE(ani.energies(same.position, same.number).told.isfinite().all().item<bool>());
  const AniInput in = some_input();
  for (const double bad : {std::nan(""), static_cast<double>(INFINITY)}) {
    Tensor x = in.position.clone();
    x[1][3][0] = bad;
    const Tensor told = ani.energies(x, in.number).told;
    EXPECT_TRUE(std::isfinite(told[0].item<double>()));
    EXPECT_TRUE(std::isnan(told[1].item<double>()));
  }
  const AniEnergies none = ani.energies(torch::zeros({2, 3, 3}), torch::zeros({2, 3}, torch::kInt64));
  EXPECT_EQ(largest_of(none.told), 0);
  EXPECT_EQ(largest_of(none.self), 0);
  EXPECT_EQ(ani.energy(torch::zeros({0, 3, 3}), torch::zeros({0, 3}, torch::kInt64)).size(0), 0);
}

TEST(Ani, RefusesMoleculesThatItCannotJudge) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  const auto said = [&](const Tensor& position, const Tensor& number) {
    return refusal([&] { ani.energies(position, number); });
  };
  EXPECT_TRUE(ani.knows(8));
  EXPECT_FALSE(ani.knows(9));
  EXPECT_EQ(said(torch::zeros({1, 2, 3}), torch::tensor({{1, 9}}, torch::kInt64)),
            "[ani] expected elements that the potential knows but got F");
  EXPECT_THAT(said(torch::zeros({1, 2, 3}), torch::tensor({{1, 119}}, torch::kInt64)), HasSubstr("0 to 118"));
  EXPECT_THAT(said(torch::zeros({1, 2, 3}), torch::tensor({{1, -1}}, torch::kInt64)), HasSubstr("0 to 118"));
  EXPECT_THAT(said(in.position.narrow(2, 0, 2), in.number), HasSubstr("[2, 7, 2]"));
  EXPECT_THAT(said(in.position.to(torch::kInt64), in.number), HasSubstr("positions float"));
  EXPECT_THAT(said(in.position, in.number.narrow(1, 0, 6)), HasSubstr("[2, 6]"));
  EXPECT_THAT(said(in.position, in.position.select(2, 0)), HasSubstr("int64 [2, 7]"));
  // 300 atoms at nearly one place have 13 million angles.
  EXPECT_THAT(said(0.1 * torch::rand({1, 300, 3}), torch::ones({1, 300}, torch::kInt64)),
              HasSubstr("at most 8388608 angles of two neighbours but got 13365300"));
}

std::string refusal_of(const Checkpoint& file) {
  return refusal([&] { ani_of(file); });
}

TEST(Ani, RefusesConstantsOutOfRange) {
  const std::vector<std::pair<const char*, Json>> faults = {{"elements", {"H", "C", "N", "Xx"}},
                                                            {"elements", {"H", "C", "N", "H"}},
                                                            {"elements", {"H", "C", "N", "o"}},
                                                            {"elements", Json::array()},
                                                            {"elements", "HCNO"},
                                                            {"radial_cutoff", 0},
                                                            {"radial_cutoff", 1e9},
                                                            {"angular_cutoff", 4.6},
                                                            {"radial_eta", -1},
                                                            {"zeta", 0.5},
                                                            {"zeta", "5"},
                                                            {"radial_shifts", Json::array()},
                                                            {"radial_shifts", {0.8, 1.5}},
                                                            {"radial_shifts", std::vector<double>(2000, 1.0)},
                                                            {"angle_shifts", {0.4, 1.2, 3.2}},
                                                            {"self_energies", {-0.5, -38.0, -54.5}},
                                                            {"celu_alpha", nullptr}};
  for (const auto& [key, value] : faults) {
    Checkpoint file = small_file();
    Json options = small_options();
    options[key] = value;
    file.metadata["options"] = Json({{"network", options}}).dump();
    EXPECT_THAT(refusal_of(file), HasSubstr("ani.safetensors")) << key << value;
  }
}

TEST(Ani, RefusesTensorsThatDoNotFit) {
  const auto faulty = [](const std::string& name, const Tensor& tensor) {
    Checkpoint file = small_file();
    file.tensors[name] = tensor;
    return refusal_of(file);
  };
  EXPECT_THAT(faulty("O.0.weight", torch::zeros({3, 6, 71})), HasSubstr("[3, -1, 72]"));
  EXPECT_THAT(faulty("O.0.weight", torch::zeros({2, 6, 72})), HasSubstr("[2, 6, 72]"));
  EXPECT_THAT(faulty("O.0.weight", torch::zeros({3, 0, 72})), HasSubstr("[3, 0, 72]"));
  EXPECT_THAT(faulty("O.0.weight", torch::zeros({6, 72})), HasSubstr("[6, 72]"));
  EXPECT_THAT(faulty("O.0.weight", torch::ones({3, 6, 72}, torch::kInt64)), HasSubstr("real numbers"));
  EXPECT_THAT(faulty("O.0.bias", torch::zeros({3, 5})), HasSubstr("[3, 6]"));
  EXPECT_THAT(faulty("O.1.weight", torch::zeros({3, 2, 6})), HasSubstr("O.1.bias"));
  EXPECT_THAT(faulty("O.1.bias", torch::full({3, 1}, NAN)), HasSubstr("finite numbers in O.1.bias"));
  EXPECT_THAT(faulty("S.0.bias", torch::zeros({3, 1})), HasSubstr("expected 16 tensors"));
  Checkpoint file = small_file();
  file.tensors.erase("C.1.weight");
  EXPECT_THAT(refusal_of(file), HasSubstr("expected a tensor C.1.weight but got none"));
  file = small_file();
  file.metadata["family"] = "property";
  EXPECT_THAT(refusal_of(file), HasSubstr("expected a checkpoint of the family ani"));
}

TEST(Ani, SurvivesDamagedFiles) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "whole", small_file(1));
  std::ifstream whole(folder / "whole", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)), std::istreambuf_iterator<char>());
  Random random(11);
  const AniInput in = bent_water();
  for (int i = 0; i < 300; ++i) {
    const std::string path = folder.put("damaged", damaged(bytes, random));
    refusal([&] { Ani(path).energies(in.position, in.number); });
  }
}

// Samples of H, C, N, O and F: water, hydrogen fluoride, no atoms.
State three_samples() {
  Molecule water, fluoride;
  water.number = {8, 1, 1}, water.position = {{0, 0, 0.119}, {0, 0.763, -0.477}, {0, -0.763, -0.477}};
  fluoride.number = {9, 1}, fluoride.position = {{0, 0, 0}, {0, 0, 0.92}};
  State samples = as_samples(molecule_space(4, "HCNOF"), {water, fluoride, water}, "[test]");
  samples.mask[2].fill_(false);
  return samples;
}

TEST(AniObjective, PrefersWhatIsBoundMoreStrongly) {
  const Ani ani = small_ani();
  const auto objective = ani_objective(molecule_space(4, "HCNOF"), ani, {false, 7}, "ani(weights=x)");
  const State samples = three_samples();
  const Tensor score = objective->score(samples);
  const Tensor number = torch::tensor({{8, 1, 1, 0}}, torch::kInt64);
  const AniEnergies energies = ani.energies(samples.x.narrow(0, 0, 1).narrow(2, 0, 3), number);
  const double told = energies.told.item<double>(), deviation = energies.deviation.item<double>();
  EXPECT_NEAR(score[0].item<double>(), -told / 3, 1e-5);
  const auto cautious = ani_objective(molecule_space(4, "HCNOF"), ani, {false, 7, 2}, "");
  EXPECT_NEAR(cautious->score(samples)[0].item<double>(), -(told + 2 * deviation) / 3, 1e-5);
  EXPECT_EQ(score[1].item<double>(), -7);
  EXPECT_EQ(score[2].item<double>(), -7);
  EXPECT_EQ(score.scalar_type(), torch::kFloat32);
  EXPECT_EQ(objective->words(), "ani(weights=x)");
  EXPECT_FALSE(objective->in_nats());
  EXPECT_EQ(refusal([&] { ani_objective(molecule_space(4, "FCl"), ani, {}, ""); }),
            "[ani] expected molecules of elements of HCNO but got those of FCl");
  EXPECT_THAT(refusal([&] {
                ani_objective(molecule_space(4, "HCNOF"), ani, {false, -1}, "");
              }),
              HasSubstr("but got -1"));
}

TEST(AniObjective, WantsSmallForces) {
  const Ani ani = small_ani();
  const auto objective = ani_objective(molecule_space(4, "HCNOF"), ani, {true, 7}, "ani(force=true)");
  const State samples = three_samples();
  const Tensor number = torch::tensor({{8, 1, 1, 0}}, torch::kInt64);
  const Tensor forces = ani.forces(samples.x.narrow(0, 0, 1).narrow(2, 0, 3), number);
  const Tensor score = objective->score(samples);
  EXPECT_NEAR(score[0].item<double>(), -forces.norm(2, 2).max().item<double>(), 1e-4);
  EXPECT_EQ(score[1].item<double>(), -7);
}

// Many samples, so that they come in several parts, with gradients in positions alone.
TEST(AniObjective, HasTheGradientOfItsScore) {
  const Ani ani = small_ani();
  const AniInput in = some_input();
  const Space space = molecule_space(7, "HCNO");
  const Tensor known = torch::tensor({1, 6, 7, 8}, torch::kInt64);
  const Tensor one = torch::cat({in.position, (in.number.unsqueeze(2) == known).to(torch::kFloat64)}, 2);
  const Tensor x = one.repeat({20, 1, 1}), weight = torch::arange(40, torch::kFloat64);
  for (const bool force : {false, true}) {
    const auto objective = ani_objective(space, ani, {force, 50}, "");
    const Tensor y = x.clone().requires_grad_(), score = objective->score(y);
    const Tensor gradient = torch::autograd::grad({(score * weight).sum()}, {y})[0];
    EXPECT_EQ(score.scalar_type(), torch::kFloat64);
    EXPECT_EQ(largest_of(gradient.narrow(2, 3, 4)), 0);
    const auto scored = [&](const Tensor& z) {
      const torch::NoGradGuard no_gradient;
      State samples(torch::cat({z, one.narrow(2, 3, 4)}, 2));
      samples.mask = in.number > 0;
      return objective->score(samples);
    };
    const Tensor slope = by_differences(scored, in.position, 1e-3);
    for (const int64_t row : {6, 31, 32, 39})
      EXPECT_LT(largest_of(gradient[row].narrow(1, 0, 3) - weight[row] * slope[row % 2]),
                1e-6 * (1 + weight[row].item<double>() * largest_of(slope)));
    EXPECT_TRUE(torch::allclose(score.narrow(0, 0, 2), scored(in.position), 1e-12, 1e-12));
  }
}

// What torchani 2.1.1 says of a molecule in float64, with weights of its own (ANI-1x) or of the resources
// that its version fetches (ANI-1ccx, ANI-2x): the energy, the deviation between the 8 networks, both in
// Hartree, and the largest force in Hartree/Angstrom.
struct AniGolden {
  const char* potential;
  double energy, deviation, force;
};

struct AniGoldenMolecule {
  std::vector<int64_t> number;
  std::vector<double> position;
  std::vector<AniGolden> golden;
};

std::vector<AniGoldenMolecule> golden_molecules() {
  return {
      // Water.
      {{8, 1, 1},
       {0, 0, 0.119, 0, 0.763, -0.477, 0, -0.763, -0.477},
       {{"ani1x", -76.3885106439, 0.0005017261, 0.0054443120},
        {"ani1ccx", -76.3834502720, 0.0003283055, 0.0221787996},
        {"ani2x", -76.3882656499, 0.0000448147, 0.0094927006}}},
      // Methane.
      {{6, 1, 1, 1, 1},
       {0, 0, 0, 0.63, 0.63, 0.63, -0.63, -0.63, 0.63, -0.63, 0.63, -0.63, 0.63, -0.63, -0.63},
       {{"ani1x", -40.4996825421, 0.0011306877, 0.0047862372},
        {"ani1ccx", -40.4644701468, 0.0007009748, 0.0045911423},
        {"ani2x", -40.4994126282, 0.0002125538, 0.0016728857}}},
      // Carbon dioxide.
      {{6, 8, 8},
       {0, 0, 0, 0, 0, 1.16, 0, 0, -1.16},
       {{"ani1x", -188.5349185897, 0.0014147806, 0.0164886500},
        {"ani1ccx", -188.4324114971, 0.0011999952, 0.0034281671},
        {"ani2x", -188.5348207938, 0.0001514646, 0.0219784080}}},
      // Number 10000 of QM9.
      {{8, 6, 8, 6, 6, 8, 6, 7, 1, 1, 1},
       {0.0095,  -0.0642, -0.091,  -0.0197, 1.1202, -0.0221, 1.1109, 1.8755, -0.1535, 0.983,   3.2885,
        -0.0475, 2.1198,  3.7824,  0.8834,  1.9941, 4.725,   1.6069, 1.1083, 3.9182,  -1.3675, 1.2301,
        4.4276,  -2.397,  -0.9232, 1.7319,  0.1566, 0.0278,  3.5816, 0.4048, 3.0385,  3.1682,  0.8118},
       {{"ani1x", -434.4829850825, 0.0009564177, 0.0431688816},
        {"ani1ccx", -434.1872401077, 0.0025475357, 0.0421600870},
        {"ani2x", -434.4830008099, 0.0010964594, 0.0285660001}}},
  };
}

TEST(Ani, SaysWhatTorchaniSays) {
  const char* path = std::getenv("STEER_ANI");
  if (!path) GTEST_SKIP() << "STEER_ANI names no file that tools/convert_torchani.py wrote";
  const Ani ani(path);
  int compared = 0;
  for (const AniGoldenMolecule& molecule : golden_molecules()) {
    const AniInput in = one_molecule(molecule.number, molecule.position);
    for (const AniGolden& golden : molecule.golden) {
      if (ani.potential() != golden.potential) continue;
      const AniEnergies energies = ani.energies(in.position, in.number);
      EXPECT_NEAR(ani.energy(in.position, in.number).item<double>() / kEv, golden.energy, 1e-6);
      EXPECT_NEAR(energies.deviation.item<double>() / kEv, golden.deviation, 1e-7);
      EXPECT_NEAR(ani.forces(in.position, in.number).norm(2, 2).max().item<double>() / kEv, golden.force,
                  1e-6);
      // In float32 what the networks tell keeps six digits.
      const Tensor narrow = ani.energies(in.position.to(torch::kFloat32), in.number).told;
      EXPECT_NEAR(narrow.item<double>(), energies.told.item<double>(), 2e-4);
      ++compared;
    }
  }
  EXPECT_GT(compared, 0) << "no golden energies of " << ani.potential();
}

}  // namespace
}  // namespace steer
