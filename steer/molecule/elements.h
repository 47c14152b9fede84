// The chemical elements: symbols, and the few numbers about atoms that pictures and bonds need.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace steer {

// The atomic number of the last element, oganesson.
constexpr int kLastElement = 118;

// The atomic number of the last element with a radius and a mass here, xenon.
constexpr int kLastMeasuredElement = 54;

// The atomic number, 1 to kLastElement, of an element's symbol in any case ("Cl", "CL", "cl") or of the
// number itself as text ("17"). D and T, as files write deuterium and tritium, are 1. 0 for anything else.
int atomic_number(std::string_view text);

// "Cl" of 17. Error unless the number is 1 to kLastElement.
std::string_view element_symbol(int number);

// Covalent radius in Angstrom: Cordero et al. 2008 ("Covalent radii revisited"), table 2, where carbon is
// that of four neighbours and manganese, iron and cobalt those of low spin. Error unless the number is 1 to
// kLastMeasuredElement.
double covalent_radius(int number);

// Mass in unified atomic mass units: IUPAC's abridged standard atomic weights of 2021, of technetium, which
// has none, the mass number 97. Error unless the number is 1 to kLastMeasuredElement.
double atomic_mass(int number);

// Red, green and blue of an atom in pictures: Jmol's shades of the colours of Corey, Pauling and Koltun for
// the elements common in molecules, pink for all others and for numbers of no element.
std::array<uint8_t, 3> element_colour(int number);

}  // namespace steer
