#include "steer/cmd/interruption.h"

#include <csignal>

namespace steer {

void notice_interruption() {
  forget_interruption();
  struct sigaction action {};
  action.sa_handler = [](int) { ask_interruption(); };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A terminal that closes asks as well, unless nohup said that it shall not.
  struct sigaction before {};
  if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, nullptr);
}

}  // namespace steer
