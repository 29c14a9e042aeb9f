#include "reports/testing/sample_results.hpp"

#include <stdexcept>

#include "reports/testing/sample_parts.hpp"

namespace sluice::reports {

using namespace samples;
using namespace std::chrono_literals;

RunResult no_go_sample() {
  RunResult run = base();
  run.decision = Decision::no_go;
  run.exit_code = 1;
  run.deciding_rule = "In phase data, captures-equal failed: 15 of 20,001 rows of captures differ; limit 0.";
  run.phases = {foundation(), data_phase()};
  run.services.push_back(
      {.name = "v2",
       .kind = "process",
       .state = "died",
       .detail = "killed by signal 11 after 14.2 s",
       .address = "http://127.0.0.1:8002",
       .ready_after = 63ms,
       .log = "out/services/v2.log",
       .log_tail = "listening on 127.0.0.1:8002\n<script>alert('log')</script>\nassertion failed: turn > 0\n"});
  run.ledger = recorded();
  run.weakened = {{.phase = "data", .rule = "limit p99_ratio of latency", .was = "at most 1.05", .now = "at most 1.1"},
                  {.phase = "data", .rule = "require <schema>", .was = "required", .now = "gone"}};
  run.not_run = {{.what = "phase", .name = "cutover", .phase = "cutover", .why = "it needs data, whose gate is NO-GO"},
                 {.what = "check", .name = "latency", .phase = "cutover", .why = "its phase was not reached"},
                 {.what = "check", .name = "rollback-works", .phase = "cutover", .why = "its phase was not reached"}};
  return run;
}

RunResult go_sample() {
  RunResult run = base();
  run.decision = Decision::go;
  run.exit_code = 0;
  run.deciding_rule =
      "All 4 required checks of phase data passed, and each of them caught the violation planted for it.";
  PhaseResult entered = foundation();
  entered.entered_only = true;
  entered.decision = Decision::go;
  entered.deciding_rule = {};
  entered.rules.clear();
  entered.checks.clear();
  PhaseResult data{.name = "data",
                   .decision = Decision::go,
                   .deciding_rule = "phase data: 4 of 4 required checks passed",
                   .started = start + 9s,
                   .duration = 61s};
  Outcome rows = Outcome::passed("all 20,001 rows of captures are equal on both sides");
  rows.coverage = {{.unit = "rows", .examined = 20'001, .expected = 20'001}};
  rows.metrics = {{.name = "rows_differing", .value = 0, .unit = "rows", .limit = 0, .samples = 20'001}};
  rows.control = Control{
      .planted = "user_text of captures id=20001 altered by one character", .caught = true, .observed = "row-changed"};
  Outcome fast = Outcome::passed("p99 is at most 4% worse; 10% are allowed");
  fast.coverage = {{.unit = "samples", .examined = 12'000, .expected = 12'000}};
  fast.metrics = {{.name = "p99_ratio",
                   .value = 1.012,
                   .unit = "ratio",
                   .interval = Interval{.low = 0.987, .high = 1.039},
                   .limit = 1.10,
                   .samples = 12'000}};
  fast.control =
      Control{.planted = "every response of new delayed by 12%", .caught = true, .observed = "p99_ratio 1.13"};
  Outcome apart = Outcome::passed("no user saw another's words in 400 trials");
  apart.coverage = {{.unit = "trials", .examined = 400, .expected = 400}};
  apart.control =
      Control{.planted = "token of user 3 in an answer to user 4", .caught = true, .observed = "token-leaked"};
  data.checks = {check("same-answers", "compat.replay", "data", "after", same_answers()),
                 check("captures-equal", "migration.rows", "data", "after", rows),
                 check("latency", "load.compare", "data", "during", fast),
                 check("no-bleed", "isolation.canary", "data", "during", apart)};
  for (const auto& item : data.checks)
    data.rules.push_back({.rule = "require " + item.name,
                          .decision = Decision::go,
                          .observed = "passed",
                          .limit = "passed",
                          .samples = item.outcome.coverage.front().examined,
                          .explanation = {}});
  for (const auto& item : data.checks) data.policy.required.push_back({item.name, item.stage});
  run.phases = {entered, data};
  run.not_run = {{.what = "check",
                  .name = "same-answers",
                  .phase = "foundation",
                  .why = "the phase was only entered, because a later phase needs it"}};
  run.ledger = recorded();
  return run;
}

RunResult inconclusive_sample() {
  RunResult run = base();
  run.decision = Decision::inconclusive;
  run.exit_code = 4;
  run.controls_enabled = false;
  run.interrupted = "SIGINT";
  run.deciding_rule = "The run was interrupted before phase data could be judged.";
  PhaseResult data{.name = "data",
                   .decision = Decision::inconclusive,
                   .deciding_rule = "INCONCLUSIVE: latency is inconclusive, and no-bleed did not run",
                   .started = start + 9s,
                   .duration = 20s};
  Outcome unproved = same_answers();
  unproved.control.reset();
  data.checks = {check("latency", "load.compare", "data", "during", latency()),
                 check("same-answers", "compat.replay", "data", "after", unproved)};
  data.rules = {{.rule = "require latency",
                 .decision = Decision::inconclusive,
                 .observed = "inconclusive",
                 .limit = "passed",
                 .samples = 11'980,
                 .explanation = "the limit of 10% lies inside the interval"}};
  data.policy = data_policy();
  data.policy.controls = false;
  data.environment_failure = "service v2 died or stopped answering: killed by signal 9";
  data.interrupted = true;
  data.partial = true;
  data.evidence = {foundation_was_go()};
  run.environment_failure = data.environment_failure;
  run.ledger = {
      .path = "ledger.db", .sequence = 0, .record = {}, .problem = "ledger.db: database is locked", .asked = false};
  run.phases = {data};
  run.services.push_back({.name = "v2",
                          .kind = "process",
                          .state = "failed to start",
                          .detail = "not ready within 10 s: GET /health answered 503",
                          .address = {},
                          .ready_after = 0ns,
                          .log = "out/services/v2.log",
                          .log_tail = "waiting for postgres\nwaiting for postgres\n"});
  run.not_run = {{.what = "check", .name = "no-bleed", .phase = "data", .why = "interrupted by SIGINT"}};
  return run;
}

RunResult waived_sample() {
  RunResult run = go_sample();
  PhaseResult& data = run.phases.back();
  CheckResult& rows = data.checks[1];
  rows.outcome.verdict = Verdict::failed;
  rows.outcome.reason = "15 of 20,001 rows of captures differ; none may";
  rows.outcome.control.reset();
  rows.outcome.findings = {missing_row(), changed_row()};
  rows.outcome.findings_total = 2;
  const std::string who =
      "its 2 errors are waived by Grace Hopper until 2026-11-20 (fixtures/voice_agent/accepted.yaml:3:3), Ada "
      "Lovelace until 2027-01-31 (fixtures/voice_agent/plan.yaml:61:5)";
  CheckResult& load = data.checks[2];
  load.outcome = latency();
  data.concessions = {
      {.check = "captures-equal", .stage = "after", .verdict = Verdict::failed, .findings = 2, .why = who},
      {.check = "latency",
       .stage = "during",
       .verdict = Verdict::inconclusive,
       .findings = 0,
       .why = "the plan's allow_inconclusive names it; it is no proof either way"}};
  data.rules[1].observed = "failed: 15 of 20,001 rows of captures differ; none may; its 2 errors are waived";
  data.rules[1].explanation = "captures-equal failed, and counts as passed: " + who;
  data.rules[2].observed = "inconclusive: " + load.outcome.reason + "; allowed";
  data.rules[2].explanation = "latency is inconclusive, and counts as passed: " + data.concessions[1].why;
  data.deciding_rule = "phase data: 2 of 4 required checks passed; captures-equal failed, but " + who +
                       "; latency is inconclusive, but " + data.concessions[1].why;
  run.deciding_rule = data.deciding_rule;
  data.policy.allow_inconclusive = {"latency"};
  data.policy.waivers = {blanks("2027-01-31"), lost_rows()};
  data.waivers = {{.waiver = blanks("2027-01-31"),
                   .state = "used",
                   .hidden = 1,
                   .hides = {{.check = "captures-equal", .stage = "after", .findings = 1, .occurrences = 14}}},
                  {.waiver = lost_rows(),
                   .state = "used",
                   .hidden = 1,
                   .hides = {{.check = "captures-equal", .stage = "after", .findings = 1, .occurrences = 1}}}};
  data.evidence = {foundation_was_go()};
  return run;
}

std::vector<std::string> sample_names() { return {"no-go", "go", "inconclusive", "waived"}; }

RunResult sample(std::string_view name) {
  if (name == "no-go") return no_go_sample();
  if (name == "go") return go_sample();
  if (name == "waived") return waived_sample();
  if (name == "inconclusive") return inconclusive_sample();
  throw std::invalid_argument("no sample " + std::string(name));
}

}  // namespace sluice::reports
