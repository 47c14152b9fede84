#include "steer/nn/family_checkpoint.h"

#include "steer/core/check.h"

namespace steer {

std::string metadata_word(const Checkpoint& checkpoint, const std::string& key) {
  const auto found = checkpoint.metadata.find(key);
  return found == checkpoint.metadata.end() ? "" : found->second;
}

Checkpoint family_checkpoint(const std::string& path, const std::string& family) {
  Checkpoint checkpoint = read_checkpoint(path);
  const bool ours = metadata_word(checkpoint, "format") == "steer";
  const std::string found = metadata_word(checkpoint, "family");
  STEER_CHECK(ours && found == family, "[", family, "] ", path, ": expected a checkpoint of the family ",
              family, " but got ", ours ? in_quotes(found) : std::string("a file of something else"));
  return checkpoint;
}

Json network_options(const Checkpoint& checkpoint, const std::string& path, const std::string& family) {
  const Json all = parse_json(metadata_word(checkpoint, "options"), path);
  STEER_CHECK(all.is_object() && all.contains("network"), "[", family, "] ", path,
              ": expected options with a network in its metadata");
  return all["network"];
}

}  // namespace steer
