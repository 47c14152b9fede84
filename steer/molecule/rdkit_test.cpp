#include "steer/molecule/rdkit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>

#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/molecule/small_rdkit.h"
#include "steer/picture/images.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

constexpr int kKills = 54, kEnds = 36, kHangs = 18, kTwoLines = 10, kRubbish = 53, kNulls = 35;

const std::vector<std::string> kQedValid = {"qed", "valid"};

TEST(Rdkit, OneProcessAnswersForAllInTurn) {
  const FakeRdkit fake;
  Rdkit rdkit(fake.options());
  EXPECT_EQ(fake.starts(), 0);
  EXPECT_EQ(rdkit.version(), "fake");
  const auto scores = rdkit.scores({lone_atom(6), lone_atom(kNulls), small_aspirin()}, {"smiles", "qed"});
  ASSERT_EQ(scores.size(), 3u);
  EXPECT_TRUE(std::isnan(scores[0].number[0]));
  EXPECT_EQ(scores[0].number[1], 1);
  EXPECT_EQ(scores[0].smiles, "C");
  EXPECT_TRUE(std::isnan(scores[1].number[1]));
  EXPECT_TRUE(scores[1].smiles.empty());
  EXPECT_EQ(scores[2].number[1], 3);
  EXPECT_EQ(rdkit.scores({lone_atom(6)}, kQedValid)[0].number, (std::vector<double>{4, 1}));
  EXPECT_TRUE(rdkit.scores({}, kQedValid).empty());
  EXPECT_EQ(fake.starts(), 1);
  EXPECT_EQ(rdkit.lost(), 0);
}

TEST(Rdkit, StartsAnewAfterAMoleculeThatEndsIt) {
  for (const int number : {kKills, kEnds}) {
    const FakeRdkit fake;
    Rdkit rdkit(fake.options());
    const auto scores =
        rdkit.scores({lone_atom(6), lone_atom(number), lone_atom(6), lone_atom(number)}, kQedValid);
    ASSERT_EQ(scores.size(), 4u);
    for (const size_t i : {0, 2}) EXPECT_EQ(scores[i].number, (std::vector<double>{1, 1})) << i;
    for (const size_t i : {1, 3}) {
      EXPECT_TRUE(std::isnan(scores[i].number[0]));
      EXPECT_EQ(scores[i].number[1], 0);
    }
    EXPECT_EQ(fake.starts(), 2);
    EXPECT_EQ(rdkit.lost(), 2);
  }
}

TEST(Rdkit, StartsAnewAfterAMoleculeThatTakesTooLong) {
  const FakeRdkit fake;
  Rdkit rdkit(fake.options(0.3));
  const auto begin = std::chrono::steady_clock::now();
  const auto scores = rdkit.scores({lone_atom(kHangs), lone_atom(6)}, kQedValid);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(std::isnan(scores[0].number[0]));
  EXPECT_EQ(scores[1].number[0], 1);
  EXPECT_EQ(fake.starts(), 2);
}

TEST(Rdkit, WhatNoFileHoldsIsAMisfit) {
  const FakeRdkit fake;
  Molecule far = lone_atom(6), nowhere = lone_atom(6), many = lone_atom(6), torn = lone_atom(6), lines = far;
  far.position[0][1] = 1e7, nowhere.position[0][2] = std::numeric_limits<double>::quiet_NaN();
  many.number.assign(1000, 6), many.position.assign(1000, {0, 0, 0});
  torn.bonds.push_back({0, 4, 1});
  lines.title = "$$$$\nload x\n$$$$";
  const auto scores = rdkit_scores({Molecule(), far, nowhere, many, torn, lines}, kQedValid, fake.options());
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(std::isnan(scores[i].number[0])) << i;
    EXPECT_EQ(scores[i].number[1], 0) << i;
  }
  EXPECT_EQ(scores[5].number[0], 1);
}

