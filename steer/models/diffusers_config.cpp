#include "steer/models/diffusers_config.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/models/diffusers_json.h"
#include "steer/models/diffusers_schedule.h"

namespace steer {
namespace {

// What a UNet2DModel has where its configuration says nothing.
UNetOptions library_defaults() {
  UNetOptions options;
  options.sample_size = 0;
  options.in_channels = options.out_channels = 3;
  options.down_block_types = {"DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"};
  options.up_block_types = {"AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"};
  options.block_out_channels = {224, 448, 672, 896};
  options.attention_head_dim = 8;
  options.norm_num_groups = 32;
  return options;
}

// null, where it stands for a value of ours.
void replace_null(Json& config, const std::string& key, const Json& value) {
  const auto found = config.find(key);
  if (found != config.end() && found->is_null()) *found = value;
}

}  // namespace

UNetOptions read_unet_config(const Json& config, const std::string& file) {
  Json rest = without_remarks(config, file);
  check_word_of("_class_name", class_of(config, "UNet2DModel"), {"UNet2DModel"}, file);
  expect_key(rest, "center_input_sample", {false}, file);
  expect_key(rest, "class_embed_type", {nullptr}, file);
  expect_key(rest, "mid_block_type", {"UNetMidBlock2D"}, file);
  expect_key(rest, "attention_legacy_order", {false}, file);
  rest.erase("num_train_timesteps");  // of learned time embeddings alone, which `check` refuses
  for (const char* key : {"sample_size", "attention_head_dim", "attn_norm_num_groups", "num_class_embeds"})
    replace_null(rest, key, 0);
  for (const char* key : {"downsample_type", "upsample_type"}) replace_null(rest, key, "conv");
  // Sides that are equal may be given twice.
  if (rest.contains("sample_size") && rest["sample_size"].is_array()) {
    const Json sides = rest["sample_size"];
    STEER_CHECK(sides.size() == 2 && sides[0] == sides[1], "[diffusers] ", file,
                ": sample_size: expected two equal sides but got ",
                sides.dump(-1, ' ', false, Json::error_handler_t::replace));
    rest["sample_size"] = sides[0];
  }
  Json time_size;
  if (rest.contains("time_embedding_dim")) {
    time_size = rest["time_embedding_dim"];
    rest.erase("time_embedding_dim");
  }
  UNetOptions options = library_defaults();
  read_options(options, rest, file);
  try {
    check(options);
  } catch (const Error& error) {
    fail("[diffusers] ", file, ": ", error.what());
  }
  STEER_CHECK(time_size.is_null() || time_size == 4 * options.block_out_channels.front(), "[diffusers] ",
              file, ": time_embedding_dim: expected ", 4 * options.block_out_channels.front(),
              ", four times the first of block_out_channels, but got ",
              time_size.dump(-1, ' ', false, Json::error_handler_t::replace));
  return options;
}

Json unet_config(const UNetOptions& options) {
  Json config = {{"_class_name", "UNet2DModel"}, {"_diffusers_version", kDiffusersVersion}};
  config.update(options_json(options));
  for (const char* own : {"zero_init", "patch_size", "line"}) config.erase(own);
  for (const char* key : {"sample_size", "attention_head_dim", "num_class_embeds"})
    if (config[key] == 0) config[key] = nullptr;
  if (options.attn_norm_num_groups == 0) config.erase("attn_norm_num_groups");
  config["center_input_sample"] = false;
  config["class_embed_type"] = nullptr;
  return config;
}

}  // namespace steer
