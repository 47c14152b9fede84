// steer import: weights made elsewhere as a run folder.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/work/importing.h"

namespace steer {
namespace {

struct ImportFlags {
  Common common;
  ImportOptions import;
  DiffusersImport folder;
  EdmImport edm;
  std::string weights, out, diffusers, text, tokenizer;
  bool no_residual = false, official = false;
};

Imported imported(const ImportFlags& flags) {
  if (!flags.text.empty()) return import_transformer(flags.text, flags.tokenizer, flags.out);
  STEER_CHECK(
      flags.diffusers.empty() == !flags.weights.empty(),
      "[import] expected either a file of weights with --official, or --diffusers FOLDER, or --text FOLDER");
  if (!flags.diffusers.empty()) return import_folder(flags.diffusers, flags.folder, flags.out);
  STEER_CHECK(flags.official,
              "[import] --official: expected pyramid, recurrent or edm, the network that the weights are of");
  if (flags.import.network == "edm") return import_molecules(flags.weights, flags.edm, flags.out);
  ImportOptions options = flags.import;
  options.residual = !flags.no_residual;
  return import_weights(flags.weights, options, flags.out);
}

int run_import(const ImportFlags& flags) {
  flags.common.start();
  const Imported made = imported(flags);
  show(flags.common, made.figures,
       fmt::format("{}: {} parameters, {}, {}\n", made.run, made.parameters, text_of(made.space),
                   made.facts.text));
  return 0;
}

}  // namespace

void add_import(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ImportFlags>();
  ImportOptions& options = flags->import;
  CLI::App* command = app.add_subcommand(
      "import",
      "take over weights of the official DDN networks, EDM, a diffusers folder, or GPT-2, MDLM and SEDD");
  command->add_option("weights", flags->weights,
                      "safetensors file of an official state dict (tools/export_official.py writes it)");
  CLI::Option* diffusers = command->add_option(
      "--diffusers", flags->diffusers,
      "folder of the diffusers library with a UNet2DModel, such as google/ddpm-cifar10-32");
  command
      ->add_option("--size", flags->folder.size,
                   "with --diffusers: height and width of the images, where config.json tells none or others")
      ->check(CLI::Range(1, 4096))
      ->needs(diffusers);
  command
      ->add_option("--variant", flags->folder.variant,
                   "with --diffusers: which weights, where there are several files of them, such as fp16")
      ->needs(diffusers);
  command
      ->add_flag(
          "--last-is-no-class", flags->folder.last_is_no_class,
          "with --diffusers: the network's last class says \"no class\", as networks do that are guided "
          "without a classifier; folders that steer export wrote tell it themselves")
      ->needs(diffusers);
  CLI::Option* text =
      command
          ->add_option(
              "--text", flags->text,
              "folder of the transformers library with GPT-2, MDLM or SEDD: config.json, model.safetensors")
          ->excludes(diffusers);
  command
      ->add_option("--tokenizer", flags->tokenizer,
                   "with --text: folder or file of the tokenizer, where it is not in the same folder")
      ->needs(text);
  const CLI::Option* official =
      command
          ->add_option("--official", options.network,
                       "which network: pyramid (CIFAR, FFHQ) or recurrent (MNIST) of a "
                       "DDN, or edm, a diffusion of molecules")
          ->check(CLI::IsMember({"pyramid", "recurrent", "edm"}));
  command->add_option("--out", flags->out, "run folder to make")->required();
  command
      ->add_option(
          "--condition", options.condition.type,
          "what it was trained to be told, which the weights do not say: none, class, colour, edge or "
          "resize")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "class", "colour", "edge", "resize"}));
  command->add_option("--classes", options.condition.classes, "with --condition class: how many there are")
      ->capture_default_str();
  command
      ->add_option("--condition-size", options.condition.size,
                   "with --condition resize: height and width of the small image")
      ->capture_default_str();
  command
      ->add_option(
          "--start", options.start,
          "image and leak that enter the first layer of a pyramid: zeros, or ramp for older files; the "
          "smaller error of reconstruct tells")
      ->capture_default_str()
      ->check(CLI::IsMember({"zeros", "ramp"}));
  command->add_flag("--no-residual", flags->no_residual,
                    "candidates of the pyramid are whole images, not additions to the previous one");
  command->add_option("--channels", options.image_channels, "image channels of the pyramid")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--repeats", options.repeats, "applications of the recurrent network")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command
      ->add_option("--elements", flags->edm.elements, "of edm: symbols of the types, in the network's order")
      ->capture_default_str();
  command
      ->add_option("--type-scale", flags->edm.type_scale,
                   "of edm: what one-hot types were divided by; 8 of models without charges")
      ->capture_default_str();
  command->add_option("--divisor", flags->edm.divisor, "of edm: what sums over pairs were divided by")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] {
    flags->official = official->count() > 0;
    run = [=] { return run_import(*flags); };
  });
}

}  // namespace steer