TEST(Rdkit, RefusesWhatIsNoAnswer) {
  const auto of = [](int number) {
    const FakeRdkit fake;
    return refusal([&] { rdkit_scores({lone_atom(number)}, {"qed", "logp"}, fake.options()); });
  };
  EXPECT_THAT(of(kRubbish), HasSubstr("[rdkit] expected a list of 2 values but got \"[rubbish]\""));
  // Whether both lines are seen at once is a matter of time.
  EXPECT_THAT(of(kTwoLines), ::testing::AllOf(HasSubstr("[rdkit] "), HasSubstr("expected")));
  const FakeRdkit fake;
  EXPECT_THAT(refusal([&] { rdkit_scores({}, {}, fake.options()); }), HasSubstr("at least one name"));
  EXPECT_THAT(refusal([&] { rdkit_scores({}, {"quality"}, fake.options()); }),
              HasSubstr("expected one of qed, logp, tpsa, weight, rings, aromatic_rings, sa, strain, valid, "
                        "smiles but got \"quality\""));
  EXPECT_THAT(refusal([&] { rdkit_scores({}, {"qed", "qed"}, fake.options()); }), HasSubstr("qed twice"));
  for (const double seconds : {0.0, -1.0, std::numeric_limits<double>::infinity()})
    EXPECT_THAT(refusal([&] { Rdkit(fake.options(seconds)); }), HasSubstr("seconds above 0"));
  EXPECT_EQ(fake.starts(), 0);
}

TEST(Rdkit, SaysHowToGetIt) {
  const auto of = [](const RdkitOptions& options) {
    return refusal([&] { rdkit_scores({lone_atom(6)}, {"qed"}, options); });
  };
  const std::string wanted =
      "[rdkit] expected a Python with rdkit (pip install rdkit; STEER_RDKIT_PYTHON names it), but ";
  EXPECT_EQ(of({"/no/such/python"}), wanted + "/no/such/python cannot be run");
  EXPECT_EQ(of({"/bin/true"}), wanted + "/bin/true ended with status 0");
  EXPECT_EQ(of({"/bin/echo"}), wanted + "/bin/echo said more than one line");
  for (const auto& [greeting, what] :
       {std::pair<const char*, const char*>{"{\"missing\": \"ModuleNotFoundError: none\"}",
                                            " has none: ModuleNotFoundError: none"},
        {"hello", " said \"hello\""},
        {"{}", " said \"{}\""},
        {"[1]", " said \"[1]\""},
        {"{\"rdkit\": 3}", " said \"{\\\"rdkit\\\": 3}\""}}) {
    const FakeRdkit fake("null", "true", greeting);
    EXPECT_EQ(of(fake.options()), wanted + fake.options().python + what);
  }
  const FakeRdkit lacks("null", "{\"missing\": \"ModuleNotFoundError: sascorer\"}");
  EXPECT_THAT(refusal([&] { rdkit_scores({lone_atom(6)}, {"sa"}, lacks.options()); }),
              HasSubstr("expected an rdkit that has sa but got ModuleNotFoundError: sascorer"));
}

TEST(Rdkit, TheEnvironmentNamesThePython) {
  const FakeRdkit fake;
  const char* const before = std::getenv("STEER_RDKIT_PYTHON");
  const std::string kept = before ? before : "";
  ::setenv("STEER_RDKIT_PYTHON", fake.options().python.c_str(), 1);
  EXPECT_EQ(Rdkit().version(), "fake");
  if (before)
    ::setenv("STEER_RDKIT_PYTHON", kept.c_str(), 1);
  else
    ::unsetenv("STEER_RDKIT_PYTHON");
}

