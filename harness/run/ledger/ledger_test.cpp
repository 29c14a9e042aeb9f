#include "harness/run/ledger/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>

#include "harness/run/ledger/head.hpp"
#include "harness/run/ledger/history.hpp"
#include "harness/run/ledger/policy_json.hpp"
#include "harness/run/ledger/schema.hpp"
#include "harness/run/ledger/testing/sample_runs.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::ledger {
namespace {

using ::sluice::testing::SqliteFile;
using ::sluice::testing::TemporaryFolder;
using ::testing::ElementsAre;
using testing::go_run;
using ::testing::HasSubstr;

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    for (int i = 1; i <= 4; ++i) {
      clock_.time += std::chrono::hours(1);
      newest_ = append(path(), go_run("run-" + std::to_string(i)), clock_);
    }
  }
  std::filesystem::path path() const { return folder_.path() / "state" / "ledger.db"; }
  // As somebody with the sqlite3 shell would: no rule of the schema holds them.
  Verification after(const std::string& sql) const {
    SqliteFile(path()).execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;" + sql);
    return read(path());
  }

  TemporaryFolder folder_;
  testing::SetClock clock_;
  LedgerEntry newest_;
};

TEST_F(LedgerTest, KeepsEveryRunInAChainThatHolds) {
  const auto verification = read(path());
  EXPECT_TRUE(verification.holds()) << verification.problem;
  EXPECT_EQ(verification.records, 4u);
  EXPECT_EQ(newest_.sequence, 4u);
  EXPECT_EQ(verification.newest, newest_.record);
}

TEST_F(LedgerTest, GivesBackWhatWasRecorded) {
  const auto history = read_history(path());
  ASSERT_EQ(history.runs.size(), 4u);
  const auto& run = history.runs[2];
  EXPECT_EQ(run.run_id, "run-3");
  EXPECT_EQ(run.recorded, clock_.time - std::chrono::hours(1));
  EXPECT_EQ(run.identities[2].sha256, std::string(64, 'c'));
  const auto& phase = run.phases.at(0);
  EXPECT_EQ(phase.decision, Decision::go);
  EXPECT_TRUE(phase.acted);
  EXPECT_EQ(policy_json(phase.policy), policy_json(go_run().phases[0].policy));
  EXPECT_EQ(phase.checks.at(0).parameters, go_run().phases[0].checks[0].parameters);
}

TEST_F(LedgerTest, ReadsEveryMemberOfAPolicyBack) {
  GatePolicy policy = go_run().phases[0].policy;
  policy.limits.push_back({.check = "x", .metric = "m", .at_least = 0.1});
  policy.allow_inconclusive = {"x"};
  policy.controls = false;
  policy.waivers = {{.check = "x*",
                     .rule = "row-changed",
                     .where = {{"table", "captures"}, {"table", "two"}},
                     .owner = "Ana",
                     .reason = "known",
                     .expires = "2026-12-31",
                     .severity_ack = "critical",
                     .source = "plan.yaml:4:2"}};
  const auto text = policy_json(policy).dump();
  EXPECT_EQ(policy_json(parse_policy(text)).dump(), text);
  EXPECT_THAT(text, HasSubstr("\"at_least\":0.1"));
  EXPECT_THAT(text, HasSubstr("\"glob\":\"two\""));
}

struct Tampering {
  std::string name;
  std::string sql;
  std::uint64_t broken;
};

class TamperingTest : public LedgerTest, public ::testing::WithParamInterface<Tampering> {};

TEST_P(TamperingTest, IsNoticedAtTheFirstRecordThatItTouched) {
  const auto verification = after(GetParam().sql);
  EXPECT_FALSE(verification.holds());
  EXPECT_EQ(verification.broken, GetParam().broken) << verification.problem;
  RunResult report = go_run();
  report.ledger.record = newest_.record;
  EXPECT_THROW(compare_with_report(path(), report, [](const auto& text) { return text; }), LedgerError);
}

