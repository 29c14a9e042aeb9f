#pragma once
#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/services/child_process.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::migration {

/// A SQLite file as the old side, a database of a private PostgreSQL as the new side, and actions that are shell
/// scripts: real processes that a check starts, points elsewhere and kills. A script finds the stores in $OLD (a path)
/// and $NEW (a URL), and `sql` runs statements on $NEW, each a statement of its own, stopping at the first error.
class ActionFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  void action(const std::string& name, const std::string& script) { scripts_[name] = script; }
  /// As the plan's author would write it for the action; none has one at first.
  void action_timeout(const std::string& name, std::chrono::nanoseconds timeout) { timeouts_[name] = timeout; }
  /// What actions find in their environment; at first OLD and NEW.
  std::map<std::string, std::string>& environment() { return environment_; }
  void new_side(const std::string& sql) { cluster().execute(sql, database_); }
  void old_side(const std::string& sql) { old_.execute(sql); }
  std::vector<std::string> rows(const std::string& sql) { return cluster().query(sql, database_); }
  /// Runs a check of the kind with these parameters (JSON), control included.
  Outcome run(const CheckKind& kind, const std::string& parameters);
  /// The message of the exception that the check ends with; "no exception" when it does not.
  std::string error(const CheckKind& kind, const std::string& parameters);
  /// Databases of the cluster that are copies.
  std::vector<std::string> copies() {
    return cluster().query("SELECT datname FROM pg_database WHERE datname LIKE 'sluice_%'");
  }

  testing::PostgresCluster& cluster() { return *cluster_; }
  const std::string& database() const { return database_; }
  CheckContext& context() { return context_; }
  const testing::TemporaryFolder& folder() const { return folder_; }

 private:
  std::unique_ptr<RunningAction> start(const std::string& action, const ActionChanges& changes);

  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static std::unique_ptr<services::ProcessHost> host_;
  static int databases_;
  testing::TemporaryFolder folder_;
  testing::SqliteFile old_{folder_.path() / "old.db"};
  std::string database_;
  CheckContext context_;
  std::map<std::string, std::string> scripts_;
  std::map<std::string, std::chrono::nanoseconds> timeouts_;
  std::map<std::string, std::string> environment_;
};

/// "rule where where …": findings in one line each, without information.
std::vector<std::string> rules(const Outcome& outcome);
double metric_of(const Outcome& outcome, const std::string& name);
/// Expects a pass whose control was caught.
void expect_proof(const Outcome& outcome);

}  // namespace sluice::migration
