// A program of somebody else's that must not outlive this process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace steer {

// At most one running program, in a process group of its own with what it starts. The group is killed with
// this object, and with this process, however that ends. Not for several threads at once.
class GuardedChild {
 public:
  GuardedChild() = default;
  ~GuardedChild() { kill(); }
  GuardedChild(const GuardedChild&) = delete;
  GuardedChild& operator=(const GuardedChild&) = delete;

  // Kills what runs, and starts a program, looked for along PATH, with its arguments; `input` and `output`
  // are descriptors that become its standard input and output, and stay open here. 0, or the error number
  // where no process can be made. A program that does not exist ends with status 127.
  int start(const std::vector<std::string>& arguments, int input, int output);

  // Whether one was started and is not known to have ended.
  bool running() const { return id_ > 0; }

  // How it ended, as waitpid() says it, where it did; what it left running is killed. None while it runs.
  std::optional<int> ended();

  // Kills it, if it runs, and all that it started, and waits for its end.
  void kill();

 private:
  pid_t id_ = 0;
  int life_ = -1;  // the end of a pipe whose closing ends the group
};

// "ended by signal 11", "ended with status 1", "cannot be run", out of what waitpid() says.
std::string ending_of(int status);

}  // namespace steer
