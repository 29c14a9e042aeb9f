#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "harness/cli/command.hpp"
#include "harness/cli/dry_run.hpp"
#include "harness/cli/farewell.hpp"
#include "harness/cli/ledger_options.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/reach.hpp"
#include "harness/cli/signals.hpp"
#include "harness/cli/suites.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/source.hpp"
#include "harness/run/runner.hpp"
#include "reports/render.hpp"
#include "reports/text.hpp"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* keep_unless_go = "unless-go";
constexpr const char* keep_always = "always";

struct RunCommand {
  PlanOptions plan;
  LedgerOptions ledger;
  std::vector<std::string> phases;
  std::vector<std::string> formats;
  std::string suite;
  std::string check;
  std::string output = "out";
  std::string binaries;
  std::uint64_t seed = 0;
  bool seed_given = false;
  bool no_controls = false;
  bool rollback_on_no_go = false;
  bool dry_run = false;
  std::string keep;  ///< empty: not at all
};

std::uint64_t fresh_seed() {
  std::random_device random;
  return random() % 1'000'000'000;  // short enough to be typed again
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.flush();
  if (!stream) throw EnvironmentError("cannot write " + path.string() + "; is the disk full?");
}

void append_step_summary(const RunResult& result) {
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || *summary == '\0') return;
  std::ofstream(summary, std::ios::binary | std::ios::app) << reports::render(result, "markdown") << '\n';
}

void write_reports(const RunResult& result, const fs::path& output) {
  write_file(output / "report.json", reports::render(result, "json"));
  write_file(output / "junit.xml", reports::render(result, "junit"));
  write_file(output / "report.html", reports::render(result, "html"));
  write_file(output / "summary.md", reports::render(result, "markdown"));
  append_step_summary(result);
}

void check_names(const RunCommand& command, const plan::Plan& plan) {
  std::vector<std::string> known;
  for (const auto& phase : plan.phases) known.push_back(phase.name);
  for (const auto& name : command.phases) {
    if (plan.phase(name) == nullptr) {
      throw InputError(fmt::format("--phase {}: the plan has no such phase{}", name, plan::suggestion(name, known)));
    }
  }
  std::vector<std::string> checks;
  for (const auto& check : plan.checks) checks.push_back(check.name);
  const auto chosen = [&](const std::string& name) { return glob_matches(command.check, name); };
  if (!command.check.empty() && std::none_of(checks.begin(), checks.end(), chosen)) {
    throw InputError(fmt::format("--check {}: the plan has no such check{}", printable(command.check, 100),
                                 plan::suggestion(command.check, checks)));
  }
  const auto formats = reports::formats();
  for (const auto& format : command.formats) {
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
      throw InputError(fmt::format("--format {}: unknown{}", format, plan::suggestion(format, formats)));
    }
  }
}

run::RunOptions run_options(const RunCommand& command, const Invocation& invocation) {
  run::RunOptions options{.phases = command.phases,
                          .suite = command.suite,
                          .check = command.check,
                          .overlay = command.plan.overlay,
                          .output = command.output,
                          .binaries = command.binaries.empty() ? own_folder() : fs::absolute(command.binaries),
                          .seed = command.seed_given ? command.seed : fresh_seed(),
                          .controls = !command.no_controls,
                          .rollback_on_no_go = command.rollback_on_no_go};
  options.check_command = shell_word(invocation.arguments.at(0)) + " run " + shell_word(command.plan.plan);
  if (!command.plan.overlay.empty()) options.check_command += " --overlay " + shell_word(command.plan.overlay);
  options.check_command += command.ledger.arguments();
  options.command = options.check_command;
  for (const auto& phase : command.phases) options.command += " --phase " + shell_word(phase);
  if (!command.suite.empty()) options.command += " --suite " + shell_word(command.suite);
  if (!command.check.empty()) options.command += " --check " + shell_word(command.check);
  if (command.no_controls) options.command += " --no-controls";
  if (command.rollback_on_no_go) options.command += " --rollback-on-no-go";
  options.command += fmt::format(" --seed {}", options.seed);
  return options;
}

// Results go to a reader that may have gone away (`| head`): that is no failure of the run.
void say(std::FILE* stream, const std::string& text) {
  std::fputs(text.c_str(), stream);
  std::fflush(stream);
}

void hold(const RunResult& result, const plan::Plan& plan, const Folders& folders, const Signals& signals,
          ProgressPrinter& progress) {
  progress.holding();
  progress.say("The environment is kept up; Ctrl-C ends it.");
  for (const auto& line : how_to_reach(result, plan, folders)) progress.show("  " + line);
  progress.flush();
  signals.wait();
}

// What an earlier run left would otherwise speak for one that never came to its reports.
void remove_old_reports(const fs::path& output) {
  for (const char* name : {"report.json", "junit.xml", "report.html", "summary.md"}) {
    std::error_code failure;
    fs::remove(output / name, failure);
    if (failure && failure != std::errc::not_a_directory) {
      throw EnvironmentError(fmt::format("cannot remove the old {}: {}", (output / name).string(), failure.message()));
    }
  }
}

