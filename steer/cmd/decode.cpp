// steer decode: the images of a file of codes.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/cmd/priors.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// More do not fit one picture.
constexpr int64_t kMaxShown = 10000;

struct DecodeFlags {
  Common common;
  ConditionFlags condition;
  std::string run, codes, data, split = "test", fit, out = "decoded.png", prior;
  int64_t index = -1, batch = 64;
};

// What the encoder was told of all `held` images: by the flags, or by the data set that it encoded.
Told told_for(const DecodeFlags& flags, const Model& model, int64_t held) {
  if (flags.data.empty()) return flags.condition.told(model, held, flags.fit);
  const Loaded data = load_images(flags.data, flags.split, flags.fit, model.shape(), held);
  STEER_CHECK(data.x.size(0) == held, "[decode] ", flags.data, ": expected at least ", held,
              " images, as many as there are codes, but got ", data.x.size(0));
  return flags.condition.told_by(model, data.x, data.label, flags.fit);
}

int run_decode(const DecodeFlags& flags) {
  const torch::Device device = flags.common.start();
  // Read first: a foreign file is refused before a model is loaded.
  const std::string bytes = read_file(flags.codes);
  const bool by_prior = coder_in(bytes, flags.codes) == Coder::kPrior;
  CodeFile file;
  if (!by_prior) file = read_codes(bytes, flags.codes);
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "decode");
  if (by_prior) {
    const uint64_t model = loaded.model->code_file({}, Coder::kPrior).fingerprint;
    file = read_codes(bytes, flags.codes, open_prior(flags.prior, flags.run, model).get());
  }
  torch::Tensor code = loaded.model->code_in(file, flags.codes);
  const int64_t held = code.size(0);
  if (flags.index >= 0) {
    STEER_CHECK(flags.index < held, "[decode] --index: expected 0 to ", held - 1, " but got ", flags.index);
    code = code.narrow(0, flags.index, 1);
  }
  STEER_CHECK(code.size(0) <= kMaxShown, "[decode] ", flags.codes, ": expected at most ", kMaxShown,
              " codes for one picture but got ", held, "; --index shows one");
  const Told told =
      told_for(flags, *loaded.model, held).narrow(std::max<int64_t>(flags.index, 0), code.size(0));
  std::vector<torch::Tensor> images;
  for (int64_t at = 0; at < code.size(0); at += flags.batch) {
    const torch::Tensor part = code.narrow(0, at, std::min(flags.batch, code.size(0) - at)).to(device);
    const Told some = told.narrow(at, part.size(0));
    images.push_back(loaded.model->decode(part, some.label, some.image).clamp(-1, 1).cpu());
  }
  const Json figures = {{"run", flags.run},
                        {"codes", flags.codes},
                        {"out", flags.out},
                        {"held", held},
                        {"images", code.size(0)},
                        {"coder", name(file.coder)},
                        {"fingerprint", fingerprint_text(file.fingerprint)}};
  write_picture(flags.out, flags.index >= 0 ? images[0][0] : image_grid(at::cat(images)), figures);
  show(flags.common, figures, fmt::format("{} of {} images decoded\n", code.size(0), held));
  return 0;
}

}  // namespace

void add_decode(CLI::App& app, Run& run) {
  auto flags = std::make_shared<DecodeFlags>();
  CLI::App* command = app.add_subcommand("decode", "show the images of a file of codes");
  command->add_option("run", flags->run, "the run folder or checkpoint file that encoded them")->required();
  command->add_option("codes", flags->codes, "file written by encode")->required();
  command->add_option("-o,--out", flags->out, "picture to write: a grid, or with --index the image itself")
      ->capture_default_str();
  command->add_option("--index", flags->index, "only this image, counted from 0")
      ->check(CLI::NonNegativeNumber);
  flags->condition.add_to(command);
  command->add_option(
      "--data", flags->data,
      "the data set that was encoded: a conditional model is told its labels or images again");
  command->add_option("--split", flags->split, "train or test")->capture_default_str();
  command->add_option("--fit", flags->fit, "how images of another size reach the model's: resize or pad")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  add_prior_flag(command, flags->prior, "the prior that coded them, for codes of --coder prior");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_decode(*flags); }; });
}

}  // namespace steer
