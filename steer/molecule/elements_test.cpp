#include "steer/molecule/elements.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Elements, SymbolsAndNumbersAreEachOthers) {
  std::set<std::string_view> symbols;
  for (int number = 1; number <= kLastElement; ++number) {
    const std::string symbol(element_symbol(number));
    std::string upper = symbol, lower = symbol;
    std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
    std::transform(lower.begin(), lower.end(), lower.begin(), ::tolower);
    for (const std::string& text : {symbol, upper, lower, std::to_string(number)})
      EXPECT_EQ(atomic_number(text), number) << text;
    symbols.insert(element_symbol(number));
  }
  EXPECT_EQ(symbols.size(), 118u);
}

TEST(Elements, KnownOnesStandAtTheirNumbers) {
  for (const auto& [symbol, number] : {std::pair<const char*, int>{"H", 1},
                                       {"C", 6},
                                       {"N", 7},
                                       {"O", 8},
                                       {"F", 9},
                                       {"Cl", 17},
                                       {"Fe", 26},
                                       {"Br", 35},
                                       {"I", 53},
                                       {"Xe", 54},
                                       {"Lu", 71},
                                       {"Au", 79},
                                       {"U", 92},
                                       {"Lr", 103},
                                       {"Og", 118}})
    EXPECT_EQ(element_symbol(number), symbol);
  EXPECT_EQ(atomic_number("D"), 1);
  EXPECT_EQ(atomic_number("t"), 1);
}

TEST(Elements, OtherTextsAreNone) {
  for (const char* text : {"", "X", "Xx", "C1", "Carbon", "0", "119", "-6", "+6", "6.0", "1e1", " C", "C ",
                           "0006", "Q", "*", "R#", "\xC3\xA9"})
    EXPECT_EQ(atomic_number(text), 0) << text;
}

TEST(Elements, RadiiAndMassesAreThePublishedOnes) {
  EXPECT_EQ(covalent_radius(1), 0.31);
  EXPECT_EQ(covalent_radius(6), 0.76);
  EXPECT_EQ(covalent_radius(17), 1.02);
  EXPECT_EQ(covalent_radius(36), 1.16);
  EXPECT_EQ(covalent_radius(53), 1.39);
  EXPECT_EQ(atomic_mass(1), 1.008);
  EXPECT_EQ(atomic_mass(8), 15.999);
  EXPECT_EQ(atomic_mass(26), 55.845);
  EXPECT_EQ(atomic_mass(36), 83.798);
  EXPECT_EQ(atomic_mass(54), 131.29);
  // Masses rise but for the three pairs that chemistry knows: Ar and K, Co and Ni, Te and I.
  for (int number = 2; number <= kLastMeasuredElement; ++number) {
    const bool falls = number == 19 || number == 28 || number == 53;
    EXPECT_EQ(atomic_mass(number) < atomic_mass(number - 1), falls) << number;
    EXPECT_GT(covalent_radius(number), 0.2);
    EXPECT_LT(covalent_radius(number), 2.3);
  }
}

TEST(Elements, RefusesNumbersOfNoElement) {
  for (const int number : {0, -1, 119}) {
    EXPECT_NE(refusal([&] { element_symbol(number); }), "accepted");
    EXPECT_NE(refusal([&] { covalent_radius(number); }), "accepted");
    EXPECT_NE(refusal([&] { atomic_mass(number); }), "accepted");
  }
  EXPECT_EQ(refusal([] { atomic_mass(55); }), "[elements] expected an atomic number from 1 to 54 but got 55");
}

TEST(Elements, ColoursTellCommonElementsApart) {
  std::set<std::array<uint8_t, 3>> colours;
  for (const int number : {1, 6, 7, 8, 9, 15, 16, 17, 35, 53}) colours.insert(element_colour(number));
  EXPECT_EQ(colours.size(), 10u);
  EXPECT_EQ(element_colour(8), (std::array<uint8_t, 3>{255, 13, 13}));
  EXPECT_EQ(element_colour(99), element_colour(0));
}

}  // namespace
}  // namespace steer