// Whatever was done: what a reading of the end tells, while it holds, is what was recorded, and all of it to the end.
TEST_P(TamperingTest, NeverReachesWhatAReadingOfTheEndTells) {
  std::vector<std::pair<std::string, RunRows>> recorded;
  read(path(), [&](const std::string& record, const RunRows& rows) { recorded.emplace_back(record, rows); });
  ASSERT_EQ(recorded.size(), 4u);
  after(GetParam().sql);
  for (std::uint64_t from = 1; from <= 5; ++from) {
    std::vector<std::pair<std::string, RunRows>> told;
    const auto verification = read(
        path(), [&](const std::string& record, const RunRows& rows) { told.emplace_back(record, rows); }, from);
    const std::uint64_t begin = std::min<std::uint64_t>(from, 4);  // the mark names the fourth
    if (begin <= GetParam().broken) {
      EXPECT_FALSE(verification.holds()) << "from " << from;
    }
    if (!verification.holds()) continue;
    EXPECT_EQ(verification.records, 4u);
    const std::vector<std::pair<std::string, RunRows>> expected(
        recorded.begin() + static_cast<std::ptrdiff_t>(begin) - 1, recorded.end());
    EXPECT_EQ(told, expected) << "from " << from;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ledger, TamperingTest,
    ::testing::Values(
        Tampering{"Run", "UPDATE runs SET decision = 'NO-GO' WHERE sequence = 2", 2},
        Tampering{"RunTime", "UPDATE runs SET recorded = recorded + 1 WHERE sequence = 3", 3},
        Tampering{"Phase", "UPDATE phases SET partial = 1 WHERE sequence = 2", 2},
        Tampering{"Policy", "UPDATE phases SET policy = replace(policy, '1.1', '9.9') WHERE sequence = 2", 2},
        Tampering{"Outcome", "UPDATE outcomes SET verdict = 'failed' WHERE sequence = 4", 4},
        Tampering{"Metric", "UPDATE metrics SET value = value + 1e-12 WHERE sequence = 1 AND metric = 0", 1},
        Tampering{"MetricGone", "UPDATE metrics SET interval_low = NULL WHERE sequence = 2 AND metric = 0", 2},
        Tampering{"Identity", "UPDATE identities SET sha256 = lower(hex(zeroblob(32))) WHERE sequence = 3", 3},
        Tampering{"RowRemoved", "DELETE FROM metrics WHERE sequence = 2 AND metric = 1", 2},
        Tampering{"RowAdded", "INSERT INTO identities VALUES (2, 9, 'x', 'x', 'x', 0)", 2},
        Tampering{"RowsSwapped",
                  "UPDATE identities SET identity = 99 WHERE sequence = 3 AND identity = 0;"
                  "UPDATE identities SET identity = 0 WHERE sequence = 3 AND identity = 1;"
                  "UPDATE identities SET identity = 1 WHERE sequence = 3 AND identity = 99",
                  3},
        Tampering{"RunRemoved",
                  "DELETE FROM metrics WHERE sequence = 2; DELETE FROM outcomes WHERE sequence = 2;"
                  "DELETE FROM phases WHERE sequence = 2; DELETE FROM identities WHERE sequence = 2;"
                  "DELETE FROM runs WHERE sequence = 2",
                  2},
        Tampering{"RunRemovedAndRenumbered",
                  "DELETE FROM runs WHERE sequence = 2; UPDATE runs SET sequence = sequence - 1 WHERE sequence > 2", 2},
        Tampering{"RunsSwapped",
                  "UPDATE runs SET sequence = 99 WHERE sequence = 2; UPDATE runs SET sequence = 2 WHERE sequence = 3;"
                  "UPDATE runs SET sequence = 3 WHERE sequence = 99",
                  2},
        Tampering{"EndRemoved",
                  "DELETE FROM metrics WHERE sequence = 4; DELETE FROM outcomes WHERE sequence = 4;"
                  "DELETE FROM phases WHERE sequence = 4; DELETE FROM identities WHERE sequence = 4;"
                  "DELETE FROM runs WHERE sequence = 4",
                  4},
        Tampering{"Everything",
                  "DELETE FROM metrics; DELETE FROM outcomes; DELETE FROM phases; DELETE FROM identities;"
                  "DELETE FROM runs",
                  1},
        Tampering{"Hash", "UPDATE runs SET record = lower(hex(zeroblob(32))) WHERE sequence = 4", 4},
        Tampering{"Stray", "INSERT INTO identities VALUES (7, 0, 'x', 'x', 'x', 0)", 7}),
    [](const auto& test) { return test.param.name; });

TEST_F(LedgerTest, NoticesAnEndThatSomebodyComputedAgain) {
  RunRows last;
  std::string before;
  read(path(), [&](const std::string& record, const RunRows& rows) {
    if (rows[0][0][0] == Cell(std::int64_t{3})) before = record;
    last = rows;
  });
  last[0][0][tables()[0].column("deciding_rule")] = std::string("forged");
  const auto verification = after("UPDATE runs SET deciding_rule = 'forged', record = '" + record_hash(before, last) +
                                  "' WHERE sequence = 4");
  EXPECT_EQ(verification.broken, 4u);
  EXPECT_THAT(verification.problem, HasSubstr("the history was written again"));
}

TEST_F(LedgerTest, ReadsNoFurtherBackThanItIsAsked) {
  const auto sequences = [&](std::uint64_t from) {
    std::vector<std::int64_t> told;
    const auto verification = read(
        path(), [&](const auto&, const RunRows& rows) { told.push_back(std::get<std::int64_t>(rows[0][0][0])); }, from);
    EXPECT_TRUE(verification.holds()) << verification.problem;
    EXPECT_EQ(verification.records, 4u);
    EXPECT_EQ(verification.newest, newest_.record);
    return told;
  };
  EXPECT_THAT(sequences(3), ElementsAre(3, 4));
  EXPECT_THAT(sequences(4), ElementsAre(4));
  EXPECT_THAT(sequences(99), ElementsAre(4));  // at least what the mark names
  EXPECT_THAT(sequences(0), ElementsAre(1, 2, 3, 4));
}

TEST_F(LedgerTest, ReadsBackToTheNewestRecordThatCounts) {
  RunResult other = go_run("other");
  other.plan_name = "another plan";
  const auto phase = go_run().phases[0].name;
  const auto plan = go_run().plan_name;
  append(path(), other, clock_);  // 5
  RunResult partial = go_run("partial");
  partial.phases[0].partial = true;
  partial.phases[0].actions.clear();
  append(path(), partial, clock_);  // 6
  RunResult no_go = go_run("no-go");
  no_go.phases[0].decision = Decision::no_go;
  EXPECT_EQ(find_newest(path(), plan, phase, Sought::judgement), 4u);
  append(path(), no_go, clock_);  // 7
  RunResult entered = go_run("entered");
  entered.phases[0].entered_only = true;
  append(path(), entered, clock_);  // 8
  EXPECT_EQ(find_newest(path(), plan, phase, Sought::judgement), 7u);
  EXPECT_EQ(find_newest(path(), plan, phase, Sought::go), 4u);
  EXPECT_EQ(find_newest(path(), "another plan", phase, Sought::go), 5u);
  EXPECT_EQ(find_newest(path(), plan, "no such phase", Sought::judgement), std::nullopt);
  EXPECT_EQ(read_recent(path(), plan, {phase}, Sought::judgement).runs.size(), 2u);
  EXPECT_EQ(read_recent(path(), plan, {phase}, Sought::go).runs.size(), 5u);
  EXPECT_EQ(read_recent(path(), plan, {"no such phase"}, Sought::go).runs.size(), 1u);
}

TEST_F(LedgerTest, AddsNothingBehindAnEndThatWasCutOff) {
  after("DELETE FROM runs WHERE sequence = 4");
  try {
    append(path(), go_run(), clock_);
    ADD_FAILURE() << "recorded";
  } catch (const LedgerError& error) {
    EXPECT_THAT(error.what(), HasSubstr("does not hold record 4"));
  }
  EXPECT_EQ(read(path()).records, 3u);
}

TEST_F(LedgerTest, AddsNothingWhereTheWholeHistoryWasRemoved) {
  std::filesystem::remove(path());
  EXPECT_THROW(append(path(), go_run(), clock_), LedgerError);
}

TEST_F(LedgerTest, DoesNotHoldWithoutItsHead) {
  std::filesystem::remove(Head::path_of(path()));
  EXPECT_THAT(read(path()).problem, HasSubstr("is missing"));
  EXPECT_THROW(append(path(), go_run(), clock_), LedgerError);
  EXPECT_THAT(read(path()).problem, HasSubstr("is missing")) << "the attempt to write made a head";
}

TEST_F(LedgerTest, RefusesAHeadThatItDidNotWrite) {
  std::ofstream(Head::path_of(path()), std::ios::trunc) << "7 nonsense\n";
  EXPECT_THROW(read(path()), LedgerError);
  EXPECT_THROW(append(path(), go_run(), clock_), LedgerError);
}

TEST_F(LedgerTest, HoldsWhenAKillCameBeforeTheHeadWasWritten) {
  std::string third;
  read(path(), [&](const std::string& record, const RunRows& rows) {
    if (rows[0][0][0] == Cell(std::int64_t{3})) third = record;
  });
  std::ofstream(Head::path_of(path()), std::ios::trunc) << "00000000000000000003 " << third << "\n";
  ASSERT_EQ(Head::read(path())->sequence, 3u);
  EXPECT_TRUE(read(path()).holds());
  EXPECT_EQ(append(path(), go_run(), clock_).sequence, 5u);
}

TEST_F(LedgerTest, NeverSetsItsHeadBack) {
  Head(path()).advance({.sequence = 3, .record = std::string(64, '3')});
  EXPECT_EQ(Head::read(path())->sequence, 4u);
  EXPECT_EQ(Head::read(path())->record, newest_.record);
}

TEST_F(LedgerTest, SaysWhereAReportAndItsRecordDisagree) {
  const auto same = [](const std::string& text) { return text; };
  RunResult report = go_run("run-4");
  EXPECT_THAT(compare_with_report(path(), report, same), HasSubstr("was not recorded"));
  report.ledger = newest_;
  EXPECT_EQ(compare_with_report(path(), report, same), "");
  report.phases[0].checks[0].outcome.verdict = Verdict::failed;
  EXPECT_THAT(compare_with_report(path(), report, same),
              HasSubstr("verdict of outcomes 1: the record says \"passed\", the report \"failed\""));
  report.phases[0].checks.clear();
  EXPECT_THAT(compare_with_report(path(), report, same), HasSubstr("outcomes: the record holds 1, the report 0"));
  report.ledger.record = std::string(64, 'f');
  EXPECT_THAT(compare_with_report(path(), report, same), HasSubstr("is not in the ledger"));
}

TEST_F(LedgerTest, RefusesANewerVersionWithoutTouchingIt) {
  SqliteFile(path()).execute("PRAGMA user_version = 99");
  for (const auto& attempt : {std::function<void()>([&] { append(path(), go_run(), clock_); }),
                              std::function<void()>([&] { read(path()); })}) {
    try {
      attempt();
      ADD_FAILURE() << "a newer ledger was used";
    } catch (const LedgerError& error) {
      EXPECT_THAT(error.what(), HasSubstr("is of version 99, and this sluice knows versions up to 1"));
    }
  }
  SqliteFile(path()).execute("PRAGMA user_version = 1");
  EXPECT_EQ(read(path()).records, 4u);
}

TEST_F(LedgerTest, BringsAnOlderVersionUpAndKeepsItsRecords) {
  const std::array<std::string_view, 2> steps{migrations()[0], "CREATE TABLE later (x INTEGER) STRICT"};
  {
    Connection connection(path(), Access::read);
    EXPECT_THROW(require_version(connection, steps), LedgerError);
  }
  {
    Connection connection(path(), Access::write);
    migrate(connection, steps);
    EXPECT_EQ(connection.ask("SELECT count(*) FROM later"), "0");
    EXPECT_EQ(connection.ask("PRAGMA user_version"), "2");
    EXPECT_EQ(connection.ask("SELECT count(*) FROM runs"), "4");
    EXPECT_NO_THROW(require_version(connection, steps));
  }
  EXPECT_THROW(read(path()), LedgerError) << "this program knows version 1 only";
}

TEST_F(LedgerTest, LeavesAnOlderVersionAsItWasWhenAStepFails) {
  const std::array<std::string_view, 2> steps{migrations()[0],
                                              "CREATE TABLE later (x INTEGER) STRICT; CREATE nonsense"};
  {
    Connection connection(path(), Access::write);
    EXPECT_THROW(migrate(connection, steps), LedgerError);
  }
  EXPECT_TRUE(read(path()).holds());
  Connection connection(path(), Access::read);
  EXPECT_THROW(connection.ask("SELECT count(*) FROM later"), LedgerError);
}

TEST(Rows, DifferentHistoriesAreDifferentBytes) {
  RunRows one = rows_of(testing::go_run(), {.sequence = 1, .recorded = {}, .previous = first_previous()});
  RunRows two = one;
  auto& identity = two[4][0];
  // The same characters, cut elsewhere.
  identity[2] = std::get<std::string>(identity[2]) + "p";
  identity[3] = std::get<std::string>(identity[3]).substr(1);
  EXPECT_NE(record_hash(first_previous(), one), record_hash(first_previous(), two));
  two = one;
  two[0][0][1] = std::string("1");  // a text instead of a number
  EXPECT_NE(record_hash(first_previous(), one), record_hash(first_previous(), two));
  EXPECT_NE(record_hash(first_previous(), one), record_hash(std::string(64, '1'), one));
  EXPECT_EQ(record_hash(first_previous(), one), record_hash(first_previous(), RunRows(one)));
}

}  // namespace
}  // namespace sluice::ledger
