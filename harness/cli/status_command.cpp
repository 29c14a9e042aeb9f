#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/ledger_options.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/report_file.hpp"
#include "harness/cli/suites.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/loader.hpp"
#include "harness/run/environment.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/run/ledger/board.hpp"
#include "harness/services/run_folder.hpp"
#include "reports/escape.hpp"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using ledger::Board;
using ledger::BoardRow;
using nlohmann::ordered_json;
using State = ledger::Standing::State;

struct StatusCommand {
  std::string plan;
  LedgerOptions ledger;
  std::string binaries;
  std::string format = "text";
  bool verify = false;
  std::string report;  ///< of --verify
};

constexpr std::size_t short_hash = 12;

const char* colour_of(State state) {
  switch (state) {
    case State::go:
      return "\x1b[32m";
    case State::no_go:
      return "\x1b[31m";
    case State::never_run:
      return "";
    default:
      return "\x1b[33m";
  }
}

// Cells are padded by characters: one column a character is right for names of phases.
std::string padded(const std::string& text, std::size_t width) {
  const auto columns = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  return text + std::string(columns < width ? width - columns : 0, ' ');
}

std::string age_text(const BoardRow& row, TimePoint now) {
  if (!row.standing.latest) return "-";
  const auto age = now - row.standing.latest->run->recorded;
  if (age < std::chrono::seconds(0)) return "in the future";
  if (age < std::chrono::seconds(1)) return "just now";
  return human_duration(std::chrono::floor<std::chrono::seconds>(age)) + " ago";
}

std::string last_verdict(const BoardRow& row) {
  return row.standing.latest ? std::string(to_string(row.standing.latest->phase->decision)) : "-";
}

std::string record_text(const BoardRow& row) {
  return row.standing.latest ? row.standing.latest->run->record.substr(0, short_hash) : "-";
}

std::string explanation(const BoardRow& row) {
  if (!row.blocked_by.empty())
    return fmt::format("{} {}", row.standing.state == State::go ? "but not GO:" : "blocked by",
                       fmt::join(row.blocked_by, ", "));
  return row.standing.why;
}

