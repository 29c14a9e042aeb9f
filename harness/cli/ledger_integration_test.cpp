#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/cli/testing/sluice_process.hpp"
#include "harness/testing/sqlite_file.hpp"

// The program, its ledger and a service that is not its own, from the first phase to the last.
namespace sluice {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* two_phases = R"(sluice: 1
name: moving house
services: { house: { kind: external, url: "URL", ready: { http: /answer } } }
endpoints: { old: "${house.url}", new: "${house.url}" }
actions:
  move: { command: ["./move.sh"] }
  unpack: { command: ["./unpack.sh"] }
checks: { same: { kind: compat.replay, corpus: corpus.jsonl, minimum_exchanges: 2 } }
phases:
  - { name: data, enter: [move], after: [same] }
  - { name: cutover, needs: [data], enter: [unpack], after: [same] }
)";

class LedgerCommandTest : public cli::testing::SluiceProcess {
 protected:
  LedgerCommandTest() {
    std::filesystem::create_directories(folder_.path() / "www");
    folder_.write("www/answer", "{\"a\": \"level\"}");
    folder_.write("corpus.jsonl",
                  "{\"method\": \"GET\", \"path\": \"/answer\"}\n{\"method\": \"GET\", \"path\": \"/\"}\n");
    script("move.sh", "true");
    script("unpack.sh", "true");
    // It says its port itself: nothing else can have taken it in between.
    server_ = host_.spawn({.command = {"python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"},
                           .directory = folder_.path() / "www",
                           .log = folder_.path() / "server.log"});
    plan(two_phases);
  }
  ~LedgerCommandTest() override { server_->end(SIGKILL, 5s); }

  void script(const std::string& name, const std::string& text) const {
    folder_.write(name, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(folder_.path() / name, std::filesystem::perms::owner_all);
  }
  std::string url() const {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < deadline) {
      const std::string said = read("server.log");  // "Serving HTTP on 127.0.0.1 port 40123 (http://...) ..."
      const auto begin = said.find("(http://");
      const auto end = said.find("/)", begin == std::string::npos ? 0 : begin + 8);
      if (begin != std::string::npos && end != std::string::npos) return said.substr(begin + 1, end - begin - 1);
      std::this_thread::yield();
    }
    return "";
  }
  void plan(std::string text) const {
    const auto place = text.find("URL");
    folder_.write("plan.yaml", text.replace(place, 3, url()));
  }
  std::filesystem::path ledger() const { return folder_.path() / "state" / "sluice" / "ledger.db"; }
  std::string state_of(const std::string& phase) {
    EXPECT_EQ(sluice({"status", "plan.yaml", "--format", "json"}), 0) << output();
    const auto board = nlohmann::json::parse(output());
    for (const auto& row : board.at("plans").at(0).at("phases")) {
      if (row.at("phase") == phase) return row.at("state");
    }
    return "not on the board";
  }

  std::unique_ptr<services::ChildProcess> server_;
};

TEST_F(LedgerCommandTest, OpensTheSecondPhaseOnlyForWhatTheFirstWasGoFor) {
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_THAT(output(), HasSubstr("phase data was never run"));
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 0) << output();
  EXPECT_EQ(state_of("data"), "GO");
  EXPECT_EQ(state_of("cutover"), "never run");
  const std::string record = report().at("ledger").at("record");
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 0) << output();
  EXPECT_EQ(report().at("phases").size(), 1u);
  EXPECT_EQ(report().at("phases").at(0).at("evidence").at(0).at("record"), record);

  script("move.sh", "exit 0");
  EXPECT_EQ(state_of("data"), "stale");
  EXPECT_EQ(state_of("cutover"), "blocked");
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_THAT(output(), HasSubstr("but action move has another SHA-256 now; run --phase data again"));
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 0) << output();
  EXPECT_EQ(state_of("cutover"), "stale") << "what it stands on was entered again";
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 0) << output();

  script("move.sh", "exit 1");
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 1) << output();
  script("move.sh", "exit 0");
  EXPECT_EQ(state_of("data"), "NO-GO");
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_THAT(output(), HasSubstr("phase data was NO-GO on"));
}

TEST_F(LedgerCommandTest, RunsEveryPhaseOnExternalServicesInOneGo) {
  EXPECT_EQ(sluice({"run", "plan.yaml"}), 0) << output();
  EXPECT_EQ(report().at("phases").size(), 2u);
  EXPECT_EQ(sluice({"status"}), 0);
  EXPECT_THAT(output(), HasSubstr("moving house: 2 of 2 phases GO when they last ran"));
}

