// Options are plain structs that declare their fields once; from that come JSON, checked reading and help.
//
//   struct TrainOptions {
//     double rate = 2e-4;
//     AdamOptions adam;
//     template <class F> void fields(F& f) {
//       f("rate", rate, "learning rate, per step");
//       f("adam", adam, "the optimizer");
//     }
//   };
//
// A field is a bool, int64_t, double, std::string, a std::vector of int64_t or std::string, or another such
// struct.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "steer/core/json.h"

namespace steer {

template <class T>
constexpr bool is_plain_option =
    std::is_same_v<T, bool> || std::is_same_v<T, int64_t> || std::is_same_v<T, double> ||
    std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<int64_t>> ||
    std::is_same_v<T, std::vector<std::string>>;

// All fields with their present values, in the order of their declaration.
template <class O>
Json options_json(const O& options);

// Lays `json` over the present values. Unknown keys and wrong types are refused with `where` (the file), the
// dotted path, and the nearest known name or the type; the options are then unchanged. An integer may be
// written as 1e6.
template <class O>
void read_options(O& options, const Json& json, const std::string& where);

// One line for each plain field: dotted path, present value, meaning.
template <class O>
std::string options_help(const O& options);

// The JSON in a file; a fault gives file, line and column.
Json read_json_file(const std::string& path);

// Sets one value, "a.b=c": c is JSON, otherwise a string. Objects on the way are made where missing.
void apply_set(Json& json, const std::string& assignment);

// The known name that `name` is most likely a misspelling of; empty when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

// "; did you mean NAME?" for the nearest name, or nothing.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

// Whether the word is one of these.
bool among(const std::string& word, const std::vector<std::string>& words);

// What the templates below are made of.

void read_plain_option(bool& value, const Json& json, const std::string& where, const std::string& path);
void read_plain_option(int64_t& value, const Json& json, const std::string& where, const std::string& path);
void read_plain_option(double& value, const Json& json, const std::string& where, const std::string& path);
void read_plain_option(std::string& value, const Json& json, const std::string& where,
                       const std::string& path);
void read_plain_option(std::vector<int64_t>& value, const Json& json, const std::string& where,
                       const std::string& path);
void read_plain_option(std::vector<std::string>& value, const Json& json, const std::string& where,
                       const std::string& path);

struct OptionLine {
  std::string path, value, meaning;
};
std::string aligned(const std::vector<OptionLine>& lines);

class OptionWriter {
 public:
  template <class T>
  void operator()(const std::string& name, T& value, const std::string&) {
    if constexpr (is_plain_option<T>)
      json[name] = value;
    else
      json[name] = options_json(value);
  }

  Json json = Json::object();
};

class OptionReader {
 public:
  // `prefix` is empty or the path of the enclosing field with a dot.
  OptionReader(const Json& json, std::string where, std::string prefix);

  template <class T>
  void operator()(const std::string& name, T& value, const std::string&) {
    known_.push_back(name);
    const auto found = json_.find(name);
    if (found == json_.end()) return;
    if constexpr (is_plain_option<T>) {
      read_plain_option(value, *found, where_, prefix_ + name);
    } else {
      OptionReader inner(*found, where_, prefix_ + name + ".");
      value.fields(inner);
      inner.refuse_unknown();
    }
  }

  // To be called after all fields.
  void refuse_unknown() const;

 private:
  const Json& json_;
  std::string where_, prefix_;
  std::vector<std::string> known_;
};

class OptionLister {
 public:
  template <class T>
  void operator()(const std::string& name, T& value, const std::string& meaning) {
    if constexpr (is_plain_option<T>) {
      lines.push_back(
          {prefix + name, Json(value).dump(-1, ' ', false, Json::error_handler_t::replace), meaning});
    } else {
      const std::string outer = prefix;
      prefix += name + ".";
      value.fields(*this);
      prefix = outer;
    }
  }

  std::vector<OptionLine> lines;
  std::string prefix;
};

template <class O>
Json options_json(const O& options) {
  O copy = options;
  OptionWriter writer;
  copy.fields(writer);
  return std::move(writer.json);
}

template <class O>
void read_options(O& options, const Json& json, const std::string& where) {
  O copy = options;
  OptionReader reader(json, where, "");
  copy.fields(reader);
  reader.refuse_unknown();
  options = std::move(copy);
}

template <class O>
std::string options_help(const O& options) {
  O copy = options;
  OptionLister lister;
  copy.fields(lister);
  return aligned(lister.lines);
}

}  // namespace steer
