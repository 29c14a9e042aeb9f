#include "reports/markdown.hpp"

#include <gmock/gmock.h>

#include "harness/core/printable.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Markdown, BeginsWithTheDecisionAndItsRule) {
  EXPECT_THAT(markdown(no_go_sample()),
              StartsWith("## 🔴 NO-GO: voice-agent v1 to v2\n\n**In phase data, captures-equal failed"));
  EXPECT_THAT(markdown(go_sample()), StartsWith("## 🟢 GO"));
  EXPECT_THAT(markdown(inconclusive_sample()), HasSubstr("**Controls are off**"));
}

TEST(Markdown, IsNotGreenWhereSomethingIsWaived) {
  const std::string text = markdown(waived_sample());
  EXPECT_THAT(text, StartsWith("## 🟡 GO with 2 waived findings and 1 check allowed to be inconclusive: "));
  EXPECT_THAT(text, HasSubstr("| 🟡 used | data | Ada Lovelace | 2027-01-31 (72 days left) | 1 finding |"));
  EXPECT_THAT(text, HasSubstr("| ✗ failed, waived | captures-equal (after) |"));
  EXPECT_THAT(text, HasSubstr("| require captures-equal | 🟡 GO, conceded | failed: "));
  EXPECT_THAT(markdown(no_go_sample()), HasSubstr("| 🔴 expired | data | Ada Lovelace | 2026-11-06 |"));
  EXPECT_THAT(markdown(no_go_sample()), HasSubstr("weakened since the last GO: limit p99\\_ratio of latency"));
}

TEST(Markdown, KeepsHostileTextInert) {
  const std::string text = markdown(no_go_sample());
  for (const char* markup : {"<script", "<img", "<style", "**bold**", "https://evil", "$x$", "\x1b", "\u202E"})
    EXPECT_THAT(text, Not(HasSubstr(markup)));
  EXPECT_TRUE(is_utf8(text));
}

TEST(Markdown, KeepsEveryTableRowItsNumberOfCells) {
  RunResult run = no_go_sample();
  run.phases[1].checks[0].outcome.reason = "a | b \n | c | \\| d `|`";
  const std::string text = markdown(run);
  EXPECT_THAT(
      text,
      HasSubstr("| captures-equal (after) | migration.rows | a \\| b ↵  \\| c \\| \\\\\\| d \\`\\|\\` | 2.3 s |\n"));
}

TEST(Markdown, ShowsBlanksThatAPageWouldSwallow) {
  EXPECT_THAT(markdown(no_go_sample()), HasSubstr("old <code>What is··a neural network?·</code>"));
}

TEST(Markdown, LetsNoCommandLeaveItsFence) {
  RunResult run = go_sample();
  run.command = "echo ```` \n```\n# out";
  EXPECT_THAT(markdown(run), HasSubstr("`````sh\necho ```` \\n```\\n# out\n`````\n"));
}

TEST(Markdown, StaysBelowItsCapAndSaysWhatItLeftOut) {
  RunResult run = no_go_sample();
  auto& checks = run.phases[1].checks;
  checks.assign(1'500, checks[0]);
  const std::string text = markdown(run);
  EXPECT_LE(text.size(), markdown_bytes_max);
  EXPECT_THAT(text, HasSubstr("This summary was cut to fit"));
  EXPECT_THAT(text, HasSubstr("captures-equal"));
}

TEST(Markdown, KeepsTheDecisionWhateverTheRoom) {
  RunResult run = no_go_sample();
  run.phases.assign(3'000, run.phases[1]);
  run.plan_name = std::string(100'000, '|');
  run.deciding_rule = std::string(100'000, '<');
  const std::string text = markdown(run, 16'384);
  EXPECT_LE(text.size(), 16'384u);
  EXPECT_THAT(text, StartsWith("## 🔴 NO-GO"));
  EXPECT_THAT(text, HasSubstr("cut to its head"));
}

}  // namespace
}  // namespace sluice::reports
