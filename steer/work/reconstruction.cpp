#include "steer/work/reconstruction.h"

#include "steer/core/tensors.h"
#include "steer/ddn/progressive.h"
#include "steer/metrics/reconstruction.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

constexpr int64_t kReconstructedColumns = 8;

// Row i of each state, then row i + 1 of each.
State row_by_row(const std::vector<State>& states) {
  const auto sources = static_cast<int64_t>(states.size());
  const Tensor index = at::arange(sources * states[0].size(), torch::kInt64);
  return concatenated(states).rows(index.view({sources, -1}).t().flatten());
}

// The truth above what the code says after each layer, a frame for each.
Tensor film_of_layers(const Space& space, const State& truth, const std::vector<State>& layers) {
  std::vector<Tensor> frames;
  for (State said : layers) {
    said.x = within(space, said.x);
    frames.push_back(to_bytes(picture_of(space, {truth, said}, kReconstructedColumns)));
  }
  return at::stack(frames);
}

void add_strip(Reconstruction& made, const Codec& codec, const Tensor& code, const Told& told,
               const ReconstructionOptions& options, const WorkWatch& watch) {
  const std::vector<int64_t> layers = spread_layers(code.size(1), options.strip_columns);
  std::vector<State> columns = unfold_all(codec, code, layers, options.batch, options.device, told, watch);
  if (options.film) made.film = film_of_layers(codec.space(), made.truth, columns);
  columns.insert(columns.begin(), made.truth);
  made.strip = picture_of(codec.space(), row_by_row(columns), static_cast<int64_t>(columns.size()));
  for (const int64_t layer : layers) made.strip_layers.push_back(layer + 1);
}

}  // namespace

Reconstruction reconstruct(const LoadedModel& loaded, const ReconstructionOptions& options,
                           const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "reconstruct");
  const auto [samples, label, classes] = options.source.load(codec.space());
  const Told told = told_by(options.telling, *loaded.model, samples, label, classes);
  const Encoded encoded =
      encode_all(codec, samples, options.batch, options.beam, options.device, told, watch);

  Reconstruction made;
  made.truth = samples;
  made.samples = encoded.state;
  made.samples.x = within(codec.space(), made.samples.x);
  const Tensor error = encoded.error.mean(0);
  const auto places = codec.places();
  const std::vector<int64_t> candidates = codec.candidates();
  Json by_layer = Json::array();
  for (size_t l = 0; l < places.size(); ++l) {
    made.layers.push_back({places[l], candidates[l], error[static_cast<int64_t>(l)].item<double>()});
    by_layer.push_back(made.layers.back().mse);
  }
  made.mse = made.layers.back().mse;
  made.picture = picture_of(codec.space(), {made.truth, made.samples}, kReconstructedColumns);
  if (options.strip_columns > 0) add_strip(made, codec, encoded.code, told, options, watch);
  made.figures = {
      {"images", made.truth.size()}, {"mse", made.mse}, {"psnr", psnr(made.mse)}, {"mse_by_layer", by_layer}};
  return made;
}

}  // namespace steer
