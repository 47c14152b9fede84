// Dice as a kind of sample that steer does not ship: the shares of the six faces among a die's throws.
#pragma once

#include "steer/modality/modality.h"

// Dice [N, 6]: six numbers in [0, 1] that add up to one. Files are text with six numbers; data sets are
// `dice:fair` and `dice:loaded`; objectives are made of `loaded` and `balanced`.
const steer::Modality& dice();
