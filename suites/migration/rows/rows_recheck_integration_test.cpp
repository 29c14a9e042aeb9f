// Tables in use: what is only late is no finding, what stays different is one, what never rests is neither.
#include <chrono>
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

INSTANTIATE_TEST_SUITE_P(Strategy, RowsInUse, ::testing::Values("merge", "hash"),
                         [](const auto& strategy) { return std::string(strategy.param); });

}  // namespace
}  // namespace sluice::migration
