#pragma once
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::migration {

/// One row on its way from SQLite to PostgreSQL: column -> text, nullopt for NULL.
using CopiedRow = std::map<std::string, std::optional<std::string>>;

/// A SQLite file as the old side, a database of a private PostgreSQL as the new side, and the check run over them.
class RowsFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  void old_side(const std::string& sql) { old_.execute(sql); }
  void new_side(const std::string& sql) { cluster().execute(sql, database_); }
  /// A migration: every row of `table` in the order of its rowid through `change` into the table of the same name; a
  /// row for which `change` says false is not copied.
  void copy(const std::string& table, const std::function<bool(CopiedRow&)>& change = {});
  /// Runs migration.rows with these parameters (JSON), control included.
  Outcome compare(const std::string& parameters);
  /// The same by merge and by hash, which must agree in every finding and every number; the outcome of the latter.
  Outcome compare_both_ways(const std::string& parameters);
  /// The message of the exception that the check ends with; "no exception" when it does not.
  template <typename Exception>
  std::string compare_error(const std::string& parameters) {
    try {
      compare(parameters);
    } catch (const Exception& error) {
      return error.what();
    }
    return "no exception";
  }

  testing::PostgresCluster& cluster() { return *cluster_; }
  std::string new_url() const { return cluster_->url(database_); }
  /// The new side's.
  const std::string& database() const { return database_; }
  const testing::TemporaryFolder& folder() const { return folder_; }
  CheckContext& context() { return context_; }
  const testing::SqliteFile& old_file() const { return old_; }

 private:
  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static int databases_;

  testing::TemporaryFolder folder_;
  testing::SqliteFile old_{folder_.path() / "old.db"};
  std::string database_;
  CheckContext context_;
};

/// "row-changed captures id=7 user_text", "row-missing captures id=7": a finding in one line, warnings and worse.
std::vector<std::string> lines(const Outcome& outcome);

/// The value of the metric of that name; fails the test when there is none.
double metric(const Outcome& outcome, const std::string& name);

/// Expects a failed verdict with exactly these findings, as `lines` writes them.
void expect_findings(const Outcome& outcome, const std::vector<std::string>& expected);

/// Expects a pass whose control was caught.
void expect_earned_pass(const Outcome& outcome);

}  // namespace sluice::migration
