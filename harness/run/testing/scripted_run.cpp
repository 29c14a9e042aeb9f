#include "harness/run/testing/scripted_run.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "harness/core/errors.hpp"

namespace sluice::run::testing {
namespace {

std::string read_all(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class ScriptedCheck final : public Check {
 public:
  explicit ScriptedCheck(const Parameters& parameters) : parameters_(parameters) {}
  void prepare(CheckContext& context) override {
    const std::string& deed = parameters_.text("deed");
    if (deed.starts_with("await ")) read_all(context.resolve(deed.substr(6)));
    if (deed != "follow") return;
    following_ = context.actions->listen([this, &context](const std::string& action, bool begins) {
      note(context, (begins ? "before " : "after ") + action + ":");
    });
  }
  void exercise(CheckContext& context) override {
    const std::string& deed = parameters_.text("deed");
    if (deed == "throw") throw std::runtime_error("something broke");
    if (deed == "kill") kill_service(std::stoi(read_all(context.resolve("service.pid"))));
    if (deed == "wait") wait_for_cancellation(context);
    // A FIFO blocks each side until the other is there: only what really runs side by side gets past it.
    if (deed.starts_with("say ")) std::ofstream(context.resolve(deed.substr(4))) << "go\n";
    if (deed.starts_with("hear ")) read_all(context.resolve(deed.substr(5)));
    if (deed == "note") note(context, "begin");
    if (deed.starts_with("point ")) point_elsewhere(context, deed.substr(6));
    if (deed.starts_with("timeout ")) {
      const auto timeout = context.start_action(deed.substr(8), {})->timeout();
      note(context, timeout ? human_duration(*timeout) : "none");
    }
    if (deed == "follow" && !context.actions->wait_over(std::chrono::minutes(1), context.cancelled)) throw Cancelled();
  }
  Outcome judge(CheckContext& context) override {
    if (parameters_.text("deed") == "note") note(context, "end");
    Outcome outcome;
    outcome.verdict = *parse_verdict(parameters_.text("verdict"));
    outcome.reason = "as the plan says";
    outcome.coverage = {{.unit = "things", .examined = 1}};
    return outcome;
  }
  Control control(CheckContext&) override {
    return {.planted = "a fault", .caught = parameters_.boolean("caught"), .observed = parameters_.text("observed")};
  }

 private:
  static void wait_for_cancellation(const CheckContext& context) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, context.cancelled, [] { return false; });
    throw Cancelled();
  }
  static void point_elsewhere(const CheckContext& context, const std::string& action) {
    const std::vector<StoreRedirect> redirects{
        {.store = "old", .spellings = {{"/real/a.db", "/copy/a"}}, .database = {}, .traces = {"a.db"}},
        {.store = "new", .spellings = {{"db:5432", "127.0.0.1:99"}}, .database = "voice", .traces = {}}};
    if (!context.start_action(action, {.redirects = redirects, .environment = {}})->wait(std::chrono::minutes(1)))
      throw std::runtime_error("no end");
  }
  // Returns when it is gone and waited for: SIGKILL itself only announces the end.
  static void kill_service(pid_t pid) {
    while (kill(pid, SIGKILL) == 0) std::this_thread::yield();
  }
  static void note(const CheckContext& context, const std::string& what) {
    std::ofstream(context.resolve("order"), std::ios::app) << what + " " + context.check + "\n";
  }
  Parameters parameters_;
  ActionTimeline::Subscription following_;
};

}  // namespace

std::vector<CheckKind> scripted_kinds() {
  CheckKind kind{.name = "test.scripted", .proves = "what it is told", .cannot_prove = "anything"};
  kind.parameters = {{.name = "verdict", .doc = "", .default_text = "passed"},
                     {.name = "caught", .type = ParameterType::boolean, .doc = "", .default_text = "true"},
                     {.name = "observed", .doc = "", .default_text = "…"},
                     {.name = "deed", .doc = "", .default_text = "none"}};
  kind.make = [](const Parameters& parameters) { return std::make_unique<ScriptedCheck>(parameters); };
  CheckKind alone = kind;
  alone.name = "test.alone";
  alone.exclusive = true;
  CheckKind writing = kind;
  writing.name = "test.writing";
  writing.writes_stores = true;
  return {kind, alone, writing};
}

RunResult RunnerTest::run(const std::string& text, std::vector<std::string> phases, std::stop_token stop,
                          const EvidenceBook* book) {
  const auto plan = plan::parse_plan("sluice: 1\nname: t\n" + text, folder_.path() / "plan.yaml", kinds_);
  options_.phases = std::move(phases);
  options_.output = folder_.path() / "out";
  options_.binaries = "/bin";
  options_.check_command = "sluice run plan.yaml";
  const services::RunFolder run_folder;
  const auto result = run_plan(plan, options_, run_folder, clock_, *observer_, stop, {}, book);
  EXPECT_EQ(services::processes_of_run(run_folder.marker()).size(), daemons_) << "processes that outlived the run";
  return result;
}

std::string RunnerTest::order() const { return read_all(folder_.path() / "order"); }

}  // namespace sluice::run::testing
