#include "steer/models/diffusers_weights.h"

#include <filesystem>
#include <map>
#include <set>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"

namespace steer {
namespace {

const std::string kEnding = ".safetensors", kIndex = ".safetensors.index", kIndexEnding = ".json";

bool has_ending(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Of "START.VARIANT END" or "STARTEND" the variant, which is empty in the latter; false for other names.
bool variant_in(const std::string& name, const std::string& start, const std::string& end,
                std::string& variant) {
  if (name.size() < start.size() + end.size() || name.rfind(start, 0) != 0 || !has_ending(name, end))
    return false;
  variant = name.substr(start.size(), name.size() - start.size() - end.size());
  if (variant.empty()) return true;
  // Parts of a variant look like one: VARIANT-00001-of-00002.
  if (variant.size() < 2 || variant[0] != '.' || variant.find("-of-") != std::string::npos) return false;
  variant.erase(0, 1);
  return variant.find('.') == std::string::npos;
}

// File of weights, or else index of parts, of each variant in a folder; that of no name is the plain one.
std::map<std::string, std::string> variants_in(const std::string& folder) {
  std::map<std::string, std::string> whole, indices;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    std::string variant;
    if (variant_in(name, kDiffusersWeights, kEnding, variant))
      whole[variant] = name;
    else if (variant_in(name, kDiffusersWeights + kIndex, kIndexEnding, variant))
      indices[variant] = name;
  }
  whole.insert(indices.begin(), indices.end());
  return whole;
}

std::string listed_variants(const std::map<std::string, std::string>& variants) {
  std::string text;
  for (const auto& [variant, name] : variants)
    text += (text.empty() ? "" : ", ") + (variant.empty() ? "the plain one" : variant);
  return text;
}

// The name of the file to read.
std::string chosen_file(const std::string& folder, const std::string& variant) {
  const auto variants = variants_in(folder);
  const std::string whole = kDiffusersWeights + kEnding;
  std::error_code ignored;
  STEER_CHECK(
      !variants.empty() || !std::filesystem::exists(folder + kDiffusersWeights + ".bin", ignored),
      "[diffusers] ", folder, ": expected ", whole, " but got ", kDiffusersWeights,
      ".bin, which only Python reads; in Python, UNet2DModel.from_pretrained(...).save_pretrained(FOLDER, "
      "safe_serialization=True) writes the other");
  STEER_CHECK(!variants.empty(), "[diffusers] ", folder, ": expected ", whole, " but got no such file");
  const auto found = variants.find(variant);
  if (found != variants.end()) return found->second;
  STEER_CHECK(variant.empty(), "[diffusers] ", folder, ": expected weights of the variant ",
              in_quotes(variant), " but got ", listed_variants(variants));
  STEER_CHECK(variants.size() == 1, "[diffusers] ", folder, ": expected ", whole,
              " but got several variants of it; name one of ", listed_variants(variants));
  return variants.begin()->second;
}

// The parts that an index lists; they lie beside it.
std::set<std::string> parts_in(const std::string& index) {
  const Json json = read_json_file(index);
  STEER_CHECK(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
              "[diffusers] ", index, ": expected an object weight_map");
  std::set<std::string> parts;
  for (const auto& [tensor, part] : json["weight_map"].items()) {
    STEER_CHECK(part.is_string(), "[diffusers] ", index, ": ", in_quotes(tensor), ": expected a file's name");
    const std::string name = part.get<std::string>();
    STEER_CHECK(name.find('/') == std::string::npos && name.find('\0') == std::string::npos, "[diffusers] ",
                index, ": ", in_quotes(tensor), ": expected a file beside it but got ", in_quotes(name));
    parts.insert(name);
  }
  return parts;
}

Tensors stored_tensors(const std::string& folder, const std::string& file) {
  if (has_ending(file, kEnding)) return read_checkpoint(folder + file).tensors;
  Tensors all;
  for (const std::string& part : parts_in(folder + file))
    for (const auto& [name, tensor] : read_checkpoint(folder + part).tensors)
      STEER_CHECK(all.emplace(name, tensor).second, "[diffusers] ", folder, part, ": ", name,
                  ": expected it once but got it in two parts");
  return all;
}

// Today's name of a tensor.
std::string present_name(const std::string& name) {
  static const std::map<std::string, std::string> kOlder = {
      {"query", "to_q"}, {"key", "to_k"}, {"value", "to_v"}, {"proj_attn", "to_out.0"}};
  if (name == "time_proj.W") return "time_proj.weight";
  const size_t last = name.rfind('.');
  if (last == std::string::npos || last == 0 || name.find("attentions.") == std::string::npos) return name;
  const size_t before = name.rfind('.', last - 1);
  if (before == std::string::npos) return name;
  const auto found = kOlder.find(name.substr(before + 1, last - before - 1));
  return found == kOlder.end() ? name : name.substr(0, before + 1) + found->second + name.substr(last);
}

}  // namespace

const std::string kDiffusersWeights = "diffusion_pytorch_model";

Tensors read_diffusers_weights(const std::string& folder, const std::string& variant) {
  const Tensors stored = stored_tensors(folder, chosen_file(folder, variant));
  Tensors tensors;
  for (const auto& [stored_name, given] : stored) {
    const std::string name = present_name(stored_name);
    // Some files hold the frequencies under both of their names.
    if (stored_name == "time_proj.W" && stored.count(name)) continue;
    STEER_CHECK(given.is_floating_point(), "[diffusers] ", folder, ": ", stored_name,
                ": expected floating point numbers but got ", c10::toString(given.scalar_type()));
    torch::Tensor tensor = given.to(torch::kFloat32);
    const bool projection = name.find(".to_") != std::string::npos;
    while (projection && tensor.dim() > 2 && tensor.size(-1) == 1) tensor = tensor.squeeze(-1);
    STEER_CHECK(tensors.emplace(name, tensor).second, "[diffusers] ", folder, ": ", name,
                ": expected it once but got it under its present and its older name");
  }
  return tensors;
}

}  // namespace steer
