#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/cli/testing/sluice_process.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/run_folder.hpp"

// The program as its users start it: a process of its own, judged by exit code, output and what it leaves behind.
namespace sluice {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* server_script = R"(
use IO::Socket::INET; $| = 1; $SIG{TERM} = sub { exit 0 };
my ($address) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => $address, Listen => 50, ReuseAddr => 1) or die "cannot listen: $!";
while (my $c = $s->accept()) {
  my $l = <$c>; while (<$c>) { last if /^\r?\n$/ }
  print $c "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"a\":\"level\"}"; close $c;
}
)";

constexpr const char* plan_text = R"(sluice: 1
name: small
services:
  v1: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { http: / } }
  v2: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { http: / } }
endpoints: { old: "${v1.url}", new: "${v2.url}" }
actions:
  pause: { command: [sh, -c, "echo armed > armed; exec sleep 1000"] }
  nothing: { command: ["true"] }
checks:
  same: { kind: compat.replay, corpus: corpus.jsonl }
phases:
  - { name: only, enter: [nothing], after: [same] }
)";

class SluiceTest : public cli::testing::SluiceProcess {
 protected:
  SluiceTest() {
    folder_.write("server.pl", server_script);
    folder_.write("corpus.jsonl", "{\"method\": \"GET\", \"path\": \"/a\"}\n{\"method\": \"GET\", \"path\": \"/b\"}\n");
  }

  std::filesystem::path log() const { return folder_.path() / "output"; }
  // 'Z' for a process that has ended and that nobody has waited for yet.
  char state_of(int pid) const {
    const std::string stat = read("/proc/" + std::to_string(pid) + "/stat");
    const auto name_end = stat.rfind(')');
    return name_end == std::string::npos ? 'Z' : stat[name_end + 2];
  }
  static bool eventually(const std::function<bool()>& condition, std::chrono::seconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(
          std::chrono::milliseconds(1));  // so that it leaves the processor to whom it waits for
    }
    return true;
  }
};

TEST_F(SluiceTest, SaysGoWithEveryReport) {
  EXPECT_EQ(run(plan_text), 0) << output();
  EXPECT_THAT(output(), HasSubstr("GO"));
  EXPECT_EQ(report().at("decision"), "GO");
  for (const char* file : {"junit.xml", "report.html", "summary.md"}) {
    EXPECT_GT(std::filesystem::file_size(folder_.path() / "out" / file), 100u) << file;
  }
  EXPECT_TRUE(run_markers().empty());
}

TEST_F(SluiceTest, PrintsEveryMistakeOfAPlanWithItsPlace) {
  std::string plan = plan_text;
  plan = with(plan, "kind: process", "kind: proces");
  plan = with(plan, "\"${v1.url}\"", "\"${v3.url}\"");
  plan = with(plan, "corpus: corpus.jsonl", "corpsu: corpus.jsonl");
  plan = with(plan, "enter: [nothing]", "enter: [nothin]");
  plan = with(plan, "name: only", "name: only, need: [x]");
  EXPECT_EQ(run(plan), 2);
  for (const char* place : {"plan.yaml:4:", "plan.yaml:6:", "plan.yaml:11:", "plan.yaml:13:"})
    EXPECT_THAT(output(), HasSubstr(place));
  for (const char* hint : {"'process'", "no service is called 'v3'", "'corpus'", "'nothing'", "'needs'"})
    EXPECT_THAT(output(), HasSubstr(hint));
}

TEST_F(SluiceTest, NamesAMissingBinary) {
  EXPECT_EQ(run(with(plan_text, "[perl, server.pl, \"${self.address}\"]", "[./no-such-program]")), 3);
  EXPECT_THAT(output(), HasSubstr("service v1: cannot start ./no-such-program: No such file or directory"));
}