std::string as_text(const Board& board, TimePoint now, bool colour) {
  std::string text = fmt::format("{}: {} of {} phases GO", printable(board.plan), board.go_count(), board.rows.size());
  if (!board.against_the_plan)
    text += " when they last ran (name the plan to see whether that still holds)";
  else if (const auto* next = board.next())
    text += fmt::format("; next: sluice run {} --phase {}", shell_word(board.plan_path), shell_word(next->phase));
  text += "\n";
  std::size_t width = 5;
  for (const auto& row : board.rows) width = std::max(width, row.phase.size());
  text += fmt::format("  {}  {:12}  {:12}  {:18}  record\n", padded("phase", width), "state", "last verdict", "when");
  for (const auto& row : board.rows) {
    const std::string state = padded(row.state(), 12);
    text += fmt::format("  {}  {}  {:12}  {:18}  {:12}  {}", padded(printable(row.phase), width),
                        colour ? colour_of(row.standing.state) + state + "\x1b[0m" : state, last_verdict(row),
                        age_text(row, now), record_text(row), printable(explanation(row)));
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

ordered_json as_json(const Board& board, TimePoint now) {
  ordered_json phases = ordered_json::array();
  for (const auto& row : board.rows) {
    ordered_json phase = {{"phase", row.phase}, {"state", row.state()}, {"blocked_by", row.blocked_by}};
    if (!row.standing.why.empty()) phase["why"] = row.standing.why;
    if (row.standing.latest) {
      const auto& run = *row.standing.latest->run;
      phase["last_verdict"] = to_string(row.standing.latest->phase->decision);
      phase["at"] = ledger::date_text(run.recorded);
      phase["age_s"] = std::chrono::duration_cast<std::chrono::seconds>(now - run.recorded).count();
      phase["run_id"] = run.run_id;
      phase["sequence"] = run.sequence;
      phase["record"] = run.record;
    }
    phases.push_back(std::move(phase));
  }
  ordered_json json = {
      {"plan", board.plan},     {"path", board.plan_path}, {"against_the_plan", board.against_the_plan},
      {"go", board.go_count()}, {"of", board.rows.size()}, {"phases", phases}};
  if (const auto* next = board.next(); next != nullptr && board.against_the_plan) json["next"] = next->phase;
  return json;
}

void print(const ordered_json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

// What `sluice run` would judge now, without bringing anything up.
std::vector<Identity> identities_now(const plan::Plan& plan, const StatusCommand& command, const Clock& clock) {
  const services::RunFolder folder;
  const run::RunOptions options{.output = folder.path() / "out",  // nothing is written to the user's
                                .binaries = command.binaries.empty() ? own_folder() : fs::absolute(command.binaries)};
  const auto redactor = run::redactor_for(plan);
  run::Environment environment(plan, options, folder, clock, redactor);
  return environment.identities();
}

int verify(const StatusCommand& command, const fs::path& path) {
  const auto verification = ledger::read(path);
  std::string problem = verification.problem;
  if (problem.empty() && !command.report.empty()) {
    problem = ledger::compare_with_report(path, read_report(command.report),
                                          [](const std::string& text) { return reports::valid_utf8(text); });
    if (!problem.empty()) problem = command.report + ": " + problem;
  }
  if (command.format == "json") {
    ordered_json json = {{"ledger", path.string()},
                         {"holds", problem.empty()},
                         {"records", verification.records},
                         {"newest", verification.newest}};
    if (verification.broken) json["broken"] = *verification.broken;
    if (!problem.empty()) json["problem"] = problem;
    print(json);
  } else if (problem.empty()) {
    fmt::print("{}: {} records, and every one follows from those before it\nnewest: {}\n", path.string(),
               verification.records, verification.newest.empty() ? "none" : verification.newest);
    if (!command.report.empty()) fmt::print("{}: its record is there and says the same\n", command.report);
  } else {
    fmt::print("{}: {}\n", path.string(), problem);
  }
  return problem.empty() ? run::ExitCode::go : run::ExitCode::environment;
}

int no_ledger(const StatusCommand& command, const std::string& why) {
  if (command.format == "json")
    print({{"ledger", nullptr}, {"problem", why}});
  else
    fmt::print("{}: nothing was ever recorded\n", why);
  return command.verify ? run::ExitCode::environment : run::ExitCode::inconclusive;
}

int status(const StatusCommand& command) {
  const auto location = command.ledger.location();
  if (location.path.empty()) return no_ledger(command, location.problem);
  const fs::path path = fs::absolute(location.path);
  // A mark without its ledger is a ledger that was removed: that is for read() to refuse.
  if (!fs::exists(path) && !fs::exists(path.native() + ".head"))
    return no_ledger(command, "no ledger " + path.string());
  if (command.verify) return verify(command, path);

  const SystemClock clock;
  const auto history = ledger::read_history(path);
  if (!history.verification.holds()) {
    throw ledger::LedgerError(
        fmt::format("the ledger {} cannot be believed: {}", path.string(), history.verification.problem));
  }
  std::vector<Board> boards;
  if (command.plan.empty()) {
    boards = ledger::boards_of(history);
  } else {
    const plan::Plan plan = plan::load_plan(command.plan, all_kinds());
    boards.push_back(ledger::board_of(history, plan, identities_now(plan, command, clock), clock.today()));
    boards.back().plan_path = command.plan;
  }
  if (command.format == "json") {
    ordered_json json = {{"ledger", path.string()},
                         {"records", history.verification.records},
                         {"newest", history.verification.newest},
                         {"plans", ordered_json::array()}};
    for (const auto& board : boards) json["plans"].push_back(as_json(board, clock.today()));
    print(json);
  } else {
    for (const auto& board : boards) fmt::print("{}\n", as_text(board, clock.today(), use_colour(stdout)));
    fmt::print("ledger: {} ({} records, newest {})\n", path.string(), history.verification.records,
               history.verification.newest.empty() ? "none" : history.verification.newest.substr(0, short_hash));
  }
  return run::ExitCode::go;
}

}  // namespace

void add_status_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<StatusCommand>();
  CLI::App* sub = app.add_subcommand(
      "status", "Show the phases' board from the ledger: 0 when it can be shown, 3 broken ledger, 4 no ledger");
  sub->add_option("PLAN", command->plan, "the plan; without it, every plan that the ledger knows");
  command->ledger.add_to(*sub, false);
  CLI::Option* verify_option =
      sub->add_option("--verify", command->report,
                      "recompute the chain of records, and see that a report.json agrees with its record: 0 or 3")
          ->type_name("[REPORT]")
          ->expected(0, 1);
  sub->add_option("--format", command->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  sub->add_option("--bin", command->binaries, "what ${bin} means; default: the folder of sluice itself");
  sub->callback([command, verify_option, &action] {
    command->verify = verify_option->count() > 0;
    action = [command](const Invocation&) { return status(*command); };
  });
}

}  // namespace sluice::cli