TEST_F(LedgerCommandTest, ListsRulesThatGotWeaker) {
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 0) << output();
  EXPECT_TRUE(report().at("weakened").empty());
  std::string weaker = two_phases;
  weaker.replace(weaker.find("minimum_exchanges: 2"), 20, "minimum_exchanges: 1");
  plan(weaker);
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data", "--no-controls"}), 0) << output();
  EXPECT_THAT(report().at("weakened").dump(), HasSubstr("minimum_exchanges of same"));
  EXPECT_THAT(report().at("weakened").dump(), HasSubstr("controls"));
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_THAT(output(), HasSubstr("without controls"));
}

TEST_F(LedgerCommandTest, VerifiesTheChainAndAReport) {
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 0) << output();
  EXPECT_EQ(sluice({"status", "--verify"}), 0) << output();
  EXPECT_EQ(sluice({"status", "--verify", "out/report.json"}), 0) << output();
  EXPECT_THAT(output(), HasSubstr("its record is there and says the same"));

  std::string forged = read("out/report.json");
  const auto at = forged.find("\"deciding_rule\": \"phase data: ");
  folder_.write("forged.json", forged.insert(at + 18, "very "));
  EXPECT_EQ(sluice({"status", "--verify", "forged.json"}), 3);
  EXPECT_THAT(output(), HasSubstr("deciding_rule of runs 1: the record says"));

  testing::SqliteFile(ledger()).execute("UPDATE runs SET decision = 'GO', exit_code = 9");
  EXPECT_EQ(sluice({"status", "--verify"}), 3);
  EXPECT_THAT(output(), HasSubstr("record 1 is not what was recorded"));
  EXPECT_EQ(sluice({"status"}), 3);
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_THAT(output(), HasSubstr("cannot be believed"));
  EXPECT_THAT(report().at("ledger").at("problem").get<std::string>(), HasSubstr("cannot be believed"));

  std::filesystem::remove(ledger());
  EXPECT_EQ(sluice({"status", "--verify", "out/report.json"}), 3) << "a removed ledger was not noticed";
  std::filesystem::remove(ledger().native() + ".head");
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}), 0) << output();
  folder_.write("old.json", forged);
  EXPECT_EQ(sluice({"status", "--verify", "old.json"}), 3);
  EXPECT_THAT(output(), HasSubstr("is not in the ledger"));
}

TEST_F(LedgerCommandTest, EndsWithThreeWhenTheLedgerThatItWasToldCannotBeWritten) {
  for (const auto& [arguments, environment] :
       std::vector<std::pair<std::vector<std::string>, std::map<std::string, std::string>>>{
           {{"run", "plan.yaml", "--phase", "data", "--ledger", "plan.yaml/ledger.db"}, {}},
           {{"run", "plan.yaml", "--phase", "data"}, {{"SLUICE_LEDGER", "plan.yaml/ledger.db"}}}}) {
    EXPECT_EQ(sluice(arguments, environment), 3);
    EXPECT_THAT(output(), HasSubstr("phase data: 1 of 1 required checks passed"));
    EXPECT_THAT(output(), HasSubstr("sluice: this run is not recorded"));
    EXPECT_EQ(report().at("exit_code"), 3);
    EXPECT_EQ(report().at("ledger").at("record"), "");
    EXPECT_EQ(sluice({"gate", "out/report.json"}), 3);  // for the same reason, and so without a contradiction
    EXPECT_THAT(output(), Not(HasSubstr("the report says")));
  }
}

TEST_F(LedgerCommandTest, OnlyWarnsWhenTheLedgerThatNobodyNamedCannotBeWritten) {
  for (const std::string home : {"", "relative", "/proc/nowhere"}) {
    EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data"}, {{"XDG_STATE_HOME", home}, {"HOME", home}}), 0)
        << output();
    EXPECT_THAT(output(), HasSubstr("warning: this run is not recorded"));
    EXPECT_THAT(report().at("ledger").at("problem").get<std::string>(), Not(HasSubstr("recorded")));
  }
}

TEST_F(LedgerCommandTest, RecordsNothingWhenItIsToldNotTo) {
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data", "--no-ledger"}), 0) << output();
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "state"));
  EXPECT_EQ(report().at("ledger").at("path"), "");
  EXPECT_EQ(sluice({"status"}), 4);
  EXPECT_THAT(output(), HasSubstr("nothing was ever recorded"));
  EXPECT_EQ(sluice({"status", "--verify"}), 3);
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover", "--no-ledger"}), 4);
  EXPECT_THAT(output(), HasSubstr("--no-ledger was given"));
}

TEST_F(LedgerCommandTest, BelievesOnlyTheLedgerThatItIsTold) {
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "data", "--ledger", "other.db"}), 0) << output();
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "state"));
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}), 4);
  EXPECT_EQ(sluice({"run", "plan.yaml", "--phase", "cutover"}, {{"SLUICE_LEDGER", "other.db"}}), 0) << output();
  EXPECT_THAT(report().at("command").get<std::string>(), Not(HasSubstr("--ledger")));
}

}  // namespace
}  // namespace sluice
