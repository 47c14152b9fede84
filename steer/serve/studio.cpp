#include "steer/serve/studio.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/shipped.h"
#include "steer/serve/api.h"

namespace steer {
namespace {

constexpr int kPortsTried = 20;
constexpr size_t kMostWaiting = 64;

NamedFiles files_of(const StudioOptions& options, const std::string& history) {
  NamedFiles files((std::filesystem::path(history) / "uploads").string());
  for (const std::string& name : shipped_names("models", ".safetensors"))
    if (name.find("_prior") == std::string::npos) files.add_model(name);
  for (const std::string& path : options.models) files.add_model(path);
  for (const auto& [name, path] : options.guides) files.add_guide(name, path);
  return files;
}

const StudioOptions& checked(const StudioOptions& options) {
  const bool local = options.address == "127.0.0.1" || options.address == "::1";
  STEER_CHECK(local || options.token,
              "[serve] --no-token: expected an address of this machine alone but got ", options.address);
  return options;
}

std::vector<std::pair<std::string, std::string>> samplers_of(const NamedFiles& files) {
  std::vector<std::pair<std::string, std::string>> models;
  for (const auto& [name, card] : files.models())
    if (card["samples"] == true) models.emplace_back(name, files.model(name));
  return models;
}

AskedLimits limits_of(const StudioOptions& options) {
  AskedLimits limits;
  limits.programs = options.programs;
  return limits;
}

std::string machine_text() {
  const Machine machine = this_machine();
  return fmt::format("{}, {} cores", machine.processor, machine.cores);
}

}  // namespace

std::string default_history() {
  namespace fs = std::filesystem;
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  const fs::path base =
      data && *data ? fs::path(data) : fs::path(home && *home ? home : ".") / ".local" / "share";
  return (base / "steer" / "history").string();
}

struct Studio::Inside {
  explicit Inside(const StudioOptions& options)
      : history_folder(options.history.empty() ? default_history() : options.history),
        history(history_folder),
        files(files_of(checked(options), history_folder)),
        server(options.address, options.port, kPortsTried),
        queue(kMostWaiting, [this](const JobInfo& info) { tell(info); }),
        models(options.computing),
        needs(samplers_of(files),
              [this](const std::string& name, const Json& found) {
                server.publish({"needs " + name, "needs", json_text({{"name", name}, {"needs", found}})});
              }),
        api({files, queue, history, models, needs, limits_of(options), options.assets, machine_text()}) {}

  void tell(const JobInfo& info) {
    const bool ended = info.state != JobState::kQueued && info.state != JobState::kRunning;
    if (ended) keep(info);
    if (info.preview.empty())
      server.publish(event_of(info));
    else
      server.publish(preview_of(info));
  }

  // Written before anyone is told that it is done.
  void keep(const JobInfo& info) {
    try {
      history.keep(info);
    } catch (const std::exception&) {
      // A full disk ends no studio; the job is listed until it ends.
    }
  }

  std::string history_folder;
  JobHistory history;
  NamedFiles files;
  HttpServer server;
  JobQueue queue;
  OpenModels models;
  ModelNeeds needs;
  Api api;
  Access access;
};

Studio::Studio(const StudioOptions& options) : inside_(std::make_unique<Inside>(options)) {
  Inside& inside = *inside_;
  inside.access.hosts = own_hosts(inside.server.port(), options.hosts);
  if (options.token) inside.access.token = random_name();
  for (JobInfo& info : inside.history.kept()) inside.queue.remember(std::move(info));
}

Studio::~Studio() = default;

int Studio::port() const {
  return inside_->server.port();
}

const std::string& Studio::token() const {
  return inside_->access.token;
}

std::string Studio::address() const {
  const std::string place = fmt::format("http://{}/", inside_->access.hosts.front());
  return token().empty() ? place : place + "#" + token();
}

void Studio::run() {
  Inside& inside = *inside_;
  std::thread answering([&inside] {
    inside.server.run(inside.access,
                      [&inside](const HttpRequest& request) { return inside.api.answer(request); });
  });
  inside.queue.work_on();
  inside.server.stop();
  answering.join();
}

void Studio::stop() {
  inside_->queue.end();
}

}  // namespace steer
