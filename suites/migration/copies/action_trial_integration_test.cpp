// What an action leaves running when it ends, whichever check ran it on copies.
#include "suites/migration/copies/action_trial.hpp"

#include <sys/prctl.h>

#include "suites/migration/copies/crash.hpp"
#include "suites/migration/copies/idempotent.hpp"
#include "suites/migration/copies/locks.hpp"
#include "suites/migration/copies/rollback.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LeavingWork : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side("CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1), (2)");
    action("up", R"sh(sql "CREATE TABLE extra (id int)")sh");
    action("down", R"sh(sql "DROP TABLE extra")sh");
  }

  /// Expects that every kind on copies refuses action `leaves` with what `matcher` takes.
  void expect_refused(const ::testing::Matcher<std::string>& matcher) {
    EXPECT_THAT(error(idempotent_kind(), R"({"action": "leaves"})"), matcher);
    EXPECT_THAT(error(locks_kind(), R"({"action": "leaves"})"), matcher);
    EXPECT_THAT(error(crash_kind(), R"({"action": "leaves"})"), matcher);
    EXPECT_THAT(error(rollback_kind(), R"({"up": "leaves", "down": "down"})"), matcher);
    EXPECT_THAT(error(rollback_kind(), R"({"up": "up", "down": "leaves"})"), matcher);
    EXPECT_THAT(copies(), IsEmpty());
  }
};

// Leaves a program behind, started by `how`, that has begun to wait for what never comes.
std::string leaving(const std::string& how) {
  return R"sh(sql "SELECT 1"; mkfifo -m 600 "$PWD/never" 2>/dev/null || true
    )sh" +
         how + R"sh( bash -c ': > there; read line <> never' > /dev/null 2>&1 &
    until [ -e there ]; do sleep 0.02; done
    rm there
  )sh";
}

TEST_F(LeavingWork, IsRefusedOfProcesses) {
  action("leaves", leaving(""));
  expect_refused(AllOf(HasSubstr("action leaves ended and left running: process bash ("), HasSubstr("wait for them")));
}

TEST_F(LeavingWork, IsRefusedOfProcessesThatHaveLeftTheirGroup) {
  action("leaves", leaving("setsid"));
  EXPECT_THAT(error(idempotent_kind(), R"({"action": "leaves"})"), HasSubstr("left running: process bash ("));
}

TEST_F(LeavingWork, IsRefusedOfProcessesThatHaveClearedTheirEnvironment) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // as every run does
  action("leaves", leaving("env -i PATH=\"$PATH\" setsid"));
  EXPECT_THAT(error(idempotent_kind(), R"({"action": "leaves"})"), HasSubstr("left running: process bash ("));
}

TEST_F(LeavingWork, IsRefusedOfProcessesWithASession) {
  action("leaves", R"sh(
    psql -qX "$NEW" -c "SELECT pg_sleep(60)" -c "UPDATE item SET id = 3 WHERE id = 2" > /dev/null 2>&1 &
    while [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")" = 0 ]; do sleep 0.02; done
  )sh");
  expect_refused(AllOf(HasSubstr("action leaves ended and left running: process psql ("),
                       HasSubstr("; a session, active psql after SELECT pg_sleep(60)"), HasSubstr("wait for them")));
}

}  // namespace
}  // namespace sluice::migration
