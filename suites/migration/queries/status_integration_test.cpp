#include "suites/migration/queries/status.hpp"

#include <thread>

#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StatusTable : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    new_side(R"sql(CREATE TABLE migration_status (component text PRIMARY KEY, status varchar(20) DEFAULT 'pending',
        started_at timestamptz, completed_at timestamptz, error_message text);
      INSERT INTO migration_status VALUES ('schema', 'completed', now() - interval '2 s', now(), NULL),
                                          ('data', 'completed', now() - interval '1 s', now(), ''))sql");
  }
  static std::string with(const std::string& more) {
    return "{ table: migration_status, key: component, status: status, error: error_message, started: started_at, "
           "finished: completed_at" +
           more + " }";
  }
  Outcome check(const std::string& parameters) { return run(status_kind(), parameters); }
  std::string error(const std::string& parameters) { return run_error(status_kind(), parameters); }
};

TEST_F(StatusTable, SaysThatAllIsDone) {
  const Outcome outcome = check(with(", expect: [schema, data]"));
  expect_proven_pass(outcome);
  EXPECT_EQ(outcome.coverage[0].examined, 2u);
  EXPECT_THAT(outcome.control->observed, AllOf(HasSubstr("step-not-completed found"), HasSubstr("error-recorded found"),
                                               HasSubstr("finish-missing found"), HasSubstr("step-missing found")));
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM migration_status WHERE status = 'completed' AND error_message = ''"),
            std::vector<std::string>{"1"});
}

TEST_F(StatusTable, IsWaitedFor) {
  new_side("UPDATE migration_status SET status = 'in_progress', completed_at = NULL WHERE component = 'data'");
  // The migration goes on once the check has looked at it.
  std::thread migration;
  context().progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.done, 1);
    if (migration.joinable()) return;
    migration = std::thread([&] {
      new_side("UPDATE migration_status SET status = 'completed', completed_at = now() WHERE component = 'data'");
    });
  };
  const Outcome outcome = check(with(", within: 60s"));
  ASSERT_TRUE(migration.joinable());
  migration.join();
  expect_proven_pass(outcome);
}

TEST_F(StatusTable, IsNotWaitedForOnceAStepFailed) {
  new_side("UPDATE migration_status SET status = 'failed', error_message = 'disk full' WHERE component = 'data'");
  expect_found(check(with(", within: 1h")),
               {"step-failed migration_status component=data", "error-recorded migration_status component=data"});
}

TEST_F(StatusTable, KnowsTheWindowOfTheRun) {
  new_side("UPDATE migration_status SET started_at = now(), completed_at = now()");
  expect_proven_pass(check(with(", since_start: true")));
  new_side("UPDATE migration_status SET started_at = '2020-01-01' WHERE component = 'data'");
  expect_found(check(with(", since_start: true")), {"time-before-run migration_status component=data"});
}

TEST_F(StatusTable, MayBeOneOfManyKinds) {
  new_side(
      "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);"
      "INSERT INTO schema_migrations VALUES (7, false)");
  expect_proven_pass(check("{ table: public.schema_migrations, key: version, status: dirty, completed: 'false' }"));
  old_side(
      "CREATE TABLE _prisma_migrations (id TEXT, migration_name TEXT, finished_at DATETIME, logs TEXT);"
      "INSERT INTO _prisma_migrations VALUES ('x', 'init', 1700000000123, NULL)");
  expect_proven_pass(
      check("{ side: old, table: _prisma_migrations, key: migration_name, finished: finished_at, "
            "error: logs, expect: init }"));
}

TEST_F(StatusTable, MayHaveKeysOfFixedLength) {
  new_side(
      "CREATE TABLE steps (name char(20), part char(4), state char(12), error char(30));"
      "INSERT INTO steps VALUES ('a', 'x', 'completed', ''), ('b', 'y', 'completed', NULL)");
  expect_proven_pass(check("{ table: steps, key: name, status: state, error: error, expect: [a, b] }"));
  expect_proven_pass(check("{ table: steps, key: [name, part], status: state, expect: ['name=a, part=x'] }"));
  expect_found(check("{ table: steps, key: name, status: state, expect: [a, c] }"), {"step-missing steps name=c"});
}

