// Pieces of work that are measured beside the same work written plainly for PyTorch (bench/peer).
#pragma once

#include <memory>
#include <string>

#include "steer/core/checkpoint.h"
#include "steer/core/json.h"

namespace steer::bench {

class Work {
 public:
  virtual ~Work() = default;

  // All that another program needs to do the same in float32: "weight.NAME", "input.NAME", and "answer.NAME",
  // what this side makes of them. Empty for work without a peer.
  virtual Checkpoint problem() { return {}; }

  // Once the timed work, in the precision asked for.
  virtual void run() = 0;

  // Images, evaluations or samples that one run makes.
  virtual int64_t items() const { return 1; }
};

// The work of a name with its options; `precision` is one of them where it matters: auto or float32.
std::unique_ptr<Work> make_work(const std::string& name, const Json& options);

std::unique_ptr<Work> make_layer(const Json& options);              // layer.cpp
std::unique_ptr<Work> make_training(const Json& options);           // training.cpp
std::unique_ptr<Work> make_generation(const Json& options);         // generation.cpp
std::unique_ptr<Work> make_denoising(const Json& options);          // denoising.cpp
std::unique_ptr<Work> make_density(const Json& options);            // density.cpp
std::unique_ptr<Work> make_product(const Json& options);            // product.cpp
std::unique_ptr<Work> make_kernel(const Json& options);             // kernel.cpp
std::unique_ptr<Work> make_molecule_training(const Json& options);  // molecule_training.cpp
std::unique_ptr<Work> make_sound(const Json& options);              // sound.cpp
std::unique_ptr<Work> make_unet_training(const Json& options);      // unet_training.cpp
std::unique_ptr<Work> make_text_training(const Json& options);      // text.cpp
std::unique_ptr<Work> make_text_sampling(const Json& options);      // text.cpp

}  // namespace steer::bench
