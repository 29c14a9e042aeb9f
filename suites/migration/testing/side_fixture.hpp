#pragma once
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::migration {

/// A SQLite file as the old side, a fresh database of a private PostgreSQL as the new side, for any kind.
class SideFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  void old_side(const std::string& sql) { old_.execute(sql); }
  void new_side(const std::string& sql) { cluster().execute(sql, database_); }
  std::vector<std::string> ask_new_side(const std::string& sql) { return cluster().query(sql, database_); }
  /// Runs the kind with these parameters (YAML or JSON), control included.
  Outcome run(const CheckKind& kind, const std::string& parameters);
  /// The message of the exception that the check ends with; "no exception" when it does not.
  std::string run_error(const CheckKind& kind, const std::string& parameters);

  testing::PostgresCluster& cluster() { return *cluster_; }
  const std::string& database() const { return database_; }
  const testing::TemporaryFolder& folder() const { return folder_; }
  CheckContext& context() { return context_; }
  std::string new_url() const { return cluster_->url(database_); }
  /// The new side's URL for another role.
  std::string new_url_as(const std::string& role) const;

 private:
  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static int databases_;

  testing::TemporaryFolder folder_;
  testing::SqliteFile old_{folder_.path() / "old.db"};
  std::string database_;
  CheckContext context_;
};

/// "sequence-behind captures.id": rule and places of a finding in one line, warnings and worse.
std::vector<std::string> finding_lines(const Outcome& outcome);
/// Expects a failed verdict with exactly these findings, each with a summary and a way to see it again.
void expect_found(const Outcome& outcome, const std::vector<std::string>& expected);
/// Expects a pass whose control was caught.
void expect_proven_pass(const Outcome& outcome);

}  // namespace sluice::migration