TEST(Rdkit, ThreadsMayAskAtOnce) {
  const FakeRdkit fake;
  Rdkit rdkit(fake.options());
  std::vector<double> sums(3);
  std::vector<std::thread> threads;
  for (double& sum : sums)
    threads.emplace_back([&] {
      for (const RdkitScore& score : rdkit.scores(std::vector<Molecule>(20, lone_atom(6)), kQedValid))
        sum += score.number[0];
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sums[0] + sums[1] + sums[2], 60 * 61 / 2);
  EXPECT_EQ(fake.starts(), 1);
}

TEST(Rdkit, TakesALineApartOrRefusesIt) {
  const std::vector<std::string> names = {"qed", "smiles", "valid"};
  const std::string line = "[0.5, \"CCO\", 1]";
  const RdkitScore score = score_from_rdkit(line, names);
  EXPECT_EQ(score.number[0], 0.5);
  EXPECT_EQ(score.number[2], 1);
  EXPECT_EQ(score.smiles, "CCO");
  for (const char* wrong :
       {"", "null", "{}", "[]", "[1, 2]", "[0.5, 3, 1]", "[\"C\", \"C\", 1]", "[0.5, \"C\", 1, 2]",
        "[0.5, \"C\", NaN]", "[1e999, \"C\", 1]", "[0.5, \"C\", 1", "[true, \"C\", 1]", "[[], \"C\", 1]"})
    EXPECT_NE(refusal([&] { score_from_rdkit(wrong, names); }), "accepted") << wrong;
  Random random(5);
  int refused = 0;
  for (int i = 0; i < 3000; ++i)
    refused += refusal([&] { score_from_rdkit(damaged(line, random), names); }) != "accepted";
  EXPECT_GT(refused, 1000);
}

TEST(Rdkit, ReadsBase64) {
  // RFC 4648, section 10.
  const std::string all = "foobar";
  const std::vector<std::string> written = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (size_t i = 0; i < written.size(); ++i) EXPECT_EQ(bytes_from_base64(written[i]), all.substr(0, i));
  EXPECT_EQ(bytes_from_base64("+/8A"), std::string("\xFB\xFF\x00", 3));
  for (const char* wrong :
       {"Z", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", "Z g=", "Zg==Zg==", "Zm9_"})
    EXPECT_NE(refusal([&] { bytes_from_base64(wrong); }), "accepted") << wrong;
}

TEST(Rdkit, PicturesComeOrNot) {
  const Molecule carbon = lone_atom(6);
  const FakeRdkit none, drawing("\"<svg/>\""), list("[1]");
  EXPECT_EQ(depiction_svg(carbon, 64, drawing.options()), "<svg/>");
  EXPECT_FALSE(depiction_svg(carbon, 64, none.options()).has_value());
  EXPECT_FALSE(depiction(carbon, 64, none.options()).has_value());
  EXPECT_FALSE(depiction_svg(lone_atom(kKills), 64, drawing.options()).has_value());
  EXPECT_FALSE(depiction_svg(Molecule(), 64, drawing.options()).has_value());
  EXPECT_THAT(refusal([&] { depiction_svg(carbon, 64, list.options()); }), HasSubstr("a picture but got"));
  EXPECT_THAT(refusal([&] { depiction(carbon, 64, drawing.options()); }), HasSubstr("base64"));
  const FakeRdkit rubbish("\"Zm9v\"");
  EXPECT_NE(refusal([&] { depiction(carbon, 64, rubbish.options()); }), "accepted");
  for (const int64_t side : {int64_t{15}, int64_t{4097}, int64_t{-1}})
    EXPECT_THAT(refusal([&] { depiction(carbon, side, none.options()); }), HasSubstr("side of 16 to 4096"));
}

// What follows asks RDKit itself where there is one.

constexpr char kNoRdkit[] = "there is no Python with rdkit";

TEST(Rdkit, KnowsAspirin) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  std::vector<std::string> names;
  for (const Named& named : rdkit_names()) names.push_back(named.name);
  const RdkitScore aspirin = rdkit_scores({small_aspirin()}, names)[0];
  const auto value = [&](const std::string& name) {
    return aspirin.number[static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin())];
  };
  EXPECT_NEAR(value("qed"), 0.550, 1e-3);
  EXPECT_NEAR(value("logp"), 1.310, 1e-3);
  EXPECT_NEAR(value("tpsa"), 63.60, 1e-2);
  EXPECT_NEAR(value("weight"), 180.16, 1e-2);
  EXPECT_EQ(value("rings"), 1);
  EXPECT_EQ(value("aromatic_rings"), 1);
  EXPECT_NEAR(value("sa"), 1.58, 1e-2);
  EXPECT_NEAR(value("strain"), 0, 1e-3);
  EXPECT_EQ(value("valid"), 1);
  EXPECT_EQ(aspirin.smiles, "CC(=O)Oc1ccccc1C(=O)O");
}

// Six carbons in a flat ring of sides of 1.395 Angstrom, each with a hydrogen; bonds in turn.
Molecule small_benzene() {
  Molecule molecule;
  for (const auto& [number, radius] : {std::pair<int, double>{6, 1.395}, {1, 2.48}})
    for (int i = 0; i < 6; ++i) {
      molecule.number.push_back(number);
      molecule.position.push_back({radius * std::cos(i * kPi / 3), radius * std::sin(i * kPi / 3), 0});
    }
  for (int64_t i = 0; i < 6; ++i) {
    molecule.bonds.push_back(
        {std::min(i, (i + 1) % 6), std::max(i, (i + 1) % 6), 1 + static_cast<int>(i % 2)});
    molecule.bonds.push_back({i, i + 6, 1});
  }
  return molecule;
}

// Two molecules of two, side by side without a bond.
Molecule beside(const Molecule& a, const Molecule& b) {
  Molecule both = a;
  for (int64_t i = 0; i < b.size(); ++i) {
    const auto& [x, y, z] = b.position[static_cast<size_t>(i)];
    both.number.push_back(b.number[static_cast<size_t>(i)]), both.position.push_back({x + 10, y, z});
  }
  for (const Bond& bond : b.bonds) both.bonds.push_back({bond.a + a.size(), bond.b + a.size(), bond.order});
  return both;
}

TEST(Rdkit, KnowsBenzeneAndMethane) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  // By RDKit 2026.09.1 of c1ccccc1 and C.
  const auto scores = rdkit_scores({small_benzene(), small_methane()},
                                   {"smiles", "qed", "logp", "tpsa", "weight", "rings", "aromatic_rings"});
  EXPECT_EQ(scores[0].smiles, "c1ccccc1");
  EXPECT_EQ(scores[1].smiles, "C");
  const std::vector<std::vector<double>> golden = {{0.4426, 1.6866, 0, 78.114, 1, 1},
                                                   {0.3598, 0.6361, 0, 16.043, 0, 0}};
  for (size_t m = 0; m < 2; ++m)
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(scores[m].number[i + 1], golden[m][i], 1e-3) << m << " " << i;
}

