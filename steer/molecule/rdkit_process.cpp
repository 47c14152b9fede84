#include "steer/molecule/rdkit_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/interruption.h"

extern char** environ;

namespace steer {
namespace {

constexpr int kLookMilliseconds = 100;
constexpr double kBurialSeconds = 1;  // from a closed socket to the end of the process

// Runs what follows. A guard in its process group waits for the end of the asking process, which closes the
// pipe at 3, and then kills the group.
constexpr const char* kGuardedPython =
    "( (read -r none; kill -KILL 0) <&3 3<&- >/dev/null 2>&1 & ); exec 3<&- 2>/dev/null; exec \"$@\"";

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// Two connected descriptors, which programs started later do not inherit.
struct DescriptorPair {
  ~DescriptorPair() {
    close_descriptor(ours);
    close_descriptor(theirs);
  }
  int ours = -1, theirs = -1;
};

void check_made(int result, const std::string& python) {
  STEER_CHECK(result == 0, "[rdkit] ", python, ": cannot start: ", std::strerror(errno));
}

std::string ending_of(int status) {
  constexpr int kNotRunnable = 126, kNotFound = 127;
  if (WIFSIGNALED(status)) return joined("ended by signal ", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code == kNotRunnable || code == kNotFound) return "cannot be run";
  return joined("ended with status ", code);
}

// Starts the guarded program with these descriptors as its standard input and output, and at 3.
int spawned(pid_t& id, int socket, int life, std::string python, std::string script) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, life, 3);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh", flag = "-c", guarded = kGuardedPython;
  char* arguments[] = {shell.data(),  flag.data(), guarded.data(), shell.data(),
                       python.data(), flag.data(), script.data(),  nullptr};
  const int failed = posix_spawn(&id, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return failed;
}

}  // namespace

RdkitProcess::RdkitProcess(std::string python, std::string script)
    : python_(std::move(python)), script_(std::move(script)) {}

RdkitProcess::~RdkitProcess() {
  end();
}

void RdkitProcess::start() {
  end();
  DescriptorPair talk, life;
  int ends[2];
  check_made(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), python_);
  talk.ours = ends[0], talk.theirs = ends[1];
  check_made(::pipe2(ends, O_CLOEXEC), python_);
  life.theirs = ends[0], life.ours = ends[1];
  errno = spawned(id_, talk.theirs, life.theirs, python_, script_);
  if (errno != 0) id_ = 0;
  check_made(errno, python_);
  std::swap(socket_, talk.ours);
  std::swap(life_, life.ours);
  failure_.clear();
}

bool RdkitProcess::waiting() {
  if (id_ <= 0) return false;
  char letter = 0;
  const ssize_t some = ::recv(socket_, &letter, 1, MSG_PEEK | MSG_DONTWAIT);
  if (some < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  end();
  STEER_CHECK(some <= 0, "[rdkit] ", python_, ": expected one line for each request but got more");
  return false;
}

void RdkitProcess::end() {
  if (id_ > 0) {
    ::kill(-id_, SIGKILL);
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) continue;
  }
  id_ = 0;
  close_descriptor(socket_);
  close_descriptor(life_);
}

// Of a process that closed its socket: its status, if it ends soon.
void RdkitProcess::note_end() {
  int status = 0;
  failure_ = "closed its output";
  for (const double until = now_seconds() + kBurialSeconds; now_seconds() < until;) {
    if (::waitpid(id_, &status, WNOHANG) == id_) {
      failure_ = ending_of(status);
      ::kill(-id_, SIGKILL);  // the guard
      id_ = 0;
      break;
    }
    ::usleep(1000);
  }
  end();
}

bool RdkitProcess::send_some(std::string_view request, size_t& sent) {
  const ssize_t some =
      ::send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (some > 0) sent += static_cast<size_t>(some);
  return some > 0 || errno == EAGAIN || errno == EINTR;
}

bool RdkitProcess::receive_some(std::string& line, size_t most) {
  char buffer[65536];
  const ssize_t some = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (some <= 0) return some < 0 && (errno == EAGAIN || errno == EINTR);
  line.append(buffer, static_cast<size_t>(some));
  STEER_CHECK(line.size() <= most, "[rdkit] ", python_, ": expected an answer of at most ", most,
              " bytes but got more");
  return true;
}

std::optional<std::string> RdkitProcess::exchanged(std::string_view request, double timeout_seconds,
                                                   size_t most) {
  const double until = now_seconds() + timeout_seconds;
  size_t sent = 0;
  for (std::string line;;) {
    if (interruption_asked()) throw Interrupted("[rdkit] " + python_ + ": interrupted");
    const double left = until - now_seconds();
    if (left <= 0) {
      failure_ = joined("gave no answer within ", timeout_seconds, " s");
      end();
      return std::nullopt;
    }
    const bool more = sent < request.size();
    pollfd wait{socket_, static_cast<short>(more ? POLLIN | POLLOUT : POLLIN), 0};
    // Looks up now and then: a signal may have come between the question above and the wait.
    const double pause = std::min(std::ceil(left * 1000), static_cast<double>(kLookMilliseconds));
    if (::poll(&wait, 1, static_cast<int>(pause)) <= 0) continue;
    const bool alive = (!more || (wait.revents & POLLOUT) == 0 || send_some(request, sent)) &&
                       ((wait.revents & ~POLLOUT) == 0 || receive_some(line, most));
    if (!alive) {
      note_end();
      return std::nullopt;
    }
    const size_t end = line.find('\n');
    if (end == line.npos || sent < request.size()) continue;
    STEER_CHECK(end + 1 == line.size(), "[rdkit] ", python_, ": expected one line but got more");
    line.pop_back();
    return line;
  }
}

std::optional<std::string> RdkitProcess::answer(std::string_view request, double timeout_seconds,
                                                size_t most) {
  STEER_CHECK(id_ > 0, "[rdkit] ", python_, ": expected a process that was started");
  try {
    return exchanged(request, timeout_seconds, most);
  } catch (...) {
    end();
    throw;
  }
}

}  // namespace steer
