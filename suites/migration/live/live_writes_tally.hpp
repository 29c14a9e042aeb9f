#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/action_timeline.hpp"
#include "suites/migration/live/live_writes_route.hpp"
#include "suites/migration/live/write_ledger.hpp"

namespace sluice::migration {

/// What the ledger says in numbers; deletes are writes, too.
struct WriteTally {
  std::uint64_t acknowledged = 0, refused = 0, unknown = 0;
  std::uint64_t overlapping = 0;  ///< acknowledged, and under way while an action was
  std::uint64_t deletes = 0;      ///< acknowledged, and no later write of the key is
  /// Those of them that were under way while an action was that could have seen what they took away: a write of the key
  /// was acknowledged before it began.
  std::uint64_t deletes_overlapping = 0;
  std::optional<WriteRecord> first_failed;

  std::uint64_t sent() const { return acknowledged + failed(); }
  std::uint64_t failed() const { return refused + unknown; }
  /// The share that got no acknowledgement.
  double errors() const { return sent() == 0 ? 0 : static_cast<double>(failed()) / static_cast<double>(sent()); }
};

/// Times in the ledger count from `begun`.
WriteTally tally_writes(const std::vector<WriteRecord>& ledger, std::chrono::steady_clock::time_point begun,
                        const std::vector<ActionTimeline::Span>& actions);

/// The first action at whose end nobody wrote any more, as all `most` writes had been sent, although the route wanted
/// writes beside it; nullopt when there is none.
std::optional<std::string> action_without_writers(const std::vector<WriteRecord>& ledger, std::size_t most,
                                                  std::chrono::steady_clock::time_point begun,
                                                  const std::vector<ActionTimeline::Span>& actions,
                                                  const WriteRoute& route);

}  // namespace sluice::migration
