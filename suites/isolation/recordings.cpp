#include "suites/isolation/recordings.hpp"

namespace sluice::isolation {

void Recordings::offer(std::size_t viewer, const scenario::Exchange& exchange) {
  std::size_t bytes = exchange.response ? exchange.response->body.size() : 0;
  for (const auto& message : exchange.messages) bytes += message.payload.size();
  if (bytes == 0 || bytes > most_bytes) return;
  const std::scoped_lock lock(mutex_);
  ++offered_;
  if (kept_.size() < most) {
    kept_.push_back({viewer, exchange});
    return;
  }
  const std::uint64_t place = std::uniform_int_distribution<std::uint64_t>(0, offered_ - 1)(random_);
  if (place < most) kept_[place] = {viewer, exchange};
}

std::vector<Recording> Recordings::all() const {
  const std::scoped_lock lock(mutex_);
  return kept_;
}

}  // namespace sluice::isolation
