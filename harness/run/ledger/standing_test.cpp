#include "harness/run/ledger/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/ledger/board.hpp"
#include "harness/run/ledger/ledger_book.hpp"
#include "harness/run/ledger/testing/sample_runs.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::ledger {
namespace {

using namespace std::chrono_literals;
using ::sluice::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = Standing::State;
using testing::go_run;

plan::Plan three_phases() {
  plan::Plan plan;
  plan.name = "move";
  plan.services = {{.name = "v2", .kind = "external"}};
  plan.actions = {{.name = "migrate", .command = {"./migrate.sh"}}, {.name = "later", .command = {"./later.sh"}}};
  plan.phases = {{.name = "seed"},
                 {.name = "data", .needs = {"seed"}, .enter = {"migrate"}},
                 {.name = "cutover", .needs = {"data"}, .enter = {"later"}}};
  plan.evidence_max_age = 24h;
  return plan;
}

// What the ledger says of phase data, each test after one thing that must close it.
class EvidenceTest : public ::testing::Test {
 protected:
  void record(const RunResult& run) {
    clock_.time += 1h;
    append(path(), run, clock_);
  }
  Standing standing() const {
    const auto history = read_history(path());
    EXPECT_TRUE(history.verification.holds());
    return standing_of(history, plan_, plan_.phases[1], now_.identities, clock_.time);
  }
  run::EvidenceBook::Answer answer() const {
    return LedgerBook(path(), "", clock_).look_up(plan_, plan_.phases[1], now_.identities);
  }
  std::filesystem::path path() const { return folder_.path() / "ledger.db"; }
  static void change(RunResult& run, const std::string& identity) {
    for (auto& entry : run.identities) {
      if (entry.name == identity) entry.sha256 = std::string(64, 'e');
    }
  }
  static RunResult decided(Decision decision) {
    RunResult run = go_run("later");
    run.phases[0].decision = decision;
    run.phases[0].deciding_rule = "as the test says";
    return run;
  }

