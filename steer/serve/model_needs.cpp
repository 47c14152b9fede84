#include "steer/serve/model_needs.h"

#include "steer/models/models.h"

namespace steer {
namespace {

Json needs_json(const Needs& needs) {
  return {{"classes", needs.classes},
          {"no_class", needs.no_class},
          {"values", needs.values},
          {"given", needs.given}};
}

}  // namespace

ModelNeeds::ModelNeeds(std::vector<std::pair<std::string, std::string>> models,
                       std::function<void(const std::string& name, const Json& needs)> found)
    : models_(std::move(models)), found_(std::move(found)), thread_([this] { read_all(); }) {}

ModelNeeds::~ModelNeeds() {
  ends_ = true;
  thread_.join();
}

std::map<std::string, Json> ModelNeeds::known() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

void ModelNeeds::read_all() {
  for (const auto& [name, path] : models_) {
    if (ends_) return;
    try {
      const Json needs = needs_json(load_model(path, torch::kCPU).model->needs());
      {
        const std::lock_guard lock(mutex_);
        known_[name] = needs;
      }
      found_(name, needs);
    } catch (const std::exception&) {
      continue;
    }
  }
}

}  // namespace steer
