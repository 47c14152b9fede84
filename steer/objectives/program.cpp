#include "steer/objectives/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/guarded_child.h"
#include "steer/core/interruption.h"
#include "steer/core/json.h"

namespace steer {
namespace {

// More output than this for each score is no list of numbers.
constexpr size_t kBytesPerScore = 4096;
constexpr int kGlanceMilliseconds = 100;

// A pipe whose ends close with the object.
struct Pipe {
  Pipe() {
    STEER_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "[program] no pipe can be made: ", std::strerror(errno));
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(int which) {
    if (ends[which] >= 0) ::close(ends[which]);
    ends[which] = -1;
  }
  int ends[2] = {-1, -1};
};

// Waits until the time given; the status of the program where it has ended by then.
std::optional<int> ended_by(GuardedChild& child, double until) {
  while (true) {
    if (const std::optional<int> status = child.ended()) return status;
    if (now_seconds() > until || interruption_asked()) return std::nullopt;
    ::usleep(1000);
  }
}

// A write to a program that has gone must be an error here, not a signal that ends the process. The signal is
// kept from this thread alone: others may talk to programs too.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    // One that waits has been answered as an error.
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_, before_;
};

}  // namespace

// Feeds the input and collects the output at the same time; gives up at the time limit.
std::string answer_of(const ProgramOptions& options, const std::string& bytes, size_t most) {
  const NoPipeSignal none;
  Pipe input, output;
  GuardedChild child;
  const int failed = child.start({"/bin/sh", "-c", options.command}, input.ends[0], output.ends[1]);
  STEER_CHECK(failed == 0, "[program] ", options.command, ": cannot start: ", std::strerror(failed));
  input.close(0);
  output.close(1);
  ::fcntl(input.ends[1], F_SETFL, O_NONBLOCK);
  const double until = now_seconds() + options.timeout_seconds;
  const auto late = [&] {
    fail("[program] ", options.command, ": expected an answer within ", options.timeout_seconds,
         " s but it took longer; timeout= sets the limit");
  };
  std::string answer;
  size_t written = 0;
  while (true) {
    pollfd waits[2] = {{output.ends[0], POLLIN, 0}, {input.ends[1], POLLOUT, 0}};
    if (interruption_asked()) throw Interrupted("[program] " + options.command + ": interrupted");
    if (now_seconds() >= until) late();
    // Looks up now and then: a signal may have come between the question above and the wait.
    const int left = static_cast<int>(std::ceil((until - now_seconds()) * 1000));
    const int ready = ::poll(waits, input.ends[1] >= 0 ? 2 : 1, std::min(left, kGlanceMilliseconds));
    if (ready <= 0) continue;
    if (input.ends[1] >= 0 && waits[1].revents != 0) {
      const ssize_t some = ::write(input.ends[1], bytes.data() + written, bytes.size() - written);
      if (some > 0) written += static_cast<size_t>(some);
      // A program may answer without reading all; whether it did well shows in its answer.
      const bool gone = some < 0 && errno != EAGAIN && errno != EINTR;
      if (gone || written == bytes.size()) input.close(1);
    }
    if (waits[0].revents != 0) {
      char buffer[65536];
      const ssize_t some = ::read(output.ends[0], buffer, sizeof buffer);
      if (some == 0) break;
      if (some > 0) answer.append(buffer, static_cast<size_t>(some));
      STEER_CHECK(answer.size() <= most, "[program] ", options.command,
                  ": expected one number per line but got more than ", most, " bytes");
    }
  }
  const std::optional<int> status = ended_by(child, until);
  if (!status) {
    if (interruption_asked()) throw Interrupted("[program] " + options.command + ": interrupted");
    late();
  }
  if (WIFSIGNALED(*status)) fail("[program] ", options.command, ": ended by signal ", WTERMSIG(*status));
  STEER_CHECK(WEXITSTATUS(*status) == 0, "[program] ", options.command, ": expected exit status 0 but got ",
              WEXITSTATUS(*status));
  return answer;
}

namespace {

std::vector<float> numbers_of(const std::string& text, const std::string& command, int64_t count) {
  std::vector<float> numbers;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    char* rest = nullptr;
    const double value = std::strtod(line.c_str(), &rest);
    const bool whole =
        rest != line.c_str() && std::string(rest).find_first_not_of(" \t\r") == std::string::npos;
    const float number = static_cast<float>(value);
    STEER_CHECK(whole && std::isfinite(number), "[program] ", command, ": expected a finite number (at most ",
                std::numeric_limits<float>::max(), ") on line ", numbers.size() + 1, " but got \"",
                line.substr(0, 40), "\"");
    numbers.push_back(number);
  }
  STEER_CHECK(static_cast<int64_t>(numbers.size()) == count, "[program] ", command, ": expected ", count,
              " scores, one per line, but got ", numbers.size());
  return numbers;
}

// A JSON string a line; what is no UTF-8 becomes U+FFFD.
std::string json_lines(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts)
    lines += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return lines;
}

}  // namespace

std::string npy_bytes(const Tensor& tensor) {
  const Tensor values = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  std::string shape;
  for (int64_t side : values.sizes()) shape += std::to_string(side) + ", ";
  if (values.dim() != 1 && !shape.empty()) shape.resize(shape.size() - 2);
  if (values.dim() == 1) shape.resize(shape.size() - 1);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Magic, version and length take 10 bytes; the whole head is a multiple of 64 and ends with a line break.
  const size_t length = (10 + header.size() + 1 + 63) / 64 * 64 - 10;
  header.resize(length - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(length & 0xFF);
  bytes += static_cast<char>(length >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data_ptr<float>()),
               static_cast<size_t>(values.numel()) * sizeof(float));
  return bytes;
}

ProgramObjective::ProgramObjective(ProgramOptions options, Texts texts)
    : options_(std::move(options)), texts_(std::move(texts)) {
  STEER_CHECK(!options_.command.empty(), "[program] expected a command but got an empty one");
  STEER_CHECK(std::isfinite(options_.timeout_seconds) && options_.timeout_seconds > 0,
              "[program] timeout: expected seconds above 0 but got ", options_.timeout_seconds);
}

Tensor ProgramObjective::score(const State& sample) const {
  STEER_CHECK(sample.x.defined() || (texts_ && !sample.token.is_floating_point()), "[program] ",
              options_.command, ": expected samples of numbers, or texts, but got neither");
  const int64_t count = sample.size();
  const std::string input = sample.x.defined() ? npy_bytes(sample.x) : json_lines(texts_(sample));
  const size_t most = static_cast<size_t>(count) * kBytesPerScore;
  const auto scores = numbers_of(answer_of(options_, input, most), options_.command, count);
  return torch::tensor(scores, torch::kFloat32).to((sample.x.defined() ? sample.x : sample.token).device());
}

std::string ProgramObjective::words() const {
  return fmt::format("program(\"{}\", timeout={})", options_.command, options_.timeout_seconds);
}

}  // namespace steer
