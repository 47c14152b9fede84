#include "steer/core/guarded_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "steer/core/check.h"

extern char** environ;

namespace steer {
namespace {

// Runs what follows. A guard in its process group waits for the end of the asking process, however that comes
// (a signal that nobody can catch as well), which closes the pipe at 3, and then kills the whole group. It is
// nobody's child, so that the program meets no stranger when it waits for its own.
constexpr const char* kGuarded =
    "( (read -r none; kill -KILL 0) <&3 3<&- >/dev/null 2>&1 & ); exec 3<&- 2>/dev/null; exec \"$@\"";

// How a program begins: in a group of its own, its descriptors in place, and the signal of a closed pipe as
// usual, whatever this thread does with it.
class SpawnSettings {
 public:
  SpawnSettings(int input, int output, int life) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, life, 3);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    pthread_sigmask(SIG_SETMASK, nullptr, &signals);
    sigdelset(&signals, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &signals);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

int GuardedChild::start(const std::vector<std::string>& arguments, int input, int output) {
  kill();
  int life[2];
  if (::pipe2(life, O_CLOEXEC) != 0) return errno;
  life_ = life[1];
  std::vector<std::string> words = {"sh", "-c", kGuarded, "sh"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  const SpawnSettings settings(input, output, life[0]);
  const int failed =
      posix_spawn(&id_, "/bin/sh", &settings.actions, &settings.attributes, list.data(), environ);
  ::close(life[0]);
  if (failed == 0) return 0;
  id_ = 0;
  kill();
  return failed;
}

std::optional<int> GuardedChild::ended() {
  int status = 0;
  if (id_ <= 0 || ::waitpid(id_, &status, WNOHANG) != id_) return std::nullopt;
  ::kill(-id_, SIGKILL);  // the guard, and what it may have left running
  id_ = 0;
  return status;
}

void GuardedChild::kill() {
  if (id_ > 0) {
    ::kill(-id_, SIGKILL);
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) continue;
  }
  id_ = 0;
  if (life_ >= 0) ::close(life_);
  life_ = -1;
}

std::string ending_of(int status) {
  constexpr int kNotRunnable = 126, kNotFound = 127;
  if (WIFSIGNALED(status)) return joined("ended by signal ", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code == kNotRunnable || code == kNotFound) return "cannot be run";
  return joined("ended with status ", code);
}

}  // namespace steer
