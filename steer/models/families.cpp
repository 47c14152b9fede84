#include "steer/models/families.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/machine.h"
#include "steer/core/options.h"
#include "steer/models/ar_model.h"
#include "steer/models/classifier_model.h"
#include "steer/models/ddn_model.h"
#include "steer/models/ddn_plan.h"
#include "steer/models/diffusion_model.h"
#include "steer/models/diffusion_plan.h"
#include "steer/models/property_model.h"
#include "steer/models/text_classifier_model.h"
#include "steer/models/text_ddn_model.h"
#include "steer/models/text_model.h"
#include "steer/models/text_plan.h"
#include "steer/nn/initial_values.h"
#include "steer/sound/sound_data.h"

namespace steer {
namespace {

// What is done with a family by name.
struct FamilyMaker {
  Family family;
  std::unique_ptr<Model> (*make)(const Json& options, const std::string& name);
  Extent (*extent)(const Json& options, const std::string& name);
  std::string (*help)();
  // As fitted_options, stored_options and data_for.
  Json (*fitted)(const Json& options, const Dataset& data, const std::string& path);
  Json (*stored)(const Json& options);
  DataOptions (*data)(const Json& options, DataOptions data);
};

template <class ModelOfFamily, class Options>
std::unique_ptr<Model> made(const Json& json, const std::string& name) {
  Options options;
  read_options(options, json, name);
  return std::make_unique<ModelOfFamily>(options);
}

template <class Options>
Extent extent_in(const Json& json, const std::string& name) {
  Options options;
  read_options(options, json, name);
  return extent(options);
}

template <class Options>
std::string help() {
  return options_help(Options());
}

Json complete(const Json& options) {
  return options;
}

DataOptions as_stored(const Json&, DataOptions data) {
  return data;
}

// Photographs come in all sizes, so the network's is asked for; sounds have a usual one, which it follows.
DataOptions of_the_classifiers_size(const Json& options, DataOptions data) {
  ClassifierModelOptions classifier;
  read_options(classifier, options, "classifier");
  const bool sized = options.contains("network") && options["network"].contains("size");
  if (data.size == 0 && (sized || !names_sounds(data.path))) data.size = classifier.network.size;
  return data;
}

const std::vector<FamilyMaker>& family_makers() {
  static const std::vector<FamilyMaker> all = {
      {{{"ddn", "a Discrete Distribution Network: chooses among candidates, layer by layer; has codes"},
        ddn_settings()},
       made<DdnModel, DdnOptions>,
       extent_in<DdnOptions>,
       help<DdnOptions>,
       fitted_ddn,
       stored_ddn,
       as_stored},
      {{{"diffusion", "a denoiser that a solver takes from noise to data, level by level"},
        diffusion_settings()},
       made<DiffusionModel, DiffusionOptions>,
       extent_in<DiffusionOptions>,
       help<DiffusionOptions>,
       fitted_diffusion,
       complete,
       as_stored},
      {{{"text", "discrete diffusion of text: a transformer says what masked or noised tokens were"},
        text_settings()},
       made<TextModel, TextOptions>,
       extent_in<TextOptions>,
       help<TextOptions>,
       [](const Json& options, const Dataset& data, const std::string& path) {
         Json fitted = fitted_text(options, data, path, "text");
         // Of few tokens none become known at once: each is drawn given those before it.
         const Json block = fitted.value("block", Json());
         if (block.is_number() && block > 0 && !fitted.contains("sampler"))
           fitted["sampler"] = {{"name", "first_hitting"}};
         return fitted;
       },
       complete,
       data_for_text},
      {{{"ar", "text from left to right: a transformer tells each next token"}, ar_settings()},
       made<ArModel, ArOptions>,
       extent_in<ArOptions>,
       help<ArOptions>,
       [](const Json& options, const Dataset& data, const std::string& path) {
         return fitted_text(options, data, path, "ar");
       },
       complete,
       data_for_text},
      {{{"text_ddn",
         "text by a Discrete Distribution Network: a block of tokens by a few choices; has codes"},
        text_ddn_settings()},
       made<TextDdnModel, TextDdnOptions>,
       extent_in<TextDdnOptions>,
       help<TextDdnOptions>,
       [](const Json& options, const Dataset& data, const std::string& path) {
         return fitted_text(options, data, path, "text_ddn");
       },
       complete,
       data_for_text},
      {{{"text_classifier", "a judge of classes of texts, noised ones too; makes no samples"}, {}},
       made<TextClassifierModel, TextClassifierOptions>,
       extent_in<TextClassifierOptions>,
       help<TextClassifierOptions>,
       fitted_text_classifier,
       complete,
       data_for_text},
      {{{"property", "a judge of numbers about molecules; makes no samples"}, {}},
       made<PropertyModel, PropertyOptions>,
       extent_in<PropertyOptions>,
       help<PropertyOptions>,
       fitted_property,
       complete,
       as_stored},
      {{{"classifier", "a judge of classes; makes no samples"}, {}},
       made<ClassifierModel, ClassifierModelOptions>,
       extent_in<ClassifierModelOptions>,
       help<ClassifierModelOptions>,
       fitted_to,
       complete,
       of_the_classifiers_size},
  };
  return all;
}

const FamilyMaker& family_named(const std::string& name) {
  for (const FamilyMaker& maker : family_makers())
    if (maker.family.named.name == name) return maker;
  fail("[model] expected a family out of ", fmt::format("{}", fmt::join(family_names(), ", ")), " but got \"",
       name, "\"");
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> list = [] {
    std::vector<Family> all;
    for (const FamilyMaker& maker : family_makers()) all.push_back(maker.family);
    return all;
  }();
  return list;
}

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Family& family : families()) all.push_back(family.named.name);
    return all;
  }();
  return names;
}

std::vector<std::string> all_setting_names() {
  std::vector<std::string> names;
  for (const Family& family : families())
    for (const Named& setting : family.settings)
      if (!among(setting.name, names)) names.push_back(setting.name);
  return names;
}

std::unique_ptr<Model> make_model(const std::string& family, const Json& options, uint64_t seed) {
  const Extent network = network_extent(family, options);
  check_memory(network.numbers * sizeof(float), "[options] " + family,
               joined("a network of ", network.numbers, " numbers"));
  const InitialValues values(seed);
  return family_named(family).make(options, family);
}

Extent network_extent(const std::string& family, const Json& options) {
  return family_named(family).extent(options, family);
}

Json fitted_options(const std::string& family, const Json& options, const Dataset& data,
                    const std::string& path) {
  return family_named(family).fitted(options, data, path);
}

Json stored_options(const std::string& family, const Json& options) {
  return family_named(family).stored(options);
}

DataOptions data_for(const std::string& family, const Json& options, DataOptions data) {
  return family_named(family).data(options, std::move(data));
}

std::string family_options_help(const std::string& family) {
  return family_named(family).help();
}

}  // namespace steer
