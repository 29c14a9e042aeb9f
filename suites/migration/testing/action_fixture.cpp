#include "suites/migration/testing/action_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>

#include "harness/core/errors.hpp"

namespace sluice::migration {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class ScriptRun final : public RunningAction {
 public:
  ScriptRun(std::unique_ptr<services::ChildProcess> child, std::optional<std::chrono::nanoseconds> timeout,
            std::filesystem::path log, std::stop_token cancelled)
      : child_(std::move(child)), timeout_(timeout), log_(std::move(log)), cancelled_(std::move(cancelled)) {}
  std::optional<std::chrono::nanoseconds> timeout() const override { return timeout_; }
  std::optional<ActionResult> wait(std::chrono::nanoseconds timeout) override {
    const auto status = child_->wait(timeout, cancelled_);
    if (!status && cancelled_.stop_requested()) throw Cancelled();
    if (!status) return std::nullopt;
    ActionResult result;
    result.succeeded = status->succeeded();
    result.outcome = status->to_string();
    result.duration = std::chrono::steady_clock::now() - begun_;
    result.output_tail = text_of(log_);
    return result;
  }
  void kill() override { child_->end(SIGKILL, std::chrono::seconds(5)); }

 private:
  std::unique_ptr<services::ChildProcess> child_;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::filesystem::path log_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::stop_token cancelled_;
};

}  // namespace

std::unique_ptr<testing::PostgresCluster> ActionFixture::cluster_;
std::unique_ptr<services::ProcessHost> ActionFixture::host_;
int ActionFixture::databases_ = 0;

void ActionFixture::SetUpTestSuite() {
  cluster_ = std::make_unique<testing::PostgresCluster>();
  host_ = std::make_unique<services::ProcessHost>("migration-tests");
}
void ActionFixture::TearDownTestSuite() {
  host_.reset();
  cluster_.reset();
}

void ActionFixture::SetUp() {
  database_ = "voice" + std::to_string(++databases_);
  cluster().execute("CREATE DATABASE " + database_);
  context_ = testing::make_context(folder_, "proof");
  context_.reproduce = "sluice run plan.yaml --check proof --seed 1";
  context_.stores = {{"old", old_.url()}, {"new", cluster().url(database_)}};
  environment_ = {{"OLD", old_.path().string()}, {"NEW", cluster().url(database_)}};
  context_.start_action = [this](const std::string& name, const ActionChanges& changes) {
    return start(name, changes);
  };
}

std::unique_ptr<RunningAction> ActionFixture::start(const std::string& name, const ActionChanges& changes) {
  const auto script = scripts_.find(name);
  if (script == scripts_.end()) throw InputError("the plan has no action '" + name + "'");
  // Each statement of its own: psql sends what one -c holds at once.
  const std::string prelude =
      "set -e\nsql() { local each; for each in \"$@\"; do echo \"$each;\"; done | psql -qAtX -v ON_ERROR_STOP=1 "
      "\"$NEW\"; }\n";
  static std::atomic<int> runs = 0;  // a check may run several actions at once
  const std::filesystem::path log = folder_.path() / (name + std::to_string(++runs) + ".log");
  services::SpawnOptions options{.command = {"/bin/bash", "-c", prelude + script->second},
                                 .environment = environment_,
                                 .directory = folder_.path(),
                                 .log = log,
                                 .run_as = std::nullopt};
  if (!changes.redirects.empty()) {
    Redirection redirection(changes.redirects);
    for (auto& word : options.command) word = redirection.apply(word);
    for (auto& [variable, value] : options.environment) value = redirection.apply(value);
    redirection.require_all("action " + name);
  }
  for (const auto& [variable, value] : changes.environment) options.environment[variable] = value;
  const auto timeout = timeouts_.find(name);
  return std::make_unique<ScriptRun>(host_->spawn(options),
                                     timeout == timeouts_.end() ? std::nullopt : std::optional(timeout->second), log,
                                     context_.cancelled);
}

Outcome ActionFixture::run(const CheckKind& kind, const std::string& parameters) {
  const auto check = kind.make(testing::make_parameters(kind, parameters));
  return testing::run_check(*check, context_);
}

std::string ActionFixture::error(const CheckKind& kind, const std::string& parameters) {
  try {
    run(kind, parameters);
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "no exception";
}

std::vector<std::string> rules(const Outcome& outcome) {
  std::vector<std::string> all;
  for (const auto& finding : outcome.findings) {
    if (finding.severity == Severity::info) continue;
    std::string line = finding.rule;
    for (const auto& [name, value] : finding.where) line += " " + value;
    all.push_back(std::move(line));
  }
  return all;
}

double metric_of(const Outcome& outcome, const std::string& name) {
  const auto found = std::find_if(outcome.metrics.begin(), outcome.metrics.end(),
                                  [&](const Metric& entry) { return entry.name == name; });
  EXPECT_NE(found, outcome.metrics.end()) << "no metric " << name;
  return found == outcome.metrics.end() ? -1 : found->value;
}

void expect_proof(const Outcome& outcome) {
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason << ::testing::PrintToString(rules(outcome));
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->planted << " -> " << outcome.control->observed;
}

}  // namespace sluice::migration
