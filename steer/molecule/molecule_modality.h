// Molecules in space as a kind of sample.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// How they are read, written, shown and spoken of.
const Modality& molecule_modality();

}  // namespace steer
