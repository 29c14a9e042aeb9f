#include "suites/migration/live/live_writes.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <random>
#include <set>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/scenario/variables.hpp"
#include "suites/migration/live/live_writes_client.hpp"
#include "suites/migration/live/live_writes_conductor.hpp"
#include "suites/migration/live/live_writes_control.hpp"
#include "suites/migration/live/live_writes_find.hpp"
#include "suites/migration/live/live_writes_findings.hpp"
#include "suites/migration/live/live_writes_judge.hpp"
#include "suites/migration/live/live_writes_parameters.hpp"
#include "suites/migration/live/live_writes_tally.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using std::chrono::nanoseconds;
constexpr auto settle_poll = std::chrono::milliseconds(100);

class LiveWritesCheck final : public Check {
 public:
  explicit LiveWritesCheck(const Parameters& parameters)
      : parameters_(parameters), finder_(parameters.record("find")) {}

  void prepare(CheckContext& context) override;
  void exercise(CheckContext& context) override;
  Outcome judge(CheckContext& context) override;
  Control control(CheckContext& context) override;

 private:
  std::size_t count(const char* name) const { return static_cast<std::size_t>(parameters_.integer(name)); }
  void read_requests(CheckContext& context);
  void complete_client_options(CheckContext& context);
  void write_beside_actions(CheckContext& context);
  void settle(CheckContext& context);
  void read_back(CheckContext& context);
  std::string not_served(net::HttpClient& client, const WriteRecord& write, const CheckContext& context) const;
  std::vector<WriteRecord> standing() const;
  Outcome verdict(const WriteTally& seen) const;
  void add_findings(const WriteTally& seen, const CheckContext& context, Outcome& outcome) const;
  void add_metrics(const WriteTally& seen, Outcome& outcome) const;
  bool plant_in_store(CheckContext& context, Control& control) const;

  Parameters parameters_;
  WriteFinder finder_;
  WriteTemplate read_;
  WriteRules rules_;
  std::string run_;
  WriteClientOptions client_;
  std::filesystem::path ledger_path_;
  std::optional<WriteRoute> route_;
  std::optional<WriteConductor> conductor_;
  std::vector<ActionTimeline::Span> actions_;
  std::chrono::steady_clock::time_point begun_;
  std::vector<WriteRecord> ledger_;
  std::vector<WriteSighting> sightings_;
  std::vector<WriteProblem> problems_;
  std::vector<std::pair<WriteRecord, std::string>> not_served_;
  std::size_t reads_ = 0;
  nanoseconds settled_after_{0};
  std::unique_ptr<stores::SqlSession> session_;
};

void LiveWritesCheck::prepare(CheckContext& context) {
  if (context.actions == nullptr)
    throw InputError(
        "it writes while actions run, and none runs beside it: put it into the `during:` of a phase that has `enter:`");
  context.store("new");
  read_requests(context);
  // Also a run with the same seed on the same stores must not take the rows of an earlier one for its own.
  std::mt19937_64 random(context.seed ^ static_cast<std::uint64_t>(context.clock->today().time_since_epoch().count()));
  run_ = "lw" + scenario::random_token(random).substr(0, 12);
  route_.emplace(parameters_, context.actions->planned());
  complete_client_options(context);
  ledger_path_ = context.output / "writes.jsonl";
  // What is deleted while the migration runs should have been there for it to see.
  const std::size_t writes_before = client_.remove ? 4 * deletes_min(parameters_) : 1;
  conductor_.emplace(*route_, *context.actions, writes_before, client_.timeout, context.cancelled);
}

// Only requests that can be found again, and that mean one thing.
void LiveWritesCheck::read_requests(CheckContext& context) {
  client_.write = WriteTemplate(parameters_.record("write"), "write");
  rules_.exact_value = client_.write.carries("value");
  if (!rules_.exact_value && !client_.write.carries("nonce"))
    throw InputError("write: the request carries neither {nonce} nor {value}, so it could not be found again");
  if (count("keys") > 0 && !client_.write.carries("key"))
    throw InputError("write: `keys` are written again and again, and the request does not carry {key}");
  if (client_.write.carries("id")) throw InputError("write: {id} is what its answer tells; only `delete` can carry it");
  if (parameters_.has("delete")) {
    const WriteTemplate& remove = client_.remove.emplace(parameters_.record("delete"), "delete");
    if (!remove.carries("nonce") && !remove.carries("key") && !remove.carries("value") && !remove.carries("id"))
      throw InputError(
          "delete: the request carries none of {id}, {key}, {nonce} and {value}, so it would mean no write");
    if (remove.carries("id") && !parameters_.has("acknowledged_by"))
      throw InputError("delete: {id} is what the answer to the write holds at `acknowledged_by`, which is not given");
  }
  if (!parameters_.has("read")) return;
  read_ = WriteTemplate(parameters_.record("read"), "read");
  if (!read_.carries("nonce") && !read_.carries("key") && !read_.carries("value"))
    throw InputError("read: the request carries none of {nonce}, {key} and {value}, so it asks for no write");
  if (read_.carries("id")) throw InputError("read: {id} may be another on the new side; only `delete` can carry it");
  context.endpoint("new");
}

