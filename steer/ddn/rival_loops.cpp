#include "steer/ddn/rival_loops.h"

#include <cstddef>
#include <vector>

namespace steer {
namespace {

double sum_of_row(const double* row, int64_t nodes) {
  double sum = 0;
  for (int64_t j = 0; j < nodes; ++j) sum += row[j];
  return sum;
}

// Adds as much as `more` to a row in the proportions that it has; a row of zeros stays so.
void grow_row(double* row, int64_t nodes, double more) {
  const double sum = sum_of_row(row, nodes);
  if (sum <= 0) return;
  const double by = more / sum;
  for (int64_t j = 0; j < nodes; ++j) row[j] += by * row[j];
}

// The images of the pruned node go to those that were second to it.
void give_images_away(double* near2, double* counts, int64_t nodes, int64_t prune, double given) {
  double* const own = near2 + prune * nodes;
  own[prune] = 0;
  const double sum = sum_of_row(own, nodes), even = 1 / static_cast<double>(nodes - 1);
  std::vector<double> shares(static_cast<std::size_t>(nodes));
  double* const share = shares.data();
  for (int64_t i = 0; i < nodes; ++i) share[i] = i == prune ? 0 : sum > 0 ? own[i] / sum : even;
  const double counted = counts[prune];
  for (int64_t i = 0; i < nodes; ++i) counts[i] += counted * share[i];
  counts[prune] = 0;
  for (int64_t i = 0; i < nodes; ++i)
    if (share[i] > 0) grow_row(near2 + i * nodes, nodes, given * share[i]);
  // Where it was second, those come second that were second to it.
  for (int64_t i = 0; i < nodes; ++i) {
    double* const row = near2 + i * nodes;
    if (const double once = row[prune]; once != 0 && i != prune)
      for (int64_t j = 0; j < nodes; ++j) row[j] += once * share[j];
    row[prune] = 0;
  }
  for (int64_t j = 0; j < nodes; ++j) own[j] = 0;
}

// It was never nearest: where it was second, the others come second as often as they do anyway.
void give_second_places_away(double* near2, int64_t nodes, int64_t prune) {
  for (int64_t i = 0; i < nodes; ++i) {
    double* const row = near2 + i * nodes;
    const double once = row[prune];
    row[prune] = 0;
    if (once != 0) grow_row(row, nodes, once);
  }
}

}  // namespace

void second_of_rows(const float* distance, const int64_t* nearest, int64_t rows, int64_t nodes,
                    int64_t* second, double* losses) {
  for (int64_t b = 0; b < rows; ++b) {
    const float* const row = distance + b * nodes;
    for (int64_t k = 0; k < nodes; ++k) losses[k] += row[k];
    const int64_t first = nearest[b];
    int64_t best = first == 0 ? 1 : 0;
    const auto look = [&](int64_t begin, int64_t end) {
      float least = row[best];
      for (int64_t k = begin; k < end; ++k)
        if (row[k] < least) least = row[k], best = k;
    };
    look(0, first);
    look(first + 1, nodes);
    second[b] = best;
  }
}

void hand_over_rows(double* near2, double* counts, int64_t nodes, int64_t split, int64_t prune,
                    double images) {
  if (nodes == 2) {
    near2[0] = near2[3] = 0;
    near2[1] = near2[2] = images / 2;
  }
  const double given = sum_of_row(near2 + prune * nodes, nodes);
  if (given > 0)
    give_images_away(near2, counts, nodes, prune, given);
  else
    give_second_places_away(near2, nodes, prune);

  counts[split] = counts[prune] = counts[split] / 2;
  double *const busy = near2 + split * nodes, *const clone = near2 + prune * nodes;
  const double own = sum_of_row(busy, nodes);
  for (int64_t j = 0; j < nodes; ++j) busy[j] = clone[j] = 0;
  for (int64_t i = 0; i < nodes; ++i) {
    double* const row = near2 + i * nodes;
    row[split] = row[prune] = row[split] / 2;
  }
  busy[prune] = clone[split] = own / 2;
}

}  // namespace steer
