#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "harness/cli/console_writer.hpp"
#include "harness/core/printable.hpp"
#include "harness/testing/check_context.hpp"

// What a person sees: a real terminal (tmux) of every size, resized while things run, read back from its screen.
namespace sluice::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using Screen = std::vector<std::string>;

Screen lines_of(const std::string& text) {
  Screen lines;
  std::size_t from = 0;
  for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
    lines.push_back(text.substr(from, end - from));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// A terminal without a person: a tmux server of its own, with one pane.
class Terminal {
 public:
  explicit Terminal(const std::string& command, const std::string& environment = "") {
    run(fmt::format("new-session -d -x 100 -y 24 env -u CI -u NO_COLOR TMPDIR={} {} sh -c {}", folder_.path().string(),
                    environment, shell_word("trap : INT; " + command + "; exec sleep 1000")));
  }
  ~Terminal() { run("kill-server"); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Empty, or what keeps tmux from running here.
  static std::string missing() {
    if (std::system("command -v tmux >/dev/null 2>&1") != 0) return "tmux is not installed (ci/setup --tests)";
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    const bool usable = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0;
    const char* name = usable ? ptsname(master) : nullptr;
    const int terminal = name != nullptr ? open(name, O_RDWR | O_NOCTTY) : -1;
    if (terminal >= 0) close(terminal);
    if (master >= 0) close(master);
    return terminal >= 0 ? "" : "this machine gives no pseudo terminals (is /dev/pts mounted?)";
  }

  std::string run(const std::string& command) const {
    const std::string line =
        fmt::format("TMUX_TMPDIR={} tmux -u -f /dev/null {} 2>&1", folder_.path().string(), command);
    std::FILE* pipe = popen(line.c_str(), "r");
    std::string output;
    for (int c; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
    pclose(pipe);
    return output;
  }
  void resize(std::size_t width, std::size_t height) { run(fmt::format("resize-window -x {} -y {}", width, height)); }
  void press(const std::string& key) { run("send-keys " + key); }
  Screen screen() const { return lines_of(run("capture-pane -p")); }
  Screen everything() const { return lines_of(run("capture-pane -p -S -")); }
  std::string device() const { return lines_of(run("display-message -p '#{pane_tty}'")).at(0); }
  int cursor_column() const { return std::stoi(run("display-message -p '#{cursor_x}'")); }
  const testing::TemporaryFolder& folder() const { return folder_; }

  /// The screen once `condition` holds for it, or as it is after half a minute.
  Screen when(const std::function<bool(const Screen&)>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    Screen now = screen();
    while (!condition(now) && std::chrono::steady_clock::now() < deadline) now = screen();
    return now;
  }
  Screen when_shows(const std::string& text) const {
    return when([&](const Screen& now) {
      return std::any_of(now.begin(), now.end(),
                         [&](const auto& line) { return line.find(text) != std::string::npos; });
    });
  }

 private:
  testing::TemporaryFolder folder_;
};

class ScreenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = Terminal::missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
};

LiveModel::Time never() { return {}; }

// Six things that run; the time stands still, so that each size has one right screen.
LiveModel six_tasks() {
  LiveModel model;
  for (const char* name :
       {"live-one", "live-two-with-a-rather-long-name", "live-移行の検査", "live-four", "live-e\u0301", "live-six"}) {
    model.begin(LiveModel::What::check, name, "migration.rows", never());
    model.progressed(LiveModel::What::check, name, {.done = 123'456, .total = 500'000.0, .unit = "rows"}, never());
  }
  return model;
}

// Without the blanks that tmux does not tell from nothing.
Screen expected_live(const LiveModel& model, ScreenSize size) {
  Screen lines;
  for (const auto& line : model.lines(size, never())) {
    lines.push_back(rendered(line, false));
    lines.back().erase(lines.back().find_last_not_of(' ') + 1);
  }
  return lines;
}

bool ends_with(const Screen& screen, const Screen& end) {
  return screen.size() >= end.size() && std::equal(end.rbegin(), end.rend(), screen.rbegin());
}

std::size_t live_lines(const Screen& screen) {
  return static_cast<std::size_t>(std::count_if(screen.begin(), screen.end(), [](const std::string& line) {
    return line.find("live") != std::string::npos || line.find("migration.rows") != std::string::npos ||
           line.find("0 s") != std::string::npos || line.find("more") != std::string::npos;
  }));
}

TEST_F(ScreenTest, HoldsTheLiveLinesAndNothingLeftOfOldOnesThroughEveryResize) {
  Terminal terminal("true");
  const int device = open(terminal.device().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(device, 0) << terminal.device();
  const LiveModel model = six_tasks();
  {
    ConsoleWriter writer(device, true, false,
                         {.live = [&](ScreenSize size) { return model.lines(size, never()); }, .due = {}});
    int results = 0;
    // Rows that are still empty confuse tmux: it moves what stands above them out of sight when lines wrap.
    for (int i = 0; i < 40; ++i) writer.print({{{"earlier"}}});
    const std::vector<ScreenSize> sizes{{200, 24}, {80, 24}, {40, 24}, {20, 24}, {60, 24},
                                        {100, 12}, {33, 5},  {25, 3},  {10, 24}};
    for (const ScreenSize size : sizes) {
      terminal.resize(size.width, size.height);
      const std::string result = fmt::format("result {}", results++);
      writer.print({{{result + " is a line of its own that is cut where the screen is narrow"}}});
      const Screen expected = expected_live(model, size);
      const Screen screen = terminal.when([&](const Screen& now) {
        return ends_with(now, expected) && now.size() > expected.size() &&
               now[now.size() - expected.size() - 1].starts_with(result);
      });
      const std::string shown = fmt::format("{}x{}\n{}", size.width, size.height, fmt::join(screen, "\n"));
      EXPECT_TRUE(ends_with(screen, expected)) << shown;
      EXPECT_EQ(live_lines(screen), expected.size()) << shown;
      // Where the old lines have no room any more, the terminal itself moves some of them out of sight.
      const bool had_room = size.width >= 20 && size.height >= 12;
      if (had_room) {
        EXPECT_EQ(live_lines(terminal.everything()), expected.size()) << shown;
      }
    }
  }
  EXPECT_EQ(live_lines(terminal.screen()), 0u) << fmt::format("{}", fmt::join(terminal.screen(), "\n"));
  close(device);
}

constexpr const char* plan_text = R"(sluice: 1
name: small
services: { v1: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { http: / } } }
endpoints: { old: "${v1.url}", new: "${v1.url}" }
actions:
  first: { command: ["true"] }
  pause: { command: [sh, -c, "exec sleep 1000"] }
checks:
  same: { kind: compat.replay, corpus: corpus.jsonl }
phases:
  - { name: only, enter: [first, pause], after: [same] }
)";

constexpr const char* server_script = R"(
use IO::Socket::INET; $| = 1; $SIG{TERM} = sub { exit 0 };
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 50, ReuseAddr => 1) or die "cannot listen: $!";
while (my $c = $s->accept()) { my $l = <$c>; print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"; close $c; }
)";

