#include "steer/molecule/elements.h"

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr std::array<std::string_view, kLastElement> kElementSymbols = {
    "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl",
    "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se",
    "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb",
    "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er",
    "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At",
    "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No",
    "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

constexpr std::array<double, kLastMeasuredElement> kElementRadii = {
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11,
    1.07, 1.05, 1.02, 1.06, 2.03, 1.76, 1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24,
    1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16, 2.20, 1.95, 1.90, 1.75, 1.64, 1.54,
    1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40};

constexpr std::array<double, kLastMeasuredElement> kElementMasses = {
    1.008,  4.0026, 6.94,   9.0122, 10.81,  12.011, 14.007, 15.999, 18.998, 20.180, 22.990,
    24.305, 26.982, 28.085, 30.974, 32.06,  35.45,  39.95,  39.098, 40.078, 44.956, 47.867,
    50.942, 51.996, 54.938, 55.845, 58.933, 58.693, 63.546, 65.38,  69.723, 72.630, 74.922,
    78.971, 79.904, 83.798, 85.468, 87.62,  88.906, 91.224, 92.906, 95.95,  97,     101.07,
    102.91, 106.42, 107.87, 112.41, 114.82, 118.71, 121.76, 127.60, 126.90, 131.29};

struct ElementColour {
  int number;
  std::array<uint8_t, 3> colour;
};

constexpr ElementColour kElementColours[] = {
    {1, {255, 255, 255}}, {2, {217, 255, 255}}, {3, {204, 128, 255}},  {5, {255, 181, 181}},
    {6, {144, 144, 144}}, {7, {48, 80, 248}},   {8, {255, 13, 13}},    {9, {144, 224, 80}},
    {11, {171, 92, 242}}, {12, {138, 255, 0}},  {13, {191, 166, 166}}, {14, {240, 200, 160}},
    {15, {255, 128, 0}},  {16, {255, 255, 48}}, {17, {31, 240, 31}},   {19, {143, 64, 212}},
    {20, {61, 255, 0}},   {26, {224, 102, 51}}, {29, {200, 128, 51}},  {30, {125, 128, 176}},
    {34, {255, 161, 0}},  {35, {166, 41, 41}},  {53, {148, 0, 148}}};
constexpr std::array<uint8_t, 3> kOtherColour = {255, 20, 147};

// Letters and digits of ASCII alone, whatever the locale.
char element_letter(char letter, bool first) {
  if (first && letter >= 'a' && letter <= 'z') return static_cast<char>(letter - 'a' + 'A');
  if (!first && letter >= 'A' && letter <= 'Z') return static_cast<char>(letter - 'A' + 'a');
  return letter;
}

// 0 unless the text is one to three digits.
int element_number(std::string_view text) {
  int value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9' || text.size() > 3) return 0;
    value = 10 * value + (digit - '0');
  }
  return value <= kLastElement ? value : 0;
}

double element_entry(const std::array<double, kLastMeasuredElement>& table, int number) {
  STEER_CHECK(number >= 1 && number <= kLastMeasuredElement,
              "[elements] expected an atomic number from 1 to ", kLastMeasuredElement, " but got ", number);
  return table[static_cast<size_t>(number - 1)];
}

}  // namespace

int atomic_number(std::string_view text) {
  if (text.empty() || text.size() > 3) return 0;
  if (const int number = element_number(text)) return number;
  if (text.size() > 2) return 0;
  char letters[2] = {element_letter(text[0], true), element_letter(text.back(), false)};
  const std::string_view symbol(letters, text.size());
  if (symbol == "D" || symbol == "T") return 1;
  for (size_t i = 0; i < kElementSymbols.size(); ++i)
    if (kElementSymbols[i] == symbol) return static_cast<int>(i) + 1;
  return 0;
}

std::string_view element_symbol(int number) {
  STEER_CHECK(number >= 1 && number <= kLastElement, "[elements] expected an atomic number from 1 to ",
              kLastElement, " but got ", number);
  return kElementSymbols[static_cast<size_t>(number - 1)];
}

double covalent_radius(int number) {
  return element_entry(kElementRadii, number);
}

double atomic_mass(int number) {
  return element_entry(kElementMasses, number);
}

std::array<uint8_t, 3> element_colour(int number) {
  for (const ElementColour& entry : kElementColours)
    if (entry.number == number) return entry.colour;
  return kOtherColour;
}

}  // namespace steer
