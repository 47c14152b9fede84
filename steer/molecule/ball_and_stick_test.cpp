#include "steer/molecule/ball_and_stick.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "steer/core/pi.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

Molecule atoms_at(const std::vector<int>& number, const std::vector<std::array<double, 3>>& position,
                  const std::vector<Bond>& bonds = {}) {
  Molecule molecule;
  molecule.number = number;
  molecule.position = position;
  molecule.bonds = bonds;
  return molecule;
}

// Formamide, bent out of its plane so that it is its own mirror image in no plane.
Molecule bent_amide() {
  return atoms_at({6, 8, 7, 1, 1, 1},
                  {{0, 0, 0},
                   {1.05, 0.62, 0.1},
                   {-1.1, 0.75, -0.2},
                   {0, -1.1, 0.3},
                   {-1.9, 0.2, 0.4},
                   {-1.1, 1.75, -0.5}},
                  {{0, 1, 2}, {0, 2, 1}, {0, 3, 1}, {2, 4, 1}, {2, 5, 1}});
}

BallAndStickOptions as_it_stands(int64_t side = 64, double scale = 16) {
  BallAndStickOptions options;
  options.side = side;
  options.broad_side = false;
  options.scale = scale;
  return options;
}

// Red, green and blue at a place, in Angstrom right of and above the middle.
std::array<double, 3> colour_at(const Tensor& picture, double x, double y, double scale) {
  const double middle = static_cast<double>(picture.size(1)) / 2;
  const auto row = static_cast<int64_t>(middle - y * scale),
             column = static_cast<int64_t>(middle + x * scale);
  std::array<double, 3> colour{};
  for (int64_t c = 0; c < 3; ++c) colour[static_cast<size_t>(c)] = picture[c][row][column].item<double>();
  return colour;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

bool is_white(const std::array<double, 3>& colour) {
  return colour[0] == 1 && colour[1] == 1 && colour[2] == 1;
}

TEST(BallAndStick, NoMoleculeIsTheGround) {
  const Tensor picture = ball_and_stick({}, as_it_stands(33));
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{3, 33, 33}));
  EXPECT_EQ(picture.scalar_type(), at::kFloat);
  EXPECT_TRUE((picture == 1).all().item<bool>());
  EXPECT_TRUE((ball_and_stick({}) == 1).all().item<bool>());
}

TEST(BallAndStick, ABallHasItsElementsColour) {
  const auto of = [](int number) {
    // Where a single atom stands is the middle.
    return colour_at(ball_and_stick(atoms_at({number}, {{5, -7, 3}}), as_it_stands()), 0, 0, 16);
  };
  const auto oxygen = of(8), nitrogen = of(7), carbon = of(6), hydrogen = of(1), fluorine = of(9);
  EXPECT_GT(oxygen[0], oxygen[1] + 0.5);
  EXPECT_GT(nitrogen[2], nitrogen[0] + 0.5);
  EXPECT_GT(fluorine[1], fluorine[0] + 0.3);
  EXPECT_LT(carbon[0], 0.2);
  EXPECT_NEAR(carbon[0], carbon[1], 0.1);
  EXPECT_GT(hydrogen[0], 0.5);
  // An element that nobody has heard of is drawn as well.
  EXPECT_FALSE(is_white(of(250)));
  EXPECT_FALSE(is_white(of(-1)));
}

TEST(BallAndStick, ABallIsRoundAndOutlined) {
  const Tensor picture = ball_and_stick(atoms_at({6}, {{0, 0, 0}}), as_it_stands(64, 50));
  // A ball of 0.44 Angstrom, 22 pixels.
  const Tensor drawn = (picture < 0.99).any(0);
  EXPECT_NEAR(drawn.sum().item<double>(), kPi * 22 * 22, 90);
  EXPECT_TRUE(drawn.equal(drawn.flip(0)) && drawn.equal(drawn.flip(1)));
  EXPECT_TRUE(is_white(colour_at(picture, -0.5, 0, 50)));
  // Light falls from the upper left.
  EXPECT_GT(colour_at(picture, -0.2, 0.2, 50)[0], colour_at(picture, 0.2, -0.2, 50)[0] + 0.3);
  // A white ball has a dark edge.
  const Tensor white = ball_and_stick(atoms_at({1}, {{0, 0, 0}}), as_it_stands(64, 80));
  EXPECT_GT(colour_at(white, -0.25, 0, 80)[0], 0.6);
  EXPECT_LT(colour_at(white, -0.285, 0, 80)[0], 0.5);
}