void LiveWritesCheck::complete_client_options(CheckContext& context) {
  WriteClientOptions& options = client_;
  options.routes = scenario::RouteMap::from(parameters_);
  options.run = run_;
  for (const std::string side : {"old", "new"}) {
    if (route_->uses(side)) options.endpoints.emplace(side, net::parse_endpoint(context.endpoint(side)));
  }
  options.delete_share = delete_share(parameters_);
  options.seed = context.seed;
  options.clients = count("clients");
  options.rate_per_second = parameters_.rate_per_second("rate");
  options.keys = count("keys");
  options.most = count("writes_max");
  options.timeout = parameters_.duration("request_timeout");
  if (parameters_.has("acknowledged_by")) options.acknowledged_by = parameters_.text("acknowledged_by");
}

void LiveWritesCheck::exercise(CheckContext& context) {
  write_beside_actions(context);
  ledger_ = load_ledger(ledger_path_);
  settle(context);
  if (parameters_.has("read")) read_back(context);
}

void LiveWritesCheck::write_beside_actions(CheckContext& context) {
  WriteLedger ledger(ledger_path_);
  const auto on_write = [&context](std::uint64_t number) {
    context.progress({.done = static_cast<double>(number), .unit = "writes"});
  };
  WriteClient client(client_, conductor_->first_target(), *context.clock, ledger, context.cancelled, on_write);
  begun_ = client.begun();
  conductor_->follow(client);
  try {
    while (!context.actions->wait_over(std::chrono::minutes(1), context.cancelled)) {
      if (context.cancelled.stop_requested()) throw Cancelled();
    }
    pause_unless_cancelled(parameters_.duration("linger"), context.cancelled);
  } catch (...) {
    conductor_.reset();
    throw;
  }
  conductor_.reset();
  client.finish();
  actions_ = context.actions->spans();
}

// What is stored late is not lost: asked again until all is well, for as long as the plan says.
void LiveWritesCheck::settle(CheckContext& context) {
  session_ = open_side(context, parameters_, "new");
  const auto begun = context.clock->now();
  const auto deadline = begun + parameters_.duration("settle");
  std::optional<std::chrono::steady_clock::time_point> well_since;
  while (true) {
    sightings_ = finder_.find_all(*session_, run_, ledger_);
    problems_ = judge_writes(load_ledger(ledger_path_), sightings_, rules_);
    const auto now = context.clock->now();
    if (problems_.empty()) {
      well_since = well_since.value_or(now);
      if (now - *well_since >= parameters_.duration("stable")) break;
    } else {
      well_since.reset();
      if (now >= deadline) break;
    }
    pause_unless_cancelled(settle_poll, context.cancelled);
  }
  settled_after_ = well_since.value_or(context.clock->now()) - begun;
}

// Acknowledged writes that are in the new store as they should be.
std::vector<WriteRecord> LiveWritesCheck::standing() const {
  std::set<std::string> seen, bad;
  for (const auto& sighting : sightings_) seen.insert(sighting.nonce);
  for (const auto& problem : problems_) bad.insert(problem.write.nonce);
  std::vector<WriteRecord> all;
  for (const auto& write : ledger_) {
    if (write.fate == WriteFate::acknowledged && seen.contains(write.nonce) && !bad.contains(write.nonce))
      all.push_back(write);
  }
  return all;
}

void LiveWritesCheck::read_back(CheckContext& context) {
  net::HttpLimits limits;
  limits.request_timeout = client_.timeout;
  net::HttpClient client(net::parse_endpoint(context.endpoint("new")), limits);
  std::vector<WriteRecord> chosen = standing();
  std::mt19937_64 random(context.seed);
  std::shuffle(chosen.begin(), chosen.end(), random);
  chosen.resize(std::min(chosen.size(), count("reads")));
  for (const auto& write : chosen) {
    ++reads_;
    if (std::string why = not_served(client, write, context); !why.empty())
      not_served_.emplace_back(write, std::move(why));
  }
}

