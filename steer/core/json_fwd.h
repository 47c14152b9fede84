// The name of JSON values, for headers that only pass them on.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace steer {

// A JSON value whose objects keep the order of their keys.
using Json = nlohmann::ordered_json;

}  // namespace steer