TEST_F(SluiceTest, ShowsTheLogOfAServiceWhosePortIsTaken) {
  const auto holder = host_.spawn({.command = {"perl", "-e", R"(use IO::Socket::INET; $| = 1;
      my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 0, Listen => 1); print "port=", $s->sockport, "=\n"; <$s>; sleep 1000;)"},
                                   .environment = {},
                                   .directory = folder_.path(),
                                   .log = folder_.path() / "holder"});
  ASSERT_TRUE(eventually([&] { return services::log_contains(folder_.path() / "holder", "=\n"); }, 60s));
  const std::string text = read(folder_.path() / "holder");
  const std::string port = text.substr(text.find('=') + 1, text.rfind('=') - text.find('=') - 1);
  EXPECT_EQ(run(with(plan_text, "server.pl, \"${self.address}\"", "server.pl, \"127.0.0.1:" + port + "\"")), 3);
  EXPECT_THAT(output(), HasSubstr("service v1 ended before it was ready"));
  EXPECT_THAT(report().at("services").dump(), HasSubstr("Address already in use"));
}

TEST_F(SluiceTest, DoesNotPassOnACorpusThatIsNotJson) {
  folder_.write("corpus.jsonl", "{\"method\": \"GET\", \"path\": \"/a\"}\nnot json\n");
  EXPECT_NE(run(plan_text), 0);
  EXPECT_THAT(output(), HasSubstr("corpus.jsonl:2"));
}

TEST_F(SluiceTest, DoesNotPassOnAnEmptyCorpus) {
  folder_.write("corpus.jsonl", "");
  EXPECT_EQ(run(plan_text), 4);
  EXPECT_THAT(output(), HasSubstr("INCONCLUSIVE"));
}

TEST_F(SluiceTest, DoesNotPassOnACorpusThatIsNotThere) {
  std::filesystem::remove(folder_.path() / "corpus.jsonl");
  EXPECT_NE(run(plan_text), 0);
  EXPECT_THAT(output(), HasSubstr("corpus.jsonl"));
}

TEST_F(SluiceTest, DoesNotPassOnAStoreThatDoesNotAnswer) {
  std::string plan = with(plan_text, "kind: compat.replay, corpus: corpus.jsonl",
                          "kind: migration.rows, tables: { t: { key: [id] } }");
  plan = with(plan, "actions:",
              "stores: { old: \"sqlite:" + (folder_.path() / "none.db").string() +
                  "\", new: \"postgresql://nobody@127.0.0.1:1/x\" }\nactions:");
  const int code = run(plan);
  EXPECT_TRUE(code == 3 || code == 4) << code;
  EXPECT_THAT(output(), HasSubstr("errored"));
}

TEST_F(SluiceTest, EndsWithThreeAndTheLogWhenAServiceDiesInTheMiddle) {
  std::string plan = with(plan_text, "perl, server.pl, \"${self.address}\"], ready: { http: / } }\nendpoints",
                          "sh, -c, \"echo $$$$ > v2.pid; echo last words; exec perl server.pl $0\", "
                          "\"${self.address}\"], ready: { http: / } }\nendpoints");
  plan = with(plan, "[\"true\"]", "[sh, -c, \"kill -9 `cat v2.pid`; exec sleep 1000\"]");
  EXPECT_EQ(run(plan), 3) << output();
  EXPECT_NE(report().at("decision"), "GO");
  EXPECT_THAT(report().at("deciding_rule").get<std::string>(), HasSubstr("service v2 died"));
  EXPECT_THAT(report().at("services").dump(), HasSubstr("last words"));
}

TEST_F(SluiceTest, StopsInOrderAtSigint) {
  folder_.write("plan.yaml", with(plan_text, "enter: [nothing]", "enter: [pause]"));
  const auto sluice = start({"run", "plan.yaml"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.path() / "armed"); }, 60s)) << output();
  kill(sluice->pid(), SIGINT);
  EXPECT_EQ(exit_of(*sluice), 130);
  EXPECT_EQ(report().at("interrupted"), "SIGINT");
  EXPECT_NE(report().at("decision"), "GO");
  EXPECT_TRUE(run_markers().empty());
}

