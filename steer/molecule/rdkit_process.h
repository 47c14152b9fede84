// A Python program in a process that is kept: requests go in, and a line comes back for each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "steer/core/guarded_child.h"

namespace steer {

// At most one process at a time, in a process group of its own. It ends with this object and with this
// process, however that ends. Its standard error is thrown away. Not for several threads at once.
class RdkitProcess {
 public:
  // Runs `python -c script` once it is started; `python` is a program by its name or path.
  RdkitProcess(std::string python, std::string script);
  ~RdkitProcess();
  RdkitProcess(const RdkitProcess&) = delete;
  RdkitProcess& operator=(const RdkitProcess&) = delete;

  // Whether a process runs that has answered what it was asked. Error, after which it is ended, for one that
  // says something unasked.
  bool waiting();

  // Ends what runs and starts anew. Error where no process can be made; a program that does not exist shows
  // in answer().
  void start();

  // The line that the process writes after it read all of `request`, without its end. None where it ends or
  // takes longer; it is then ended, and failure() says how. Error, after which it is ended, for more than one
  // line, a line above `most` bytes, and where no process was started; Interrupted where this process is
  // asked to end (core/interruption.h).
  std::optional<std::string> answer(std::string_view request, double timeout_seconds, size_t most);

  // Kills the process, if one runs, and waits for its end.
  void end();

  // What became of the process that gave no answer: "cannot be run", "ended by signal 11".
  const std::string& failure() const { return failure_; }
  // The program.
  const std::string& python() const { return python_; }

 private:
  std::optional<std::string> exchanged(std::string_view request, double timeout_seconds, size_t most);
  bool send_some(std::string_view request, size_t& sent);
  bool receive_some(std::string& line, size_t most);
  void note_end();

  std::string python_, script_, failure_;
  GuardedChild child_;
  int socket_ = -1;  // its standard input and output
};

}  // namespace steer
