// Tables read from their pages beside what SQLite itself reads: the one must be the other, or be left to it.
#include "harness/stores/sqlite_tree.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <fstream>
#include <optional>
#include <random>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::stores {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Rows = std::vector<std::vector<std::string>>;

// Exactly: 1 and 1.0 and '1' are three values.
std::string exact(const RawCell& cell) {
  switch (cell.storage) {
    case RawCell::Storage::null:
      return "null";
    case RawCell::Storage::integer:
      return fmt::format("i{}", cell.integer);
    case RawCell::Storage::real:
      return fmt::format("r{:a}", cell.real);
    case RawCell::Storage::text:
      return "t" + hexadecimal(cell.bytes);
    case RawCell::Storage::blob:
      return "b" + hexadecimal(cell.bytes);
  }
  return "?";
}

std::vector<std::string> exact(const RawRow& row) {
  std::vector<std::string> cells;
  for (const auto& cell : row) cells.push_back(exact(cell));
  return cells;
}

Rows by_pages(SqliteDatabase& database, const std::vector<std::string>& columns, std::size_t parts = 1) {
  const SqlitePages pages(database);
  const SqliteRecord record(database, "t", columns);
  SqliteTree tree(pages, record);
  Rows rows;
  RawRow row(columns.size());
  for (const auto& part : tree.split(parts)) {
    tree.read(
        part, row, [&] { rows.push_back(exact(row)); }, [] {});
  }
  return rows;
}

