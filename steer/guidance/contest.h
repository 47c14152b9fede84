// How the rows of each sample compete, whatever they are: by their scores alone.
#pragma once

#include <cstdint>
#include <optional>

#include "steer/guidance/path_weights.h"
#include "steer/guidance/population_options.h"

namespace steer {

// W rows for each of N samples, side by side; population.h tells the methods. Scores that are not finite lose
// to all others. What a sample draws is a function of its seed and of the turn.
class Contest {
 public:
  // Seeds int64 [N]; options that check_population passes.
  Contest(const PopulationOptions& options, const Tensor& seeds, int64_t width);

  int64_t samples() const { return seeds_.size(0); }        // N
  int64_t width() const { return width_; }                  // W
  int64_t rows() const { return seeds_.size(0) * width_; }  // N W
  // int64 [N W]: the first row of each sample has the sample's own seed, the others seeds derived from it.
  Tensor row_seeds() const;
  // What belongs to samples, [N, ...], for the rows: [N W, ...]; undefined stays undefined.
  Tensor spread(const Tensor& per_sample) const;

  // Begins anew.
  void begin();
  // Feynman-Kac: multiplies the rows' weights by exp(log_ratio), [N W].
  void correct(const Tensor& log_ratio);
  // The rows that go on with unfinished scores float64 [N W], int64 [N W]; undefined where every row does.
  Tensor parents(const Tensor& score, int64_t turn);
  // Ends with the scores of finished rows.
  void finish(const Tensor& score, int64_t turn);

  // Whether there are winners.
  bool finished() const { return winners_.defined(); }
  // After the end: the row of each sample that won, int64 [N]; all scores [N, W]; and of feynman_kac the
  // evidence (Population::log_evidence).
  Tensor winners() const { return winners_; }
  Tensor scores() const { return score_; }
  Tensor log_evidence() const { return weights_->log_evidence(); }

  // The places of the k best of each sample's scores [N, M], best first: int64 [N, k].
  static Tensor best(const Tensor& score, int64_t k);

 private:
  PathWeights& path_weights(torch::Device device);
  Tensor uniform(int64_t turn, torch::Device device) const;
  void look_at(const Tensor& score);
  Tensor pick(int64_t turn) const;

  PopulationOptions options_;
  Tensor seeds_;
  int64_t width_;
  std::optional<PathWeights> weights_;
  Tensor score_, winners_;
  Tensor spread_;  // [N, 1], where temperatures are in units of it
};

// Row numbers of places [N, ...] within samples of `width` rows each, flat.
Tensor rows_at(const Tensor& place, int64_t width);

}  // namespace steer