TEST_F(StatusTable, ReadsTimesWithoutAZoneInThatOfItsDatabase) {
  new_side("ALTER DATABASE " + database() + " SET timezone = 'Asia/Tokyo'");
  new_side(
      "CREATE TABLE steps (name text, started timestamp, ended timestamp);"
      "INSERT INTO steps VALUES ('a', now() - interval '1 s', now())");
  const std::string steps = "{ table: steps, key: name, started: started, finished: ended";
  expect_proven_pass(check(steps + ", since_start: true, tolerance: 1m }"));
  expect_proven_pass(check(steps + ", zone: +09:00 }"));
  expect_found(check(steps + ", zone: UTC }"), {"time-in-future steps name=a", "time-in-future steps name=a"});
  new_side("UPDATE steps SET started = now() + interval '1 h', ended = now() + interval '1 h'");
  const Outcome outcome = check(steps + " }");
  expect_found(outcome, {"time-in-future steps name=a", "time-in-future steps name=a"});
  EXPECT_THAT(*outcome.findings[0].new_value, HasSubstr(" in Asia/Tokyo"));
}

TEST_F(StatusTable, NeedsAZoneOnlyForTimesWithoutOne) {
  new_side("ALTER DATABASE " + database() + " SET timezone = '<+09>-09'");
  expect_proven_pass(check(with("")));
  new_side("CREATE TABLE steps (name text, ended timestamp); INSERT INTO steps VALUES ('a', '2024-01-01')");
  EXPECT_THAT(error("{ table: steps, key: name, finished: ended }"),
              AllOf(HasSubstr("the status table steps holds times without a zone"), HasSubstr("set `zone`"),
                    HasSubstr("'<+09>-09'")));
  expect_proven_pass(check("{ table: steps, key: name, finished: ended, zone: +09:00 }"));
}

TEST_F(StatusTable, ReadsSecondsMillisecondsAndMicroseconds) {
  new_side(
      "CREATE TABLE steps (name text, started bigint, ended bigint);"
      "INSERT INTO steps VALUES ('a', 1732240000, 1732240001000), ('b', 1732240000999, 1732240001000000)");
  const std::string steps = "{ table: steps, key: name, started: started, finished: ended }";
  expect_proven_pass(check(steps));
  new_side("UPDATE steps SET ended = (extract(epoch FROM now() + interval '1 h') * 1000000)::bigint WHERE name = 'b'");
  expect_found(check(steps), {"time-in-future steps name=b"});
  new_side("UPDATE steps SET ended = 1732239999000000 WHERE name = 'b'");
  expect_found(check(steps), {"times-reversed steps name=b"});
}

TEST_F(StatusTable, IsInconclusiveWhenEmpty) {
  new_side("DELETE FROM migration_status");
  EXPECT_EQ(check(with("")).verdict, Verdict::inconclusive);
  expect_found(check(with(", expect: data")), {"step-missing migration_status component=data"});
}

TEST_F(StatusTable, IsErroredWhenItCannotBeRead) {
  EXPECT_THAT(error("{ table: migration_state, key: component, status: status }"),
              AllOf(HasSubstr("reading the status table migration_state"), HasSubstr("does not exist")));
  EXPECT_THAT(error("{ table: migration_status, key: component, status: state }"), HasSubstr("\"state\""));
  EXPECT_THAT(error("{ table: migration_status, key: component, status: status, where: 'nope = 1' }"),
              HasSubstr("nope"));
  EXPECT_THAT(error("{ table: migration_status, key: component }"), HasSubstr("nothing says when a step is completed"));
  EXPECT_THAT(error("{ table: t, key: component, status: s, since_start: true }"), HasSubstr("`since_start` needs"));
  EXPECT_THAT(error("{ table: t, key: component, status: s, side: old }"), HasSubstr("no such table"));
}

TEST_F(StatusTable, IsErroredWhenItIsLocked) {
  new_side(
      "CREATE FUNCTION slow() RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN 1; END';"
      "CREATE VIEW slow_status AS SELECT component, slow() AS status FROM migration_status");
  EXPECT_THAT(error("{ table: slow_status, key: component, status: status, timeout: 200ms }"),
              HasSubstr("statement timeout"));
}

}  // namespace
}  // namespace sluice::migration
