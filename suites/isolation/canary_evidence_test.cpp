#include "suites/isolation/canary_evidence.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace sluice::isolation {
namespace {

using ::testing::HasSubstr;

SideEvidence good_side(const std::string& side) {
  SideEvidence evidence{.side = side, .most_in_flight = 5, .users_with_own_secret = 20, .expected = 500};
  evidence.tally = {.exchanges = 500, .trials = 480, .overlapped = 470, .bytes = 10'000, .own_secrets = 300};
  return evidence;
}

CanaryEvidence good_evidence() {
  return {.sides = {good_side("old"), good_side("new")},
          .users = 20,
          .rounds = 5,
          .seed = 7,
          .reproduce = "sluice run plan.yaml --check no-bleed --seed 7"};
}

Leak leak_on(const std::string& side, TokenClass token_class = TokenClass::secret) {
  return {.side = side,
          .step = "ask again",
          .route = "POST /api/conversation",
          .place = "body",
          .decode_path = "plain",
          .token = {.text = "a8s7d6f5g4h3j2k1l0q9w8e7r6",
                    .name = "secret",
                    .token_class = token_class,
                    .owner = 3,
                    .round = 1,
                    .side = side},
          .viewer = 7,
          .round = 2,
          .offset = 120,
          .characters = 26,
          .whole = true,
          .excerpt = "Earlier you said: a8s7…",
          .occurrences = 4};
}

CanaryEvidence leaking(const std::vector<std::string>& sides) {
  CanaryEvidence evidence = good_evidence();
  for (const std::string& side : sides) {
    evidence.leaks.push_back(leak_on(side));
    evidence.sides[side == "old" ? 0 : 1].tally.leaking = 4;
  }
  return evidence;
}

std::string where(const Finding& finding, const std::string& name) {
  for (const auto& [key, value] : finding.where) {
    if (key == name) return value;
  }
  return "absent";
}

TEST(CanaryVerdict, PassesAndStatesTheBoundAndItsAssumptions) {
  const Outcome outcome = judge_canary(good_evidence(), {});
  EXPECT_EQ(outcome.verdict, Verdict::passed);
  EXPECT_EQ(
      outcome.reason,
      "no leak in 480 trials of 20 users on the new side (470 overlapped): fewer than 0.622% of answers bleed at 95% "
      "confidence, for this schedule and if trials are independent");
  EXPECT_EQ(outcome.coverage.at(0).examined, 960u);
  EXPECT_EQ(outcome.coverage.at(0).expected, 1000u);
}

TEST(CanaryVerdict, FailsOnALeakOfTheNewSideOnly) {
  const Outcome outcome = judge_canary(leaking({"new"}), {});
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.rule, "secret-leaked");
  EXPECT_EQ(finding.severity, Severity::critical);
  EXPECT_EQ(
      finding.summary,
      "user 7 received a secret of user 3 from the new side at POST /api/conversation (step \"ask again\"), in its "
      "body; the old side does not leak at this step");
  EXPECT_EQ(where(finding, "offset"), "120");
  EXPECT_EQ(where(finding, "token"), "a8s7d6f5g4h3j2k1l0q9w8e7r6");
  EXPECT_EQ(where(finding, "owner"), "user 3, round 1 on the new side");
  EXPECT_EQ(where(finding, "seen on"), "new only");
  EXPECT_EQ(where(finding, "seed"), "7");
  EXPECT_EQ(finding.occurrences, 4u);
  EXPECT_EQ(finding.reproduce, "sluice run plan.yaml --check no-bleed --seed 7");
  EXPECT_FALSE(finding.old_value.has_value());
}

TEST(CanaryVerdict, TellsALeakOfBothSidesAsSuchAndStillFails) {
  const Outcome outcome = judge_canary(leaking({"old", "new"}), {});
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_EQ(outcome.findings.size(), 2u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::critical);
  EXPECT_EQ(where(outcome.findings[0], "side"), "new");
  EXPECT_EQ(where(outcome.findings[0], "seen on"), "both");
  EXPECT_EQ(outcome.findings[1].severity, Severity::warning);
}

TEST(CanaryVerdict, WarnsOfALeakThatTheNewSideNoLongerHas) {
  const Outcome outcome = judge_canary(leaking({"old"}), {});
  EXPECT_EQ(outcome.verdict, Verdict::passed);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::warning);
  EXPECT_EQ(where(outcome.findings[0], "seen on"), "old only");
  EXPECT_THAT(outcome.reason, HasSubstr("the old side leaks"));
}