int rehearse(const RunCommand& command, const Invocation& invocation) {
  const plan::Plan plan = command.plan.load();
  check_names(command, plan);
  const DryRun planned = dry_run(plan, run_options(command, invocation));
  for (const auto& format : command.formats) {
    if (format != "text" && format != "json")
      throw InputError(fmt::format("--format {}: --dry-run prints text or json", format));
    say(stdout, format == "json" ? as_json(planned).dump(2) + "\n" : as_text(planned));
  }
  if (command.formats.empty()) say(stdout, as_text(planned));
  return run::ExitCode::go;
}

int run(const RunCommand& command, const Invocation& invocation) {
  if (command.dry_run) return rehearse(command, invocation);
  remove_old_reports(command.output);
  const plan::Plan plan = command.plan.load();
  check_names(command, plan);
  const run::RunOptions options = run_options(command, invocation);
  std::error_code failure;
  fs::create_directories(options.output, failure);
  if (failure) throw EnvironmentError(fmt::format("cannot make {}: {}", options.output.string(), failure.message()));

  const services::RunFolder folder;
  Signals signals;
  const SystemClock clock;
  const RunLedger ledger(command.ledger, plan, clock);
  RunResult result;
  bool held = false;  // a signal that ends the holding interrupts nothing
  {
    ProgressPrinter progress(service_names(plan));
    const Farewell farewell(signals, progress);
    progress.say(fmt::format("sluice: {} (seed {})", plan.name, options.seed));
    std::function<void(const RunResult&)> keep;
    if (!command.keep.empty()) {
      keep = [&](const RunResult& so_far) {
        const bool wanted = command.keep == keep_always || so_far.decision != Decision::go;
        held = wanted && anything_up(so_far);
        if (held)
          hold(so_far, plan, {.work = folder.path(), .binaries = options.binaries}, signals, progress);
        else if (wanted)
          progress.say("No service is up: there is nothing to keep.");
        else
          progress.say("GO: the environment is not kept up; --keep=always keeps it in any case.");
      };
    }
    result = run::run_plan(plan, options, folder, clock, progress, signals.token(), keep, ledger.book());
  }
  if (signals.received() != 0 && !held) {
    result.interrupted =
        sigabbrev_np(signals.received()) != nullptr ? fmt::format("SIG{}", sigabbrev_np(signals.received())) : "signal";
    result.exit_code = 128 + signals.received();
  }
  ledger.record(result);
  write_reports(result, options.output);
  for (const auto& format : command.formats) say(stdout, reports::render(result, format) + "\n");
  if (command.formats.empty()) {
    say(stdout, fmt::format("{}\nreport: {}\n", reports::text(result, use_colour(stdout)),
                            (options.output / "report.html").string()));
  }
  return result.exit_code;
}

std::vector<std::string> suite_names() {
  std::vector<std::string> names;
  for (const auto& kind : all_kinds()) {
    if (std::find(names.begin(), names.end(), kind.suite()) == names.end()) names.push_back(kind.suite());
  }
  return names;
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* sub = app.add_subcommand("run", "Run a plan's phases and decide their gates");
  command->plan.add_to(*sub);
  command->ledger.add_to(*sub, true);
  sub->add_option("--phase", command->phases, "only this phase (and entering what it needs); may be repeated")
      ->type_name("PHASE");
  sub->add_option("--suite", command->suite, "only checks of this suite; opens no gate")
      ->check(CLI::IsMember(suite_names()));
  sub->add_option("--check", command->check, "only checks whose name matches this glob; opens no gate")
      ->type_name("CHECK");
  sub->add_option("--out", command->output, "folder for reports, logs and artifacts")
      ->type_name("FOLDER")
      ->capture_default_str();
  sub->add_option("--format", command->formats, "print the result to stdout in this format; may be repeated")
      ->type_name(fmt::format("{{{}}}", fmt::join(reports::formats(), ",")));
  CLI::Option* seed = sub->add_option("--seed", command->seed, "repeat a run with its seed");
  sub->add_option("--bin", command->binaries, "what ${bin} means; default: the folder of sluice itself")
      ->type_name("FOLDER");
  sub->add_flag("--no-controls", command->no_controls,
                "do not prove that passed checks can fail; the report then says so");
  sub->add_flag("--rollback-on-no-go", command->rollback_on_no_go,
                "run the rollback action of a phase whose gate is NO-GO, and report its time against its window");
  sub->add_flag("--dry-run", command->dry_run, "print what would run, in order, and start nothing");
  sub->add_flag(
         fmt::format("--keep{{{}}}", keep_unless_go), command->keep,
         "keep the environment up at the end, until Ctrl-C, unless the run ended in GO; --keep=always: in any case")
      ->check(CLI::IsMember({keep_unless_go, keep_always}));
  sub->footer(
      "Writes report.json, report.html, junit.xml and summary.md to the folder that --out names.\n"
      "Exit codes: 0 GO, 1 NO-GO, 2 wrong plan or command line, 3 a service or the environment failed, 4 "
      "inconclusive.\n"
      "Examples:\n"
      "  sluice run plan.yaml --phase data --out out/data\n"
      "  sluice run plan.yaml --check 'same-*' --seed 42 --keep\n"
      "  sluice run plan.yaml --dry-run --format json");
  sub->callback([command, seed, &action] {
    command->seed_given = seed->count() > 0;
    action = [command](const Invocation& invocation) { return run(*command, invocation); };
  });
}

}  // namespace sluice::cli
