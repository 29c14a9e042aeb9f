#include "reports/junit.hpp"

#include <gmock/gmock.h>

#include <pugixml.hpp>
#include <set>

#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using testing::HasSubstr;

pugi::xml_document parsed(const std::string& xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size());
  EXPECT_TRUE(result) << result.description() << " at " << result.offset;
  return document;
}

pugi::xml_node case_of(const pugi::xml_document& document, const std::string& classname, const std::string& name) {
  for (const auto& suite : document.child("testsuites").children("testsuite")) {
    for (const auto& item : suite.children("testcase")) {
      if (item.attribute("classname").value() == classname && item.attribute("name").value() == name) return item;
    }
  }
  return {};
}

TEST(Junit, MapsEveryVerdictToWhatBreaksABuild) {
  const auto document = parsed(junit(no_go_sample()));
  EXPECT_TRUE(case_of(document, "data.migration", "captures-equal (after)").child("failure"));
  EXPECT_STREQ(case_of(document, "data.load", "latency (during)").child("error").attribute("type").value(),
               "inconclusive");
  EXPECT_STREQ(case_of(document, "data.isolation", "no-bleed (during)").child("error").attribute("type").value(),
               "errored");
  EXPECT_TRUE(case_of(document, "data.migration", "schema (after)").child("skipped"));
  const auto passed = case_of(document, "data.compat", "same-answers (after)");
  EXPECT_TRUE(passed.child("system-out"));
  EXPECT_FALSE(passed.child("failure") || passed.child("error") || passed.child("skipped"));
  EXPECT_TRUE(case_of(document, "cutover.not-run", "phase cutover").child("skipped"));
}

TEST(Junit, BreaksTheBuildOnANoGoWithoutAFailedCheck) {
  RunResult run = go_sample();
  run.decision = run.phases.back().decision = Decision::no_go;
  const auto document = parsed(junit(run));
  EXPECT_TRUE(case_of(document, "data.gate", "gate").child("failure"));
  EXPECT_TRUE(case_of(document, "run.decision", "decision").child("failure"));
  EXPECT_STREQ(document.child("testsuites").attribute("failures").value(), "2");
}

TEST(Junit, BreaksTheBuildWhenNothingRan) {
  const auto document = parsed(junit(RunResult{}));
  EXPECT_STREQ(document.child("testsuites").attribute("errors").value(), "1");
  EXPECT_TRUE(case_of(document, "run.decision", "decision").child("error"));
}

TEST(Junit, ExcusesAPhaseThatWasOnlyPassedThroughUnlessItFailed) {
  RunResult run = go_sample();
  EXPECT_TRUE(case_of(parsed(junit(run)), "foundation.gate", "gate").child("skipped"));
  run.phases.front().decision = Decision::no_go;
  EXPECT_TRUE(case_of(parsed(junit(run)), "foundation.gate", "gate").child("failure"));
}

TEST(Junit, BreaksNoBuildOnWhatIsWaivedAndSaysSo) {
  const auto document = parsed(junit(waived_sample()));
  EXPECT_STREQ(document.child("testsuites").attribute("failures").value(), "0");
  EXPECT_STREQ(document.child("testsuites").attribute("errors").value(), "0");
  const auto waived = case_of(document, "data.migration", "captures-equal (after)");
  EXPECT_THAT(waived.child("system-out").child_value(),
              testing::StartsWith("WAIVED, counts as passed: its 2 errors are waived by Grace Hopper"));
  EXPECT_THAT(waived.child("system-out").child_value(), HasSubstr("row-missing"));
  EXPECT_THAT(case_of(document, "data.load", "latency (during)").child("system-out").child_value(),
              testing::StartsWith("ALLOWED TO BE INCONCLUSIVE"));
  EXPECT_THAT(case_of(document, "run.decision", "decision").child("system-out").child_value(),
              testing::StartsWith("GO with 2 waived findings and 1 check allowed"));
}

TEST(Junit, TellsWhereOldNewAndHowToReproduce) {
  const auto document = parsed(junit(no_go_sample()));
  const std::string text = case_of(document, "data.migration", "captures-equal (after)").child("failure").child_value();
  EXPECT_THAT(text, HasSubstr("where:     table captures › key id=20001 › column user_text"));
  EXPECT_THAT(text, HasSubstr("old:       What is  a neural network? \n"));
  EXPECT_THAT(text, HasSubstr("new:       What is  a neural network?\n"));
  EXPECT_THAT(text, HasSubstr("reproduce: sluice diff sqlite:/srv/captures.db"));
  EXPECT_THAT(text, HasSubstr("findings: 1,215 in all, 4 shown"));
  EXPECT_THAT(text, HasSubstr("]]> \\x00 zero \\x1B[31mred"));
}

TEST(Junit, KeepsNamesApartWhateverTheyAre) {
  RunResult run = no_go_sample();
  run.phases[0].name = "da.ta";
  run.phases[1].name = "da_ta";
  for (auto& phase : run.phases) {
    for (auto& check : phase.checks) check.name = "same", check.stage = "after";
  }
  std::set<std::string> suites;
  std::set<std::pair<std::string, std::string>> cases;
  const auto document = parsed(junit(run));
  for (const auto& suite : document.child("testsuites").children("testsuite")) {
    EXPECT_TRUE(suites.insert(suite.attribute("name").value()).second) << suite.attribute("name").value();
    for (const auto& item : suite.children("testcase"))
      EXPECT_TRUE(cases.emplace(item.attribute("classname").value(), item.attribute("name").value()).second);
  }
}

TEST(Junit, WritesTimesAsPlainDecimals) {
  RunResult run = go_sample();
  run.duration = std::chrono::hours(24 * 365);
  run.phases.back().checks.front().duration = std::chrono::nanoseconds(1);
  const std::string xml = junit(run);
  EXPECT_THAT(xml, HasSubstr("time=\"31536000.000\""));
  EXPECT_THAT(xml, HasSubstr("time=\"0.000\""));
}

TEST(Junit, CutsTextsUntilTheFileFits) {
  const RunResult run = no_go_sample();
  const std::string whole = junit(run);
  const std::string cut = junit(run, whole.size() - 1);
  EXPECT_LT(cut.size(), whole.size());
  EXPECT_TRUE(case_of(parsed(cut), "data.migration", "captures-equal (after)").child("failure"));
}

TEST(Junit, BreaksTheBuildWhenTheRunFitsInNoFile) {
  const std::string xml = junit(go_sample(), 1'000);
  const auto document = parsed(xml);
  EXPECT_STREQ(document.child("testsuites").attribute("errors").value(), "1");
  EXPECT_THAT(xml, HasSubstr("GO, but the run has too many checks for a JUnit file; read report.json"));
}

TEST(Junit, StaysBelowItsCapForARunOfManyHostileChecks) {
  RunResult run = no_go_sample();
  auto& checks = run.phases[1].checks;
  checks.assign(3'000, checks[0]);
  for (auto& check : checks) check.outcome.findings[0].summary.assign(20'000, '<');
  const std::string xml = junit(run);
  EXPECT_LE(xml.size(), junit_bytes_max);
  EXPECT_STREQ(parsed(xml).child("testsuites").attribute("failures").value(), "3002");
}

}  // namespace
}  // namespace sluice::reports
