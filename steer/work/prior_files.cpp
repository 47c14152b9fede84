#include "steer/work/prior_files.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/shipped.h"

namespace steer {

std::string prior_path(const std::string& run) {
  const std::filesystem::path path(found_or_shipped(run, "models", ".safetensors"));
  if (std::filesystem::is_directory(path)) return (path / "prior.safetensors").string();
  return (path.parent_path() / (path.stem().string() + "_prior.safetensors")).string();
}

std::string prior_name(const std::string& run) {
  const std::string name = run + "_prior";
  const bool ships =
      !std::filesystem::exists(run) && found_or_shipped(name, "models", ".safetensors") != name;
  return ships ? name : prior_path(run);
}

std::unique_ptr<Prior> open_prior(const std::string& given, const std::string& run, uint64_t model) {
  const std::string path =
      given.empty() ? prior_path(run) : found_or_shipped(given, "models", ".safetensors");
  STEER_CHECK(std::filesystem::exists(path), "[prior] ", path,
              ": expected a prior of this model but there is none; steer prior ", run,
              " --data DIR makes it");
  return std::make_unique<Prior>(read_prior_of(model, path));
}

std::unique_ptr<Prior> find_prior(const std::string& path, const std::string& run, uint64_t model) {
  if (path.empty() && !std::filesystem::exists(prior_path(run))) return nullptr;
  return open_prior(path, run, model);
}

}  // namespace steer
