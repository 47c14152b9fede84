// Options are plain structs that declare their fields once; from that come JSON, checked reading and help.
//
//   struct TrainOptions {
//     double rate = 2e-4;
//     AdamOptions adam;
//     void fields(OptionFields& f) {
//       f("rate", rate, "learning rate, per step");
//       f("adam", adam, "the optimizer");
//     }
//   };
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

// All fields with their present values, in the order of their declaration. Who calls it includes
// steer/core/json.h; AnyJson is Json, a parameter only so that others need not.
template <class O, class AnyJson = Json>
AnyJson options_json(const O& options);

// Lays `json` over the present values. Unknown keys, wrong types and numbers outside their ranges are refused
// with `where` (the file), the dotted path, and the nearest known name, the type or the range; the options
// are then unchanged. An integer may be written as 1e6.
template <class O>
void read_options(O& options, const Json& json, const std::string& where);

// Error for the first number outside its range, with `where` and its dotted path: what a struct that no JSON
// was read into is checked by.
template <class O>
void check_options(const O& options, const std::string& where);

// The options themselves, once they are checked.
template <class O>
O checked_options(O options, const std::string& where);

// One line for each plain field: dotted path, present value, meaning.
template <class O>
std::string options_help(const O& options);

// The fields and what they mean, not those inside them.
template <class O>
std::vector<Named> named_options(O options) {
  std::vector<Named> fields;
  for (const OptionField& field : OptionFields::of(options)) fields.push_back({field.name, field.meaning});
  return fields;
}

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

// Sets one plain value, whose dotted path is for the message.
void read_value(const OptionField::Value& value, const Json& json, const std::string& where,
                const std::string& path);

// options_json, read_options and options_help for the fields of any struct.
Json fields_json(const std::vector<OptionField>& fields);
void read_fields(const std::vector<OptionField>& fields, const Json& json, const std::string& where);
std::string fields_help(const std::vector<OptionField>& fields);
void check_fields(const std::vector<OptionField>& fields, const std::string& where);

template <class O, class AnyJson>
AnyJson options_json(const O& options) {
  O copy = options;
  return fields_json(OptionFields::of(copy));
}

template <class O>
void read_options(O& options, const Json& json, const std::string& where) {
  O copy = options;
  read_fields(OptionFields::of(copy), json, where);
  options = std::move(copy);
}

template <class O>
void check_options(const O& options, const std::string& where) {
  O copy = options;
  check_fields(OptionFields::of(copy), where);
}

template <class O>
O checked_options(O options, const std::string& where) {
  check_fields(OptionFields::of(options), where);
  return options;
}

template <class O>
std::string options_help(const O& options) {
  O copy = options;
  return fields_help(OptionFields::of(copy));
}

}  // namespace steer
