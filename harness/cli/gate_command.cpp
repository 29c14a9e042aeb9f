#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/report_file.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/version.hpp"
#include "harness/run/decide_again.hpp"
#include "harness/run/exit_code.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::cli {
namespace {

struct GateCommand {
  std::vector<std::string> reports;
  std::vector<std::string> phases;
  std::string format = "text";
  bool any_plan = false;
};

/// One report, decided again.
struct Judged {
  std::string file;
  RunResult run;
  std::vector<run::Disagreement> disagreements;
};

std::vector<Judged> read_all(const std::vector<std::string>& files) {
  std::vector<Judged> all;
  for (const auto& file : files) {
    Judged judged{.file = file, .run = read_report(file), .disagreements = {}};
    judged.disagreements = run::decide_again(judged.run);
    all.push_back(std::move(judged));
  }
  return all;
}

void require_one_plan(const std::vector<Judged>& all) {
  const std::string first = run::plan_digest(all.front().run);
  for (const auto& judged : all) {
    const std::string digest = run::plan_digest(judged.run);
    if (digest == first && !digest.empty()) continue;
    throw InputError(fmt::format(
        "{} and {} are not of one plan (SHA-256 {} and {}): evidence of another plan proves nothing for this one; "
        "leave one out, or say --any-plan if that is meant",
        all.front().file, judged.file, first.empty() ? "unknown" : reports::terminal_text(first),
        digest.empty() ? "unknown" : reports::terminal_text(digest)));
  }
}

std::string line(std::string_view text) { return reports::clipped(reports::terminal_text(text), 2000); }

std::string as_text(const RunResult& decided, const std::vector<Judged>& all) {
  std::string out = fmt::format("{}: {}\n", reports::headline(decided), line(decided.deciding_rule));
  for (const auto& phase : decided.phases) {
    if (!phase.entered_only)
      out += fmt::format("  {}  {}  {}\n", line(phase.name), reports::headline(phase), line(phase.deciding_rule));
  }
  for (const auto& entry : decided.not_run) {
    if (entry.what == "phase") out += fmt::format("  {}  not run  {}\n", line(entry.name), line(entry.why));
  }
  for (const auto& [file, run, disagreements] : all) {
    for (const auto& [what, said, again] : disagreements) {
      out += fmt::format("\n{}, {}:\n  the report says      {}\n  its evidence says    {}\n", line(file), line(what),
                         line(said), line(again));
    }
    if (!disagreements.empty()) {
      out += fmt::format("  the report was edited or written by another version ({}; this is {})\n",
                         line(run.sluice_version), version);
    }
  }
  return out;
}

nlohmann::ordered_json phases_json(const RunResult& decided) {
  auto phases = nlohmann::ordered_json::array();
  for (const auto& phase : decided.phases) {
    if (phase.entered_only) continue;
    phases.push_back({{"name", reports::valid_utf8(phase.name)},
                      {"decision", to_string(phase.decision)},
                      {"deciding_rule", reports::valid_utf8(phase.deciding_rule)},
                      {"started", reports::iso_time(phase.started)}});
  }
  return phases;
}

std::string as_json(const RunResult& decided, const std::vector<Judged>& all, int exit_code) {
  auto disagreements = nlohmann::ordered_json::array();
  for (const auto& judged : all) {
    for (const auto& [what, said, again] : judged.disagreements) {
      disagreements.push_back({{"report", reports::valid_utf8(judged.file)},
                               {"what", reports::valid_utf8(what)},
                               {"said", reports::valid_utf8(said)},
                               {"decided", reports::valid_utf8(again)}});
    }
  }
  return nlohmann::ordered_json{{"format", "sluice-gate"},
                                {"decision", to_string(decided.decision)},
                                {"deciding_rule", reports::valid_utf8(decided.deciding_rule)},
                                {"exit_code", exit_code},
                                {"phases", phases_json(decided)},
                                {"disagreements", std::move(disagreements)}}
             .dump(2) +
         "\n";
}

int gate(const GateCommand& command) {
  const std::vector<Judged> all = read_all(command.reports);
  if (all.size() > 1 && !command.any_plan) require_one_plan(all);
  std::vector<RunResult> runs;
  for (const auto& judged : all) runs.push_back(judged.run);
  RunResult decided = run::combine(runs);
  run::demand(command.phases, decided);
  const bool honest =
      std::all_of(all.begin(), all.end(), [](const Judged& judged) { return judged.disagreements.empty(); });
  const int exit_code = honest ? decided.exit_code : run::ExitCode::environment;
  fmt::print("{}", command.format == "json" ? as_json(decided, all, exit_code) : as_text(decided, all));
  return exit_code;
}

}  // namespace

void add_gate_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<GateCommand>();
  CLI::App* sub = app.add_subcommand("gate", "Decide again from the evidence in reports, offline");
  sub->add_option("REPORT", command->reports, "one or more report.json; of a phase in several the latest counts")
      ->required();
  sub->add_option("--phase", command->phases, "this phase must be judged and be GO; may be repeated");
  sub->add_option("--format", command->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  sub->add_flag("--any-plan", command->any_plan, "let the reports be of different plans");
  sub->callback([command, &action] { action = [command](const Invocation&) { return gate(*command); }; });
}

}  // namespace sluice::cli
