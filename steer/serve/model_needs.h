// What models must be told, found out while others wait for nothing: it takes opening each of them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// Opens one model after the other on a thread of its own and keeps what each is told.
class ModelNeeds {
 public:
  // `found` is called on that thread for each model that samples, with its name and {"classes", "no_class",
  // "values", "given"}. Models that cannot be opened are passed over: whoever draws from them hears why.
  ModelNeeds(std::vector<std::pair<std::string, std::string>> models,
             std::function<void(const std::string& name, const Json& needs)> found);
  // Waits for the model that is being opened.
  ~ModelNeeds();
  ModelNeeds(const ModelNeeds&) = delete;
  ModelNeeds& operator=(const ModelNeeds&) = delete;

  // What is known so far, by name.
  std::map<std::string, Json> known() const;

 private:
  void read_all();

  std::vector<std::pair<std::string, std::string>> models_;
  std::function<void(const std::string& name, const Json& needs)> found_;
  mutable std::mutex mutex_;
  std::map<std::string, Json> known_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

}  // namespace steer
