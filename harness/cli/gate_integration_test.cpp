#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/cli/testing/sluice_process.hpp"
#include "harness/core/day.hpp"
#include "harness/testing/sqlite_file.hpp"

// The gate as a pipeline meets it: the program runs a plan over two real databases and is asked again, offline.
namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* plan_text = R"(sluice: 1
name: small
stores: { old: "sqlite:${plan.dir}/old.db", new: "sqlite:${plan.dir}/new.db" }
actions:
  nothing: { command: ["true"] }
checks:
  rows: { kind: migration.rows, tables: { notes: { key: [id] } } }
phases:
  - { name: data, enter: [nothing], after: [rows], gate: { require: all } }
)";

class GateCommandTest : public cli::testing::SluiceProcess {
 protected:
  GateCommandTest() {
    fill("old.db", "first");
    fill("new.db", "first");
  }

  void fill(const std::string& name, const std::string& text) const {
    std::filesystem::remove(folder_.path() / name);
    sluice::testing::SqliteFile(folder_.path() / name)
        .execute(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);"
            "INSERT INTO notes VALUES (1, '" +
            text + "'), (2, 'second');");
  }
  static std::string day(int from_today) {
    return day_of(std::chrono::system_clock::now() + std::chrono::days(from_today));
  }
  static std::string waived(const std::string& expires, const std::string& rule = "row-changed") {
    return std::string(plan_text) + "waivers:\n  - { check: rows, rule: " + rule +
           ", where: { table: notes, column: text }, owner: Ada Lovelace, reason: known, expires: " + expires + " }\n";
  }
};

TEST_F(GateCommandTest, AWaivedDifferenceIsAGoThatNeverLooksPlain) {
  fill("new.db", "changed");
  EXPECT_EQ(run(plan_text), 1) << output();
  ASSERT_EQ(run(waived(day(30))), 0) << output();
  const std::string rule = report().at("deciding_rule");
  EXPECT_THAT(rule, HasSubstr("rows failed, but its one error is waived by Ada Lovelace until " + day(30) +
                              " (plan.yaml:11:5)"));
  EXPECT_EQ(report().at("phases")[0].at("waivers")[0].at("state"), "used");
  EXPECT_THAT(read("out/report.html"), HasSubstr("GO with 1 waived finding"));
  EXPECT_THAT(read("out/summary.md"), HasSubstr("GO with 1 waived finding"));
  EXPECT_THAT(read("out/junit.xml"), HasSubstr("waived by Ada Lovelace"));
  EXPECT_THAT(read("out/junit.xml"), Not(HasSubstr("<failure")));
  EXPECT_EQ(sluice({"gate", "out/report.json"}), 0) << output();
  EXPECT_THAT(output(), HasSubstr("GO with 1 waived finding: " + rule));
}

TEST_F(GateCommandTest, AWaiverThatExpiredYesterdayClosesTheGate) {
  fill("new.db", "changed");
  EXPECT_EQ(run(waived(day(-1))), 1) << output();
  EXPECT_THAT(output(), HasSubstr("expired: the waiver of Ada Lovelace until " + day(-1) + " (plan.yaml:11:5)"));
  EXPECT_EQ(report().at("phases")[0].at("waivers")[0].at("state"), "expired");
  EXPECT_EQ(sluice({"gate", "out/report.json"}), 1) << output();
}

TEST_F(GateCommandTest, AWaiverThatHidesNothingClosesTheGate) {
  EXPECT_EQ(run(waived(day(30))), 1) << output();
  EXPECT_THAT(output(), HasSubstr("the waiver of Ada Lovelace at plan.yaml:11:5 hides nothing"));
  EXPECT_EQ(sluice({"gate", "out/report.json"}), 1) << output();
}

TEST_F(GateCommandTest, WaiversComeFromFilesToo) {
  fill("new.db", "changed");
  folder_.write("accepted.yaml", "- { check: rows, owner: Grace Hopper, reason: known, expires: " + day(1) + " }\n");
  EXPECT_EQ(run(std::string(plan_text) + "waiver_files: [accepted.yaml]\n"), 0) << output();
  EXPECT_THAT(output(), HasSubstr("waived by Grace Hopper until " + day(1) + " (accepted.yaml:1:3)"));
  EXPECT_THAT(report().at("identities").dump(), HasSubstr("waivers accepted.yaml"));
  folder_.write("accepted.yaml", "- { check: rosw, owner: Grace Hopper, reason: known, expires: soon }\n");
  EXPECT_EQ(sluice({"validate", "plan.yaml"}), 2);
  EXPECT_THAT(output(), HasSubstr("accepted.yaml:1:12: this waiver's 'rosw' matches no check"));
  EXPECT_THAT(output(), HasSubstr("'soon' is no date"));
}

