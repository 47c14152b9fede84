#include "steer/serve/history.h"

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"

namespace steer {
namespace {

namespace fs = std::filesystem;
constexpr const char* kKept = ".job.json";

JobState state_named(const std::string& name) {
  for (const JobState state : {JobState::kDone, JobState::kFailed, JobState::kStopped})
    if (name_of(state) == name) return state;
  fail("[serve] expected a job that ended but got ", in_quotes(name));
}

JobInfo info_of(const Json& json) {
  JobInfo info;
  info.id = json.at("id").get<std::string>(), info.kind = json.at("kind").get<std::string>();
  info.asked = json.at("asked"), info.state = state_named(json.at("state").get<std::string>());
  info.share = json.at("share").get<double>(), info.error = json.at("error").get<std::string>();
  info.created = json.at("created").get<int64_t>(), info.result = json.at("result");
  return info;
}

}  // namespace

JobHistory::JobHistory(std::string folder) : folder_(std::move(folder)) {
  std::error_code failure;
  fs::create_directories(folder_, failure);
  STEER_CHECK(fs::is_directory(folder_), "[serve] --history: ", folder_,
              ": expected a folder that can be made");
}

std::string JobHistory::path(const std::string& id, const std::string& what) const {
  return (fs::path(folder_) / (id + "." + what)).string();
}

bool JobHistory::has(const std::string& id, const std::string& what) const {
  std::error_code ignored;
  return fs::is_regular_file(path(id, what), ignored);
}

void JobHistory::keep(const JobInfo& info) const {
  write_file((fs::path(folder_) / (info.id + kKept)).string(), json_text(job_json(info)) + "\n");
}

std::vector<JobInfo> JobHistory::kept() const {
  std::vector<JobInfo> jobs;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    const size_t end = name.find(kKept);
    if (end == std::string::npos || end + std::string(kKept).size() != name.size()) continue;
    try {
      JobInfo info = info_of(parse_json(read_file(entry.path().string()), name));
      if (info.id == name.substr(0, end)) jobs.push_back(std::move(info));
    } catch (const std::exception&) {
      continue;
    }
  }
  std::sort(jobs.begin(), jobs.end(), [](const JobInfo& a, const JobInfo& b) {
    return a.created != b.created ? a.created < b.created : a.id < b.id;
  });
  return jobs;
}

void JobHistory::remove(const std::string& id) const {
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_, ignored))
    if (entry.path().filename().string().rfind(id + ".", 0) == 0) files.push_back(entry.path());
  for (const fs::path& file : files) fs::remove(file, ignored);
}

int64_t JobHistory::free_bytes() const {
  std::error_code failure;
  const fs::space_info space = fs::space(folder_, failure);
  return failure ? 0 : static_cast<int64_t>(space.available);
}

}  // namespace steer