// The program itself in a terminal, paused in an action; what it prints to stdout goes to a file.
class PausedRun : public ScreenTest {
 protected:
  void write_plan() {
    folder_.write("plan.yaml", plan_text);
    folder_.write("server.pl", server_script);
    folder_.write("corpus.jsonl", "{\"method\": \"GET\", \"path\": \"/a\"}\n");
  }
  void begin(const std::string& environment = "") {
    write_plan();
    terminal_ = std::make_unique<Terminal>(
        fmt::format("cd {0} && {1}/sluice run plan.yaml --seed 1 >stdout; echo ended with $?", folder_.path().string(),
                    SLUICE_BIN_DIR),
        environment);
    terminal_->when_shows(environment.empty() ? "  pause  action  " : "action pause started");
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Terminal> terminal_;
};

TEST_F(PausedRun, StopsInOrderAtCtrlCAndLeavesTheTerminalClean) {
  begin();
  terminal_->press("C-c");
  const Screen screen = terminal_->when_shows("ended with");
  EXPECT_THAT(screen, IsSupersetOf({"stopping; press Ctrl-C again to end at once", "ended with 130"}));
  EXPECT_THAT(screen, Each(Not(StartsWith("  pause  action")))) << fmt::format("{}", fmt::join(screen, "\n"));
  EXPECT_THAT(screen, Each(Not(HasSubstr("^C"))));
  EXPECT_EQ(screen.back(), "ended with 130");
  EXPECT_EQ(terminal_->cursor_column(), 0);
}

TEST_F(PausedRun, EndsAtOnceAtTheSecondCtrlCAndLeavesTheTerminalClean) {
  begin();
  // An action that does not hear: the orderly stop takes its time.
  terminal_->run("kill-server");
  std::string stubborn = plan_text;
  const std::string sleeps = "exec sleep 1000";
  stubborn.replace(stubborn.find(sleeps), sleeps.size(), "trap '' TERM; while :; do sleep 1000; done");
  folder_.write("plan.yaml", stubborn);
  terminal_ =
      std::make_unique<Terminal>(fmt::format("cd {0} && {1}/sluice run plan.yaml --seed 1 >stdout; echo ended with $?",
                                             folder_.path().string(), SLUICE_BIN_DIR));
  terminal_->when_shows("  pause  action  ");
  terminal_->press("C-c");
  terminal_->when_shows("stopping; press Ctrl-C again");
  terminal_->press("C-c");
  const Screen screen = terminal_->when_shows("ended with");
  EXPECT_EQ(screen.back(), "ended with 130");
  EXPECT_THAT(screen, Each(Not(StartsWith("  pause  action")))) << fmt::format("{}", fmt::join(screen, "\n"));
}

TEST_F(PausedRun, GivesTheTerminalBackCleanWhenItIsSuspendedAndDrawsAgainAfterwards) {
  write_plan();
  terminal_ = std::make_unique<Terminal>(fmt::format("cd {} && PS1='> ' bash --norc -i", folder_.path().string()));
  terminal_->when_shows(">");
  terminal_->press(shell_word(fmt::format("{}/sluice run plan.yaml --seed 1 >stdout", SLUICE_BIN_DIR)) + " Enter");
  terminal_->when_shows("  pause  action  ");
  terminal_->press("C-z");
  const Screen suspended = terminal_->when_shows("Stopped");
  EXPECT_THAT(suspended, Contains(StartsWith("[1]+  Stopped")));
  EXPECT_THAT(suspended, Each(Not(StartsWith("  pause  action")))) << fmt::format("{}", fmt::join(suspended, "\n"));
  terminal_->press("fg Enter");
  EXPECT_THAT(terminal_->when_shows("  pause  action  "), Contains(StartsWith("  pause  action  ")));
  terminal_->press("C-c");
  EXPECT_THAT(terminal_->when_shows("stopping;"), Contains(StartsWith("stopping; press Ctrl-C again")));
}

TEST_F(PausedRun, WrapsNoLineHoweverNarrowTheTerminalBecomes) {
  begin();
  for (const std::size_t width : {40u, 20u, 12u, 80u}) {
    terminal_->resize(width, 24);
    const std::string shown = width > 20 ? "  pause  action  " : "  pause  ";
    const Screen screen =
        terminal_->when([&](const Screen& now) { return !now.empty() && now.back().starts_with(shown); });
    EXPECT_THAT(screen.back(), StartsWith(shown));
    EXPECT_EQ(std::count_if(screen.begin(), screen.end(), [](const auto& line) { return line.starts_with("  pause"); }),
              1)
        << width << "\n"
        << fmt::format("{}", fmt::join(screen, "\n"));
  }
  terminal_->press("C-c");
  terminal_->when_shows("ended with 130");
}

TEST_F(PausedRun, DrawsNothingOverUnderCi) {
  begin("CI=true");
  const Screen screen = terminal_->screen();
  EXPECT_THAT(screen, Contains(::testing::MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z    action first started")));
  EXPECT_THAT(screen, Contains(::testing::MatchesRegex("[0-9:]*Z    action pause started")));
  terminal_->press("C-c");
  EXPECT_EQ(terminal_->when_shows("ended with").back(), "ended with 130");
}

}  // namespace
}  // namespace sluice::cli