TEST(BallAndStick, TheNearerAtomCoversTheFartherOne) {
  for (const double side : {1.0, -1.0}) {
    const Molecule molecule = atoms_at({8, 7}, {{0, 0, side}, {0, 0, -side}});
    const auto colour = colour_at(ball_and_stick(molecule, as_it_stands()), 0, 0, 16);
    EXPECT_EQ(colour[0] > colour[2], side > 0);
    // From behind it is the other.
    BallAndStickOptions behind = as_it_stands();
    behind.turn = kPi;
    const auto other = colour_at(ball_and_stick(molecule, behind), 0, 0, 16);
    EXPECT_EQ(other[0] > other[2], side < 0);
  }
}

TEST(BallAndStick, SticksHaveTheColoursOfTheirAtoms) {
  const Molecule molecule = atoms_at({8, 7}, {{-1, 0, 0}, {1, 0, 0}}, {{0, 1, 1}});
  const Tensor picture = ball_and_stick(molecule, as_it_stands(128, 40));
  const auto left = colour_at(picture, -0.3, 0, 40), right = colour_at(picture, 0.3, 0, 40);
  EXPECT_GT(left[0], left[2] + 0.3);
  EXPECT_GT(right[2], right[0] + 0.3);
  Molecule loose = molecule;
  loose.bonds.clear();
  EXPECT_TRUE(is_white(colour_at(ball_and_stick(loose, as_it_stands(128, 40)), 0.3, 0, 40)));
}

TEST(BallAndStick, AsManySticksAsTheBondHasOrders) {
  for (int order = 1; order <= 3; ++order) {
    // Aligned with either axis: the direction beside the bond is always found.
    for (const bool upright : {false, true}) {
      const Molecule molecule = upright ? atoms_at({6, 6}, {{0, -1, 0}, {0, 1, 0}}, {{0, 1, order}})
                                        : atoms_at({6, 6}, {{-1, 0, 0}, {1, 0, 0}}, {{0, 1, order}});
      const Tensor picture = ball_and_stick(molecule, as_it_stands(256, 100));
      const Tensor line = upright ? picture[0][128] : picture[0].select(1, 128);
      const Tensor drawn = (line < 0.9).to(at::kInt);
      EXPECT_EQ((drawn.narrow(0, 1, 255) - drawn.narrow(0, 0, 255)).eq(1).sum().item<int64_t>(), order);
    }
  }
}

TEST(BallAndStick, AWholeTurnChangesNothing) {
  const Molecule molecule = bent_amide();
  BallAndStickOptions options;
  options.side = 96;
  const Tensor picture = ball_and_stick(molecule, options);
  options.turn = 2 * kPi;
  options.tilt = -4 * kPi;
  EXPECT_TRUE(ball_and_stick(molecule, options).equal(picture));
  options.turn = 1;
  options.tilt = 0.5;
  EXPECT_GT(largest_difference(ball_and_stick(molecule, options), picture), 0.5);
}

TEST(BallAndStick, TurnAndTiltGoAsTold) {
  // In front of the middle stands an oxygen; a nitrogen behind it balances it.
  const Molecule molecule = atoms_at({8, 7}, {{0, 0, 1}, {0, 0, -1}});
  BallAndStickOptions options = as_it_stands();
  options.turn = kPi / 2;
  auto colour = colour_at(ball_and_stick(molecule, options), 1, 0, 16);
  EXPECT_GT(colour[0], colour[2]);
  options.turn = 0;
  options.tilt = kPi / 2;
  colour = colour_at(ball_and_stick(molecule, options), 0, -1, 16);
  EXPECT_GT(colour[0], colour[2]);
}

