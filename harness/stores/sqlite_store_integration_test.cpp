#include <gmock/gmock.h>
#include <sys/stat.h>

#include "harness/core/errors.hpp"
#include "harness/stores/store.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::stores {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteStore : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  testing::SqliteFile file_{folder_.path() / "a.db"};
};

std::vector<std::string> keys(Store& store, const std::string& table, ComparisonType type) {
  const auto description = store.describe(table);
  const auto cursor = store.scan(
      {.table = description, .columns = {description.columns[0]}, .rules = {{.type = type}}, .key_columns = 1});
  std::vector<std::string> all;
  for (RawRow row; cursor->next(row);) all.push_back(printable_cell(row[0]));
  return all;
}

TEST_F(SqliteStore, DescribesTablesAndViews) {
  file_.execute(
      "CREATE TABLE t (b TEXT NOT NULL, a DECIMAL(9,2), g INT AS (1), PRIMARY KEY (a, b)); CREATE VIEW v AS SELECT 1 "
      "AS one");
  const auto store = open_store(file_.url());
  EXPECT_THAT(store->tables(), ElementsAre("t", "v"));
  const auto t = store->describe("t");
  EXPECT_THAT(t.primary_key, ElementsAre("a", "b"));
  ASSERT_EQ(t.columns.size(), 3u);
  EXPECT_EQ(t.columns[1].declared, "DECIMAL(9,2)");
  EXPECT_EQ(t.columns[1].type, ComparisonType::decimal);
  EXPECT_FALSE(t.columns[0].nullable);
  EXPECT_TRUE(store->describe("v").primary_key.empty());
}

TEST_F(SqliteStore, OpensNothingThatIsNoRegularFile) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::filesystem::path& path : {pipe, folder_.path(), std::filesystem::path("/dev/null")}) {
    try {
      open_store("sqlite:" + path.string());
      FAIL() << path << " was opened";
    } catch (const EnvironmentError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(path.string()), HasSubstr("no regular file")));
    }
  }
}

TEST_F(SqliteStore, OffersNearNamesForAMissingTable) {
  file_.execute("CREATE TABLE captures (id INTEGER PRIMARY KEY)");
  const auto store = open_store(file_.url());
  try {
    store->describe("capture");
    FAIL() << "was found";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no table 'capture'"), HasSubstr("did you mean captures?")));
  }
}

TEST_F(SqliteStore, SortsAsTheComparisonDoes) {
  file_.execute("CREATE TABLE n (k TEXT); INSERT INTO n VALUES ('10'), ('9'), ('-1'), (NULL), ('x')");
  const auto store = open_store(file_.url());
  EXPECT_THAT(keys(*store, "n", ComparisonType::text), ElementsAre("NULL", "-1", "10", "9", "x"));
  EXPECT_THAT(keys(*store, "n", ComparisonType::integer), ElementsAre("NULL", "-1", "9", "10", "x"));
}

TEST_F(SqliteStore, SortsIntegersStoredWithoutRowidEvenBesideText) {
  file_.execute("CREATE TABLE n (k INTEGER PRIMARY KEY) WITHOUT ROWID; INSERT INTO n VALUES (10), (9), (2.5), ('x')");
  const auto store = open_store(file_.url());
  EXPECT_THAT(keys(*store, "n", ComparisonType::integer), ElementsAre("9", "10", "2.5", "x"));
}

TEST_F(SqliteStore, KeepsItsSnapshotWhileAnotherWrites) {
  file_.execute("PRAGMA journal_mode=WAL; CREATE TABLE n (k INTEGER PRIMARY KEY); INSERT INTO n VALUES (1)");
  const auto store = open_store(file_.url());
  store->begin_snapshot();
  file_.execute("INSERT INTO n VALUES (2)");
  EXPECT_THAT(keys(*store, "n", ComparisonType::integer), ElementsAre("1"));
  store->end_snapshot();
  EXPECT_THAT(keys(*store, "n", ComparisonType::integer), ElementsAre("1", "2"));
}

TEST_F(SqliteStore, CannotBeWrittenTo) {
  file_.execute("CREATE TABLE n (k INTEGER PRIMARY KEY)");
  const auto store = open_store(file_.url());
  auto description = store->describe("n");
  description.sql_name = "(DELETE FROM n)";
  EXPECT_ANY_THROW(store->scan({.table = description,
                                .columns = {description.columns[0]},
                                .rules = {{.type = ComparisonType::integer}},
                                .key_columns = 1}));
}

TEST_F(SqliteStore, ShowsARowInAStatementThatASqliteShellReadsBack) {
  file_.execute("CREATE TABLE n (k TEXT PRIMARY KEY, b BLOB)");
  const auto store = open_store(file_.url());
  const auto description = store->describe("n");
  const ScanSpec spec{.table = description, .columns = description.columns, .rules = {{}, {}}, .key_columns = 1};
  EXPECT_EQ(store->select_row(spec, {OwnedCell(RawCell::of_text("it's"))}),
            R"(SELECT * FROM "n" WHERE "k" IS 'it''s';)");
  EXPECT_EQ(store->select_row(spec, {OwnedCell(RawCell::of_text("a\nb"))}),
            R"(SELECT * FROM "n" WHERE "k" IS CAST(x'610a62' AS TEXT);)");
}

TEST_F(SqliteStore, SaysThatAWriterHoldsTheFile) {
  file_.execute("CREATE TABLE n (k INTEGER PRIMARY KEY); BEGIN EXCLUSIVE");
  try {
    open_store(file_.url(), {.lock_timeout = std::chrono::milliseconds(50)});
    FAIL() << "was opened";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("another process holds it"));
  }
}

}  // namespace
}  // namespace sluice::stores
