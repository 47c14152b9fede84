// Names and shapes of a network's parameters, known from its options alone, without building it.
#pragma once

#include "steer/ddn/pyramid.h"
#include "steer/ddn/recurrent.h"
#include "steer/nn/extent.h"

namespace steer {

struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;
};

// Every parameter of the network with these options, by the names that its checkpoint has, in no special
// order. That of a recurrent network includes its class embedding, which does not train. Error as
// check(options); further checks are those of the networks themselves.
std::vector<NamedShape> parameter_shapes(const PyramidOptions& options);
std::vector<NamedShape> parameter_shapes(const RecurrentOptions& options);

// How much they are together.
Extent extent_of(const std::vector<NamedShape>& shapes);

// Values in all of them together.
int64_t value_count(const std::vector<NamedShape>& shapes);

}  // namespace steer
