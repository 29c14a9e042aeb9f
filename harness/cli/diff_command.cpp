#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/diff_progress.hpp"
#include "harness/cli/diff_text.hpp"
#include "harness/cli/signals.hpp"
#include "harness/cli/store_diff.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::cli {
namespace {

struct DiffCommand {
  std::string old_url;
  std::string new_url;
  std::vector<std::string> tables;
  std::vector<std::string> exclude;
  std::vector<std::string> key;
  std::vector<std::string> columns;
  std::string strategy = "auto";
  std::string format = "text";
  std::size_t sample = 20;
};

// "A=B" as two names, "A" as A and nothing.
std::pair<std::string, std::string> pair_of(const std::string& text, const char* option) {
  const auto sign = text.find('=');
  std::pair<std::string, std::string> names{text.substr(0, sign),
                                            sign == std::string::npos ? "" : text.substr(sign + 1)};
  if (names.first.empty() || (sign != std::string::npos && names.second.empty())) {
    throw InputError(fmt::format("{} {}: write NAME, or OLD=NEW", option, printable(text, 100)));
  }
  return names;
}

std::string reproduce(const DiffCommand& command, const Invocation& invocation) {
  std::string line = shell_word(invocation.arguments.at(0)) + " diff " +
                     shell_word(stores::redact_url(command.old_url)) + " " +
                     shell_word(stores::redact_url(command.new_url));
  for (const auto& table : command.tables) line += " --table " + shell_word(table);
  for (const auto& table : command.exclude) line += " --exclude " + shell_word(table);
  for (const auto& name : command.key) line += " --key " + shell_word(name);
  for (const auto& name : command.columns) line += " --columns " + shell_word(name);
  if (command.strategy != "auto") line += " --strategy " + command.strategy;
  return line;
}

DiffRequest request_of(const DiffCommand& command, const Invocation& invocation) {
  DiffRequest request{.old_url = command.old_url,
                      .new_url = command.new_url,
                      .exclude = command.exclude,
                      .key = command.key,
                      .strategy = command.strategy == "hash"    ? migration::Strategy::hash
                                  : command.strategy == "merge" ? migration::Strategy::merge
                                                                : migration::Strategy::automatic,
                      .sample = command.sample,
                      .reproduce = reproduce(command, invocation)};
  for (const auto& table : command.tables) {
    auto names = pair_of(table, "--table");
    if (names.second.empty()) names.second = names.first;
    if (std::find(request.tables.begin(), request.tables.end(), names) == request.tables.end()) {
      request.tables.push_back(std::move(names));
    }
  }
  if (!request.tables.empty() && !request.exclude.empty()) {
    throw InputError("--exclude leaves tables out of all that there are; with --table name those to be compared alone");
  }
  for (const auto& column : command.columns) request.columns.push_back(pair_of(column, "--columns"));
  if (request.tables.size() != 1 && !(command.key.empty() && command.columns.empty())) {
    throw InputError("--key and --columns speak of one table: name it, and no other, with --table");
  }
  return request;
}

int diff(const DiffCommand& command, const Invocation& invocation) {
  const DiffRequest request = request_of(command, invocation);
  Signals signals;
  StoreDiff result;
  try {
    DiffProgress progress(signals);
    result = diff_stores(request, signals.token(),
                         {.started = [&](const std::string& table) { progress.started(table); },
                          .progressed =
                              [&](const std::string& table, std::uint64_t rows, std::uint64_t expected) {
                                if (signals.token().stop_requested()) throw Cancelled();
                                progress.progressed(table, rows, expected);
                              },
                          .finished = [&](const std::string& table) { progress.finished(table); }});
  } catch (const Cancelled&) {
    fmt::print(stderr, "sluice: interrupted; nothing is said of the stores\n");
    return 128 + signals.received();
  }
  const int code = result.exit_code();
  if (command.format == "json") {
    using Json = nlohmann::ordered_json;
    fmt::print("{}\n", as_json(result, code).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", as_text(result, use_colour(stdout)));
  }
  return code;
}

}  // namespace

void add_diff_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<DiffCommand>();
  CLI::App* sub = app.add_subcommand("diff", "Compare the rows of two stores without a plan, as diff does with files");
  sub->add_option("OLD", command->old_url, "sqlite:PATH or postgresql://…")->type_name("STORE")->required();
  sub->add_option("NEW", command->new_url, "the same for the other side")->type_name("STORE")->required();
  sub->add_option("--table", command->tables,
                  "compare this table; A=B: the old side's A with the new side's B; may be repeated; without it, all "
                  "tables of one name")
      ->type_name("TABLE");
  sub->add_option("--exclude", command->exclude,
                  "leave this table of either side out; may be repeated, not with --table")
      ->type_name("TABLE");
  sub->add_option("--key", command->key,
                  "old columns that are unique together, separated by commas; default: the primary key")
      ->type_name("COLUMN")
      ->delimiter(',');
  sub->add_option("--columns", command->columns,
                  "compare these columns alone, separated by commas; a=b: the old side's a with the new side's b")
      ->type_name("COLUMN")
      ->delimiter(',');
  sub->add_option("--strategy", command->strategy,
                  "hash: compare hashes that both stores compute, then the rows whose hashes differ, where that proves "
                  "the same; merge: read every row; auto: hash unless the table is small")
      ->check(CLI::IsMember({"auto", "hash", "merge"}))
      ->capture_default_str();
  sub->add_option("--sample", command->sample, "differing rows of a table that are shown; all are counted")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--format", command->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  sub->footer(
      "Values are compared as their types mean them: 1.10 equals 1.1, and an instant itself in another time zone. Each "
      "side is read within one snapshot. Nothing is written to either.\n"
      "Of two PostgreSQL stores tables of one schema and name are paired, whatever their search_path is; a name "
      "without "
      "a schema is what a session of that store finds.\n"
      "Hashes have 64 bits: they find faults, not somebody who looks for two rows with the same hash; --strategy merge "
      "reads every value.\n"
      "Exit codes: 0 all is equal; 1 rows, columns or tables differ; 2 wrong command line: it names a table, column or "
      "key that is not one; 3 a table could not be read or compared; 4 there was no row to compare.\n"
      "Examples:\n"
      "  sluice diff sqlite:captures.db postgresql://app@db/voice\n"
      "  sluice diff sqlite:a.db sqlite:b.db --table users=accounts --key mail --columns mail,name=full_name\n"
      "  sluice diff sqlite:a.db sqlite:b.db --format json");
  sub->callback(
      [command, &action] { action = [command](const Invocation& invocation) { return diff(*command, invocation); }; });
}

}  // namespace sluice::cli