TEST(BallAndStick, ShowsTheBroadSideHoweverTheMoleculeLies) {
  const Molecule molecule = bent_amide();
  BallAndStickOptions options;
  options.side = 96;
  const Tensor picture = ball_and_stick(molecule, options);
  std::mt19937 random(4);
  std::uniform_real_distribution<double> angle(0, 2 * kPi);
  for (int i = 0; i < 10; ++i) {
    Molecule turned = molecule;
    const double a = angle(random), b = angle(random);
    for (auto& p : turned.position) {
      p = {std::cos(a) * p[0] - std::sin(a) * p[1], std::sin(a) * p[0] + std::cos(a) * p[1], p[2]};
      p = {p[0] + 10, std::cos(b) * p[1] - std::sin(b) * p[2] - 3, std::sin(b) * p[1] + std::cos(b) * p[2]};
    }
    const Tensor other = ball_and_stick(turned, options);
    EXPECT_LT((other - picture).abs().mean().item<double>(), 1e-3);
    // Its mirror image is another molecule and looks so: what was in front is behind.
    for (auto& p : turned.position) p[0] = -p[0];
    EXPECT_GT((ball_and_stick(turned, options) - picture).abs().mean().item<double>(), 3e-3);
  }
  // A row of atoms lies along the horizontal axis.
  const Molecule row = atoms_at({6, 6, 6}, {{0, 0, 0}, {0, 0, 1.3}, {0, 0, 2.6}});
  const Tensor drawn = (ball_and_stick(row, options) < 0.9).any(0);
  EXPECT_GT(drawn.any(0).sum().item<int64_t>(), 2 * drawn.any(1).sum().item<int64_t>());
}

TEST(BallAndStick, FitsWhateverTheTurn) {
  const Molecule molecule = bent_amide();
  BallAndStickOptions options;
  options.side = 80;
  for (const double turn : {0.0, 0.7, 1.6})
    for (const double tilt : {0.0, 0.9, 2.2}) {
      options.turn = turn;
      options.tilt = tilt;
      const Tensor drawn = (ball_and_stick(molecule, options) < 0.99).any(0);
      EXPECT_FALSE((drawn[0] | drawn[79] | drawn.select(1, 0) | drawn.select(1, 79)).any().item<bool>());
      const int64_t broad = drawn.any(0).sum().item<int64_t>(), high = drawn.any(1).sum().item<int64_t>();
      EXPECT_GT(std::max(broad, high), 30);
    }
}

TEST(BallAndStick, WhatIsFartherIsPaler) {
  const Molecule molecule = atoms_at({6, 6}, {{-1, 0, 4}, {1, 0, -4}});
  const Tensor picture = ball_and_stick(molecule, as_it_stands());
  EXPECT_GT(colour_at(picture, 1, 0, 16)[0], colour_at(picture, -1, 0, 16)[0] + 0.2);
}

TEST(BallAndStick, FadedAtomsGo) {
  const Molecule molecule = atoms_at({8, 8}, {{-1, 0, 0}, {1, 0, 0}}, {{0, 1, 1}});
  BallAndStickOptions options = as_it_stands();
  options.fade = {0.5, 1};
  const Tensor picture = ball_and_stick(molecule, options), whole = ball_and_stick(molecule, as_it_stands());
  EXPECT_TRUE(is_white(colour_at(picture, 1, 0, 16)));
  EXPECT_TRUE(is_white(colour_at(picture, 0.3, 0, 16)));
  const double half = colour_at(picture, -1, 0, 16)[1];
  EXPECT_NEAR(half, (1 + colour_at(whole, -1, 0, 16)[1]) / 2, 0.01);
  options.fade = {0, 0};
  EXPECT_TRUE(ball_and_stick(molecule, options).equal(whole));
}

TEST(BallAndStick, ValuesStayInTheirRange) {
  std::mt19937 random(9);
  std::uniform_real_distribution<double> place(-3, 3);
  Molecule molecule;
  for (int64_t i = 0; i < 60; ++i) {
    molecule.number.push_back(static_cast<int>(random() % 60));
    molecule.position.push_back({place(random), place(random), place(random)});
    if (i > 0) molecule.bonds.push_back({i - 1, i, static_cast<int>(1 + random() % 3)});
  }
  // Two atoms in one place, bound.
  molecule.position[7] = molecule.position[6];
  for (const double scale : {0.0, 0.01, 3.0, 1e6}) {
    BallAndStickOptions options;
    options.side = 50;
    options.scale = scale;
    const Tensor picture = ball_and_stick(molecule, options);
    EXPECT_TRUE((picture.isfinite() & (picture >= -1) & (picture <= 1)).all().item<bool>()) << scale;
  }
}

