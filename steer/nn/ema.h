// An exponential moving average of parameters, kept beside them.
#pragma once

#include "steer/nn/adam.h"

namespace steer {

// Shadows of named parameters. With half-life h (in images) an update after n images keeps 0.5^(n / h) of the
// shadow; early on the average is taken over a shorter past: at most a tenth of the images seen so far is the
// half-life. With `power` g above 0 the weights of all past images are averaged in proportion to (images
// seen)^g instead (Karras et al. 2024, equation 2), so that the average's length grows with the run.
class Ema {
 public:
  // Error for a negative half-life or power.
  Ema(NamedTensors parameters, double half_life_images, double power = 0);

  // Takes the parameters in after a step on `batch` images, of now `images_seen` images in all.
  void update(int64_t batch, int64_t images_seen);

  // The shadow of a parameter given by its tensor; Error when it is not one of ours. A half-life of 0 without
  // a power means no averaging: the parameter itself.
  Tensor shadow(const Tensor& parameter) const;
  // All of them by name.
  std::map<std::string, Tensor> shadows() const;
  // Takes these over. Error, beginning with `what`, where one is missing, has another shape, belongs to no
  // parameter or holds what is not finite; the shadows are then as they were.
  void load(const std::map<std::string, Tensor>& shadows, const std::string& what = "[ema]");

  // Puts the shadows where the parameters are while the object lives.
  class Swap {
   public:
    // `ema` must outlive it.
    explicit Swap(Ema& ema) : ema_(ema) { ema_.exchange(); }
    ~Swap() { ema_.exchange(); }
    Swap(const Swap&) = delete;
    Swap& operator=(const Swap&) = delete;

   private:
    Ema& ema_;
  };

 private:
  void exchange();
  bool averages() const { return half_life_images_ > 0 || power_ > 0; }

  NamedTensors parameters_;
  std::vector<Tensor> shadows_;
  double half_life_images_, power_;
};

}  // namespace steer
