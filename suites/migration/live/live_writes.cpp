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
#include "harness/core/printable.hpp"
#include "harness/scenario/variables.hpp"
#include "suites/migration/live/live_writes_client.hpp"
#include "suites/migration/live/live_writes_conductor.hpp"
#include "suites/migration/live/live_writes_find.hpp"
#include "suites/migration/live/live_writes_judge.hpp"
#include "suites/migration/live/live_writes_parameters.hpp"
#include "suites/migration/live/pause.hpp"
#include "suites/migration/queries/search_queries.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using std::chrono::nanoseconds;
constexpr auto settle_poll = std::chrono::milliseconds(100);

/// What the ledger says in numbers.
struct WriteTally {
  std::uint64_t acknowledged = 0, refused = 0, unknown = 0;
  std::uint64_t overlapping = 0;  ///< acknowledged, and under way while an action was
  std::optional<WriteRecord> first_failed;

  std::uint64_t sent() const { return acknowledged + failed(); }
  std::uint64_t failed() const { return refused + unknown; }
  double errors() const { return sent() == 0 ? 0 : static_cast<double>(failed()) / static_cast<double>(sent()); }
};

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
  WriteClientOptions client_options(CheckContext& context, const WriteRoute& route) const;
  void write_beside_actions(CheckContext& context);
  void settle(CheckContext& context);
  void read_back(CheckContext& context);
  std::string not_served(net::HttpClient& client, const WriteRecord& write, const CheckContext& context) const;
  std::vector<WriteRecord> standing() const;
  std::vector<WriteProblem> judge_file(const std::filesystem::path& ledger,
                                       const std::vector<WriteSighting>& sightings) const;
  WriteTally tally() const;
  Outcome verdict(const WriteTally& seen) const;
  void add_findings(const WriteTally& seen, const CheckContext& context, Outcome& outcome) const;
  void add_metrics(const WriteTally& seen, Outcome& outcome) const;
  Finding finding(const WriteProblem& problem, const CheckContext& context) const;
  Finding finding_of(std::string rule, std::string summary, const WriteRecord& write,
                     const CheckContext& context) const;
  bool plant_in_judgement(const CheckContext& context, Control& control) const;
  bool plant_in_store(CheckContext& context, Control& control) const;

  Parameters parameters_;
  WriteFinder finder_;
  WriteTemplate write_, read_;
  WriteRules rules_;
  std::string run_;
  WriteClientOptions client_;
  std::filesystem::path ledger_path_;
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
  write_ = WriteTemplate(parameters_.record("write"), "write");
  rules_.exact_value = write_.carries("value");
  if (!rules_.exact_value && !write_.carries("nonce"))
    throw InputError("write: the request carries neither {nonce} nor {value}, so it could not be found again");
  if (count("keys") > 0 && !write_.carries("key"))
    throw InputError("write: `keys` are written again and again, and the request does not carry {key}");
  if (parameters_.has("read")) {
    read_ = WriteTemplate(parameters_.record("read"), "read");
    if (!read_.carries("nonce") && !read_.carries("key") && !read_.carries("value"))
      throw InputError("read: the request carries none of {nonce}, {key} and {value}, so it asks for no write");
    context.endpoint("new");
  }
  // Also a run with the same seed on the same stores must not take the rows of an earlier one for its own.
  std::mt19937_64 random(context.seed ^ static_cast<std::uint64_t>(context.clock->today().time_since_epoch().count()));
  run_ = "lw" + scenario::random_token(random).substr(0, 12);
  WriteRoute route(parameters_, context.actions->planned());
  client_ = client_options(context, route);
  ledger_path_ = context.output / "writes.jsonl";
  conductor_.emplace(std::move(route), *context.actions, client_.timeout, context.cancelled);
}

WriteClientOptions LiveWritesCheck::client_options(CheckContext& context, const WriteRoute& route) const {
  WriteClientOptions options{
      .write = write_, .endpoints = {}, .routes = scenario::RouteMap::from(parameters_), .run = run_};
  for (const std::string side : {"old", "new"}) {
    if (route.uses(side)) options.endpoints.emplace(side, net::parse_endpoint(context.endpoint(side)));
  }
  options.seed = context.seed;
  options.clients = count("clients");
  options.rate_per_second = parameters_.rate_per_second("rate");
  options.keys = count("keys");
  options.most = count("writes_max");
  options.timeout = parameters_.duration("request_timeout");
  if (parameters_.has("acknowledged_by")) options.acknowledged_by = parameters_.text("acknowledged_by");
  return options;
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
    pause(context, parameters_.duration("linger"));
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
    problems_ = judge_file(ledger_path_, sightings_);
    const auto now = context.clock->now();
    if (problems_.empty()) {
      well_since = well_since.value_or(now);
      if (now - *well_since >= parameters_.duration("stable")) break;
    } else {
      well_since.reset();
      if (now >= deadline) break;
    }
    pause(context, settle_poll);
  }
  settled_after_ = well_since.value_or(context.clock->now()) - begun;
}

