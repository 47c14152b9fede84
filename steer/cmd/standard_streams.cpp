#include "steer/cmd/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

namespace steer {

void hold_standard_streams() {
  for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free is this one. Opened the wrong way round, every use of it fails.
    const int got = ::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (got != number && got >= 0) ::close(got);
  }
}

bool standard_output_arrived() {
  errno = 0;
  std::cout.flush();
  if (std::cout.good()) return true;
  std::cerr << "steer: expected to print on standard output but "
            << (errno != 0 ? std::strerror(errno) : "it was not taken") << std::endl;
  return false;
}

}  // namespace steer
