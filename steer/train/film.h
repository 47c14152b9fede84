// The pictures that a training run drew on its way, as one film.
#pragma once

#include <string>

namespace steer {

// RUN/film.gif out of RUN/samples/*.png in the order of their names, as many as 120 evenly spread. Pictures
// of another size than the last are left out; fewer than two make no film. Tells whether there is one.
bool write_film(const std::string& run);

}  // namespace steer
