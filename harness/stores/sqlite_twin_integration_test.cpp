#include "harness/stores/sqlite_twin.hpp"

#include <gmock/gmock.h>

#include <atomic>

#include "harness/stores/digest.hpp"
#include "harness/stores/store.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::stores {
namespace {

class SqliteTwins : public ::testing::TestWithParam<const char*> {
 protected:
  SqliteTwins() {
    file_.execute(std::string("PRAGMA journal_mode = ") + GetParam());
    file_.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'one')");
  }
  std::filesystem::path path() const { return folder_.path() / "a.db"; }

  testing::TemporaryFolder folder_;
  testing::SqliteFile file_{folder_.path() / "a.db"};
};

std::int64_t count(SqliteDatabase& database) {
  SqliteStatement statement(database, "SELECT count(*) FROM t", "counting");
  return statement.step() ? statement.cell(0).integer : -1;
}

TEST_P(SqliteTwins, JoinTheSnapshotWhenNobodyWrote) {
  SqliteTwin twin("twin", path(), {});
  SqliteDatabase first("first", path(), {});
  first.execute("BEGIN", "starting a snapshot");
  EXPECT_EQ(count(first), 1);
  EXPECT_TRUE(twin.join());
  EXPECT_EQ(count(twin.database()), 1);
}

TEST_P(SqliteTwins, DoNotJoinWhenSomebodyWroteBeforeTheFirstBegan) {
  SqliteTwin twin("twin", path(), {});
  file_.execute("INSERT INTO t VALUES (2, 'two')");
  EXPECT_FALSE(twin.join());
}

INSTANTIATE_TEST_SUITE_P(JournalModes, SqliteTwins, ::testing::Values("wal", "delete"));

TEST(SqliteTwin, DoesNotJoinWhenSomebodyWroteAfterTheFirstBegan) {
  testing::TemporaryFolder folder;
  testing::SqliteFile file(folder.path() / "a.db");
  file.execute("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY)");
  SqliteTwin twin("twin", folder.path() / "a.db", {});
  SqliteDatabase first("first", folder.path() / "a.db", {});
  first.execute("BEGIN", "starting a snapshot");
  EXPECT_EQ(count(first), 0);
  file.execute("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(twin.join());
  EXPECT_EQ(count(first), 0);
}

/// A table of more rows than one reader takes alone, digested with a snapshot (two readers) and without (one).
class TwoReaders : public ::testing::TestWithParam<const char*> {
 protected:
  static std::vector<BucketDigest> digest(Store& store, std::uint64_t& reported) {
    const auto table = store.describe("t");
    DigestSpec spec{.scan = {.table = table, .columns = table.columns, .key_columns = 1}};
    for (const auto& column : table.columns) spec.scan.rules.push_back({.type = column.type});
    auto plan = plan_hashes(spec.scan, Engine::sqlite, spec.scan, Engine::sqlite, true);
    spec.plan = std::get<HashPlan>(plan);
    spec.partition = {.kind = Partition::Kind::hash, .buckets = 64};
    std::atomic<std::uint64_t> rows{0};
    spec.on_rows = [&rows](std::uint64_t more) { rows += more; };
    auto digests = store.digest(spec);
    reported = rows;
    return digests;
  }
};

TEST_P(TwoReaders, FindWhatOneFinds) {
  testing::TemporaryFolder folder;
  testing::SqliteFile file(folder.path() / "a.db");
  file.execute(GetParam());
  file.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
      "INSERT INTO t SELECT i * 7 - 100000, 'text ' || i FROM n");
  const auto store = open_store(file.url());
  std::uint64_t alone_reported = 0, both_reported = 0;
  const auto alone = digest(*store, alone_reported);
  store->begin_snapshot();
  const auto both = digest(*store, both_reported);
  store->end_snapshot();
  EXPECT_EQ(alone, both);
  EXPECT_EQ(alone_reported, 60'000U);
  EXPECT_EQ(both_reported, 60'000U);
  std::uint64_t rows = 0;
  for (const auto& bucket : both) rows += bucket.rows;
  EXPECT_EQ(rows, 60'000U);
}

INSTANTIATE_TEST_SUITE_P(Tables, TwoReaders,
                         ::testing::Values("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
                                           "CREATE TABLE t (rowid INTEGER PRIMARY KEY, _rowid_ TEXT)",
                                           "CREATE TABLE t (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID"));

}  // namespace
}  // namespace sluice::stores
