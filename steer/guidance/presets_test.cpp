#include "steer/guidance/presets.h"

#include <gtest/gtest.h>

#include "steer/guidance/test_guides.h"
#include "steer/image/image_space.h"

namespace steer {
namespace {

class BlackBox : public Objective {
 public:
  Tensor score(const State& sample) const override { return sample.x.flatten(1).sum(1); }
  bool differentiable() const override { return false; }
  std::string words() const override { return "black box"; }
};

TEST(Presets, AutoPicksByWhatTheObjectiveCanDo) {
  const Space space = image_space(1, 2, 3);
  const PointObjective quiet(0.3, 0.05), noisy(0.3, 0.2);
  EXPECT_EQ(method_for("auto", quiet, space), "pigdm_step");
  EXPECT_EQ(method_for("auto", noisy, space), "pigdm");
  EXPECT_EQ(method_for("auto", CurvedObjective(), space), "tfg");
  EXPECT_EQ(method_for("auto", BlackBox(), space), "feynman_kac");
  EXPECT_EQ(method_for("", quiet, space), "pigdm_step");
  EXPECT_EQ(method_for("mpgd", quiet, space), "mpgd");
  for (const char* name : {"", "auto"}) {
    EXPECT_EQ(suited_guidance(name, kOwnStrength, quiet, space).climb.rho_structure, "increase");
    EXPECT_TRUE(suited_guidance(name, kOwnStrength, quiet, space).climb.safe);
    // Pseudoinverse guidance is left as published.
    EXPECT_EQ(suited_guidance(name, kOwnStrength, noisy, space).climb.form, "denoiser");
    EXPECT_FALSE(suited_guidance(name, kOwnStrength, noisy, space).climb.safe);
    EXPECT_EQ(suited_guidance(name, kOwnStrength, BlackBox(), space).population.method, "feynman_kac");
  }
}

TEST(Presets, MeasurementsAreBestMetByStepsThatAreRepeated) {
  const Space space = image_space(1, 2, 3);
  EXPECT_EQ(suited_recurrence(PointObjective(0.2, 0.01), space), 3);
  EXPECT_EQ(suited_recurrence(PointObjective(0.2, 0.5), space), 1);
  EXPECT_EQ(suited_recurrence(CurvedObjective(), space), 1);
}

TEST(Presets, AutoIsStrongWhereItIsSafe) {
  const Space space = image_space(1, 2, 3);
  const CurvedObjective curved;
  EXPECT_EQ(suited_guidance("auto", kOwnStrength, curved, space).climb.rho, 4);
  EXPECT_EQ(suited_guidance("auto", 0.5, curved, space).climb.mu, 2);
  EXPECT_FALSE(climbs(suited_guidance("auto", 0, curved, space).climb));
  EXPECT_EQ(suited_guidance("tfg", kOwnStrength, curved, space).climb.rho, 1);
  std::vector<WeightedSum::Term> terms;
  terms.push_back({1, std::make_unique<CurvedObjective>()});
  terms.push_back({-1, std::make_unique<CurvedObjective>()});
  EXPECT_EQ(suited_guidance("auto", kOwnStrength, WeightedSum(std::move(terms)), space).climb.rho, 4);
  terms.clear();
  terms.push_back({1, std::make_unique<CurvedObjective>()});
  terms.push_back({1, std::make_unique<PointObjective>(0.2, 0.01)});
  EXPECT_EQ(suited_guidance("auto", kOwnStrength, WeightedSum(std::move(terms)), space).climb.rho, 1);
}

TEST(Presets, OfPointsAutoAsksForThePosterior) {
  Space plane = image_space(1, 2, 3);
  plane.limit = 0;
  const PointObjective point(0.3, 0.05);
  const CurvedObjective curved;
  for (const Objective* objective : std::initializer_list<const Objective*>{&point, &curved}) {
    const ClimbOptions climb = suited_guidance("auto", kOwnStrength, *objective, plane).climb;
    EXPECT_EQ(climb.sigma_structure, "posterior");
    EXPECT_EQ(climb.form, "denoiser");
    EXPECT_EQ(climb.rho, 1);
    EXPECT_EQ(climb.reach, 2);
  }
}

}  // namespace
}  // namespace steer
