// Guidance by choosing: at every layer the candidates that an objective likes best go on.
#pragma once

#include "steer/core/space.h"
#include "steer/ddn/beam.h"
#include "steer/objectives/objective.h"

namespace steer {

// Which of the best goes on, and how many are looked at.
struct BestByOptions {
  // A uniformly random one of this many best candidates goes on; 1 = always the best; below 1, a share of K.
  double top = 2;
  int64_t shortlist =
      0;  // candidates of each row that an expensive objective looks at, see liking_of; 0: all
};

// How many candidates out of `count` the word `top` means: at least 1.
int64_t top_count(double top, int64_t count);

// Zero-shot conditional choice (Yang 2025, section 4.3): candidates are brought to the full size of a sample
// of the space (pixels repeat, unless the objective's enlargement says otherwise) and scored; one of the
// `top` best goes on, drawn by the row's seed (int64 [B]). Where the objective, or a term of it, has linear
// measurements the scores come from Candidates::distance_to and no image is built. The objective must outlive
// the chooser. Rows B must be a multiple of the objective's targets, in equal consecutive groups. With a
// prior ln p(k | indices before) of each candidate is added to its score.
Chooser best_by(const Objective& objective, const Tensor& seeds, const Space& space,
                const BestByOptions& options, const Scorer& prior = {});

// The same scores for a beam search, which is deterministic (several samples of one target are its best
// beams), and for particles. With a shortlist M > 0, an objective that must look at pixels sees M candidates
// of each row alone and the others score below all of these: which M, shortlist.h tells. Rows compete in
// `groups` equal consecutive groups; 0: one for each target.
Scorer liking_of(const Objective& objective, const Space& space, int64_t shortlist = 0, int64_t groups = 0);

// Scores [B, K] of all candidates at the full size by their images. With an index (int64 [B, M]) only of
// these candidates of each row: [B, M].
Tensor score_images(const Objective& objective, const Candidates& candidates, const Space& space,
                    const Tensor& index = {});

// The same by Candidates::distance_to, without an image; right up to a constant for each target.
Tensor score_linear(const std::vector<Measurement>& measurements, const Candidates& candidates,
                    const Space& space);

// The same, each term of a sum in its own cheapest way. The rows come in `groups` equal consecutive groups;
// the ranks of a RankSum are those among all candidates of a group.
Tensor score_candidates(const Objective& objective, const Candidates& candidates, const Space& space,
                        int64_t groups, const Tensor& index = {});

}  // namespace steer
