#include "suites/migration/live/pause.hpp"

#include <condition_variable>
#include <mutex>

#include "harness/core/errors.hpp"

namespace sluice::migration {

void pause(const CheckContext& context, std::chrono::nanoseconds time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, context.cancelled, time, [] { return false; });
  if (context.cancelled.stop_requested()) throw Cancelled();
}

}  // namespace sluice::migration
