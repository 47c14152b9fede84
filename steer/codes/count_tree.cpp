#include "steer/codes/count_tree.h"

#include <limits>

#include "steer/core/check.h"

namespace steer {

CountTree::CountTree(int64_t nodes) {
  STEER_CHECK(nodes >= 1 && nodes <= std::numeric_limits<int32_t>::max(),
              "[count_tree] expected at least 1 node but got ", nodes);
  counts_.resize(static_cast<size_t>(nodes));
  while (seats_ < counts_.size()) seats_ *= 2;
  winners_.resize(2 * seats_);
  for (size_t i = 0; i < counts_.size(); ++i)
    winners_[seats_ + i] = {static_cast<int32_t>(i), static_cast<int32_t>(i)};
  for (size_t match = seats_ - 1; match > 0; --match) play(match);
}

void CountTree::play(size_t match) {
  // The left one has the lower indices, so it keeps a tie; seats without a node are all to the right.
  const Winners left = winners_[2 * match], right = winners_[2 * match + 1];
  Winners& winners = winners_[match];
  winners = left;
  if (right.busiest < 0) return;
  if (counts_[right.busiest] > counts_[left.busiest]) winners.busiest = right.busiest;
  if (counts_[right.idlest] < counts_[left.idlest]) winners.idlest = right.idlest;
}

void CountTree::set(int64_t node, double count) {
  const auto i = static_cast<size_t>(node);
  total_ += count - counts_[i];
  counts_[i] = count;
  for (size_t match = (seats_ + i) / 2; match > 0; match /= 2) play(match);
}

}  // namespace steer
