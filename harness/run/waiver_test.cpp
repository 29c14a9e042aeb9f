#include "harness/run/waiver.hpp"

#include <gmock/gmock.h>

#include "harness/run/gate.hpp"

namespace sluice::run {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimePoint started = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(23);

Finding finding(std::string rule, Severity severity, std::string table, std::string key) {
  return {.rule = std::move(rule),
          .severity = severity,
          .summary = "something differs",
          .where = {{"table", std::move(table)}, {"key", std::move(key)}},
          .old_value = std::nullopt,
          .new_value = std::nullopt,
          .reproduce = {}};
}

Waiver waiver(std::string check, std::string rule) {
  return {.check = std::move(check),
          .rule = std::move(rule),
          .where = {},
          .owner = "Ada Lovelace",
          .reason = "blanks at the end carry no meaning",
          .expires = "2026-12-31",
          .severity_ack = {},
          .source = "plan.yaml:40:5"};
}

CheckResult result(std::string name, std::string stage, Outcome outcome) {
  CheckResult check{.name = std::move(name), .phase = "data", .stage = std::move(stage), .outcome = std::move(outcome)};
  check.outcome.coverage = {{.unit = "rows", .examined = 100}};
  return check;
}

Outcome good() {
  Outcome outcome = Outcome::passed("all is equal");
  outcome.control = Control{.planted = "a change", .caught = true, .observed = "seen"};
  return outcome;
}

/// A phase with one failed check, `rows`, that found two changed rows, and one passed check, `replay`.
class WaiverTest : public ::testing::Test {
 protected:
  WaiverTest() {
    phase_.started = started;
    phase_.policy.required = {{"rows", "after"}, {"replay", "after"}};
    phase_.checks = {result("rows", "after", Outcome::failed("2 rows differ")), result("replay", "after", good())};
    found({finding("row-changed", Severity::error, "captures", "id=1"),
           finding("row-changed", Severity::error, "captures", "id=2")});
    phase_.policy.waivers = {waiver("rows", "row-changed")};
  }
  void found(std::vector<Finding> findings) {
    phase_.checks[0].outcome.findings_total = findings.size();
    phase_.checks[0].outcome.findings = std::move(findings);
  }
  Waiver& only() { return phase_.policy.waivers[0]; }
  GateDecision decision() const { return decide(phase_, {}); }
  std::string state() const {
    const auto uses = decision().waivers;
    return uses.empty() ? "not judged" : uses[0].state;
  }

  PhaseResult phase_{.name = "data"};
};

TEST_F(WaiverTest, OpensTheGateWhenEveryErrorIsCoveredAndSaysSo) {
  const auto decided = decision();
  EXPECT_EQ(decided.decision, Decision::go);
  EXPECT_EQ(decided.deciding_rule,
            "phase data: 1 of 2 required checks passed; rows failed, but its 2 errors are waived by Ada Lovelace "
            "until 2026-12-31 (plan.yaml:40:5)");
  ASSERT_EQ(decided.concessions.size(), 1u);
  EXPECT_EQ(decided.concessions[0].findings, 2u);
  EXPECT_EQ(decided.concessions[0].verdict, Verdict::failed);
  EXPECT_EQ(decided.rules[0].observed, "failed: 2 rows differ; its 2 errors are waived");
  ASSERT_EQ(decided.waivers.size(), 1u);
  EXPECT_EQ(decided.waivers[0].state, "used");
  EXPECT_EQ(decided.waivers[0].hidden, 2u);
}

TEST_F(WaiverTest, StaysClosedOnOneErrorThatNoWaiverCovers) {
  found({finding("row-changed", Severity::error, "captures", "id=1"),
         finding("row-missing", Severity::error, "captures", "id=2")});
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().deciding_rule,
            "phase data: rows failed: 2 rows differ; 1 of its 2 errors waived, not row-missing (error)");
  EXPECT_EQ(state(), "used");
  EXPECT_TRUE(decision().concessions.empty());
}

TEST_F(WaiverTest, MatchesCheckRuleAndEveryPlaceAsGlobs) {
  const Finding one = finding("row-changed", Severity::error, "captures", "id=1");
  EXPECT_TRUE(accepts(waiver("r*", "row-*"), "rows", one));
  EXPECT_FALSE(accepts(waiver("replay", "row-*"), "rows", one));
  EXPECT_FALSE(accepts(waiver("rows", "row-missing"), "rows", one));
  Waiver placed = waiver("rows", "*");
  placed.where = {{"table", "cap*"}, {"key", "id=?"}};
  EXPECT_TRUE(accepts(placed, "rows", one));
  placed.where = {{"table", "cap*"}, {"key", "id=2"}};
  EXPECT_FALSE(accepts(placed, "rows", one));
  placed.where = {{"column", "*"}};
  EXPECT_FALSE(accepts(placed, "rows", one)) << "a place that the finding does not have";
  Finding twice = one;
  twice.where.emplace_back("table", "users");
  placed.where = {{"table", "captures"}};
  EXPECT_FALSE(accepts(placed, "rows", twice)) << "one of two tables only";
}

