// A name and what it means: what lists of names are made of where people read them.
#pragma once

#include <string>
#include <vector>

namespace steer {

// One name of a list.
struct Named {
  std::string name;     // as it is written
  std::string meaning;  // one line
};

// The names alone, in their order.
inline std::vector<std::string> names_of(const std::vector<Named>& list) {
  std::vector<std::string> names;
  for (const Named& named : list) names.push_back(named.name);
  return names;
}

}  // namespace steer
