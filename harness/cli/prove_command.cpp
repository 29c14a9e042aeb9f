#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/cli/prove.hpp"
#include "harness/cli/report_file.hpp"
#include "harness/cli/signals.hpp"
#include "harness/cli/suites.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/loader.hpp"
#include "harness/run/runner.hpp"
#include "harness/services/child_process.hpp"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

struct ProveCommand {
  std::string plan;
  std::string output = "out/prove";
  std::string fault = "*";
  std::string format = "text";
  std::string binaries;
  int healthy = 5;
  int attempts = 3;
};

struct Attempts {
  RunResult result;
  int count = 1;
};

// Each run is a process of its own, just as a user would start it: nothing of one can reach the next.
class Runs {
 public:
  Runs(const ProveCommand& command, std::stop_token stop) : command_(command), stop_(stop) {}

  RunResult run(const std::string& name, const std::vector<std::string>& more) {
    const fs::path folder = fs::absolute(command_.output) / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    services::SpawnOptions options{.command = {fs::read_symlink("/proc/self/exe").string(), "run", command_.plan,
                                               "--out", folder.string(), "--no-ledger"},
                                   .environment = {{"GITHUB_STEP_SUMMARY", ""}},
                                   .directory = fs::current_path(),
                                   .log = folder / "sluice.log"};
    options.command.insert(options.command.end(), more.begin(), more.end());
    if (!command_.binaries.empty()) options.command.insert(options.command.end(), {"--bin", command_.binaries});
    const auto child = host_.spawn(options);
    while (!child->wait(std::chrono::hours(1), stop_) && !stop_.stop_requested()) {
    }
    if (stop_.stop_requested()) {
      child->end(SIGTERM, std::chrono::seconds(30));
      throw Cancelled();
    }
    return read_report(folder / "report.json");
  }

  // INCONCLUSIVE means "not known", not "no": on a noisy machine a latency check says so and is asked again. What stays
  // unknown to the last attempt counts as a false alarm, or as a missed fault.
  Attempts until_concluded(const std::string& name, const std::vector<std::string>& more, int attempts) {
    Attempts tried{.result = run(name, more)};
    while (tried.result.exit_code == run::ExitCode::inconclusive && tried.count < attempts) {
      tried.result = run(name, more);
      ++tried.count;
    }
    return tried;
  }

 private:
  const ProveCommand& command_;
  std::stop_token stop_;
  services::ProcessHost host_{fmt::format("prove-{}", getpid())};
};

std::vector<plan::Overlay> load_faults(const ProveCommand& command) {
  const fs::path folder = fs::absolute(command.plan).parent_path() / "faults";
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".yaml" && glob_matches(command.fault, entry.path().stem().string()))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw InputError(
        fmt::format("no fault overlay '{}.yaml' in {}: nothing could be proved", command.fault, folder.string()));
  std::vector<plan::Overlay> overlays;
  for (const auto& file : files) {
    overlays.push_back(plan::load_overlay(file.lexically_relative(fs::current_path())));
    const plan::Plan changed = plan::load_plan(command.plan, all_kinds(), &overlays.back().changes);
    if (changed.check(overlays.back().check) == nullptr || changed.phase(overlays.back().phase) == nullptr) {
      throw InputError(fmt::format("{}: expects check '{}' in phase '{}', which the plan does not have", file.string(),
                                   overlays.back().check, overlays.back().phase));
    }
  }
  return overlays;
}

struct Proof {
  std::vector<std::string> alarms;  ///< one entry a healthy run, empty when it was GO
  std::vector<FaultRow> rows;
  int repeats = 0;  ///< runs that ended inconclusive and were made again

  std::size_t false_alarms() const {
    return static_cast<std::size_t>(
        std::count_if(alarms.begin(), alarms.end(), [](const auto& a) { return !a.empty(); }));
  }
  std::size_t caught() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const FaultRow& row) { return row.outcome == FaultOutcome::caught; }));
  }
  bool holds() const { return false_alarms() == 0 && caught() == rows.size(); }
};

