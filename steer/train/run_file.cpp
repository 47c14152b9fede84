#include "steer/train/run_file.h"

#include "steer/core/check.h"

namespace steer {

RunFile read_run_file(Json json, const std::string& family, const std::string& where,
                      const RunOptions& defaults) {
  STEER_CHECK(json.is_object(), "[options] ", where, ": expected a JSON object");
  RunFile file{family, Json::object(), defaults};
  if (const auto word = json.find("family"); word != json.end()) {
    STEER_CHECK(word->is_string() && (family.empty() || *word == family), "[options] ", where,
                ": family: expected ", family.empty() ? "a word" : family, " but got ", word->dump());
    file.family = word->get<std::string>();
    json.erase(word);
  }
  if (const auto model = json.find(file.family); model != json.end()) {
    STEER_CHECK(model->is_object(), "[options] ", where, ": ", file.family,
                ": expected an object of the model's options but got ", model->dump());
    file.model = *model;
    json.erase(model);
  }
  read_options(file.options, json, where);
  return file;
}

Json run_json(const RunOptions& options, const Model& model) {
  Json json = options_json(options);
  json["family"] = model.family();
  json[model.family()] = model.options();
  return json;
}

}  // namespace steer