TEST_F(GateCommandTest, ALimitOnAMetricIsKeptBrokenOrUndecided) {
  const auto limited = [](const std::string& limit) {
    return with(plan_text, "require: all", "require: all, limits: [{ check: rows, " + limit + " }]");
  };
  EXPECT_EQ(run(limited("metric: rows_compared, at_least: 2")), 0) << output();
  EXPECT_EQ(run(limited("metric: rows_compared, at_least: 3")), 1) << output();
  EXPECT_THAT(output(), HasSubstr("rows_compared of rows is 2 rows"));
  EXPECT_THAT(output(), HasSubstr("at least 3 opens the gate"));
  EXPECT_EQ(sluice({"gate", "out/report.json"}), 1) << output();
  EXPECT_EQ(run(limited("metric: row_compared, at_least: 2")), 4) << output();
  EXPECT_THAT(output(), HasSubstr("no such metric was measured; it has"));
  EXPECT_EQ(sluice({"gate", "out/report.json"}), 4) << output();
}

TEST_F(GateCommandTest, AMinimumOfCoverageIsAskedFor) {
  EXPECT_EQ(run(with(plan_text, "require: all", "require: all, coverage: { rows: 2 }")), 0) << output();
  EXPECT_EQ(run(with(plan_text, "require: all", "require: all, coverage: { rows: 3 }")), 4) << output();
  EXPECT_THAT(output(), HasSubstr("rows examined 2 rows; the gate wants at least 3"));
  EXPECT_EQ(sluice({"gate", "out/report.json", "--format", "json"}), 4) << output();
  EXPECT_EQ(nlohmann::json::parse(output()).at("decision"), "INCONCLUSIVE");
}

TEST_F(GateCommandTest, AnEditedReportIsNoticedAndBothVerdictsAreShown) {
  fill("new.db", "changed");
  ASSERT_EQ(run(plan_text), 1) << output();
  auto edited = report();
  edited["decision"] = edited["phases"][0]["decision"] = "GO";
  edited["exit_code"] = 0;
  folder_.write("edited.json", edited.dump());
  EXPECT_EQ(sluice({"gate", "edited.json"}), 3) << output();
  EXPECT_THAT(output(), HasSubstr("NO-GO: phase data: rows failed"));
  EXPECT_THAT(output(), HasSubstr("the report says      GO: phase data: rows failed"));
  EXPECT_THAT(output(), HasSubstr("its evidence says    NO-GO: phase data: rows failed"));
  EXPECT_THAT(output(), HasSubstr("the report was edited or written by another version"));
  EXPECT_EQ(sluice({"gate", "edited.json", "--format", "json"}), 3);
  const auto said = nlohmann::json::parse(output());
  EXPECT_EQ(said.at("decision"), "NO-GO");
  EXPECT_EQ(said.at("exit_code"), 3);
  EXPECT_EQ(said.at("disagreements").size(), 2u);

  // A verdict that follows the edit: then the rule's row betrays it.
  auto verdict = report();
  verdict["phases"][0]["checks"][0]["outcome"]["verdict"] = "passed";
  folder_.write("edited.json", verdict.dump());
  EXPECT_EQ(sluice({"gate", "edited.json"}), 3) << output();
}

TEST_F(GateCommandTest, SeveralReportsMustBeOfOnePlanAndCountByTheirLatest) {
  fill("new.db", "changed");
  ASSERT_EQ(run(plan_text, {"--out", "first"}), 1);
  fill("new.db", "first");
  ASSERT_EQ(run(plan_text, {"--out", "second"}), 0);
  EXPECT_EQ(sluice({"gate", "second/report.json", "first/report.json"}), 0) << output();
  EXPECT_EQ(sluice({"gate", "second/report.json", "first/report.json", "--phase", "data"}), 0) << output();
  EXPECT_EQ(sluice({"gate", "second/report.json", "--phase", "data", "--phase", "cutover"}), 4) << output();
  EXPECT_THAT(output(), HasSubstr("phase cutover did not run: no report judges it"));

  ASSERT_EQ(run(std::string(plan_text) + "# another\n", {"--out", "third"}), 0);
  EXPECT_EQ(sluice({"gate", "second/report.json", "third/report.json"}), 2) << output();
  EXPECT_THAT(output(), HasSubstr("are not of one plan"));
  EXPECT_EQ(sluice({"gate", "second/report.json", "third/report.json", "--any-plan"}), 0) << output();
}

TEST_F(GateCommandTest, AReportThatIsNoneIsAMistakeOfUse) {
  folder_.write("none.json", "{}");
  EXPECT_EQ(sluice({"gate", "none.json"}), 2);
  EXPECT_THAT(output(), HasSubstr("none.json: report (whole): the member \"format\" is missing"));
  EXPECT_EQ(sluice({"gate", "missing.json"}), 2);
  EXPECT_EQ(sluice({"gate", "/dev/zero"}), 2) << "a file without an end";
  EXPECT_EQ(sluice({"gate"}), 2);
}

TEST_F(GateCommandTest, AGateThatRequiresNothingOfItsPhaseIsAMistakeOfThePlan) {
  EXPECT_EQ(run(with(plan_text, "require: all", "require: [load]")), 2);
  EXPECT_THAT(output(), HasSubstr("phase 'data': 'load' matches none of its checks"));
  EXPECT_EQ(run(with(plan_text, "require: all", "require: []")), 2);
}

}  // namespace
}  // namespace sluice
