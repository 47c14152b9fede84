#include "steer/molecule/rdkit_objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "steer/molecule/molecule_space.h"
#include "steer/molecule/molecule_words.h"
#include "steer/molecule/small_rdkit.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

State samples_of(const Space& space, const std::vector<Molecule>& molecules) {
  return as_samples(space, molecules, "[test]");
}

Tensor fake_scores(std::vector<RdkitWish> wanted, const std::vector<Molecule>& molecules, double cost = 50) {
  const FakeRdkit fake;
  const Space space = molecule_space(5, "HCBrXe");
  return rdkit_objective(space, std::move(wanted), cost, "", fake.options())
      ->score(samples_of(space, molecules));
}

std::string wish_refusal(std::vector<RdkitWish> wanted, double cost = 50, const char* elements = "HC") {
  return refusal([&] { rdkit_objective(molecule_space(5, elements), std::move(wanted), cost, ""); });
}

TEST(RdkitObjective, ScoresByTargetsOrWithoutThem) {
  // The fake's numbers are 1, 2, 3 for the first, second and third molecule.
  const std::vector<Molecule> three(3, lone_atom(6));
  const auto expect = [&](std::vector<RdkitWish> wanted, const std::vector<float>& scores) {
    EXPECT_TRUE(torch::equal(fake_scores(std::move(wanted), three), torch::tensor(scores)));
  };
  expect({{"qed", std::nullopt}}, {1, 2, 3});
  expect({{"sa", std::nullopt, true}}, {-1, -2, -3});
  expect({{"logp", 2.5}}, {-2.25, -0.25, -0.25});
  expect({{"tpsa", 5.0, false, 2}}, {-4, -2.25, -1});
  expect({{"logp", 2.0}, {"sa", std::nullopt, true, 0.5}}, {-3, -4, -7});
  expect({{"valid", std::nullopt}}, {1, 1, 1});
}

TEST(RdkitObjective, StrainCountsForEachHeavyAtom) {
  Molecule ethane = lone_atom(6), hydrogen = lone_atom(1);
  ethane.number = {6, 6, 1}, ethane.position = {{0, 0, 0}, {1.5, 0, 0}, {-0.5, 0.9, 0}};
  const Tensor scores =
      fake_scores({{"strain", std::nullopt, true}}, {lone_atom(6), ethane, hydrogen, lone_atom(6)});
  EXPECT_TRUE(torch::equal(scores, torch::tensor({-1.f, -1.f, -3.f, -4.f})));
}

TEST(RdkitObjective, MisfitsAndTheWorstCostTheSame) {
  const std::vector<Molecule> molecules = {lone_atom(6), lone_atom(35), lone_atom(54), lone_atom(6)};
  // The third kills the process; the fourth is the first of the next.
  EXPECT_TRUE(torch::equal(fake_scores({{"qed", std::nullopt}}, molecules, 3),
                           torch::tensor({1.f, -3.f, -3.f, 1.f})));
  EXPECT_TRUE(torch::equal(fake_scores({{"logp", 9.0}}, molecules, 3), torch::full({4}, -3.f)));
  EXPECT_TRUE(
      torch::equal(fake_scores({{"valid", 1.0}}, molecules, 3), torch::tensor({0.f, -3.f, -3.f, 0.f})));
}

