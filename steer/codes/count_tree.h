// Which of K counts is the largest and which the smallest, kept while counts change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace steer {

// A tournament over K counts that begin at 0. Ties go to the lower index.
class CountTree {
 public:
  // Error unless 1 <= nodes.
  explicit CountTree(int64_t nodes);

  void set(int64_t node, double count);  // gives a node another count, in O(log K)
  // The count of a node.
  double operator[](int64_t node) const { return counts_[static_cast<size_t>(node)]; }

  int64_t busiest() const { return winners_[1].busiest; }        // the node of the largest count
  int64_t idlest() const { return winners_[1].idlest; }          // the node of the smallest count
  double total() const { return total_; }                        // of all counts
  const std::vector<double>& counts() const { return counts_; }  // [K]

 private:
  struct Winners {
    int32_t busiest = -1, idlest = -1;  // -1: a seat beyond the last node
  };
  void play(size_t match);

  std::vector<double> counts_;
  std::vector<Winners> winners_;  // the match m is between 2m and 2m + 1; the seats follow the matches
  size_t seats_ = 1;
  double total_ = 0;
};

}  // namespace steer
