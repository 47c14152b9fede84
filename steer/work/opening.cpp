#include "steer/work/opening.h"

#include <fmt/format.h>
#include <torch/cuda.h>

#include "steer/core/check.h"
#include "steer/core/precision.h"
#include "steer/core/shipped.h"

namespace steer {

LoadedModel open_model(const std::string& run, const Computing& computing) {
  LoadedModel loaded = load_model(found_or_shipped(run, "models", ".safetensors"), computing.device);
  loaded.model->set_compute_type(scalar_type(make_precision(computing.precision, computing.device)));
  return loaded;
}

std::string text_of(const LoadedModel& loaded, const Computing& computing) {
  return fmt::format("{}: {} model, {} parameters, {}, trained on {} samples; {}, {} threads", loaded.path,
                     loaded.model->family(), loaded.model->parameter_count(), text_of(loaded.model->space()),
                     loaded.state.images, name(make_precision(computing.precision, computing.device)),
                     at::get_num_threads());
}

torch::Device device_of(const std::string& word) {
  if (word == "cpu") return torch::kCPU;
  STEER_CHECK(word == "cuda", "[steer] --device: expected cpu or cuda but got \"", word, "\"");
  STEER_CHECK(torch::cuda::is_available(), "[steer] --device cuda: this build or machine has no CUDA device");
  return torch::kCUDA;
}

}  // namespace steer