TEST_F(SluiceTest, SaysThatItHeardTheFirstCtrlCAndEndsAtOnceAtTheSecond) {
  folder_.write("plan.yaml",
                with(with(plan_text, "enter: [nothing]", "enter: [pause]"), "echo armed > armed; exec sleep 1000",
                     "trap '' TERM; echo armed > armed; while :; do sleep 1000; done"));
  const auto sluice = start({"run", "plan.yaml"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.path() / "armed"); }, 60s)) << output();
  kill(sluice->pid(), SIGINT);
  ASSERT_TRUE(eventually([&] { return services::log_contains(log(), "press Ctrl-C again to end at once"); }, 60s));
  kill(sluice->pid(), SIGINT);
  EXPECT_EQ(exit_of(*sluice), 130);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out/report.json"));
  EXPECT_TRUE(eventually([&] { return run_markers().empty(); }, 60s));
}

TEST_F(SluiceTest, PrintsNoControlCharacterWhereThereIsNoTerminal) {
  EXPECT_EQ(run(plan_text), 0);
  EXPECT_EQ(output().find_first_of("\x1b\r"), std::string::npos);
}

TEST_F(SluiceTest, HoldsNothingAfterGoUnlessAlwaysIsSaid) {
  EXPECT_EQ(run(plan_text, {"--keep"}), 0);
  EXPECT_THAT(output(), HasSubstr("--keep=always keeps it in any case"));
  const auto sluice = start({"run", "plan.yaml", "--keep=always"});
  ASSERT_TRUE(eventually([&] { return services::log_contains(log(), "The environment is kept up"); }, 60s)) << output();
  kill(sluice->pid(), SIGTERM);
  EXPECT_EQ(exit_of(*sluice), 0) << output();
  EXPECT_TRUE(report().at("interrupted") == "") << "a signal that ends the holding interrupts nothing";
}

TEST_F(SluiceTest, OffersCommandsThatReachWhatItKeepsUp) {
  std::string plan = with(plan_text, "endpoints:", "  db: { kind: postgres, databases: [voice] }\nendpoints:");
  plan = with(plan, "actions:", "stores: { old: \"sqlite:${work}/captures.db\", new: \"${db.url}/voice\" }\nactions:");
  folder_.write("plan.yaml", with(plan, "[\"true\"]", "[\"false\"]"));
  const auto sluice =
      start({"run", "plan.yaml", "--keep"}, {{"TMPDIR", "/tmp"}});  // PostgreSQL's own user must get there
  ASSERT_TRUE(eventually([&] { return services::log_contains(log(), "sqlite3 /"); }, 60s)) << output();
  const std::string text = output();
  const auto at = text.find("psql postgresql://");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string command = text.substr(at, text.find('\n', at) - at) + " -Atc 'select current_database()'";
  std::FILE* pipe = popen(command.c_str(), "r");
  char answer[32] = "";
  EXPECT_NE(std::fgets(answer, sizeof answer, pipe), nullptr) << command;
  pclose(pipe);
  EXPECT_STREQ(answer, "voice\n");
  EXPECT_THAT(text, AllOf(HasSubstr("http://127.0.0.1:"), HasSubstr("log: "), HasSubstr("/captures.db\n")));
  kill(sluice->pid(), SIGINT);
  EXPECT_EQ(exit_of(*sluice), 1) << "what the run decided, not how the holding ended";
}

TEST_F(SluiceTest, LeavesNothingBehindWhenItIsKilled) {
  folder_.write("plan.yaml", with(plan_text, "enter: [nothing]", "enter: [pause]"));
  const auto sluice = start({"run", "plan.yaml"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.path() / "armed"); }, 60s)) << output();
  const auto markers = run_markers();
  ASSERT_EQ(markers.size(), 1u);
  ASSERT_GE(services::processes_of_run(markers[0]).size(), 3u);
  kill(sluice->pid(), SIGKILL);
  EXPECT_EQ(exit_of(*sluice), 1000 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return services::processes_of_run(markers[0]).empty() && run_markers().empty(); }, 60s));
  EXPECT_EQ(run(plan_text), 0) << output();
}

