#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "suites/migration/live/sync.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {

/// A small two-way sync between the old SQLite and the new PostgreSQL, on a thread of its own: it looks at both tables
/// again and again and carries over what changed since they were equal. Its faults are switched on by name: one-way,
/// echo, conflicts-ignored, deletes-ignored, doubles-rows.
class SyncFixture : public SideFixture {
 protected:
  enum class Wins { last, old_side, new_side };

  void SetUp() override;
  void TearDown() override { stop(); }
  /// Starts the sync, runs the check with `more` parameters, and stops it.
  Outcome run_sync(const std::string& more = "");

  Wins wins_ = Wins::last;
  std::set<std::string> faults_;
  std::string parameters_;

 private:
  struct Row {
    std::string value;
    std::int64_t updated = 0;
    bool deleted = false;
    friend bool operator==(const Row&, const Row&) = default;
  };
  using Rows = std::map<std::string, Row>;

  void stop();
  void poll(const testing::SqliteFile& old_store);
  void level(const std::string& key, const std::optional<Row>& old_row, const std::optional<Row>& new_row,
             const testing::SqliteFile& old_store);
  bool old_stands(const Row& old_row, const Row& new_row) const;
  Rows read_old(const testing::SqliteFile& old_store) const;
  Rows read_new();
  static std::string upsert(const std::string& key, const Row& row, const std::optional<Row>& over, bool to_new);

  Rows equal_;  // what both sides held when they were last the same
  std::atomic<bool> stopping_{false};
  std::string failure_;
  std::thread thread_;
};

}  // namespace sluice::migration
