// Tables in use: what is only late is no finding, what stays different is one, what never rests is neither.
#include <chrono>
#include <thread>
#include <utility>

#include "harness/core/errors.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

class RowsInUse : public RowsFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
    new_side(
        "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'a'), (2, 'before'), (4, 'd'), (5, "
        "'e')");
  }
  std::string rechecked() const {
    return R"({"tables": {"t": {}}, "recheck": {"times": 4, "every": "1ms"}, "strategy": ")" + std::string(GetParam()) +
           "\"}";
  }
  /// What happens on the new side while the first reading is under way, which does not see it.
  void meanwhile(const std::string& sql) {
    context().progress = [this, sql, done = false](const Progress&) mutable {
      if (!std::exchange(done, true)) new_side(sql);
    };
  }
};

TEST_P(RowsInUse, PassWhenWhatDifferedWasLate) {
  meanwhile("UPDATE t SET s = 'b' WHERE id = 2; INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 5");
  const Outcome outcome = compare(rechecked());
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("read 2 times"));
  EXPECT_EQ(metric(outcome, "rows_compared"), 4);
}

TEST_P(RowsInUse, FailForWhatStaysDifferent) {
  meanwhile("INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 4");
  const Outcome outcome = compare(rechecked());
  // Row 4 was equal once: it is in use.
  expect_findings(outcome, {"row-changed t id=2 s", "row-extra t id=5"});
  EXPECT_EQ(metric(outcome, "rows_changed"), 1);
  EXPECT_EQ(metric(outcome, "rows_extra"), 1);
  EXPECT_EQ(metric(outcome, "rows_missing"), 0);
}

TEST_P(RowsInUse, AreInconclusiveWhenTheyNeverRest) {
  new_side("INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 5");
  context().progress = [this, turn = 0](const Progress&) mutable {
    new_side("UPDATE t SET s = 'turn " + std::to_string(++turn) + "' WHERE id = 2");
  };
  const Outcome outcome = compare(rechecked());
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("1 rows differed in another way each time they were read, 5 times in all"));
}

TEST_P(RowsInUse, StopWaitingWhenTheRunIsStopped) {
  std::stop_source source;
  context().cancelled = source.get_token();
  int readings = 0;
  context().progress = [&](const Progress& progress) {
    if (progress.done > 0 && ++readings == 1) source.request_stop();
  };
  EXPECT_THROW(compare(R"({"tables": {"t": {}}, "recheck": {"times": 5, "every": "1h"}, "strategy": ")" +
                       std::string(GetParam()) + "\"}"),
               Cancelled);
}

TEST_P(RowsInUse, ReadAgainOnlyWhatDiffered) {
  constexpr int rows = 5'000;
  old_side(
      "DELETE FROM t; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO t SELECT i, 'row ' || i FROM n");
  new_side(
      "TRUNCATE t; INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 5000) AS i; "
      "UPDATE t SET s = 'late' WHERE id = 7; DELETE FROM t WHERE id = 8; INSERT INTO t VALUES (6000, 'gone')");
  new_side("VACUUM ANALYZE t");
  new_side("SELECT pg_stat_reset()");
  meanwhile("UPDATE t SET s = 'row 7' WHERE id = 7; DELETE FROM t WHERE id = 6000");
  const Outcome outcome = compare(rechecked());
  expect_findings(outcome, {"row-missing t id=8"});
  EXPECT_EQ(metric(outcome, "rows_compared"), rows - 1);
  EXPECT_THAT(outcome.reason, HasSubstr("then 3 rows by key"));
  // The server counts a session's reads at its end.
  const std::string read =
      "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 't'";
  const std::string others =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
  while (cluster().query(others, database()) != std::vector<std::string>{"0"}) std::this_thread::yield();
  const int tuples = std::stoi(cluster().query(read, database()).at(0));
  EXPECT_GE(tuples, rows) << "the first reading";
  EXPECT_LT(tuples, rows + rows / 4) << "a second reading of the whole table would have doubled them";
}

TEST_P(RowsInUse, AreReadWholeWhereAKeyMayBeSpelledInAnotherWay) {
  old_side("PRAGMA journal_mode = WAL; CREATE TABLE u (id TEXT PRIMARY KEY, s TEXT)");
  new_side(
      "CREATE TABLE u (id uuid PRIMARY KEY, s text); "
      "INSERT INTO u VALUES ('0f8fad5b-d9cb-469f-a165-70867728950e', 'a')");
  context().progress = [this, done = false](const Progress&) mutable {
    if (!std::exchange(done, true)) old_side("INSERT INTO u VALUES ('0F8FAD5B-D9CB-469F-A165-70867728950E', 'a')");
  };
  const Outcome outcome = compare(R"({"tables": {"u": {}}, "recheck": {"times": 4, "every": "1ms"}, "strategy": ")" +
                                  std::string(GetParam()) + "\"}");
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("then the whole table"));
}

TEST_F(RowsFixture, WithoutAKeyAreReadWholeAgain) {
  old_side("CREATE TABLE log (s TEXT); INSERT INTO log VALUES ('a'), ('b')");
  new_side("CREATE TABLE log (s text); INSERT INTO log VALUES ('a')");
  context().progress = [this, done = false](const Progress&) mutable {
    if (!std::exchange(done, true)) new_side("INSERT INTO log VALUES ('b')");
  };
  const Outcome outcome = compare(R"({"tables": {"log": {}}, "recheck": {"times": 4, "every": "1ms"}})");
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("then the whole table"));
}

class ClaimsInUse : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO a VALUES (1, 'a');"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO b VALUES (1, 'b')");
    new_side(
        "CREATE TABLE m (n serial PRIMARY KEY, source text, id int, s text); "
        "INSERT INTO m (source, id, s) VALUES ('a', 1, 'a'), ('b', 1, 'b'), ('c', 1, 'c'), ('d', 1, 'd')");
  }
  static std::string merged() {
    return R"({"tables": {"a": {"to": "m", "key": ["id"], "where_new": "source = 'a'"},)"
           R"( "b": {"to": "m", "key": ["id"], "where_new": "source = 'b'"}}, "recheck": {"times": 4, "every": "1ms"}})";
  }
  // While the second reading waits; the first has counted the claims.
  void between_readings(const std::string& sql) {
    context().progress = [this, sql, calls = 0](const Progress& progress) mutable {
      if (progress.done >= 2 && ++calls == 1) new_side(sql);
    };
  }
};

TEST_F(ClaimsInUse, AreNoFindingWhenTheRowWentAway) {
  between_readings("DELETE FROM m WHERE source IN ('c', 'd')");
  expect_earned_pass(compare(merged()));
}

TEST_F(ClaimsInUse, AreFindingsWhenTheRowStaysUnclaimed) {
  between_readings("DELETE FROM m WHERE source = 'c'; INSERT INTO m (source, id, s) VALUES ('e', 1, 'later')");
  expect_findings(compare(merged()), {"row-unclaimed m n=4"});
}

INSTANTIATE_TEST_SUITE_P(Strategy, RowsInUse, ::testing::Values("merge", "hash"),
                         [](const auto& strategy) { return std::string(strategy.param); });

}  // namespace
}  // namespace sluice::migration
