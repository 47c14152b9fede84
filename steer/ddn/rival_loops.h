// Plain loops behind rivals.h, over plain memory.
#pragma once

#include <cstdint>

namespace steer {

// The nearest but one node of each row of distance [rows, nodes], nodes >= 2, ties to the lower index, where
// `nearest` says which is nearest; and the sums of the columns, added to losses [nodes].
void second_of_rows(const float* distance, const int64_t* nearest, int64_t rows, int64_t nodes,
                    int64_t* second, double* losses);

// The bookkeeping of a split as hand_over() has it: near2 [nodes, nodes], counts [nodes]; `images` is the sum
// of near2, which two nodes begin with anew.
void hand_over_rows(double* near2, double* counts, int64_t nodes, int64_t split, int64_t prune,
                    double images);

}  // namespace steer
