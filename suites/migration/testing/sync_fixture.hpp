#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/services/child_process.hpp"
#include "suites/migration/live/sync.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {

/// A small two-way sync between the old SQLite and the new PostgreSQL: the program sluice_sync_program, a process of
/// its own that is killed when the check is over. Its faults are switched on by the names that it documents.
class SyncFixture : public SideFixture {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  /// Starts the sync, runs the check with `more` parameters, and kills it.
  Outcome run_sync(const std::string& more = "");
  /// The check with `more` parameters, and nobody who keeps the sides equal.
  Outcome run_without_sync(const std::string& more);

  std::string wins_ = "last";  ///< or old, new
  std::vector<std::string> faults_;
  std::string parameters_;

 private:
  static std::unique_ptr<services::ProcessHost> host_;
};

}  // namespace sluice::migration