std::vector<WriteProblem> LiveWritesCheck::judge_file(const std::filesystem::path& ledger,
                                                      const std::vector<WriteSighting>& sightings) const {
  return judge_writes(load_ledger(ledger), sightings, rules_);
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

WriteTally LiveWritesCheck::tally() const {
  WriteTally seen;
  for (const auto& write : ledger_) {
    ++(write.fate == WriteFate::acknowledged ? seen.acknowledged
       : write.fate == WriteFate::refused    ? seen.refused
                                             : seen.unknown);
    if (write.fate != WriteFate::acknowledged && !seen.first_failed) seen.first_failed = write;
    if (write.fate != WriteFate::acknowledged) continue;
    const auto sent = begun_ + write.sent, answered = begun_ + write.answered.value_or(write.sent);
    seen.overlapping += std::any_of(actions_.begin(), actions_.end(), [&](const ActionTimeline::Span& action) {
      return answered >= action.begun && action.ended && sent <= *action.ended;
    });
  }
  return seen;
}

Outcome LiveWritesCheck::judge(CheckContext& context) {
  const WriteTally seen = tally();
  Outcome outcome = verdict(seen);
  outcome.coverage = {{.unit = "writes", .examined = seen.acknowledged, .expected = seen.sent()}};
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
  return Outcome::passed(fmt::format("all are in the new store: {}", beside));
}

void LiveWritesCheck::add_metrics(const WriteTally& seen, Outcome& outcome) const {
  const auto add = [&](std::string name, double value, std::string unit, std::optional<double> limit = std::nullopt) {
    outcome.metrics.push_back(
        {.name = std::move(name), .value = value, .unit = std::move(unit), .limit = limit, .samples = seen.sent()});
  };
  add("writes_acknowledged", static_cast<double>(seen.acknowledged), "writes");
  add("writes_overlapping", static_cast<double>(seen.overlapping), "writes", parameters_.integer("overlap_min"));
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

Finding LiveWritesCheck::finding_of(std::string rule, std::string summary, const WriteRecord& write,
                                    const CheckContext& context) const {
  Finding finding{.rule = std::move(rule), .summary = std::move(summary), .where = {{"nonce", write.nonce}}};
  std::string shown = session_->command_line(finder_.statement_for(write.nonce));
  if (write.number > 0) {
    finding.where.insert(finding.where.end(), {{"key", write.key},
                                               {"endpoint", write.side},
                                               {"time", write.at},
                                               {"status", write.status == 0 ? "none" : std::to_string(write.status)}});
    net::Request request = write_.render(write);
    if (write.side == "new") client_.routes.apply(request.method, request.target);
    shown = fmt::format("written by: {}; found by: {}", curl_line(client_.endpoints.at(write.side), request), shown);
    finding.old_value = printable(rules_.exact_value ? write.value : write.nonce, 400);
  }
  finding.reproduce = reproduced_by(context, shown);
  return finding;
}

Finding LiveWritesCheck::finding(const WriteProblem& problem, const CheckContext& context) const {
  const auto fate = problem.write.fate == WriteFate::acknowledged ? "acknowledged" : "unacknowledged";
  const std::string& nonce = problem.write.nonce;
  std::string summary;
  switch (problem.kind) {
    case WriteProblemKind::lost:
      summary = fmt::format("the acknowledged write {} is not in the new store", nonce);
      break;
    case WriteProblemKind::duplicated:
      summary = problem.seen.size() > 1
                    ? fmt::format("the {} write {} is in the new store {} times", fate, nonce, problem.seen.size())
                    : fmt::format("beside the {} write {} the new store holds another of its key", fate, nonce);
      break;
    case WriteProblemKind::resurrected:
      summary = fmt::format("the new store holds the write {}, which {} superseded", nonce, problem.superseded_by);
      break;
    case WriteProblemKind::differs:
      summary = fmt::format("the write {} has another value in the new store", nonce);
      break;
    case WriteProblemKind::unknown:
      summary = fmt::format("the new store holds {}, which the client never wrote", nonce);
      break;
  }
  Finding finding = finding_of(rule_of(problem.kind), std::move(summary), problem.write, context);
  if (!problem.seen.empty()) finding.new_value = printable(fmt::format("{}", fmt::join(problem.seen, " | ")), 400);
  return finding;
}

void LiveWritesCheck::add_findings(const WriteTally& seen, const CheckContext& context, Outcome& outcome) const {
  const std::size_t sample = count("sample");
  for (std::size_t i = 0; i < std::min(sample, problems_.size()); ++i)
    outcome.findings.push_back(finding(problems_[i], context));
  for (std::size_t i = 0; i < std::min(sample, not_served_.size()); ++i) {
    const auto& [write, why] = not_served_[i];
    outcome.findings.push_back(finding_of(
        "write-not-served", fmt::format("the new endpoint does not return the write {}", write.nonce), write, context));
    outcome.findings.back().new_value = why;
    outcome.findings.back().reproduce =
        reproduced_by(context, curl_line(net::parse_endpoint(context.endpoint("new")), read_.render(write)));
  }
  outcome.findings_total = problems_.size() + not_served_.size();
  if (seen.errors() <= parameters_.number("errors_max")) return;
  const WriteRecord& first = *seen.first_failed;
  outcome.findings.push_back(finding_of(
      "errors-above-limit",
      fmt::format("{} of {} writes got no acknowledgement ({} refused, {} without a clear answer); {:.3g}% are allowed",
                  seen.failed(), seen.sent(), seen.refused, seen.unknown, 100 * parameters_.number("errors_max")),
      first, context));
  outcome.findings.back().new_value = printable(first.failure, 400);
  ++outcome.findings_total;
}

Control LiveWritesCheck::control(CheckContext& context) {
  Control control{.planted = {}, .caught = true, .observed = {}};
  const bool judged = plant_in_judgement(context, control);
  const bool asked = plant_in_store(context, control);
  control.caught = judged && asked;
  return control;
}

// The same ledger file and the same sightings with one thing altered each time, on the same path.
bool LiveWritesCheck::plant_in_judgement(const CheckContext& context, Control& control) const {
  const std::filesystem::path planted_path = context.work / "planted.jsonl";
  std::vector<std::string> planted, observed;
  bool all = true;
  const auto plant = [&](const std::string& what, WriteProblemKind kind, const std::string& nonce,
                         const std::filesystem::path& ledger, const std::vector<WriteSighting>& sightings) {
    const auto problems = judge_file(ledger, sightings);
    const bool caught = std::any_of(problems.begin(), problems.end(), [&](const WriteProblem& problem) {
      return problem.kind == kind && problem.write.nonce == nonce;
    });
    planted.push_back(what);
    observed.push_back(fmt::format("{} {}", rule_of(kind), caught ? "found" : "not found"));
    all = all && caught;
  };
  WriteRecord invented = ledger_.front();
  {
    WriteLedger copy(planted_path);
    for (const auto& write : ledger_) {
      copy.sent(write);
      if (write.answered) copy.answered(write);
    }
    invented.number = ledger_.back().number + 1;
    invented.nonce = fmt::format("{}n{:07}", run_, invented.number);
    invented.key = invented.nonce;
    invented.fate = WriteFate::acknowledged;
    copy.sent(invented);
    copy.answered(invented);
  }
  plant("an acknowledged write invented", WriteProblemKind::lost, invented.nonce, planted_path, sightings_);
  const auto there = standing();
  const WriteRecord& chosen = there[context.seed % there.size()];
  const auto place = std::find_if(sightings_.begin(), sightings_.end(),
                                  [&](const WriteSighting& sighting) { return sighting.nonce == chosen.nonce; });
  auto altered = sightings_;
  altered.push_back(*place);
  plant("one doubled", WriteProblemKind::duplicated, chosen.nonce, ledger_path_, altered);
  if (rules_.exact_value) {
    altered = sightings_;
    altered[static_cast<std::size_t>(place - sightings_.begin())].cell += "?";
    plant("one value altered", WriteProblemKind::differs, chosen.nonce, ledger_path_, altered);
  }
  // A write that another of its key superseded; there is none where every write has a key of its own.
  std::set<std::string> current;
  for (const auto& write : there) current.insert(write.key);
  const auto superseded = std::find_if(ledger_.begin(), ledger_.end(), [&](const WriteRecord& write) {
    return write.fate == WriteFate::acknowledged && current.contains(write.key) &&
           std::none_of(there.begin(), there.end(), [&](const auto& kept) { return kept.nonce == write.nonce; });
  });
  if (superseded != ledger_.end()) {
    altered = sightings_;
    altered.push_back({.nonce = superseded->nonce, .cell = superseded->value});
    plant("one superseded write brought back", WriteProblemKind::resurrected, superseded->nonce, ledger_path_, altered);
  }
  control.planted = fmt::format("{}", fmt::join(planted, ", "));
  control.observed = fmt::format("{}", fmt::join(observed, ", "));
  return all;
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
          "once and as it was written, or superseded by a later write of the same key; nothing is there twice; and "
          "no more requests failed than are allowed.",
      .cannot_prove =
          "That writes which no acknowledgement names survive, that other routes keep theirs, or that deletions "
          "stay; and nothing about moments at which no write was under way.",
      .parameters = live_writes_parameters(),
      .needs_stores = false,
      .sends_load = true,
      .make = [](const Parameters& parameters) { return std::make_unique<LiveWritesCheck>(parameters); },
      .examine = WriteRoute::examine};
}

}  // namespace sluice::migration
