#include "reports/text.hpp"

#include <gmock/gmock.h>

#include "harness/core/printable.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(TerminalSummary, BeginsWithTheDecisionItsRuleAndTheCommandThatShowsItAgain) {
  EXPECT_THAT(text(no_go_sample()),
              StartsWith("NO-GO  voice-agent v1 to v2\n"
                         "  In phase data, captures-equal failed: 15 of 20,001 rows of captures differ; limit 0.\n"
                         "  show again: sluice run voice.yaml --check captures-equal --seed 18446744073709551615\n"
                         "  3 of 6 checks passed, "));
}

TEST(TerminalSummary, EndsWithTheDecisionAndTheCommandOfTheWholeRun) {
  EXPECT_THAT(
      text(no_go_sample()),
      EndsWith(
          "\nNO-GO: In phase data, captures-equal failed: 15 of 20,001 rows of captures differ; limit 0.\n"
          "  whole run again: sluice run fixtures/voice_agent/plan.yaml --phase data --seed 18446744073709551615\n"));
}

TEST(TerminalSummary, NamesTheCommandAndTheLogOfAnActionThatClosedTheGate) {
  RunResult run = no_go_sample();
  run.phases[1].rules.insert(run.phases[1].rules.begin(),
                             {.rule = "action reindex", .decision = Decision::no_go, .samples = std::nullopt});
  run.deciding_rule = "phase data: action reindex: exit code 3";
  EXPECT_THAT(text(run), HasSubstr("\n  phase data: action reindex: exit code 3\n"
                                   "  its command: ./reindex.sh\n"
                                   "  its log:    out/actions/reindex.log\n"));
}

TEST(TerminalSummary, NamesTheLogOfAServiceThatDecided) {
  RunResult run = no_go_sample();
  run.deciding_rule = "service v2 died or stopped answering: killed by signal 11";
  EXPECT_THAT(text(run), HasSubstr("\n  its log:    out/services/v2.log\n"));
}

TEST(TerminalSummary, OffersNothingToShowAgainWhereNothingWentWrongOrTheRunWasInterrupted) {
  EXPECT_THAT(text(go_sample()), Not(HasSubstr("show again")));
  EXPECT_THAT(text(inconclusive_sample()), Not(HasSubstr("show again")));
}

TEST(TerminalSummary, DoesNotListTheChecksOfAPhaseThatWasOnlyEntered) {
  RunResult run = go_sample();
  run.not_run.push_back({.what = "check", .name = "same-contract", .phase = "foundation", .why = "only entered"});
  EXPECT_THAT(text(run), AllOf(Not(HasSubstr("same-contract")), HasSubstr("foundation  entered only")));
}

TEST(TerminalSummary, ShowsABlankAtTheEndOfAValue) {
  EXPECT_THAT(text(no_go_sample()), HasSubstr("old  \"What is  a neural network? \"\n"));
}

TEST(TerminalSummary, LetsNothingOfTheServicesReachTheTerminalAsAControl) {
  const std::string plain = text(no_go_sample());
  EXPECT_EQ(plain.find_first_of(std::string("\0\x1b\r\x07", 4)), std::string::npos);
  EXPECT_THAT(plain, Not(HasSubstr("\u202E")));
  EXPECT_TRUE(is_utf8(plain));
}

TEST(TerminalSummary, DiffersInColourOnlyByColourSequences) {
  std::string coloured = text(no_go_sample(), true);
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mNO-GO\x1b[0m"));
  for (std::size_t at; (at = coloured.find('\x1b')) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) - at + 1);
  EXPECT_EQ(coloured, text(no_go_sample()));
}

TEST(TerminalSummary, SaysThatControlsWereOffAndWhatDied) {
  const std::string summary = text(inconclusive_sample());
  EXPECT_THAT(summary, HasSubstr("controls are off: no pass below was proved able to fail\n"));
  EXPECT_THAT(summary, HasSubstr("interrupted by SIGINT\n"));
  EXPECT_THAT(summary, HasSubstr("! service v2 failed to start: not ready within 10 s: GET /health answered 503\n"));
}

}  // namespace
}  // namespace sluice::reports
