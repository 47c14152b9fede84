#include "steer/molecule/rdkit_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/interruption.h"

namespace steer {
namespace {

constexpr int kLookMilliseconds = 100;
constexpr double kBurialSeconds = 1;  // from a closed socket to the end of the process

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

void check_made(int error, const std::string& python) {
  STEER_CHECK(error == 0, "[rdkit] ", python, ": cannot start: ", std::strerror(error));
}

}  // namespace

RdkitProcess::RdkitProcess(std::string python, std::string script)
    : python_(std::move(python)), script_(std::move(script)) {}

RdkitProcess::~RdkitProcess() {
  end();
}

void RdkitProcess::start() {
  end();
  DescriptorPair talk;
  int ends[2];
  check_made(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno, python_);
  talk.ours = ends[0], talk.theirs = ends[1];
  check_made(child_.start({python_, "-c", script_}, talk.theirs, talk.theirs), python_);
  std::swap(socket_, talk.ours);
  failure_.clear();
}

bool RdkitProcess::waiting() {
  if (!child_.running()) return false;
  char letter = 0;
  const ssize_t some = ::recv(socket_, &letter, 1, MSG_PEEK | MSG_DONTWAIT);
  if (some < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  end();
  STEER_CHECK(some <= 0, "[rdkit] ", python_, ": expected one line for each request but got more");
  return false;
}

void RdkitProcess::end() {
  child_.kill();
  close_descriptor(socket_);
}

// Of a process that closed its socket: its status, if it ends soon.
void RdkitProcess::note_end() {
  failure_ = "closed its output";
  for (const double until = now_seconds() + kBurialSeconds; now_seconds() < until;) {
    if (const std::optional<int> status = child_.ended()) {
      failure_ = ending_of(*status);
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
  STEER_CHECK(child_.running(), "[rdkit] ", python_, ": expected a process that was started");
  try {
    return exchanged(request, timeout_seconds, most);
  } catch (...) {
    end();
    throw;
  }
}

}  // namespace steer
