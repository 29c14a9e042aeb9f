#include "suites/migration/live/live_writes_conductor.hpp"

#include <utility>

namespace sluice::migration {

WriteConductor::WriteConductor(WriteRoute route, ActionTimeline& timeline, std::uint64_t writes_before,
                               std::chrono::nanoseconds within, std::stop_token cancelled)
    : route_(std::move(route)),
      writes_before_(writes_before),
      within_(within),
      cancelled_(std::move(cancelled)),
      subscription_(timeline.listen([this](const std::string& action, bool begins) { heard(action, begins); })) {}

WriteConductor::~WriteConductor() {
  {
    const std::scoped_lock lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_all();
  subscription_.end();
}

void WriteConductor::follow(WriteClient& client) {
  {
    const std::scoped_lock lock(mutex_);
    client_ = &client;
  }
  changed_.notify_all();
}

void WriteConductor::heard(const std::string& action, bool begins) {
  std::unique_lock lock(mutex_);
  const bool first = begun_.empty();
  (begins ? begun_ : ended_).push_back(action);
  changed_.wait(lock, cancelled_, [&] { return client_ != nullptr || leaving_; });
  if (client_ == nullptr || leaving_) return;
  const WriteTarget target = route_.now(begun_, ended_);
  WriteClient& client = *client_;
  lock.unlock();
  if (first) client.wait_for_acknowledgements(writes_before_, within_);
  client.send_to(target);
}

}  // namespace sluice::migration
