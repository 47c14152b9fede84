#include "steer/work/journal.h"

#include <filesystem>
#include <system_error>

#include "steer/core/check.h"
#include "steer/core/json_lines.h"

namespace steer {
namespace {

// Whether an option that did not exist then is off now.
bool is_off(const Json& value) {
  return value == 0 || value == false || value == "";
}

// Whether both say the same: an option that came later counts where it is on.
bool agree(const Json& then, const Json& now) {
  if (!then.is_object() || !now.is_object()) return then == now;
  for (const auto& [name, value] : now.items())
    if (then.contains(name) ? !agree(then[name], value) : !is_off(value)) return false;
  for (const auto& [name, value] : then.items())
    if (!now.contains(name)) return false;
  return true;
}

// "samples was 2 but is 3 now", of the first condition that differs; empty where none does.
std::string difference(const Json& then, const Json& now) {
  if (!then.is_object()) return "its first line holds no conditions";
  for (const auto& [name, value] : now.items()) {
    if (!then.contains(name) && !is_off(value)) return "it has no " + name;
    if (then.contains(name) && !agree(then[name], value))
      return joined(name, " was ", json_text(then[name]), " but is ", json_text(value), " now");
  }
  for (const auto& [name, value] : then.items())
    if (!now.contains(name)) return joined("its ", name, " was ", json_text(value));
  return "";
}

// The path, whose folder is there from now on.
const std::string& with_folder(const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  STEER_CHECK(!error, "[journal] ", path, ": expected to make its folder but got ", error.message());
  return path;
}

}  // namespace

Journal::Journal(const JournalOptions& options) : alone_(with_folder(options.path)), path_(options.path) {
  const JsonLines lines = read_json_lines(options.path);
  size_t at = 0;
  if (!options.conditions.is_null() && !lines.values.empty()) {
    const Json& first = lines.values[at++];
    const bool named = first.is_object() && first.size() == 1 && first.contains("conditions");
    const std::string other = difference(named ? first["conditions"] : first, options.conditions);
    STEER_CHECK(other.empty(), "[", options.work, "] ", options.path, ": expected results of this ",
                options.work, " but it holds those of another ", options.work, ": ", other,
                "; move it away or write elsewhere");
  }
  for (; at < lines.values.size(); ++at) read(lines.values[at], options);
  log_ = std::make_unique<LogFile>(options.path, lines.bytes);
  if (!options.conditions.is_null() && lines.values.empty())
    log_->write({{"conditions", options.conditions}});
}

void Journal::read(const Json& line, const JournalOptions& options) {
  const auto refuse = [&](bool fine) {
    STEER_CHECK(fine, "[", options.work, "] ", options.path, ": expected results of a ", options.work,
                " but a line is ", in_quotes(json_text(line)));
  };
  refuse(line.is_object());
  Entry entry{Json(), line};
  if (line.contains("key")) {
    entry.key = line["key"];
    entry.result.erase("key");
  } else {
    refuse(!options.key_names.empty());
    for (const std::string& name : options.key_names) {
      refuse(line.contains(name));
      entry.key[name] = line[name];
      entry.result.erase(name);
    }
  }
  entries_.push_back(std::move(entry));
}

const Json* Journal::find(const Json& key) const {
  for (const Entry& entry : entries_)
    if (agree(entry.key, key)) return &entry.result;
  return nullptr;
}

void Journal::add(const Json& key, const Json& result) {
  Json line = {{"key", key}};
  line.update(result);
  log_->write(line);
  entries_.push_back({key, result});
}

}  // namespace steer
