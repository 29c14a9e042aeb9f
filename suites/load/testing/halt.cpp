#include "suites/load/testing/halt.hpp"

#include <signal.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <stdexcept>

namespace sluice::load::testing {

void halt_for(std::chrono::milliseconds time) {
  const pid_t halted = getpid();
  const timespec pause{.tv_sec = time.count() / 1000, .tv_nsec = time.count() % 1000 * 1'000'000};
  // Between fork and exit it may call nothing that takes a lock. Its exit code is left to the end of this process.
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child > 0) return;
  kill(halted, SIGSTOP);
  nanosleep(&pause, nullptr);
  kill(halted, SIGCONT);
  _exit(0);
}

}  // namespace sluice::load::testing
