// What goes wrong while the check is under way, by either strategy: an error that says what, or findings, never a pass.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "harness/core/errors.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RowsBadInput : public RowsFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  /// `tables` and what else, with the strategy of this test.
  std::string with(const std::string& parameters) const {
    return R"({"strategy": ")" + std::string(GetParam()) + "\", " + parameters + "}";
  }
  void make_tables(int rows) {
    for (const char* table : {"t", "u"}) {
      const std::string name = table, count = std::to_string(rows);
      old_side("CREATE TABLE " + name + " (id INTEGER PRIMARY KEY, s TEXT);" +
               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count + ") INSERT INTO " +
               name + " SELECT i, printf('%0200d', i) FROM n");
      new_side("CREATE TABLE " + name + " (id int PRIMARY KEY, s text); INSERT INTO " + name +
               " SELECT i, lpad(i::text, 200, '0') FROM generate_series(1, " + count + ") i");
    }
  }
  /// Compares `t` of the new side so slowly that `deed` happens on the way, once.
  std::string error_when(const std::function<void()>& deed) {
    make_tables(3000);
    bool done = false;
    context().progress = [&](const Progress&) {
      if (std::exchange(done, true)) return;
      deed();
    };
    const std::string error = compare_error<EnvironmentError>(
        with(R"("tables": {"t": {"where_new": "pg_sleep(0.0005) IS NOT NULL"}}, "connect_timeout": "2s")"));
    EXPECT_TRUE(done);
    return error;
  }
  std::vector<std::string> backends() {
    return cluster().query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = '" +
                           database() + "' AND pid <> pg_backend_pid()");
  }
};

TEST_P(RowsBadInput, AMissingColumnIsNamed) {
  make_tables(3);
  EXPECT_THAT(compare_error<InputError>(with(R"("tables": {"t": {"columns": {"s": "gone"}}})")),
              HasSubstr("`columns` sends s to the column gone, which the new side does not have"));
  EXPECT_THAT(compare_error<InputError>(with(R"("tables": {"t": {"ignore": ["gone"]}})")), HasSubstr("`ignore`"));
}

TEST_P(RowsBadInput, AKeyThatRepeatsIsNamedOnEitherSide) {
  old_side("CREATE TABLE g (g INTEGER, s TEXT); INSERT INTO g VALUES (1, 'a'), (2, 'b')");
  new_side("CREATE TABLE g (g int, s text); INSERT INTO g VALUES (1, 'a'), (2, 'b'), (2, 'b')");
  const std::string keyed = with(R"("tables": {"g": {"key": ["g"]}})");
  EXPECT_THAT(compare_error<InputError>(keyed),
              AllOf(HasSubstr("postgresql://"), HasSubstr("g=2 comes right after g=2")));
  old_side("INSERT INTO g VALUES (1, 'a')");
  EXPECT_THAT(compare_error<InputError>(keyed), AllOf(HasSubstr("sqlite:"), HasSubstr("g=1 comes right after g=1")));
}

TEST_P(RowsBadInput, TypesWithoutACommonReadingAreNamed) {
  old_side("CREATE TABLE x (id INTEGER PRIMARY KEY, a REAL, b BLOB); INSERT INTO x VALUES (1, 1.5, x'00')");
  new_side("CREATE TABLE x (id int PRIMARY KEY, a timestamptz, b int); INSERT INTO x VALUES (1, now(), 0)");
  EXPECT_THAT(compare_error<InputError>(with(R"("tables": {"x": {}})")),
              AllOf(HasSubstr("a is REAL on the old side and timestamp with time zone on the new side"),
                    HasSubstr("b is BLOB"), HasSubstr("set `types:")));
}

TEST_P(RowsBadInput, AConnectionLostOnTheWayIsAnError) {
  EXPECT_THAT(error_when([&] {
                for (const auto& pid : backends()) cluster().query("SELECT pg_terminate_backend(" + pid + ")");
              }),
              AllOf(HasSubstr("postgresql://"), HasSubstr("reading table t")));
}

// A backend that dies of a signal makes the server end every session and recover, as after a crash of its own.
TEST_P(RowsBadInput, AServerThatRestartsOnTheWayIsAnError) {
  EXPECT_THAT(error_when([&] {
                for (const auto& pid : backends()) kill(std::stoi(pid), SIGKILL);
              }),
              AllOf(HasSubstr("postgresql://"), HasSubstr("reading table t")));
  RowsFixture::TearDownTestSuite();
  RowsFixture::SetUpTestSuite();
}

TEST_P(RowsBadInput, ATableAlteredBeforeItIsReadIsAnErrorOrDiffers) {
  make_tables(100);
  const std::string both = with(R"("tables": {"t": {}, "u": {}})");
  const auto on_the_way = [&](const std::string& sql) {
    context().progress = [this, sql, done = false](const Progress&) mutable {
      if (!std::exchange(done, true)) new_side(sql);
    };
  };
  on_the_way("TRUNCATE u");
  const Outcome truncated = compare(both);
  EXPECT_EQ(truncated.verdict, Verdict::failed);
  EXPECT_EQ(metric(truncated, "u.rows_missing"), 100);
  on_the_way("ALTER TABLE u RENAME COLUMN s TO s2");
  EXPECT_THAT(compare_error<InputError>(both), AllOf(HasSubstr("reading table u"), HasSubstr("\"s\" does not exist")));
  on_the_way("DROP TABLE u");
  EXPECT_THAT(compare_error<std::exception>(with(R"("tables": {"t": {}, "u": {"columns": {"s": "s2"}}})")),
              AllOf(HasSubstr("table u"), HasSubstr("does not exist")));
}

TEST_P(RowsBadInput, ATableOfSqliteAlteredOnTheWayIsReadAsItWas) {
  make_tables(100);
  old_side("PRAGMA journal_mode = WAL");
  context().progress = [this, done = false](const Progress&) mutable {
    if (!std::exchange(done, true)) old_side("ALTER TABLE u RENAME COLUMN s TO s2; DELETE FROM u");
  };
  expect_earned_pass(compare(with(R"("tables": {"t": {}, "u": {}})")));
}

TEST_P(RowsBadInput, ADamagedFileIsAnError) {
  make_tables(2000);
  old_side("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto copy = folder().path() / "damaged.db";
  std::filesystem::copy_file(old_file().path(), copy);
  {
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(copy) / 4096 / 4 * 4096));
    const std::string noise(4096 * 8, '\xA5');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  context().stores["old"] = "sqlite:" + copy.string();
  EXPECT_THAT(compare_error<EnvironmentError>(with(R"("tables": {"t": {}})")),
              AllOf(HasSubstr(" table t: "), HasSubstr("damaged")));
  std::filesystem::resize_file(copy, std::filesystem::file_size(copy) / 2);
  EXPECT_THAT(compare_error<EnvironmentError>(with(R"("tables": {"u": {}})")), HasSubstr("damaged"));
}

INSTANTIATE_TEST_SUITE_P(Strategy, RowsBadInput, ::testing::Values("merge", "hash"),
                         [](const auto& strategy) { return std::string(strategy.param); });

}  // namespace
}  // namespace sluice::migration
