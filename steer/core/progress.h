// How far a long work has come: one line that redraws itself on a terminal, plain lines elsewhere.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

namespace steer {

// "1 h 02 min", "3 min 05 s", "12 s"; "unknown" for what is no time.
std::string duration_text(double seconds);

// The line of one work. It writes to a stream, which must outlive it.
class Progress {
 public:
  // `total` and the `done` of update() are in `unit` (0: the total is unknown; an empty unit: no rate is
  // shown). On a terminal the line is redrawn at most ten times a second, elsewhere written after a
  // second, then at most every 15 s. `clock` gives seconds.
  Progress(std::string title, double total, bool terminal, std::ostream& out, std::string unit = "steps",
           std::function<double()> clock = {});
  // Leaves a line begun on a terminal, so that what follows (an error) stands on its own.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The first call is where counting begins: a resumed run does not count what others did.
  void update(double done, const std::string& note = "");

  // The last line, always written. Later calls do nothing.
  void finish(const std::string& note = "");

 private:
  std::string line(const std::string& note, bool finished) const;
  void show(const std::string& text);

  std::string title_;
  double total_;
  bool terminal_;
  std::ostream& out_;
  std::string unit_;
  std::function<double()> clock_;
  double started_;  // seconds
  double first_done_ = 0, first_at_ = 0;
  double done_ = 0, now_ = 0;
  double shown_at_;
  bool counting_ = false, drawn_ = false, finished_ = false;
};

}  // namespace steer