TEST_F(WaiverTest, CoversCriticalFindingsOnlyWhereItAcknowledgesThem) {
  found({finding("row-missing", Severity::critical, "captures", "id=1")});
  only() = waiver("rows", "row-missing");
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(state(), "unused");
  EXPECT_THAT(decision().rules.back().explanation, HasSubstr("severity_ack: critical"));
  only().severity_ack = "critical";
  EXPECT_EQ(decision().decision, Decision::go);
}

TEST_F(WaiverTest, NeedsNoWaiverForInfoAndWarnings) {
  found({finding("row-changed", Severity::error, "captures", "id=1"),
         finding("row-hazard", Severity::warning, "captures", "id=2"),
         finding("column-ignored", Severity::info, "captures", "id=3")});
  const auto decided = decision();
  EXPECT_EQ(decided.decision, Decision::go);
  EXPECT_EQ(decided.concessions.at(0).findings, 1u);
  only().rule = "row-hazard";
  EXPECT_EQ(state(), "unused");
  EXPECT_THAT(decision().rules.back().explanation, HasSubstr("needs no waiver: remove it"));
}

TEST_F(WaiverTest, StaysClosedWhenFindingsAreNotListed) {
  phase_.checks[0].outcome.findings_total = 3;
  EXPECT_EQ(decision().decision, Decision::no_go);
  const std::size_t listed = phase_.checks[0].outcome.findings.size();
  ASSERT_EQ(listed, 2u);
  EXPECT_THAT(decision().deciding_rule,
              HasSubstr("1 of its 3 findings is not listed, and a waiver covers only what is listed: mend what they "
                        "show, or narrow the check"));
  phase_.checks[0].outcome.findings_total = 500;
  phase_.checks[0].parameters = R"({"sample": 20})";
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("498 of its 500 findings are not listed"));
  EXPECT_THAT(decision().deciding_rule, HasSubstr("`sample: 500`"));
  phase_.checks[0].outcome.findings_total = 1;  // a report that contradicts itself
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("lists 2 findings and counts 1"));
}

TEST_F(WaiverTest, StaysClosedOnAFailureThatListsNoError) {
  only().rule = "*";
  found({});
  EXPECT_EQ(decision().decision, Decision::no_go);
  found({finding("row-hazard", Severity::warning, "captures", "id=2")});
  EXPECT_EQ(decision().decision, Decision::no_go);
}

TEST_F(WaiverTest, StaysClosedWhenTheFailedCheckExaminedNothing) {
  phase_.checks[0].outcome.coverage.clear();
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("it is waived, but it examined nothing"));
}

TEST_F(WaiverTest, NeverWaivesWhatIsErroredOrInconclusive) {
  for (const Verdict verdict : {Verdict::errored, Verdict::inconclusive, Verdict::skipped}) {
    phase_.checks[0].outcome.verdict = verdict;
    EXPECT_EQ(decision().decision, Decision::inconclusive) << to_string(verdict);
    EXPECT_EQ(state(), "not judged") << to_string(verdict);
  }
}

TEST_F(WaiverTest, HoldsUpToTheEndOfItsLastDay) {
  only().expires = "2026-11-20";
  EXPECT_EQ(decision().decision, Decision::go);
  phase_.started += std::chrono::hours(1);  // the next day, in UTC
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(state(), "expired");
}

TEST_F(WaiverTest, SaysWhoMustActOnAnExpiredOne) {
  only().expires = "2026-11-19";
  EXPECT_THAT(decision().deciding_rule, HasSubstr("rows failed: 2 rows differ; 0 of its 2 errors waived"));
  EXPECT_THAT(decision().deciding_rule,
              HasSubstr("expired: the waiver of Ada Lovelace until 2026-11-19 (plan.yaml:40:5)"));
  phase_.checks[0] = result("rows", "after", good());
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().deciding_rule,
            "phase data: the waiver at plan.yaml:40:5 expired after 2026-11-19: Ada Lovelace must renew it with a "
            "reason, or it must be removed");
}

