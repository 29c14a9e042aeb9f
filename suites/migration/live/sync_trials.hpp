#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "suites/migration/live/sync_judge.hpp"
#include "suites/migration/live/sync_side.hpp"

namespace sluice::migration {

/// What a sync is tried with.
struct SyncTrialOptions {
  std::size_t trials = 1;             ///< items of every kind
  std::size_t conflicts_min = 1;      ///< of every kind, that met
  std::chrono::nanoseconds within{};  ///< until a write is on the other side, and everything at rest
  std::chrono::nanoseconds quiet{};   ///< that nothing changes is rest
  /// Between two conflicting writes; nullopt: both at once, as it does not count which was first.
  std::optional<std::chrono::nanoseconds> apart;
};

/// Writes on both sides of a sync, one after the other and at once, and collects what came of it. The sides and the
/// context outlive it.
class SyncTrials {
 public:
  SyncTrials(SyncSide& old_side, SyncSide& new_side, const SyncTrialOptions& options, const CheckContext& context);

  /// Everything that is tried, until both sides are at rest; what was written is taken away again on both sides, also
  /// when it throws anything but Cancelled.
  void run();
  /// Removes what was written, over sides that still answer.
  void take_away(SyncSide& old_side, SyncSide& new_side) const;
  const SyncEvidence& evidence() const { return evidence_; }
  /// The item of a key; nullptr when it is none of these.
  const SyncItem* find(const std::string& key) const;
  /// An item that nobody has written.
  SyncItem next_item();

 private:
  struct Pending {
    SyncConflict conflict;
    SyncItem item;
  };
  using Items = std::vector<SyncItem>;

  Items make_items();
  void propagate(SyncSide& from, SyncSide& to);
  void step(const std::string& operation, SyncSide& from, SyncSide& to, const Items& items);
  SyncPropagation write(const std::string& operation, SyncSide& from, SyncSide& to, const SyncItem& item);
  void expect_ends(const Items& items);
  void provoke_conflicts();
  void provoke(const std::string& kind, bool old_first, std::vector<Pending>& all);
  void wait_for_settlement();
  void collide(Pending& pending);
  void watch_rest();
  void read_ends();
  std::string next_value();

  SyncSide& old_;
  SyncSide& new_;
  const SyncTrialOptions options_;
  const CheckContext& context_;
  std::mt19937_64 random_;
  std::string run_;
  std::uint64_t first_id_ = 0, items_made_ = 0, values_made_ = 0;
  Items items_;
  std::vector<Pending> pending_;
  SyncEvidence evidence_;
};

}  // namespace sluice::migration