std::string as_json(const Proof& proof) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& row : proof.rows) {
    rows.push_back({{"name", row.name},
                    {"fault", row.fault},
                    {"expected", row.expected},
                    {"outcome", to_string(row.outcome)},
                    {"seen", row.seen}});
  }
  return nlohmann::ordered_json{{"healthy_runs", proof.alarms.size()},
                                {"false_alarms", proof.false_alarms()},
                                {"repeated_runs", proof.repeats},
                                {"faults", proof.rows.size()},
                                {"caught", proof.caught()},
                                {"rows", rows}}
      .dump(2);
}

std::string repeated(const Attempts& tried) {
  return tried.count == 1 ? "" : fmt::format(" (concluded at attempt {})", tried.count);
}

void say_healthy(int number, int of, const Attempts& tried, const std::string& alarm) {
  fmt::print("{:18} healthy run {} of {}{}{}\n", alarm.empty() ? "quiet" : "FALSE ALARM", number, of, repeated(tried),
             alarm.empty() ? "" : ": " + printable(alarm));
  std::fflush(stdout);
}

void say_fault(const FaultRow& row, const Attempts& tried) {
  fmt::print("{:18} {}: {} [{}]{}\n{:18}   {}\n", to_string(row.outcome), row.name, row.fault, row.expected,
             repeated(tried), "", printable(row.seen));
  std::fflush(stdout);
}

int prove(const ProveCommand& command) {
  const auto faults = load_faults(command);
  const Signals signals;
  Runs runs(command, signals.token());
  Proof proof;
  const bool text = command.format == "text";
  const auto began = std::chrono::steady_clock::now();
  const auto took = [&] { return human_duration(std::chrono::steady_clock::now() - began); };
  try {
    for (int i = 1; i <= command.healthy; ++i) {
      const Attempts tried = runs.until_concluded(fmt::format("healthy-{}", i), {}, command.attempts);
      const auto alarm = false_alarm(tried.result);
      proof.alarms.push_back(alarm);
      proof.repeats += tried.count - 1;
      if (text) say_healthy(i, command.healthy, tried, alarm);
    }
    for (const auto& fault : faults) {
      const Attempts tried = runs.until_concluded(
          fault.path.stem().string(), {"--overlay", fault.path.string(), "--phase", fault.phase}, command.attempts);
      const auto row = judge_fault(fault, tried.result);
      proof.rows.push_back(row);
      proof.repeats += tried.count - 1;
      if (text) say_fault(row, tried);
    }
  } catch (const Cancelled&) {
    fmt::print(stderr, "interrupted: {} of {} faults tried\n", proof.rows.size(), faults.size());
    return 128 + signals.received();
  }
  if (text) {
    fmt::print(
        "\n{} of {} faults caught by the right check; {} false alarms in {} healthy runs; {} inconclusive runs made "
        "again "
        "({}, reports in {})\n",
        proof.caught(), proof.rows.size(), proof.false_alarms(), proof.alarms.size(), proof.repeats, took(),
        command.output);
  } else {
    fmt::print("{}\n", as_json(proof));
  }
  return proof.holds() ? run::ExitCode::go : run::ExitCode::no_go;
}

}  // namespace

void add_prove_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<ProveCommand>();
  CLI::App* sub = app.add_subcommand(
      "prove", "Run the healthy plan, then with each planted fault of its faults/ folder: is each caught?");
  sub->add_option("PLAN", command->plan, "the plan, a YAML file")->type_name("FILE")->required();
  sub->add_option("--out", command->output, "folder for the reports of every run")
      ->type_name("FOLDER")
      ->capture_default_str();
  sub->add_option("--fault", command->fault, "only faults whose file name (without .yaml) matches this glob")
      ->capture_default_str();
  sub->add_option("--healthy", command->healthy, "how many healthy runs")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  sub->add_option("--attempts", command->attempts, "how often a run that ends inconclusive is made, at most")
      ->check(CLI::Range(1, 10))
      ->capture_default_str();
  sub->add_option("--format", command->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  sub->add_option("--bin", command->binaries, "what ${bin} means; default: the folder of sluice itself")
      ->type_name("FOLDER");
  sub->callback([command, &action] { action = [command](const Invocation&) { return prove(*command); }; });
}

}  // namespace sluice::cli