TEST_F(WaiverTest, TakesADateThatIsNoneAsExpired) {
  for (const char* day : {"", "never", "2026-02-30", "9999"}) {
    only().expires = day;
    EXPECT_EQ(decision().decision, Decision::no_go) << day;
    EXPECT_EQ(state(), "expired") << day;
  }
}

TEST_F(WaiverTest, IsNoGoWhenItHidesNothing) {
  phase_.checks[0] = result("rows", "after", good());
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(state(), "unused");
  EXPECT_EQ(decision().deciding_rule,
            "phase data: the waiver of Ada Lovelace at plan.yaml:40:5 hides nothing: nothing that it matches was found "
            "any more: remove it, or correct it");
}

TEST_F(WaiverTest, IsNotJudgedWhereItsCheckDidNotRunWhole) {
  phase_.checks.erase(phase_.checks.begin());
  EXPECT_EQ(state(), "not judged");
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  only().expires = "2026-01-01";
  EXPECT_EQ(state(), "not judged");

  WaiverTest::only() = waiver("rows", "row-extra");
  phase_.checks.push_back(result("rows", "after", Outcome::failed("9 rows differ")));
  phase_.checks.back().outcome.findings_total = 9;
  EXPECT_EQ(state(), "not judged") << "what it covers may be among those that are not listed";
}

TEST_F(WaiverTest, IsNotJudgedUntilEveryCheckThatItMeansRan) {
  only().check = "r*";
  phase_.checks = {result("rows", "after", good())};
  EXPECT_EQ(state(), "not judged");
  phase_.checks.push_back(result("replay", "after", good()));
  EXPECT_EQ(state(), "unused");
}

TEST_F(WaiverTest, IsUsedInAnyStageOfItsCheck) {
  phase_.policy.required.push_back({"rows", "before"});
  phase_.checks.push_back(result("rows", "before", good()));
  EXPECT_EQ(state(), "used");
  EXPECT_EQ(decision().decision, Decision::go);
}

TEST_F(WaiverTest, SharesAFindingWithOthersAndEachIsUsed) {
  phase_.policy.waivers.push_back(waiver("*", "*"));
  const auto decided = decision();
  EXPECT_EQ(decided.decision, Decision::go);
  ASSERT_EQ(decided.waivers.size(), 2u);
  for (const auto& use : decided.waivers) {
    EXPECT_EQ(use.state, "used");
    EXPECT_EQ(use.hidden, 2u);
  }
  EXPECT_EQ(decided.concessions.at(0).findings, 2u) << "a finding counts once, whoever waives it";
}

TEST_F(WaiverTest, TellsWhereAndHowOftenWhatItHidesWasSeen) {
  phase_.checks[0].outcome.findings[1].occurrences = 14;
  const auto uses = decision().waivers;
  ASSERT_EQ(uses.at(0).hides.size(), 1u);
  EXPECT_EQ(uses[0].hides[0].check, "rows");
  EXPECT_EQ(uses[0].hides[0].stage, "after");
  EXPECT_EQ(uses[0].hides[0].findings, 2u);
  EXPECT_EQ(uses[0].hides[0].occurrences, 15u);
}

TEST_F(WaiverTest, CountsEveryResultOfACheckThatAReportListsTwice) {
  phase_.checks.push_back(result("replay", "after", Outcome::failed("differs")));
  EXPECT_EQ(decision().decision, Decision::no_go);
}

TEST_F(WaiverTest, HidesNothingWhenThereAreMoreThanAGateLooksAt) {
  phase_.policy.waivers.assign(1001, waiver("rows", "*"));
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_TRUE(decision().concessions.empty());
  phase_.checks[0] = result("rows", "after", good());
  EXPECT_NE(decision().decision, Decision::go);
}

TEST_F(WaiverTest, BelongsToTheGatesOfThePhasesThatItNames) {
  plan::Plan plan;
  plan::CheckSpec rows;
  rows.name = "rows";
  rows.kind.name = "migration.rows";
  plan.checks.push_back(std::move(rows));
  plan.waivers = {waiver("rows", "*"), waiver("replay", "*"), waiver("rows", "row-changed")};
  plan.waivers[2].phase = "cut*";
  plan::PhaseSpec phase;
  phase.name = "data";
  phase.after = {"rows"};
  phase.require = {"all"};
  EXPECT_EQ(gate_policy(phase, plan, true).waivers.size(), 1u) << "that of a check of the phase";
  phase.name = "cutover";
  EXPECT_EQ(gate_policy(phase, plan, true).waivers.size(), 2u);
}

}  // namespace
}  // namespace sluice::run
