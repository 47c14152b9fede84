// Rectified flow's second stage for a trained flow: pairs of noise and what the flow makes of it, and
// training on the straight lines between them, or on one step from end to end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "steer/data/dataset.h"
#include "steer/models/models.h"

namespace steer {

// Noise by seed and the samples that a model makes of it.
class PairsDataset : public Dataset {
 public:
  // Sample i of x float32 [N, sizes...] belongs to the noise of seed first_seed + i and, where labels are
  // defined, int64 [N], to that class.
  PairsDataset(Space space, Tensor x, Tensor labels, uint64_t first_seed);

  int64_t size() const override { return x_.size(0); }
  Batch batch(const std::vector<int64_t>& indices) const override;
  Space space() const override { return space_; }

  // The seed of the first image's noise.
  uint64_t first_seed() const { return first_seed_; }
  // The noise of a batch: what its images were made of, standard normal, float64.
  Tensor noise(const Batch& batch) const;

  // A safetensors file, written atomically.
  void write(const std::string& path) const;
  // The pairs in such a file, of samples of this space. Error when it does not hold them.
  static std::unique_ptr<PairsDataset> read(const std::string& path, const Space& space);

 private:
  Space space_;
  Tensor x_, labels_;
  uint64_t first_seed_;
};

// Draws pairs from a model by a solver without randomness; class i modulo their number where it is told
// classes. Samples are not clipped. `watch` gets the share done after every batch; where it says false there
// are no pairs: null.
std::unique_ptr<PairsDataset> draw_pairs(const DiffusionModel& model, const SamplerOptions& sampler,
                                         int64_t count, int64_t batch, uint64_t first_seed,
                                         const std::function<bool(double)>& watch = {});

// A copy of a velocity-predicting model that trains on pairs: along their lines, or with `distil` on the one
// step of Euler from noise to image, which then is its sampler. All else, and its family, is the model's own.
// Error for another prediction.
std::unique_ptr<Model> reflowed(DiffusionModel& model, std::shared_ptr<const PairsDataset> pairs,
                                bool distil);

}  // namespace steer
