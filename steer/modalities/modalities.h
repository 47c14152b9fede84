// All kinds of sample by name. A new kind is one line here.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// All of them.
const std::vector<const Modality*>& modalities();

// Takes in a copy, for programs that bring kinds of their own: call it before other threads run. It is asked
// for data sets before those known until then. Error for a kind that is known already.
void add_modality(const Modality& modality);

// That of a space's kind. Error for a kind that nobody makes.
const Modality& modality_of(const std::string& kind);
const Modality& modality_of(const Space& space);

// The data set that a path names, of whichever kind it is. Error as the modality's.
std::unique_ptr<Dataset> make_dataset(const DataOptions& options);

// Samples x [N, sizes...] as maps [N, C, H, W] that a network learns which knows nothing of their symmetries;
// and such maps as samples (Modality::posed and finished).
Tensor posed_maps(const Space& space, const Tensor& x);
State finished_maps(const Space& space, const Tensor& maps);

}  // namespace steer
