#include "harness/run/redactor.hpp"

#include <gtest/gtest.h>

namespace sluice::run {
namespace {

TEST(Redactor, HidesSecretsWhereverTheyStand) {
  Redactor redactor;
  redactor.add_secret("hunter2hunter2");
  redactor.add_secret("hunter2");
  EXPECT_EQ(redactor("a hunter2 b hunter2hunter2 c"), "a *** b *** c");
}

TEST(Redactor, HidesPasswordsInUrls) {
  const Redactor redactor;
  EXPECT_EQ(redactor("cannot reach postgresql://bob:s3cr3t@db:5432/x now"),
            "cannot reach postgresql://bob:***@db:5432/x now");
  EXPECT_EQ(redactor("http://127.0.0.1:80/a@b:c"), "http://127.0.0.1:80/a@b:c");
  EXPECT_EQ(redactor("postgresql://bob@%2Ftmp%2Fx:5432/y"), "postgresql://bob@%2Ftmp%2Fx:5432/y");
}

TEST(Redactor, DoesNotGarbleTextForAShortSecret) {
  Redactor redactor;
  redactor.add_secret("a");
  EXPECT_EQ(redactor("banana"), "banana");
}

TEST(Redactor, CleansEveryTextOfAResult) {
  Redactor redactor;
  redactor.add_secret("hunter2");
  RunResult result;
  result.services.push_back({.name = "db", .address = "postgresql://u:hunter2@h/d", .log_tail = "login hunter2"});
  PhaseResult phase;
  phase.actions.push_back({.command = "migrate --password hunter2"});
  CheckResult check;
  check.outcome.findings.push_back({.summary = "hunter2", .where = {{"header", "hunter2"}}, .old_value = "hunter2"});
  phase.checks.push_back(check);
  result.phases.push_back(phase);
  redactor.apply(result);
  EXPECT_EQ(result.services[0].address, "postgresql://u:***@h/d");
  EXPECT_EQ(result.services[0].log_tail, "login ***");
  EXPECT_EQ(result.phases[0].actions[0].command, "migrate --password ***");
  const auto& finding = result.phases[0].checks[0].outcome.findings[0];
  EXPECT_EQ(finding.summary + *finding.old_value + finding.where[0].second, "*********");
}

}  // namespace
}  // namespace sluice::run