TEST_F(SluiceTest, EndsAlsoWhatHidesFromItWhenItIsKilled) {
  // Perl's $0 overwrites the environment that /proc shows, as pre-forking servers do to name their workers.
  folder_.write("hidden.pl", "$0 = 'x' x 4000; open(F, '>', 'hidden.pid'); print F $$; close F; sleep 1000;");
  folder_.write("plan.yaml", with(with(plan_text, "enter: [nothing]", "enter: [pause]"), "echo armed > armed;",
                                  "perl hidden.pl & until test -s hidden.pid; do :; done; echo armed > armed;"));
  const auto sluice = start({"run", "plan.yaml"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.path() / "armed"); }, 60s)) << output();
  const int hidden = std::stoi(read(folder_.path() / "hidden.pid"));
  ASSERT_EQ(kill(hidden, 0), 0);
  kill(sluice->pid(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return kill(hidden, 0) != 0 || state_of(hidden) == 'Z'; }, 60s));
}

TEST_F(SluiceTest, EndsAlsoWhatLeftItsGroupAndItsEnvironment) {
  const std::string plan = with(plan_text, "[\"true\"]",
                                "[sh, -c, \"setsid env -i sh -c 'echo $$$$ > stray.pid; exec sleep 1000' & until test "
                                "-s stray.pid; do :; done\"]");
  EXPECT_EQ(run(plan), 0) << output();
  EXPECT_NE(kill(std::stoi(read(folder_.path() / "stray.pid")), 0), 0);
}

TEST_F(SluiceTest, EndsWithThreeWhenAnActionCannotStart) {
  EXPECT_EQ(run(with(plan_text, "[\"true\"]", "[/nonexistent/migrate]")), 3);
  EXPECT_THAT(output(), HasSubstr("action nothing: cannot start /nonexistent/migrate"));
}

TEST_F(SluiceTest, LetsNoOldReportSpeakForARunThatNeverCameToOne) {
  EXPECT_EQ(run(plan_text), 0) << output();
  EXPECT_EQ(run("sluice: 2\n"), 2);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out/report.json"));
}

TEST_F(SluiceTest, SendsLoadToNoOtherMachineUnlessThePlanAllowsIt) {
  folder_.write("users.jsonl", "{\"method\": \"GET\", \"path\": \"/{{secret}}\"}\n");
  std::string plan =
      with(plan_text, "kind: compat.replay, corpus: corpus.jsonl", "kind: isolation.canary, scenario: users.jsonl");
  plan = with(plan, "new: \"${v2.url}\"", "new: \"http://192.0.2.1:9\"");
  EXPECT_EQ(run(plan), 4);
  EXPECT_THAT(output(), HasSubstr("add `allow_targets: [\"192.0.2.1\"]` to the plan"));
}

TEST_F(SluiceTest, KeepsSecretsOutOfEverythingItWrites) {
  setenv("SLUICE_TEST_SECRET", "hun'ter2secret", 1);
  std::string plan = with(plan_text, "[\"true\"]",
                          "[sh, -c, \"echo told $$TOLD; exit 1\"], env: { TOLD: \"${secret.SLUICE_TEST_SECRET}\" }");
  EXPECT_EQ(run(plan), 1);
  EXPECT_THAT(output(), HasSubstr("told ***"));
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path() / "out")) {
    if (!file.is_regular_file()) continue;
    EXPECT_EQ(read(file.path()).find("ter2secret"), std::string::npos) << file.path();
  }
  EXPECT_EQ(output().find("ter2secret"), std::string::npos);
}

TEST_F(SluiceTest, OpensNoGateForAPartOfItsChecks) {
  EXPECT_EQ(run(plan_text, {"--check", "same"}), 4);
  EXPECT_THAT(output(), HasSubstr("a partial run opens no gate"));
}

TEST_F(SluiceTest, RefusesAPhaseThatThePlanDoesNotHave) {
  EXPECT_EQ(run(plan_text, {"--phase", "onyl"}), 2);
  EXPECT_THAT(output(), HasSubstr("did you mean 'only'?"));
}

TEST_F(SluiceTest, RefusesACheckThatThePlanDoesNotHave) {
  EXPECT_EQ(run(plan_text, {"--check", "sane"}), 2);
  EXPECT_THAT(output(), HasSubstr("--check sane: the plan has no such check; did you mean 'same'?"));
}

}  // namespace
}  // namespace sluice