TEST(Rdkit, BrokenMoleculesAreMisfitsAndOthersAreNot) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  Molecule crowded = small_methane(), radical = small_methane();
  crowded.number.push_back(1), crowded.position.push_back({0, 0, 1.1}), crowded.bonds.push_back({0, 5, 1});
  radical.number.pop_back(), radical.position.pop_back(), radical.bonds.pop_back();
  Molecule ammonium = crowded;
  ammonium.number.pop_back(), ammonium.position.pop_back(), ammonium.bonds.pop_back();
  ammonium.number[0] = 7;
  Molecule charged = ammonium;
  charged.charge = {1, 0, 0, 0, 0};
  Rdkit rdkit;
  const auto scores = rdkit.scores({small_methane(), crowded, beside(small_methane(), small_benzene()),
                                    ammonium, charged, radical, small_methane()},
                                   {"valid", "qed", "smiles"});
  const std::vector<double> valid = {1, 0, 0, 0, 1, 1, 1};
  const std::vector<std::string> smiles = {"C", "", "", "", "[NH4+]", "C", "C"};
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i].number[0], valid[i]) << i;
    EXPECT_EQ(std::isnan(scores[i].number[1]), valid[i] == 0) << i;
    EXPECT_EQ(scores[i].smiles, smiles[i]) << i;
  }
  EXPECT_EQ(rdkit.lost(), 0);
}

