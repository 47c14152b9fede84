// How samples came to be, as a film.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/core/space.h"
#include "steer/core/watch.h"
#include "steer/work/watching.h"

namespace steer {

// Collects pictures of what there is of samples while they are drawn; things in space turn once in the end.
// A film may also be a file in which the first sample stands again and again as it comes to be: of sounds one
// to hear, of molecules a trajectory.
class SampleFilm {
 public:
  // Pictures of at most `rows` samples of the space, evenly spread over the steps, about `frames` of them.
  explicit SampleFilm(Space space, int64_t frames = 60, int64_t rows = 4);

  // Takes a picture where its time has come. A glimpse without samples is passed over; what begins anew after
  // its last step (a second batch) is not filmed.
  void see(const Glimpse& glimpse);
  // A watch that sees the glimpses of another and asks that one.
  WorkWatch around(const WorkWatch& watch);

  int64_t frames() const { return static_cast<int64_t>(seen_.size()); }  // so far
  // Writes a GIF, or, where the space's kind has files of its own by that name, such a file: all moments, of
  // sounds twelve. And its twin. Error where nothing was seen.
  void write(const std::string& path, const Json& twin) const;

 private:
  void write_own(const std::string& path, const Json& twin) const;
  void write_pictures(const std::string& path) const;

  Space space_;
  int64_t most_, rows_, next_ = 0;
  bool whole_ = false;
  std::vector<State> seen_;  // the first samples at these moments, on the processor
};

}  // namespace steer