TEST(RdkitObjective, KeepsOneProcessAndHasNoGradient) {
  const FakeRdkit fake;
  const Space space = molecule_space(1, "HC");
  const auto objective = rdkit_objective(space, {{"qed", 0.9}}, 1, "qed(0.9)", fake.options());
  EXPECT_EQ(fake.starts(), 0);
  const State samples = samples_of(space, {lone_atom(6), lone_atom(6)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(objective->score(samples).size(0), 2);
  EXPECT_EQ(fake.starts(), 1);
  EXPECT_FALSE(objective->differentiable());
  EXPECT_TRUE(objective->in_nats());
  EXPECT_EQ(objective->words(), "qed(0.9)");
  EXPECT_EQ(objective->score(samples).scalar_type(), torch::kFloat32);
}

TEST(RdkitObjective, RefusesWhatCannotBeWanted) {
  EXPECT_THAT(wish_refusal({}), HasSubstr("at least one number"));
  EXPECT_THAT(wish_refusal({{"smiles", 1.0}}), HasSubstr("smiles, a text"));
  EXPECT_THAT(wish_refusal({{"mass", 1.0}}), HasSubstr("expected one of qed"));
  EXPECT_THAT(wish_refusal({{"qed", 1.0}, {"qed", 2.0}}), HasSubstr("qed twice"));
  EXPECT_THAT(wish_refusal({{"qed", 1.0, false, 0}}), HasSubstr("qed: expected a unit above 0 but got 0"));
  EXPECT_THAT(wish_refusal({{"qed", std::numeric_limits<double>::quiet_NaN()}}), HasSubstr("finite target"));
  EXPECT_THAT(wish_refusal({{"qed", 1.0}}, 0), HasSubstr("cost above 0"));
  EXPECT_THAT(wish_refusal({{"strain", std::nullopt, true}}, 50, "CNO"), HasSubstr("these are of CNO"));
  EXPECT_EQ(wish_refusal({{"strain", std::nullopt, true}}), "accepted");
  EXPECT_THAT(refusal([] { rdkit_objective(Space(), {{"qed", 1.0}}, 1, ""); }), HasSubstr("of molecules"));
}

// The words ask the Python that the environment names.
TEST(RdkitObjective, WordsAskForAValueOrTheBest) {
  const FakeRdkit fake;
  const char* const before = std::getenv("STEER_RDKIT_PYTHON");
  const std::string kept = before ? before : "";
  setenv("STEER_RDKIT_PYTHON", fake.options().python.c_str(), 1);
  ObjectiveContext context;
  context.space = molecule_space(5, "HCBrXe");
  Vocabulary vocabulary;
  for (const Word& word : molecule_words()) vocabulary.push_back(&word);
  const std::vector<Molecule> three(3, lone_atom(6));
  const auto scores = [&](const std::string& words) {
    return objective_of(words, vocabulary, context)->score(samples_of(context.space, three));
  };
  // The fake's numbers are 1, 2 and 3.
  EXPECT_TRUE(torch::allclose(scores("logp(2, noise=0.5)"), torch::tensor({-2.f, 0.f, -2.f})));
  EXPECT_TRUE(objective_of("logp(2) + tpsa(60)", vocabulary, context)->in_nats());
  EXPECT_FALSE(objective_of("qed()", vocabulary, context)->in_nats());
  EXPECT_TRUE(torch::allclose(scores("qed(noise=0.1)"), torch::tensor({10.f, 20.f, 30.f})));
  EXPECT_TRUE(torch::allclose(scores("sa(noise=1)"), torch::tensor({-1.f, -2.f, -3.f})));
  EXPECT_TRUE(torch::allclose(scores("tpsa(noise=1, cost=2.5)"), torch::tensor({-1.f, -2.f, -2.5f})));
  if (before)
    setenv("STEER_RDKIT_PYTHON", kept.c_str(), 1);
  else
    unsetenv("STEER_RDKIT_PYTHON");
}

TEST(RdkitObjective, IsHighestAtItsOwnTarget) {
  if (!rdkit_is_there()) GTEST_SKIP() << "there is no Python with rdkit";
  const Space space = molecule_space(21, "HCO");
  State samples = samples_of(space, {small_methane(), small_methane(), small_methane(1.093, 0.08)});
  samples.x[1][0][0] = std::numeric_limits<float>::quiet_NaN();
  const double logp = 0.6361;
  const Tensor near = rdkit_objective(space, {{"logp", logp}}, 50, "")->score(samples);
  EXPECT_NEAR(near[0].item<double>(), 0, 1e-6);
  EXPECT_EQ(near[1].item<double>(), -50);
  EXPECT_NEAR(near[2].item<double>(), 0, 1e-6);
  const Tensor strain = rdkit_objective(space, {{"strain", std::nullopt, true}}, 50, "")->score(samples);
  EXPECT_NEAR(strain[0].item<double>(), 0, 0.05);
  EXPECT_EQ(strain[1].item<double>(), -50);
  // As Rdkit.StrainOfAStretchedBondIsThatOfMmff computes it.
  EXPECT_NEAR(strain[2].item<double>(), -1.88, 0.2);
}

}  // namespace
}  // namespace steer
