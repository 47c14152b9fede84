#include "steer/work/encoding.h"

#include "steer/work/batches.h"

namespace steer {
namespace {

// On the processor, inside the limit of their space.
State within_space(const Codec& codec, const State& samples) {
  State made = samples.to(torch::kCPU);
  if (made.x.defined()) made.x = within(codec.space(), made.x);
  return made;
}

}  // namespace

Encoded encode_all(const Codec& codec, const State& samples, int64_t batch, int64_t beam,
                   torch::Device device, const Told& told, const WorkWatch& watch) {
  std::vector<State> states;
  std::vector<Tensor> codes, errors;
  in_batches("encode", samples.size(), batch, watch, [&](int64_t at, int64_t rows) {
    const Encoded some =
        codec.encode(samples.narrow(at, rows).to(device), beam, told.narrow(at, rows).to(device));
    states.push_back(some.state.to(torch::kCPU));
    codes.push_back(some.code.cpu());
    errors.push_back(some.error.cpu());
  });
  return {concatenated(states), at::cat(codes), at::cat(errors)};
}

State decode_all(const Codec& codec, const Tensor& code, int64_t batch, torch::Device device,
                 const Told& told, const WorkWatch& watch) {
  std::vector<State> states;
  in_batches("decode", code.size(0), batch, watch, [&](int64_t at, int64_t rows) {
    states.push_back(within_space(
        codec, codec.decode(code.narrow(0, at, rows).to(device), told.narrow(at, rows).to(device))));
  });
  return concatenated(states);
}

std::vector<State> unfold_all(const Codec& codec, const Tensor& code, const std::vector<int64_t>& layers,
                              int64_t batch, torch::Device device, const Told& told, const WorkWatch& watch) {
  std::vector<std::vector<State>> parts;  // of each layer, of each batch
  in_batches("decode", code.size(0), batch, watch, [&](int64_t at, int64_t rows) {
    const std::vector<State> some =
        codec.unfolded(code.narrow(0, at, rows).to(device), layers, told.narrow(at, rows).to(device));
    parts.resize(some.size());
    for (size_t l = 0; l < some.size(); ++l) parts[l].push_back(within_space(codec, some[l]));
  });
  std::vector<State> states;
  for (const std::vector<State>& layer : parts) states.push_back(concatenated(layer));
  return states;
}

std::vector<int64_t> last_of_sizes(const Codec& codec) {
  const auto places = codec.places();
  std::vector<int64_t> last;
  for (size_t l = 0; l < places.size(); ++l)
    if (l + 1 == places.size() || places[l + 1] != places[l]) last.push_back(static_cast<int64_t>(l));
  return last;
}

Tensor error_of(const State& samples, const State& truth) {
  return (samples.x - truth.x).to(torch::kFloat64).square().flatten(1).mean(1);
}

}  // namespace steer