Rows by_sqlite(SqliteDatabase& database, const std::vector<std::string>& columns) {
  SqliteStatement statement(
      database, fmt::format("SELECT \"{}\" FROM t NOT INDEXED ORDER BY rowid", fmt::join(columns, "\", \"")),
      "reading");
  Rows rows;
  while (statement.step()) {
    RawRow row(columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = statement.cell(static_cast<int>(i));
    rows.push_back(exact(row));
  }
  return rows;
}

void begin(SqliteDatabase& database) {
  database.execute("BEGIN", "starting a snapshot");
  database.execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");
}

class SqliteTrees : public ::testing::Test {
 protected:
  void write(const std::string& sql) const { file_.execute(sql); }
  std::filesystem::path path() const { return folder_.path() / "a.db"; }
  // Why the pages are not read; "read" when they are.
  std::string refusal(const std::vector<std::string>& columns = {"id", "body"}) const {
    SqliteDatabase database("a", path(), {});
    begin(database);
    return refusal(database, columns);
  }
  static std::string refusal(SqliteDatabase& database, const std::vector<std::string>& columns = {"id", "body"}) {
    try {
      by_pages(database, columns);
      return "read";
    } catch (const UnusualFile& unusual) {
      return unusual.what();
    }
  }

  testing::TemporaryFolder folder_;
  testing::SqliteFile file_{folder_.path() / "a.db"};
};

struct Layout {
  int page_size;
  const char* journal;
  const char* vacuum;
};

class AnyTable : public ::testing::TestWithParam<Layout> {};

// All storage classes in columns of all affinities, rows from none to many pages, rowids from end to end, and pages
// that were left and taken again.
class RandomTable {
 public:
  RandomTable(const std::filesystem::path& path, const Layout& layout, unsigned seed) : file_(path), random_(seed) {
    file_.execute(fmt::format("PRAGMA page_size = {}; PRAGMA auto_vacuum = {}; PRAGMA journal_mode = {}",
                              layout.page_size, layout.vacuum, layout.journal));
    file_.execute(
        "CREATE TABLE t (a REAL, b TEXT, id INTEGER PRIMARY KEY, late AS (b || 'x'), c NUMERIC, d BLOB, e INT, "
        "f DOUBLE PRECISION, kept INT AS (e) STORED, g); CREATE TABLE other (x)");
    const int rows = number(0, 3) == 0 ? number(0, 3) : number(1, 600);
    file_.execute("BEGIN");
    for (int i = 0; i < rows; ++i) {
      file_.execute(
          fmt::format("INSERT OR REPLACE INTO t (id, a, b, c, d, e, f, g) VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
                      id(), value(), value(), value(), value(), value(), value(), value()));
      if (i % 7 == 0) file_.execute("INSERT INTO other VALUES (zeroblob(3000))");
      if (i % 90 == 89) file_.execute("DELETE FROM t WHERE abs(random()) % 3 = 0; DELETE FROM other");
      if (i % 50 == 49) file_.execute("UPDATE t SET b = b || b || 'longer' WHERE abs(random()) % 4 = 0");
    }
    file_.execute("COMMIT");
    if (std::string(layout.journal) == "wal") file_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

 private:
  int number(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  std::string id() {
    switch (number(0, 20)) {
      case 0:
        return "9223372036854775807";
      case 1:
        return "-9223372036854775808";
      case 2:
        return "random()";
      default:
        return std::to_string(number(-100, 100'000));
    }
  }
  std::string value() {
    static const std::vector<std::string> all{"NULL",
                                              "0",
                                              "1",
                                              "-1",
                                              "127",
                                              "-128",
                                              "32768",
                                              "-8388608",
                                              "2147483648",
                                              "1 << 46",
                                              "1.5",
                                              "-0.0",
                                              "1e300",
                                              "9e999",
                                              "3.0",
                                              "9223372036854775807",
                                              "''",
                                              "'1'",
                                              "'12.50'",
                                              "x''",
                                              "x'00ff'",
                                              "'größe'",
                                              "9007199254740993",
                                              "-9223372036854775808",
                                              "char(65, 0, 66)"};
    const int sort = number(0, 9);
    if (sort == 0) return fmt::format("hex(randomblob({}))", number(1, 400));
    if (sort == 1) return fmt::format("randomblob({})", number(1, number(0, 9) == 0 ? 40'000 : 900));
    return all[static_cast<std::size_t>(number(0, static_cast<int>(all.size()) - 1))];
  }

  testing::SqliteFile file_;
  std::mt19937 random_;
};

TEST_P(AnyTable, IsReadAsSqliteReadsIt) {
  const std::vector<std::vector<std::string>> selections{
      {"id", "a", "b", "c", "d", "e", "f", "g"}, {"g", "id", "a"}, {"b"}, {"f", "c"}};
  std::size_t all = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    testing::TemporaryFolder folder;
    const RandomTable table(folder.path() / "a.db", GetParam(), seed);
    SqliteDatabase database("a", folder.path() / "a.db", {});
    begin(database);
    for (const auto& columns : selections) {
      const Rows expected = by_sqlite(database, columns);
      EXPECT_EQ(by_pages(database, columns), expected) << "seed " << seed;
      EXPECT_EQ(by_pages(database, columns, 40), expected) << "in parts, seed " << seed;
      all += expected.size();
    }
  }
  EXPECT_GT(all, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Layouts, AnyTable,
                         ::testing::Values(Layout{512, "delete", "none"}, Layout{1024, "wal", "full"},
                                           Layout{4096, "persist", "incremental"}, Layout{4096, "wal", "none"},
                                           Layout{65536, "truncate", "none"}));

TEST_F(SqliteTrees, AreLeftToSqliteWithoutATransaction) {
  write("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)");
  SqliteDatabase database("a", path(), {});
  EXPECT_EQ(refusal(database), "there is no snapshot");
  begin(database);
  EXPECT_EQ(refusal(database), "read");
}

TEST_F(SqliteTrees, AreLeftToSqliteWhileTheLogHoldsPages) {
  write("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'a')");
  EXPECT_EQ(refusal(), "its write-ahead log is not empty");
  write("PRAGMA wal_checkpoint(FULL)");
  EXPECT_EQ(refusal(), "its write-ahead log is not empty") << "which page is newer only SQLite knows";
  write("INSERT INTO t VALUES (2, 'b')");
  SqliteDatabase database("a", path(), {});
  begin(database);
  std::filesystem::remove(path().string() + "-wal");
  EXPECT_EQ(refusal(database), "its write-ahead log is not empty") << "it is still what the transaction reads";
}

TEST_F(SqliteTrees, AreReadOnceTheLogIsEmpty) {
  write("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'a')");
  write("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_EQ(refusal(), "read");
}

TEST_F(SqliteTrees, AreLeftToSqliteWhereTheyAreNotOfOrdinaryRows) {
  write(
      "CREATE TABLE s (id INTEGER PRIMARY KEY, body TEXT); CREATE VIEW t AS SELECT * FROM s;"
      "INSERT INTO s VALUES (1, 'a')");
  EXPECT_EQ(refusal(), "no ordinary table");
  write("DROP VIEW t; CREATE TABLE t (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID");
  EXPECT_EQ(refusal(), "no ordinary table");
  write("DROP TABLE t; CREATE VIRTUAL TABLE t USING fts5(id, body)");
  EXPECT_EQ(refusal(), "no ordinary table");
  write("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT AS ('b') STORED)");
  EXPECT_EQ(refusal(), "a computed column");
  EXPECT_EQ(refusal({"id"}), "read");
  EXPECT_EQ(refusal({"id", "id"}), "a column that is asked for twice");
  EXPECT_EQ(refusal({"id", "nowhere"}), "columns of no known place");
}

TEST_F(SqliteTrees, AreLeftToSqliteWhereAColumnWasAddedLater) {
  write("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN body DEFAULT 'a'");
  EXPECT_EQ(refusal(), "a number that does not end");
  EXPECT_EQ(refusal({"id"}), "read");
  write("UPDATE t SET body = 'b'");
  EXPECT_EQ(refusal(), "read");
}

TEST(SqliteTree, IsLeftToSqliteWhereTextsAreUtf16) {
  testing::TemporaryFolder folder;
  testing::SqliteFile file(folder.path() / "a.db");
  file.execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (id INTEGER PRIMARY KEY)");
  SqliteDatabase database("a", folder.path() / "a.db", {});
  begin(database);
  try {
    const SqlitePages pages(database);
    FAIL() << "were taken";
  } catch (const UnusualFile& unusual) {
    EXPECT_THAT(unusual.what(), HasSubstr("not UTF-8"));
  }
}

// A writer commits, and tries to move what it wrote into the file: the transaction's lock keeps the file as it is.
TEST_F(SqliteTrees, StayWhatTheTransactionSawWhileAnotherWrites) {
  write("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)");
  write(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO t SELECT i, 'text ' || i FROM n; PRAGMA wal_checkpoint(TRUNCATE)");
  SqliteDatabase database("a", path(), {});
  begin(database);
  const SqlitePages pages(database);
  const SqliteRecord record(database, "t", {"id", "body"});
  const Rows before = by_pages(database, {"id", "body"});
  write("UPDATE t SET body = body || ' changed'; DELETE FROM t WHERE id > 100; PRAGMA wal_checkpoint(PASSIVE)");
  EXPECT_EQ(refusal(database), "its write-ahead log is not empty") << "who comes later cannot know";
  Rows after;
  SqliteTree tree(pages, record);
  RawRow row(2);
  for (const auto& part : tree.split(8)) {
    tree.read(
        part, row, [&] { after.push_back(exact(row)); }, [] {});
  }
  EXPECT_EQ(after, before);
  EXPECT_EQ(by_sqlite(database, {"id", "body"}), before);
  EXPECT_THAT(before, SizeIs(5000));
  database.execute("COMMIT", "ending a snapshot");
  begin(database);
  EXPECT_THAT(by_sqlite(database, {"id", "body"}), SizeIs(100));
}

TEST_F(SqliteTrees, StayWhatTheTransactionSawWithoutALog) {
  write("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'a')");
  SqliteDatabase database("a", path(), {});
  begin(database);
  EXPECT_ANY_THROW(write("UPDATE t SET body = 'b'")) << "SQLite lets nobody write over what is read";
  EXPECT_EQ(by_pages(database, {"id", "body"}), by_sqlite(database, {"id", "body"}));
}

TEST_F(SqliteTrees, AreToldApartByOnePage) {
  write("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'a')");
  const auto copy = folder_.path() / "b.db";
  std::filesystem::copy_file(path(), copy);
  const auto same = [&] {
    SqliteDatabase one("a", path(), {}), other("b", copy, {});
    begin(one);
    begin(other);
    return same_pages(one, other);
  };
  EXPECT_TRUE(same());
  write("UPDATE t SET body = 'b'");
  EXPECT_FALSE(same());
}

// What SQLite reads, or nothing: never other rows.
TEST(DamagedSqliteFile, IsReadAsSqliteReadsItOrLeftToIt) {
  testing::TemporaryFolder folder;
  const auto whole = folder.path() / "whole.db", damaged = folder.path() / "damaged.db";
  const std::vector<std::string> columns{"id", "a", "b", "c", "d", "e", "f", "g"};
  std::mt19937 random(7);
  const auto number = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  std::size_t read = 0, left = 0, refused_by_both = 0;
  for (unsigned seed = 0; seed < 6; ++seed) {
    std::filesystem::remove(whole);
    {
      const RandomTable table(whole, seed % 2 == 0 ? Layout{512, "delete", "none"} : Layout{1024, "delete", "full"},
                              seed);
    }
    for (int trial = 0; trial < 150; ++trial) {
      std::filesystem::copy_file(whole, damaged, std::filesystem::copy_options::overwrite_existing);
      const std::size_t size = std::filesystem::file_size(damaged);
      {
        std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
        for (std::size_t i = number(4) + 1; i > 0; --i) {
          // Mostly where pages begin: their headers, their cells' places and their first cells.
          const std::size_t at = number(2) == 0 ? 100 + number(size - 100) : number(size / 512) * 512 + number(40);
          file.seekp(static_cast<std::streamoff>(std::max<std::size_t>(at, 100)));
          file.put(static_cast<char>(number(256)));
        }
      }
      if (number(8) == 0) std::filesystem::resize_file(damaged, size - number(size / 2));
      std::optional<Rows> ours, theirs;
      try {
        SqliteDatabase database("a", damaged, {});
        begin(database);
        try {
          ours = by_pages(database, columns, 1 + number(40));
        } catch (const UnusualFile&) {
        }
        theirs = by_sqlite(database, columns);
      } catch (const EnvironmentError&) {
      } catch (const InputError&) {
      }
      if (!ours) {
        ++(theirs ? left : refused_by_both);
        continue;
      }
      ++read;
      ASSERT_TRUE(theirs) << "seed " << seed << ", trial " << trial << ": SQLite does not read it";
      ASSERT_EQ(*ours, *theirs) << "seed " << seed << ", trial " << trial;
    }
  }
  EXPECT_GT(read, 50U);
  EXPECT_GT(refused_by_both, 50U);
  EXPECT_LT(left, read) << "what SQLite reads is nearly always read here";
}

}  // namespace
}  // namespace sluice::stores