// Why the new endpoint's answer does not hold the write; empty when it does.
std::string LiveWritesCheck::not_served(net::HttpClient& client, const WriteRecord& write,
                                        const CheckContext& context) const {
  try {
    const net::Response response = client.send(read_.render(write), context.cancelled);
    const auto body = net::decoded_body(response);
    if (response.status < 200 || response.status > 299 || !body)
      return fmt::format("status {}: {}", response.status, printable(response.body, 200));
    const std::string pointer = parameters_.record("read").text("pointer");
    std::string text = *body;
    if (!pointer.empty()) {
      const JsonParse parsed = parse_exact_json(*body);
      const ExactJson* const value = parsed.value ? parsed.value->at_pointer(pointer) : nullptr;
      text = value == nullptr ? "" : value->dump();
    }
    if (text.find(write.nonce) != std::string::npos) return {};
    return fmt::format("status {}, without the nonce: {}", response.status, printable(text, 200));
  } catch (const net::NetworkError& error) {
    if (context.cancelled.stop_requested()) throw Cancelled();
    return error.what();
  }
}

Outcome LiveWritesCheck::judge(CheckContext& context) {
  const WriteTally seen = tally_writes(ledger_, begun_, actions_);
  Outcome outcome = verdict(seen);
  outcome.coverage = {{.unit = "writes", .examined = seen.acknowledged, .expected = seen.sent()}};
  if (client_.remove) outcome.coverage.push_back({.unit = "deletes", .examined = seen.deletes});
  add_metrics(seen, outcome);
  add_findings(seen, context, outcome);
  outcome.artifacts.push_back(
      {.name = context.check + "-writes.jsonl", .path = ledger_path_, .media_type = "application/x-ndjson"});
  return outcome;
}

Outcome LiveWritesCheck::verdict(const WriteTally& seen) const {
  const std::string beside = fmt::format("{} of {} writes acknowledged, {} of them while the actions ran",
                                         seen.acknowledged, seen.sent(), seen.overlapping);
  if (!problems_.empty()) {
    std::map<std::string, std::size_t> rules;
    for (const auto& problem : problems_) ++rules[rule_of(problem.kind)];
    std::vector<std::string> texts;
    for (const auto& [rule, number] : rules) texts.push_back(fmt::format("{} {}", number, rule));
    return Outcome::failed(fmt::format("{}; {}", fmt::join(texts, ", "), beside));
  }
  if (!not_served_.empty())
    return Outcome::failed(fmt::format("the new endpoint does not serve {} of {} writes that are in its store",
                                       not_served_.size(), reads_));
  if (seen.errors() > parameters_.number("errors_max"))
    return Outcome::failed(fmt::format("{} of {} writes failed, {:.3g}% are allowed", seen.failed(), seen.sent(),
                                       100 * parameters_.number("errors_max")));
  if (seen.acknowledged == 0) return Outcome::inconclusive("no write was acknowledged");
  if (seen.overlapping < count("overlap_min"))
    return Outcome::inconclusive(fmt::format("{}, {} are needed: raise `rate` or `clients`, or lower `overlap_min`",
                                             beside, count("overlap_min")));
  if (client_.remove && seen.deletes_overlapping < deletes_min(parameters_))
    return Outcome::inconclusive(
        fmt::format("{}; of the acknowledged deletes that no later write undid, {} met an action that could have seen "
                    "what they took "
                    "away, {} are needed: raise `rate` or `delete_share`, or lower `deletes_min`",
                    beside, seen.deletes_overlapping, deletes_min(parameters_)));
  if (const auto action = action_without_writers(ledger_, client_.most, begun_, actions_, *route_))
    return Outcome::inconclusive(fmt::format(
        "{}; all {} writes were sent before {} ended, so nobody wrote during the rest of it: raise `writes_max` or "
        "lower `rate`",
        beside, client_.most, *action));
  if (standing().empty()) return Outcome::inconclusive(fmt::format("{}; none of them stands in the end", beside));
  return Outcome::passed(fmt::format("all are in the new store: {}", beside));
}