  TemporaryFolder folder_;
  testing::SetClock clock_;
  plan::Plan plan_ = three_phases();
  RunResult now_ = go_run();
};

TEST_F(EvidenceTest, IsTheLatestGoOfTheSamePlanAndArtifacts) {
  record(go_run("first"));
  record(go_run("second"));
  EXPECT_EQ(standing().state, State::go) << standing().why;
  const auto found = answer();
  ASSERT_TRUE(found.evidence) << found.why_not;
  EXPECT_EQ(found.evidence->phase, "data");
  EXPECT_EQ(found.evidence->run_id, "second");
  EXPECT_EQ(found.evidence->at, clock_.time);
  EXPECT_EQ(found.evidence->record, read(path()).newest);
}

TEST_F(EvidenceTest, IsNotThereBeforeThePhaseRan) {
  EXPECT_THAT(answer().why_not, HasSubstr("there is no ledger"));
  RunResult other = go_run();
  other.plan_name = "another plan";
  record(other);
  EXPECT_FALSE(answer().evidence);
  EXPECT_THAT(answer().why_not, HasSubstr("phase data was never run on this plan"));
  EXPECT_THAT(answer().why_not, HasSubstr("run --phase data first"));
}

TEST_F(EvidenceTest, IsGoneWhenThePlanChanged) {
  record(go_run());
  change(now_, "plan");
  EXPECT_EQ(standing().state, State::stale);
  EXPECT_THAT(answer().why_not, HasSubstr("phase data was GO on 2026-11-21 01:00:00 UTC, but the plan has another "
                                          "SHA-256 now; run --phase data again"));
}

TEST_F(EvidenceTest, IsGoneWhenABinaryChanged) {
  record(go_run());
  change(now_, "service v2");
  EXPECT_EQ(standing().state, State::stale);
  EXPECT_THAT(answer().why_not, HasSubstr("but service v2 has another SHA-256 now"));
}

TEST_F(EvidenceTest, IsGoneWhenAnArtifactCameOrWent) {
  record(go_run());
  now_.identities.push_back({.name = "service v3", .sha256 = std::string(64, 'a')});
  EXPECT_THAT(standing().why, HasSubstr("service v3 was not there then"));
  now_ = go_run();
  std::erase_if(now_.identities, [](const Identity& identity) { return identity.name == "service v2"; });
  EXPECT_THAT(standing().why, HasSubstr("service v2 is gone or cannot be read now"));
}

TEST_F(EvidenceTest, StaysWhenOnlyAnotherPhasesActionOrSluiceItselfChanged) {
  record(go_run());
  change(now_, "action later");
  change(now_, "sluice");
  EXPECT_EQ(standing().state, State::go) << standing().why;
  plan_.phases[0].enter = {"later"};  // now data stands on it
  EXPECT_EQ(standing().state, State::stale);
  plan_.phases[0].enter.clear();
  plan_.phases[1].rollback = plan::RollbackSpec{.action = "later"};
  EXPECT_EQ(standing().state, State::stale);
}

TEST_F(EvidenceTest, GrowsTooOld) {
  record(go_run());
  clock_.time += 24h;
  EXPECT_EQ(standing().state, State::go);
  clock_.time += 1s;
  EXPECT_EQ(standing().state, State::expired);
  EXPECT_THAT(answer().why_not, HasSubstr("evidence_max_age"));
}

TEST_F(EvidenceTest, IsRevokedByALaterRunThatWasNotGo) {
  record(go_run());
  record(decided(Decision::no_go));
  EXPECT_EQ(standing().state, State::no_go);
  EXPECT_THAT(answer().why_not, HasSubstr("phase data was NO-GO on"));
  record(go_run());
  EXPECT_EQ(standing().state, State::go);
  record(decided(Decision::inconclusive));
  EXPECT_EQ(standing().state, State::inconclusive);
}

TEST_F(EvidenceTest, IsNoPartialRun) {
  RunResult partial = decided(Decision::go);  // no gate says so, but a record might
  partial.phases[0].partial = true;
  record(partial);
  EXPECT_FALSE(answer().evidence);
  EXPECT_THAT(answer().why_not, HasSubstr("a partial run proves nothing"));
}

TEST_F(EvidenceTest, SurvivesAPartialRunOnlyIfThatChangedNothing) {
  record(go_run());
  RunResult partial = decided(Decision::inconclusive);
  partial.phases[0].partial = true;
  partial.phases[0].actions.clear();
  record(partial);
  EXPECT_EQ(standing().state, State::go) << standing().why;
  partial.phases[0].decision = Decision::no_go;
  record(partial);
  EXPECT_EQ(standing().state, State::no_go);
  record(go_run());
  partial = decided(Decision::inconclusive);
  partial.phases[0].partial = true;
  record(partial);
  EXPECT_EQ(standing().state, State::inconclusive) << "the action ran again";
}

TEST_F(EvidenceTest, NeedsControls) {
  RunResult run = go_run();
  run.controls_enabled = false;
  record(run);
  EXPECT_EQ(standing().state, State::unproven);
  run = go_run();
  run.phases[0].policy.controls = false;
  record(run);
  EXPECT_THAT(answer().why_not, HasSubstr("without controls"));
}

TEST_F(EvidenceTest, IsNotFromTheFuture) {
  record(go_run());
  clock_.time -= 2s;
  EXPECT_EQ(standing().state, State::unproven);
  EXPECT_THAT(answer().why_not, HasSubstr("in the future of this machine's clock"));
}

TEST_F(EvidenceTest, IsNotOlderThanAClockThatWasSetBack) {
  clock_.time += 240h;
  record(go_run());
  clock_.time -= 240h;
  RunResult other = go_run();
  other.plan_name = "another plan";
  record(other);
  clock_.time += 250h;  // by itself the first record would be 10 hours old
  EXPECT_EQ(standing().state, State::unproven);
  EXPECT_THAT(answer().why_not, HasSubstr("the clock was set back after it"));
}

TEST_F(EvidenceTest, IsGoneWhenAPhaseBelowWasEnteredAgain) {
  record(go_run());
  RunResult below = go_run();
  below.phases[0].name = "seed";
  record(below);
  EXPECT_EQ(standing().state, State::stale);
  EXPECT_THAT(answer().why_not, HasSubstr("phase seed, which it needs, was entered again"));
}

TEST_F(EvidenceTest, IsNotBelievedFromABrokenLedger) {
  record(go_run());
  {
    Connection connection(path(), Access::write);
    connection.execute("UPDATE phases SET decision = 'GO', partial = 1");
  }
  EXPECT_FALSE(answer().evidence);
  EXPECT_THAT(answer().why_not, HasSubstr("cannot be believed: record 1 is not what was recorded"));
  std::filesystem::resize_file(path(), 100);
  EXPECT_FALSE(answer().evidence);
}

TEST_F(EvidenceTest, IsNotThereWithoutALedger) {
  const auto answer = LedgerBook("", "--no-ledger was given", clock_).look_up(plan_, plan_.phases[1], now_.identities);
  EXPECT_FALSE(answer.evidence);
  EXPECT_EQ(answer.why_not, "of phase data there is no evidence: --no-ledger was given");
}

TEST_F(EvidenceTest, MakesTheBoard) {
  RunResult seed = go_run();
  seed.phases[0].name = "seed";
  record(seed);
  record(decided(Decision::no_go));
  const auto history = read_history(path());
  const auto board = board_of(history, plan_, now_.identities, clock_.time);
  ASSERT_EQ(board.rows.size(), 3u);
  EXPECT_EQ(board.rows[0].state(), "GO");
  EXPECT_EQ(board.rows[1].state(), "NO-GO");
  EXPECT_EQ(board.rows[2].state(), "blocked");
  EXPECT_THAT(board.rows[2].blocked_by, ElementsAre("data"));
  EXPECT_EQ(board.go_count(), 1u);
  EXPECT_EQ(board.next()->phase, "data");
  const auto boards = boards_of(history);
  ASSERT_EQ(boards.size(), 1u);
  EXPECT_FALSE(boards[0].against_the_plan);
  EXPECT_EQ(boards[0].rows.size(), 2u) << "phase cutover is not known to the ledger";
}

}  // namespace
}  // namespace sluice::ledger
