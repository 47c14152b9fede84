#include "steer/cmd/interruption.h"

#include <csignal>

namespace steer {
namespace {

volatile std::sig_atomic_t asked = 0;

}  // namespace

void notice_interruption() {
  asked = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { asked = 1; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interruption_asked() {
  return asked != 0;
}

}  // namespace steer