TEST(Rdkit, StrainOfAStretchedBondIsThatOfMmff) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  Rdkit rdkit;
  const auto strain = [&](const Molecule& molecule) {
    return rdkit.scores({molecule}, {"strain"})[0].number[0];
  };
  EXPECT_NEAR(strain(small_methane()), 0, 0.05);
  // Halgren 1996, equation 2: C-H of 4.766 mdyn / Angstrom, 1.093 Angstrom, cubic constant -2 / Angstrom.
  // What angles and the other hydrogens say is small.
  for (const double more : {0.1, -0.1}) {
    const double stretch = 143.9325 / 2 * 4.766 * more * more * (1 - 2 * more + 7 / 12.0 * 4 * more * more);
    EXPECT_NEAR(strain(small_methane(1.093, more)), stretch, 0.1 * stretch) << more;
  }
  // Neither places nor the order of names matter to it.
  Molecule moved = small_methane(1.093, 0.1);
  for (auto& position : moved.position) position = {position[1] + 3, position[2] - 5, position[0]};
  const auto after = rdkit.scores({moved}, {"strain", "smiles", "valid"});
  EXPECT_NEAR(after[0].number[0], strain(small_methane(1.093, 0.1)), 0.01);
  EXPECT_EQ(after[0].smiles, "C");
  // MMFF94 has no boron, and needs all hydrogens.
  Molecule borane = small_methane(), bare = lone_atom(6);
  borane.number = {5, 1, 1, 1}, borane.position.pop_back(), borane.bonds.pop_back();
  for (const Molecule& molecule : {borane, bare}) {
    const RdkitScore score = rdkit.scores({molecule}, {"strain", "valid"})[0];
    EXPECT_TRUE(std::isnan(score.number[0]));
    EXPECT_EQ(score.number[1], 1);
  }
}

TEST(Rdkit, MirrorImagesDifferByTheirMarksAlone) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  Molecule left = small_methane();
  left.number = {6, 9, 17, 35, 1};
  Molecule right = left;
  for (auto& position : right.position) position[0] = -position[0];
  const auto scores = rdkit_scores({left, right}, {"qed", "logp", "smiles"});
  EXPECT_EQ(scores[0].number[0], scores[1].number[0]);
  EXPECT_EQ(scores[0].number[1], scores[1].number[1]);
  EXPECT_NE(scores[0].smiles, scores[1].smiles);
  EXPECT_NE(scores[0].smiles.find('@'), std::string::npos);
}

TEST(Rdkit, DrawsFormulas) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  const auto svg = depiction_svg(small_aspirin(), 200);
  ASSERT_TRUE(svg.has_value());
  EXPECT_THAT(*svg, HasSubstr("</svg>"));
  EXPECT_THAT(*svg, HasSubstr("width='200px' height='200px'"));
  Rdkit rdkit;
  const auto picture = rdkit.picture(small_aspirin(), 200);
  ASSERT_TRUE(picture.has_value());
  EXPECT_EQ(picture->sizes(), (std::vector<int64_t>{3, 200, 200}));
  EXPECT_EQ(picture->max().item<double>(), 1);
  EXPECT_LT(picture->min().item<double>(), 0);
  EXPECT_GT(picture->mean().item<double>(), 0.7);
  Molecule crowded = small_methane();
  crowded.number.push_back(1), crowded.position.push_back({0, 0, 1.1}), crowded.bonds.push_back({0, 5, 1});
  EXPECT_FALSE(rdkit.svg(crowded).has_value());
  EXPECT_TRUE(rdkit.svg(beside(small_methane(), small_benzene())).has_value());
}

TEST(Rdkit, ModulesInTheWorkingFolderAreNotTaken) {
  if (!rdkit_is_there()) GTEST_SKIP() << kNoRdkit;
  const TemporaryFolder folder;
  for (const char* name : {"rdkit.py", "json.py", "base64.py"}) folder.put(name, "raise SystemExit(7)\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const std::string said = refusal([] { rdkit_scores({small_methane()}, {"qed", "sa"}); });
  std::filesystem::current_path(before);
  EXPECT_EQ(said, "accepted");
}

}  // namespace
}  // namespace steer
