#include "steer/molecule/molecule_objectives.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

const char* const kElements = "HCO";

// Carbon monoxide of 1.2 Angstrom, and three hydrogens on a line, 1 Angstrom apart.
State two_samples() {
  Molecule monoxide, line;
  monoxide.number = {6, 8}, monoxide.position = {{5, 0, 0}, {6.2, 0, 0}};
  line.number = {1, 1, 1}, line.position = {{0, 0, 0}, {0, 1, 0}, {0, 2, 0}};
  return as_samples(molecule_space(4, kElements), {monoxide, line}, "[test]");
}

TEST(MoleculeObjectives, MeasureWhatTheirFormulasSay) {
  const SeenMolecules m = seen_molecules(two_samples());
  const Tensor radius = gyration_radius(m);
  EXPECT_NEAR(radius[0].item<double>(), 0.6, 1e-5);
  EXPECT_NEAR(radius[1].item<double>(), std::sqrt(2.0 / 3), 1e-5);
  EXPECT_EQ(type_count(m, 0)[1].item<double>(), 3);
  EXPECT_EQ(type_count(m, 2)[0].item<double>(), 1);
  const Tensor near = nearness_of_pairs(m, 1.5);
  EXPECT_NEAR(near[0].item<double>(), 0.09, 1e-5);
  EXPECT_NEAR(near[1].item<double>(), 0.5, 1e-5);
}

TEST(MoleculeObjectives, SeePlacesByTheMaskOrByWhatIsThere) {
  State with = two_samples(), without = with;
  without.mask = Tensor();
  EXPECT_TRUE(torch::equal(seen_molecules(with).place, seen_molecules(without).place));
  // What stands in an empty place is not seen.
  with.x[0][3].fill_(2);
  EXPECT_TRUE(
      torch::allclose(gyration_radius(seen_molecules(with)), gyration_radius(seen_molecules(two_samples()))));
  EXPECT_THROW(seen_molecules(State(torch::ones({2, 3}))), Error);
}

TEST(MoleculeObjectives, APartIsKnownWhereverTheMoleculeLies) {
  const State samples = two_samples();
  Molecule part;
  part.number = {6, 8}, part.position = {{0, 0, 0}, {1.2, 0, 0}};
  const Tensor known = as_samples(molecule_space(2, kElements), {part}, "[test]").x;
  const auto objective = part_objective(known, 4, 0.5, "part");
  const Tensor score = objective->score(samples);
  EXPECT_NEAR(score[0].item<double>(), 0, 1e-6);
  // Of the line the two hydrogens are 1 apart, across: (-0.6, 0) and (0.6, 0) stand beside (0, -0.5) and (0,
  // 0.5), all types are wrong: -(1.22 + 4) / (2 0.5^2).
  EXPECT_NEAR(score[1].item<double>(), -(2 * (0.36 + 0.25) + 4) / 0.5, 1e-4);
  Tensor sum = torch::zeros({2});
  for (const Measurement& m : objective->linear()) sum = sum + log_likelihood(m, samples.x);
  EXPECT_EQ(objective->linear().size(), 2);
  EXPECT_TRUE(torch::allclose(sum, score));
  // Both are linear: measured numbers of a part are those that it measures itself.
  for (const Measurement& m : objective->linear()) {
    const Tensor padded = at::constant_pad_nd(known, {0, 0, 0, 2});
    EXPECT_TRUE(torch::allclose(m.map.measure(padded), m.y, 1e-6, 1e-6));
  }
  EXPECT_THROW(part_objective(torch::zeros({1, 5, 6}), 4, 1, "part"), Error);
}

TEST(MoleculeObjectives, PullOnAtomsAddUpToZero) {
  State samples = two_samples();
  samples.x.requires_grad_();
  const SeenMolecules m = seen_molecules(samples);
  (gyration_radius(m) + nearness_of_pairs(m, 1.5)).sum().backward();
  EXPECT_LT(samples.x.grad().narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-6);
}

}  // namespace
}  // namespace steer
