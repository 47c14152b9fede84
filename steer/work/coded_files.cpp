#include "steer/work/coded_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/metrics/reconstruction.h"
#include "steer/modalities/modalities.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"
#include "steer/work/prior_files.h"

namespace steer {
namespace {

// More do not fit one picture.
constexpr int64_t kMostDecoded = 10000;

// What the encoder was told of all `held` samples: by words, or by the data set that it encoded.
Told told_of_codes(const DecodingOptions& options, const Model& model, int64_t held) {
  if (options.data.empty()) return told_by(options.telling, model, held);
  const LoadedSamples data =
      load_samples(options.data, options.split, options.telling.fit, model.space(), held);
  STEER_CHECK(data.state.size() == held, "[decode] ", options.data, ": expected at least ", held,
              " samples, as many as there are codes, but got ", data.state.size());
  return told_by(options.telling, model, data.state, data.label, data.classes);
}

// A file's codes, and what the model and the prior that coded them are told.
struct Read {
  CodeFile file;
  Told told;
};

Read read_coded(const DecodingOptions& options, const LoadedModel& loaded, uint64_t fingerprint) {
  const std::string bytes = read_file(options.codes);
  const CodeHeader header = read_code_header(bytes, options.codes);
  std::unique_ptr<Prior> prior;
  if (header.coder == Coder::kPrior) prior = open_prior(options.prior, options.run, fingerprint);
  const Told told =
      prior && prior->labels() > 0 ? told_of_codes(options, *loaded.model, header.codes) : Told();
  CodeFile file = read_codes(bytes, options.codes, prior.get(), told.label);
  return {std::move(file), told};
}

}  // namespace

Encoding encode_source(const LoadedModel& loaded, const EncodingOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec(loaded, "encode");
  const Coder coder = make_coder(options.coder);
  // Looked for first: without its prior nothing is encoded.
  std::unique_ptr<Prior> prior;
  if (coder == Coder::kPrior) prior = open_prior(options.prior, options.run, codec.fingerprint());
  const auto [samples, label, classes] = options.source.load(codec.space());
  const Told told = told_by(options.telling, *loaded.model, samples, label, classes);
  const Encoded made = encode_all(codec, samples, options.batch, 1, options.device, told, watch);
  const CodeFile file = codec.code_file(made.code, coder);

  Encoding found;
  found.bytes = write_codes(file, prior.get(), told.label);
  found.samples = samples.size();
  found.coder = name(coder);
  found.fingerprint = file.fingerprint;
  found.latent_bits = codec.bits();
  found.file_bits = 8.0 * static_cast<double>(found.bytes.size()) / static_cast<double>(found.samples);
  found.mse = made.error.select(1, -1).mean().item<double>();
  found.plural = modality_of(codec.space()).plural;
  found.figures = {{found.plural, found.samples},
                   {"coder", found.coder},
                   {"fingerprint", fingerprint_text(found.fingerprint)},
                   {"bytes", found.bytes.size()},
                   {"latent_bits", found.latent_bits},
                   {"file_bits", found.file_bits}};
  if (codec.space().vocabulary > 0) {
    const Tensor same = (made.state.token == samples.token).to(torch::kFloat64);
    const double right =
        (samples.mask.defined() ? same.masked_select(samples.mask) : same).mean().item<double>();
    found.figures["tokens_kept"] = right;
    found.quality = fmt::format("{:.1f} % of the tokens come back", 100 * right);
  } else {
    found.figures["mse"] = found.mse, found.figures["psnr"] = psnr(found.mse);
    found.quality = fmt::format("{:.2f} dB", psnr(found.mse));
  }
  if (prior) found.figures["prior_bits"] = prior->bits(made.code, told.label).sum(1).mean().item<double>();
  return found;
}

namespace {

// Each layer's images, all in one frame, or one alone.
Tensor film_of_layers(const Codec& codec, const Tensor& code, const DecodingOptions& options,
                      const Told& told, const WorkWatch& watch) {
  const Space space = codec.space();
  STEER_CHECK(space.sizes.size() == 3, "[decode] --film: expected a model of images but got samples ",
              text_of(space));
  std::vector<Tensor> frames;
  for (const State& state : unfold_all(codec, code, {}, options.batch, options.device, told, watch))
    frames.push_back(to_bytes(options.index >= 0 ? picture_alone(space, state) : picture_of(space, state)));
  return at::stack(frames);
}

}  // namespace

Decoding decode_file(const LoadedModel& loaded, const DecodingOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec(loaded, "decode");
  const Read read = read_coded(options, loaded, codec.fingerprint());
  const CodeFile& file = read.file;
  const Tensor code = codec.code_in(file, options.codes);
  Decoding found;
  found.held = code.size(0), found.plural = modality_of(codec.space()).plural;
  const bool one = options.index >= 0;
  STEER_CHECK(options.index < found.held, "[decode] --index: expected 0 to ", found.held - 1, " but got ",
              options.index);
  STEER_CHECK(one || found.held <= kMostDecoded, "[decode] ", options.codes, ": expected at most ",
              kMostDecoded, " codes for one picture but got ", found.held, "; --index shows one");
  const int64_t first = one ? options.index : 0, count = one ? 1 : found.held;
  const Told whole =
      read.told.label.defined() ? read.told : told_of_codes(options, *loaded.model, found.held);
  const Told told = whole.narrow(first, count);
  found.samples = decode_all(codec, code.narrow(0, first, count), options.batch, options.device, told, watch);
  found.picture =
      one ? picture_alone(codec.space(), found.samples) : picture_of(codec.space(), found.samples);
  if (options.film) found.film = film_of_layers(codec, code.narrow(0, first, count), options, told, watch);
  found.coder = name(file.coder);
  found.fingerprint = file.fingerprint;
  found.figures = {{"held", found.held},
                   {found.plural, count},
                   {"coder", found.coder},
                   {"fingerprint", fingerprint_text(found.fingerprint)}};
  return found;
}

}  // namespace steer