void LiveWritesCheck::add_metrics(const WriteTally& seen, Outcome& outcome) const {
  const auto add = [&](std::string name, double value, std::string unit, std::optional<double> limit = std::nullopt) {
    outcome.metrics.push_back(
        {.name = std::move(name), .value = value, .unit = std::move(unit), .limit = limit, .samples = seen.sent()});
  };
  add("writes_acknowledged", static_cast<double>(seen.acknowledged), "writes");
  add("writes_overlapping", static_cast<double>(seen.overlapping), "writes", parameters_.integer("overlap_min"));
  if (client_.remove)
    add("deletes_overlapping", static_cast<double>(seen.deletes_overlapping), "deletes",
        static_cast<double>(deletes_min(parameters_)));
  add("errors_share", seen.errors(), "share", parameters_.number("errors_max"));
  for (const auto& [name, kind] : {std::pair{"writes_lost", WriteProblemKind::lost},
                                   {"writes_duplicated", WriteProblemKind::duplicated},
                                   {"writes_resurrected", WriteProblemKind::resurrected},
                                   {"values_different", WriteProblemKind::differs}}) {
    const auto number = std::count_if(problems_.begin(), problems_.end(),
                                      [kind = kind](const WriteProblem& problem) { return problem.kind == kind; });
    add(name, static_cast<double>(number), "writes");
  }
  add("settled_s", std::chrono::duration<double>(settled_after_).count(), "s");
}

void LiveWritesCheck::add_findings(const WriteTally& seen, const CheckContext& context, Outcome& outcome) const {
  const WriteFindings findings(context, client_, finder_, rules_, *session_);
  const std::size_t sample = count("sample");
  for (std::size_t i = 0; i < std::min(sample, problems_.size()); ++i)
    outcome.findings.push_back(findings.of(problems_[i]));
  for (std::size_t i = 0; i < std::min(sample, not_served_.size()); ++i) {
    const auto& [write, answer] = not_served_[i];
    outcome.findings.push_back(findings.not_served(write, read_.render(write), answer));
  }
  outcome.findings_total = problems_.size() + not_served_.size();
  const double allowed = parameters_.number("errors_max");
  if (seen.errors() <= allowed) return;
  outcome.findings.push_back(findings.errors(seen, allowed));
  ++outcome.findings_total;
}

Control LiveWritesCheck::control(CheckContext& context) {
  Control control{.planted = {}, .caught = true, .observed = {}};
  const auto there = standing();
  WriteControl judged(ledger_path_, sightings_, there, rules_, run_, context.work);
  judged.plant_all(context.seed);
  control.planted = fmt::format("{}", fmt::join(judged.planted(), ", "));
  control.observed = fmt::format("{}", fmt::join(judged.observed(), ", "));
  const bool asked = plant_in_store(context, control);
  control.caught = judged.caught() && asked;
  return control;
}

// The store itself is asked for a write that is there and for one that never was.
bool LiveWritesCheck::plant_in_store(CheckContext& context, Control& control) const {
  const auto there = standing();
  const WriteRecord& chosen = there[context.seed % there.size()];
  WriteRecord never = chosen;
  never.number = 9'999'999;
  never.nonce = fmt::format("{}n{:07}", run_, never.number);
  never.key = never.nonce;
  never.value = value_of(never.nonce, never.number);
  const bool found = finder_.find_one(*session_, run_, chosen.nonce).size() == 1;
  const bool found_never = !finder_.find_one(*session_, run_, never.nonce).empty();
  control.planted += fmt::format("; the store asked for {} and for one never written", chosen.nonce);
  control.observed +=
      fmt::format("; the first {}, the other {}", found ? "found" : "not found", found_never ? "found" : "not found");
  if (!parameters_.has("read")) return found && !found_never;
  net::HttpClient client(net::parse_endpoint(context.endpoint("new")));
  const bool served_never = not_served(client, never, context).empty();
  control.planted += "; the read route asked for it as well";
  control.observed += served_never ? "; it answers as if it were there: set `pointer`" : "; it is not there";
  return found && !found_never && !served_never;
}

}  // namespace

CheckKind live_writes_kind() {
  return {
      .name = "migration.live_writes",
      .proves =
          "What clients write while the actions run, and are told is stored, is in the new store afterwards, exactly "
          "once and as it was written, or superseded by a later write of the same key; what they deleted is gone; "
          "nothing is there twice; and no more requests failed than are allowed.",
      .cannot_prove =
          "That writes which no acknowledgement names survive, that other routes keep theirs, or, without `delete`, "
          "that "
          "deletions stay; and nothing about moments at which no write was under way.",
      .parameters = live_writes_parameters(),
      .needs_stores = false,
      .sends_load = true,
      .make = [](const Parameters& parameters) { return std::make_unique<LiveWritesCheck>(parameters); },
      .examine = examine_live_writes};
}

}  // namespace sluice::migration
