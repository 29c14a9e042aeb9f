#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace sluice::isolation {

/// Counts exchanges that are under way at once. Each user has one at a time, so company is another user's. Thread-safe.
class Overlap {
 public:
  /// One exchange under way.
  struct Ticket {
    std::uint64_t number = 0;
    bool company_at_start = false;
  };

  Ticket begin() {
    const std::scoped_lock lock(mutex_);
    const Ticket ticket{.number = ++begun_, .company_at_start = in_flight_ > 0};
    most_ = std::max(most_, ++in_flight_);
    return ticket;
  }

  /// Whether another exchange was under way at any moment of this one.
  bool end(const Ticket& ticket) {
    const std::scoped_lock lock(mutex_);
    --in_flight_;
    return ticket.company_at_start || begun_ != ticket.number;
  }

  /// The most exchanges that ever were under way at once.
  std::size_t most() const {
    const std::scoped_lock lock(mutex_);
    return most_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t begun_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t most_ = 0;
};

}  // namespace sluice::isolation
