#include "steer/core/class_names.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {

int64_t class_of(const std::string& word, const ClassNames& names, int64_t classes, const std::string& what) {
  const auto named = std::find(names.begin(), names.end(), word);
  if (named != names.end()) return named - names.begin();
  const bool digits = !word.empty() && word.size() <= 9 && word.find_first_not_of("0123456789") == word.npos;
  if (digits && std::stoll(word) < classes) return std::stoll(word);
  fail(what, ": expected ", names.empty() ? "" : "a class out of " + names_text(names) + ", or ",
       "a number from 0 to ", classes - 1, ", but got ", in_quotes(word));
}

std::string class_text(const ClassNames& names, int64_t label) {
  const bool named = label >= 0 && label < static_cast<int64_t>(names.size());
  return named ? names[static_cast<size_t>(label)] : std::to_string(label);
}

Tensor relabelled(const Tensor& label, const ClassNames& from, const ClassNames& to,
                  const std::string& what) {
  if (!label.defined() || from.empty() || to.empty() || from == to) return label;
  const Tensor given = label.to(torch::kCPU, torch::kInt64).contiguous();
  Tensor result = given.clone();
  int64_t* const values = result.data_ptr<int64_t>();
  for (int64_t i = 0; i < result.numel(); ++i) {
    if (values[i] < 0) continue;
    const std::string name = class_text(from, values[i]);
    const auto found = std::find(to.begin(), to.end(), name);
    STEER_CHECK(found != to.end(), what, ": expected classes out of ", names_text(to), " but got ",
                in_quotes(name), " out of ", names_text(from));
    values[i] = found - to.begin();
  }
  return result.to(label.device());
}

bool are_numbers(const ClassNames& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != std::to_string(i)) return false;
  return true;
}

std::string names_text(const ClassNames& names) {
  constexpr size_t kShown = 20;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i ? ", " : "") + names[i];
  return names.size() > kShown ? joined(text, " and ", names.size() - kShown, " more") : text;
}

std::string class_names_json(const ClassNames& names) {
  return json_text(Json(names));
}

ClassNames class_names_of(const std::string& json) {
  const Json list = Json::parse(json, nullptr, false);
  ClassNames names;
  if (!list.is_array()) return names;
  for (const Json& name : list) {
    if (!name.is_string()) return {};
    names.push_back(name.get<std::string>());
  }
  return names;
}

}  // namespace steer
