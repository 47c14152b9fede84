// What whoever asked for work should know though nothing failed: what was skipped, what was chosen for them.
#pragma once

#include <functional>
#include <string>

namespace steer {

// Takes one line, without a line break at its end.
using NoticeTaker = std::function<void(const std::string&)>;

// Gives `line` to the taker of this thread; where there is none, writes "steer: LINE" to the error stream.
void notice(const std::string& line);

// While it lives, notices of this thread go to `taker`; then to whom they went before.
class NoticesTo {
 public:
  // `taker` may be empty: the error stream.
  explicit NoticesTo(NoticeTaker taker);
  ~NoticesTo();
  NoticesTo(const NoticesTo&) = delete;
  NoticesTo& operator=(const NoticesTo&) = delete;

 private:
  NoticeTaker before_;
};

}  // namespace steer
