#include "harness/core/pause.hpp"

#include <condition_variable>
#include <mutex>

#include "harness/core/errors.hpp"

namespace sluice {

bool pause_for(std::chrono::nanoseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;  // a stop alone wakes it
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void pause_unless_cancelled(std::chrono::nanoseconds time, const std::stop_token& stop) {
  if (!pause_for(time, stop)) throw Cancelled();
}

}  // namespace sluice
