#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/action_timeline.hpp"
#include "suites/migration/live/live_writes_client.hpp"
#include "suites/migration/live/live_writes_route.hpp"

namespace sluice::migration {

/// Has the client write where the route wants it, as the actions come and go: no action begins before the client is
/// where it must be then, and the first not before some writes were acknowledged.
class WriteConductor {
 public:
  /// Listens from now on, and holds the first action up until follow() or the end of this object, and then until
  /// `writes_before` writes were acknowledged, but no longer than `within`. The timeline outlives it.
  WriteConductor(WriteRoute route, ActionTimeline& timeline, std::uint64_t writes_before,
                 std::chrono::nanoseconds within, std::stop_token cancelled);
  ~WriteConductor();
  WriteConductor(const WriteConductor&) = delete;
  WriteConductor& operator=(const WriteConductor&) = delete;

  WriteTarget first_target() const { return route_.now({}, {}); }
  /// From now on this client is conducted; it outlives this object.
  void follow(WriteClient& client);

 private:
  void heard(const std::string& action, bool begins);

  WriteRoute route_;
  std::uint64_t writes_before_;
  std::chrono::nanoseconds within_;
  std::stop_token cancelled_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> begun_, ended_;
  WriteClient* client_ = nullptr;
  bool leaving_ = false;
  ActionTimeline::Subscription subscription_;  // last: it calls what is above
};

}  // namespace sluice::migration
