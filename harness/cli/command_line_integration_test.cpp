#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "harness/core/printable.hpp"
#include "harness/testing/check_context.hpp"

// The command line as people and their shells use it: the program itself, in real shells.
namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Lines = std::vector<std::string>;

constexpr const char* plan_text = R"(sluice: 1
name: small
services:
  back: { kind: process, command: [front, "${self.address}"], needs: [db], ready: { http: / } }
  db: { kind: postgres, databases: [voice] }
endpoints: { old: "${back.url}", new: "${back.url}" }
actions:
  seed: { command: [seed, "${work}/a.db"] }
  move: { command: [move] }
checks:
  same: { kind: compat.replay, corpus: corpus.jsonl }
  fast: { kind: load.compare, corpus: corpus.jsonl, rate: 100/s, limit: { p99: 1.1 } }
phases:
  - { name: first, enter: [seed], after: [same] }
  - { name: second, needs: [first], enter: [move], before: [same], during: [same, fast] }
  - { name: third, needs: [second], after: [same] }
)";

class CommandLine : public ::testing::Test {
 protected:
  CommandLine() { folder_.write("plan.yaml", plan_text); }

  struct Ran {
    int code = -1;
    std::string output;  ///< both streams
  };
  Ran shell(const std::string& script) const {
    const std::string all =
        fmt::format("cd {} && PATH={}:$PATH && {{ {}\n}} 2>&1", folder_.path().string(), SLUICE_BIN_DIR, script);
    std::FILE* pipe = popen(all.c_str(), "r");
    Ran ran;
    for (int c; (c = std::fgetc(pipe)) != EOF;) ran.output += static_cast<char>(c);
    const int status = pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }
  bool has(const std::string& program) const { return shell("command -v " + program).code == 0; }
  static Lines lines(const std::string& text) {
    Lines all;
    std::size_t from = 0;
    for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
      all.push_back(text.substr(from, end - from));
    return all;
  }
  // What bash offers for the last of these words.
  Lines bash_offers(const std::string& words) const {
    const auto ran = shell(fmt::format(
        "bash -c {}", shell_word(fmt::format(
                          "source <(sluice completion bash); COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); "
                          "_sluice; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                          words))));
    EXPECT_EQ(ran.code, 0) << ran.output;
    return lines(ran.output);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(CommandLine, PrintsInADryRunWhatWouldRunInOrderAndStartsNothing) {
  const auto ran = shell("sluice run plan.yaml --dry-run --phase second");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.output,
            "small: what would run; nothing was started\n"
            "\n"
            "services, each after what it needs\n"
            "  db    postgres\n"
            "  back  process  needs db\n"
            "\n"
            "phase first  (entered only: a later phase needs it)\n"
            "  enter   action seed  seed ${work}/a.db  (at most 10 min 0 s)\n"
            "\n"
            "phase second  needs first\n"
            "  before  check  same  compat.replay\n"
            "  enter   action move  move  (at most 10 min 0 s)\n"
            "  during  check  same  compat.replay  (beside the actions)\n"
            "  during  check  fast  load.compare  (alone, after the actions)\n"
            "  gate    requires all\n"
            "\n"
            "will not run\n"
            "  – check same (first): the phase is only entered, because a later one needs it\n"
            "  – phase third: it was not asked for\n");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out"));
}

TEST_F(CommandLine, PrintsADryRunAsJsonToo) {
  const auto ran = shell("sluice run plan.yaml --dry-run --suite load --format json");
  EXPECT_EQ(ran.code, 0);
  const auto planned = nlohmann::json::parse(ran.output);
  EXPECT_EQ(planned["services"][0]["name"], "db");
  EXPECT_EQ(planned["opens_gates"], false);
  EXPECT_EQ(planned["phases"][1]["steps"], nlohmann::json::parse(R"([
              {"stage": "enter", "what": "action", "name": "move", "command": "move", "note": "at most 10 min 0 s"},
              {"stage": "during", "what": "check", "name": "fast", "kind": "load.compare", "note": "alone, after the actions"}])"));
  EXPECT_EQ(planned["not_run"][0]["why"], "it was not selected");
}

TEST_F(CommandLine, LetsADryRunTouchNoReport) {
  folder_.write("out/report.json", "{}");
  EXPECT_EQ(shell("sluice run plan.yaml --dry-run").code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out/report.json"));
  EXPECT_EQ(shell("sluice run plan.yaml --dry-run --format html").code, 2);
}

TEST_F(CommandLine, NamesTheOptionOrCommandThatWasMeant) {
  const auto option = shell("sluice run plan.yaml --phse first");
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.output, HasSubstr("sluice run: there is no option --phse; did you mean --phase?"));
  const auto command = shell("sluice rnu plan.yaml");
  EXPECT_EQ(command.code, 2);
  EXPECT_THAT(command.output, HasSubstr("no command is called 'rnu'; did you mean 'run'?"));
  EXPECT_THAT(shell("sluice run plan.yaml more").output, HasSubstr("nothing is expected where 'more' stands"));
  EXPECT_EQ(shell("sluice run plan.yaml --keep=sometimes").code, 2);
}

TEST_F(CommandLine, EndsItsHelpWithExamplesAndExitCodes) {
  const auto ran = shell("sluice --help");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("sluice run plan.yaml --phase data"), HasSubstr("130, 143  interrupted")));
  EXPECT_THAT(shell("sluice list --help").output,
              AllOf(HasSubstr("--names {phases,checks}"), Not(HasSubstr("TEXT")), Not(HasSubstr("Exit codes"))));
  EXPECT_THAT(shell("sluice run --help").output, HasSubstr("--keep[={unless-go,always}]"));
}

TEST_F(CommandLine, CompletesInBash) {
  EXPECT_THAT(bash_offers("sluice ''"), AllOf(Contains("run"), Contains("completion"), Contains("prove")));
  EXPECT_THAT(bash_offers("sluice va"), ElementsAre("validate"));
  EXPECT_THAT(bash_offers("sluice run --ph"), ElementsAre("--phase"));
  EXPECT_THAT(bash_offers("sluice run pl"), ElementsAre("plan.yaml"));
  EXPECT_THAT(bash_offers("sluice run plan.yaml --phase ''"), ElementsAre("first", "second", "third"));
  EXPECT_THAT(bash_offers("sluice run plan.yaml --check = f"), ElementsAre("fast"));
  EXPECT_THAT(bash_offers("sluice run plan.yaml --format j"), ElementsAre("json", "junit"));
  EXPECT_THAT(bash_offers("sluice explain migration.r"), Contains("migration.rows"));
  EXPECT_THAT(bash_offers("sluice run --phase ''"), ElementsAre("")) << "no plan, no phases";
}

TEST_F(CommandLine, CompletesInFish) {
  if (!has("fish")) GTEST_SKIP() << "fish is not installed (ci/setup --tests)";
  const auto offers = [&](const std::string& line) {
    const auto ran = shell(fmt::format(
        "HOME=$PWD fish -c {}", shell_word(fmt::format("sluice completion fish | source; complete -C '{}'", line))));
    EXPECT_EQ(ran.code, 0) << ran.output;
    return lines(ran.output);
  };
  EXPECT_THAT(offers("sluice va"), ElementsAre(StartsWith("validate\t")));
  EXPECT_THAT(offers("sluice run --ph"), ElementsAre(StartsWith("--phase\t")));
  EXPECT_THAT(offers("sluice run pl"), ElementsAre("plan.yaml"));
  EXPECT_THAT(offers("sluice run plan.yaml --phase s"), ElementsAre(StartsWith("second\t")));
  EXPECT_THAT(offers("sluice explain migration.row"), ElementsAre("migration.rows"));
}

TEST_F(CommandLine, CompletesInZsh) {
  if (!has("zsh")) GTEST_SKIP() << "zsh is not installed (ci/setup --tests)";
  EXPECT_EQ(shell("sluice completion zsh > _sluice && zsh -n _sluice").code, 0);
  const auto ran =
      shell("HOME=$PWD zsh -f -c 'autoload -U compinit; compinit -D; source ./_sluice; echo $_comps[sluice]'");
  EXPECT_EQ(ran.output, "_sluice\n");
}

}  // namespace
}  // namespace sluice
