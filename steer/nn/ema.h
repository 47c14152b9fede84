// An exponential moving average of parameters, kept beside them.
#pragma once

#include "steer/nn/adam.h"

namespace steer {

// Shadows of named parameters. With half-life h (in images) an update after n images keeps 0.5^(n / h) of the
// shadow; early on the average is taken over a shorter past: at most a tenth of the images seen so far is the
// half-life.
class Ema {
 public:
  Ema(NamedTensors parameters, double half_life_images);

  void update(int64_t batch, int64_t images_seen);

  // The shadow of a parameter given by its tensor. A half-life of 0 means no averaging: the parameter itself.
  Tensor shadow(const Tensor& parameter) const;
  std::map<std::string, Tensor> shadows() const;
  void load(const std::map<std::string, Tensor>& shadows);

  // Puts the shadows where the parameters are while the object lives.
  class Swap {
   public:
    explicit Swap(Ema& ema) : ema_(ema) { ema_.exchange(); }
    ~Swap() { ema_.exchange(); }
    Swap(const Swap&) = delete;
    Swap& operator=(const Swap&) = delete;

   private:
    Ema& ema_;
  };

 private:
  void exchange();

  NamedTensors parameters_;
  std::vector<Tensor> shadows_;
  double half_life_images_;
};

}  // namespace steer