TEST(CanaryVerdict, FailsOnTheOldSideWhenThatIsTheOneAskedFor) {
  CanaryEvidence evidence = leaking({"old"});
  evidence.sides.pop_back();
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.findings.at(0).severity, Severity::critical);
}

TEST(CanaryVerdict, FailsOnAForeignIdentifier) {
  CanaryEvidence evidence = leaking({"new"});
  evidence.leaks[0].token.token_class = TokenClass::identifier;
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.findings.at(0).rule, "identifier-leaked");
  EXPECT_EQ(outcome.findings.at(0).severity, Severity::error);
}

TEST(CanaryVerdict, IsInconclusiveWithTooFewTrialsAndSaysHowManyRoundsWouldDo) {
  CanaryEvidence evidence = good_evidence();
  for (auto& side : evidence.sides) side.tally.trials = 100;
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason,
              HasSubstr("new side: 100 trials with no leak only show a bleed rate below 2.95%, and 1% was "
                        "asked at 95% confidence: 299 trials are needed (rounds: 15)"));
}

TEST(CanaryVerdict, IsInconclusiveWhenNothingWasExchanged) {
  CanaryEvidence evidence = good_evidence();
  evidence.sides[1].tally = {};
  EXPECT_EQ(judge_canary(evidence, {}).verdict, Verdict::inconclusive);
  EXPECT_EQ(judge_canary({}, {}).verdict, Verdict::inconclusive);
}

TEST(CanaryVerdict, IsInconclusiveWhenBytesCouldNotBeSearched) {
  CanaryEvidence evidence = good_evidence();
  evidence.sides[1].tally.unscanned_bytes = 10;
  evidence.sides[1].tally.obstacle = "body with Content-Encoding \"br\"";
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("10 bytes could not be searched (body with Content-Encoding \"br\")"));
}

TEST(CanaryVerdict, IsInconclusiveWhenNoOwnSecretEverCameBack) {
  CanaryEvidence evidence = good_evidence();
  evidence.sides[1].tally.own_secrets = 0;
  EXPECT_THAT(judge_canary(evidence, {}).reason, HasSubstr("the scenario never gets its own secrets back"));
}

TEST(CanaryVerdict, IsInconclusiveWhenTooManyExchangesFailed) {
  CanaryEvidence evidence = good_evidence();
  evidence.sides[0].tally.failed = 6;
  evidence.sides[0].tally.first_failure = "step \"ask\": the service answered 503";
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason,
              HasSubstr("old side: 6 of 500 exchanges failed (1.2%, 1% allowed), the first: step \"ask\": "
                        "the service answered 503"));
}

TEST(CanaryVerdict, IsInconclusiveWhenUsersNeverMet) {
  CanaryEvidence evidence = good_evidence();
  evidence.sides[1].tally.overlapped = 0;
  EXPECT_THAT(judge_canary(evidence, {}).reason, HasSubstr("no two users' exchanges were ever under way together"));
}

TEST(CanaryVerdict, BoundsTheFindingsAndCountsThemAll) {
  CanaryEvidence evidence = leaking({"new"});
  for (int count = 0; count < 39; ++count) evidence.leaks.push_back(leak_on("new"));
  evidence.leaks_unlisted = 5;
  const Outcome outcome = judge_canary(evidence, {});
  EXPECT_EQ(outcome.findings.size(), 20u);
  EXPECT_EQ(outcome.findings_total, 45u);
}

}  // namespace
}  // namespace sluice::isolation
