// Status tables of migrations that did not end well, though every row is there.
#include "suites/migration/queries/status.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

class BadStatus : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    new_side(R"sql(CREATE TABLE migration_status (component text PRIMARY KEY, status text, started_at timestamptz,
                                                  completed_at timestamptz, error_message text);
      INSERT INTO migration_status
      SELECT 'step' || i, 'completed', now() - interval '1 s', now(), NULL FROM generate_series(1, 8) i)sql");
  }
  Outcome check() {
    return run(status_kind(), R"({ table: migration_status, key: component, status: status, error: error_message,
                                   started: started_at, finished: completed_at, expect: [step1, step8] })");
  }
};

TEST_F(BadStatus, IsNotReportedOnAGoodMigration) { expect_proven_pass(check()); }

TEST_F(BadStatus, IsCaughtWhenAStepIsStuck) {
  new_side("UPDATE migration_status SET status = 'in_progress' WHERE component = 'step3'");
  const Outcome outcome = check();
  expect_found(outcome, {"step-not-completed migration_status component=step3"});
  EXPECT_EQ(outcome.findings[0].new_value, "in_progress");
}

TEST_F(BadStatus, IsCaughtWhenAStatusIsNullOrAnotherSpelling) {
  new_side("UPDATE migration_status SET status = NULL WHERE component = 'step3'");
  new_side("UPDATE migration_status SET status = 'Completed' WHERE component = 'step4'");
  expect_found(check(), {"step-not-completed migration_status component=step3",
                         "step-not-completed migration_status component=step4"});
}

TEST_F(BadStatus, IsCaughtWhenACompletedStepRecordedAnError) {
  new_side("UPDATE migration_status SET error_message = 'row 7 skipped' WHERE component = 'step3'");
  expect_found(check(), {"error-recorded migration_status component=step3"});
}

TEST_F(BadStatus, IsCaughtWhenTimesCannotBe) {
  new_side("UPDATE migration_status SET completed_at = started_at - interval '1 h' WHERE component = 'step2'");
  new_side("UPDATE migration_status SET completed_at = now() + interval '1 h' WHERE component = 'step3'");
  new_side("UPDATE migration_status SET completed_at = NULL WHERE component = 'step4'");
  expect_found(check(),
               {"times-reversed migration_status component=step2", "time-in-future migration_status component=step3",
                "finish-missing migration_status component=step4"});
}

TEST_F(BadStatus, IsCaughtWhenATimeIsAnotherWordForNotYet) {
  new_side("UPDATE migration_status SET completed_at = '-infinity' WHERE component = 'step2'");
  new_side("UPDATE migration_status SET completed_at = 'infinity' WHERE component = 'step3'");
  new_side("UPDATE migration_status SET completed_at = to_timestamp(0) WHERE component = 'step4'");
  new_side("UPDATE migration_status SET started_at = '-infinity' WHERE component = 'step5'");
  const Outcome outcome = check();
  expect_found(outcome,
               {"finish-missing migration_status component=step2", "finish-missing migration_status component=step3",
                "finish-missing migration_status component=step4", "start-missing migration_status component=step5"});
  EXPECT_EQ(outcome.findings[0].new_value, "-infinity");
  new_side("CREATE TABLE steps (name text, ended bigint); INSERT INTO steps VALUES ('a', 1700000000), ('b', 0)");
  expect_found(run(status_kind(), "{ table: steps, key: name, finished: ended }"), {"finish-missing steps name=b"});
}

TEST_F(BadStatus, IsCaughtWhenAnEpochWithoutAZoneStandsForNotYet) {
  new_side("ALTER DATABASE " + database() + " SET timezone = 'Asia/Tokyo'");
  new_side(
      "CREATE TABLE steps (name text, ended timestamp);"
      "INSERT INTO steps VALUES ('a', '1970-01-01'), ('b', to_timestamp(0)), ('c', now())");
  expect_found(run(status_kind(), "{ table: steps, key: name, finished: ended }"),
               {"finish-missing steps name=a", "finish-missing steps name=b"});
}

TEST_F(BadStatus, IsCaughtWhenAStepWasNeverRecorded) {
  new_side("DELETE FROM migration_status WHERE component = 'step8'");
  expect_found(check(), {"step-missing migration_status component=step8"});
}

}  // namespace
}  // namespace sluice::migration