TEST(BallAndStick, LargePicturesShowTheSame) {
  // 1100 pixels are drawn in several bands, with other samples; their means are those of the small picture.
  BallAndStickOptions options;
  options.side = 110;
  const Tensor small = ball_and_stick(bent_amide(), options);
  options.side = 1100;
  const Tensor large = at::avg_pool2d(ball_and_stick(bent_amide(), options), {10, 10});
  EXPECT_LT((large - small).abs().mean().item<double>(), 0.03);
}

TEST(BallAndStick, TakesFewMilliseconds) {
  Molecule molecule = bent_amide();
  while (molecule.size() < 20) {
    molecule.position.push_back({0.3 * static_cast<double>(molecule.size()), 1, 2});
    molecule.number.push_back(6);
    molecule.bonds.push_back({0, molecule.size() - 1, 1});
  }
  BallAndStickOptions options;
  options.side = 128;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) ball_and_stick(molecule, options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(seconds.count(), 3);  // about 0.03 by itself; sanitizers and busy machines take longer
}

TEST(BallAndStick, RefusesWhatCannotBeSeen) {
  Molecule molecule = bent_amide();
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1e7}) {
    molecule.position[1][2] = bad;
    EXPECT_NE(refusal([&] { ball_and_stick(molecule); }).find("atom 1 has"), std::string::npos);
    EXPECT_NE(refusal([&] { ball_and_stick_svg(molecule); }).find("atom 1 has"), std::string::npos);
  }
  molecule = bent_amide();
  const auto with = [&](const auto& change) {
    BallAndStickOptions options;
    change(options);
    return refusal([&] { ball_and_stick(molecule, options); });
  };
  using Options = BallAndStickOptions;
  EXPECT_EQ(with([](Options& o) { o.side = 0; }),
            "[ball_and_stick] expected a side of 1 to 4096 pixels but got 0");
  EXPECT_NE(with([](Options& o) { o.side = 5000; }), "accepted");
  EXPECT_NE(with([](Options& o) { o.turn = std::nan(""); }).find("turn"), std::string::npos);
  EXPECT_NE(with([](Options& o) { o.tilt = HUGE_VAL; }).find("tilt"), std::string::npos);
  EXPECT_NE(with([](Options& o) { o.scale = -1; }).find("scale"), std::string::npos);
  EXPECT_NE(with([](Options& o) { o.scale = std::nan(""); }).find("scale"), std::string::npos);
  EXPECT_NE(with([](Options& o) { o.fade = {0, 0}; }).find("6 numbers in fade"), std::string::npos);
  EXPECT_NE(with([](Options& o) { o.fade.assign(6, 1.5); }).find("from 0 to 1"), std::string::npos);
  molecule.bonds.push_back({0, 40, 1});
  EXPECT_NE(refusal([&] { ball_and_stick(molecule); }).find("two of 6 atoms"), std::string::npos);
}

int64_t count_of(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(BallAndStick, TheDrawingHasAllAtomsAndBonds) {
  BallAndStickOptions options;
  options.side = 200;
  const std::string text = ball_and_stick_svg(bent_amide(), options);
  EXPECT_EQ(text.find("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\""), 0u);
  EXPECT_EQ(text.substr(text.size() - 7), "</svg>\n");
  EXPECT_EQ(count_of(text, "<circle "), 6);
  // Six sticks, each of two halves with their outlines.
  EXPECT_EQ(count_of(text, "<line "), 24);
  EXPECT_EQ(text.find("nan"), std::string::npos);
  options.fade = {1, 0, 0, 0, 0, 0};
  EXPECT_EQ(count_of(ball_and_stick_svg(bent_amide(), options), "<circle "), 5);
  EXPECT_EQ(count_of(ball_and_stick_svg({}), "<circle "), 0);
  // The farther atom comes first.
  const std::string pair = ball_and_stick_svg(atoms_at({8, 7}, {{0, 0, 1}, {0, 0, -1}}), as_it_stands());
  EXPECT_LT(pair.rfind("<circle", pair.rfind("<circle") - 1), pair.rfind("<circle"));
  const size_t last = pair.rfind("url(#ball-");
  EXPECT_EQ(pair.substr(last + 10, 2), "e6");
}

}  // namespace
}  // namespace steer
