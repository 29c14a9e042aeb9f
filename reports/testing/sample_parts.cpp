#include "reports/testing/sample_parts.hpp"

#include <limits>
#include <utility>

namespace sluice::reports::samples {

using namespace std::chrono_literals;

CheckResult check(std::string name, std::string kind, std::string phase, std::string stage, Outcome outcome) {
  CheckResult result{.name = name,
                     .kind = kind,
                     .suite = kind.substr(0, kind.find('.')),
                     .phase = std::move(phase),
                     .stage = std::move(stage),
                     .outcome = std::move(outcome),
                     .started = start + 12s,
                     .duration = 2'340ms,
                     .reproduce = "sluice run voice.yaml --check " + name + " --seed 18446744073709551615",
                     .parameters = R"({"minimum":1,"within":"10s"})"};
  if (result.stage == "during") result.overlapped = 1'900ms;
  return result;
}

Outcome same_answers() {
  Outcome outcome = Outcome::passed("1,204 exchanges answered alike on both sides");
  outcome.coverage = {{.unit = "exchanges", .examined = 1204, .expected = 1204}};
  outcome.metrics = {{.name = "exchanges_compared", .value = 1204, .unit = "exchanges", .samples = 1204}};
  outcome.control = Control{.planted = "status of POST /api/conversation altered from 200 to 201",
                            .caught = true,
                            .observed = "status-differs on POST /api/conversation"};
  return outcome;
}

Finding changed_row() {
  return {.rule = "row-changed",
          .severity = Severity::error,
          .summary = "the text of a capture lost the blank at its end",
          .where = {{"table", "captures"}, {"key", "id=20001"}, {"column", "user_text"}},
          .old_value = "What is  a neural network? ",
          .new_value = "What is  a neural network?",
          .reproduce =
              "sluice diff sqlite:/srv/captures.db postgresql://127.0.0.1:5433/voice --table captures --key id=20001",
          .occurrences = 14};
}

Finding missing_row() {
  return {
      .rule = "row-missing",
      .severity = Severity::critical,
      .summary = "a row of the old store is not in the new one",
      .where = {{"table", "captures"}, {"key", "id=7"}},
      .old_value = R"({"id": 7, "session_id": "s1", "turn": 3})",
      .new_value = std::nullopt,
      .reproduce = "sluice diff sqlite:/srv/captures.db postgresql://127.0.0.1:5433/voice --table captures --key id=7",
      .occurrences = 1};
}

namespace {

// Nothing of this may do anything in any format.
Finding hostile() {
  using namespace std::string_literals;
  return {
      .rule = "body-differs",
      .severity = Severity::warning,
      .summary =
          "<script>alert(1)</script> <img src=x onerror=alert(2)> | `code` **bold** ]]> @team https://evil.example $x$",
      .where = {{"route", "GET /api/search?q=<b>&limit=\"5\""}, {"pointer", "/results/0/a~1b"}},
      .old_value =
          "quotes \" ' and & ]]> \x00 zero \x1b[31mred\x1b[0m \xff\xfe broken \u202egnirts desrever\u202c end"s,
      .new_value = "</pre></details></td><!-- --><style>*{display:none}</style>\t\u00a0\u200b\r\nline two"s,
      .reproduce = "curl 'http://127.0.0.1:8080/api/search?q=<b>`id`$(id)' | cat -A\n## not a heading",
      .occurrences = 3};
}

Finding long_values() {
  const std::string filler(9'000, 'x');
  return {.rule = "body-differs",
          .severity = Severity::info,
          .summary = "one word differs in a body of 10 kB",
          .where = {{"route", "GET /api/export"}, {"pointer", "/text"}},
          .old_value = filler + " one old word " + std::string(1'000, 'y'),
          .new_value = filler + " one new word " + std::string(1'000, 'y'),
          .reproduce = "sluice replay http://127.0.0.1:8001 http://127.0.0.1:8002 corpus.jsonl --only export",
          .occurrences = 1};
}

Outcome captures_equal() {
  Outcome outcome = Outcome::failed("15 of 20,001 rows of captures differ; none may");
  outcome.findings = {missing_row(), changed_row(), hostile(), long_values()};
  outcome.findings_total = 1'215;
  outcome.coverage = {{.unit = "rows", .examined = 20'001, .expected = 20'001}, {.unit = "columns", .examined = 7}};
  outcome.metrics = {{.name = "rows_compared", .value = 20'001, .unit = "rows", .samples = 20'001},
                     {.name = "rows_differing", .value = 15, .unit = "rows", .limit = 0, .samples = 20'001}};
  outcome.artifacts = {
      {.name = "differences", .path = "out/captures-equal/differences.jsonl", .media_type = "application/jsonl"}};
  return outcome;
}

}  // namespace

Outcome latency() {
  Outcome outcome =
      Outcome::inconclusive("p99 may be 4% better or 21% worse; the limit of 10% lies inside the interval");
  outcome.coverage = {{.unit = "samples", .examined = 11'980, .expected = 12'000}};
  outcome.metrics = {{.name = "p99_ratio",
                      .value = 1.0834,
                      .unit = "ratio",
                      .interval = Interval{.low = 0.9612, .high = 1.2107, .confidence = 0.95},
                      .limit = 1.10,
                      .samples = 11'980},
                     {.name = "latency_old_ms_p99", .value = 12.25, .unit = "ms", .samples = 5'990},
                     {.name = "latency_new_ms_p99", .value = 13.2719, .unit = "ms", .samples = 5'990},
                     {.name = "error_rate_new", .value = 0.00002, .limit = 0.001, .samples = 5'990},
                     {.name = "drift", .value = std::numeric_limits<double>::infinity(), .samples = 0}};
  return outcome;
}

Waiver blanks(std::string expires) {
  return {.check = "captures-*",
          .rule = "row-changed",
          .where = {{"table", "captures"}, {"column", "user_text"}},
          .owner = "Ada Lovelace",
          .reason = "the old side kept blanks at the ends, which <b>nobody</b> reads",
          .expires = std::move(expires),
          .severity_ack = {},
          .source = "fixtures/voice_agent/plan.yaml:61:5"};
}

Waiver lost_rows() {
  return {.check = "captures-equal",
          .rule = "row-missing",
          .where = {{"table", "captures"}, {"key", "id=7"}},
          .owner = "Grace Hopper",
          .reason = "the row was deleted at its owner's wish between the copy and the check",
          .expires = "2026-11-20",
          .severity_ack = "critical",
          .source = "fixtures/voice_agent/accepted.yaml:3:3",
          .phase = "data"};
}

Evidence foundation_was_go() {
  return {.phase = "foundation",
          .run_id = "20261119-160233-91c0",
          .at = start - 17h,
          .record = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"};
}

GatePolicy data_policy() {
  GatePolicy policy;
  policy.required = {{"captures-equal", "after"}, {"latency", "during"},     {"no-bleed", "during"},
                     {"same-answers", "before"},  {"same-answers", "after"}, {"schema", "after"}};
  policy.actions = {"migrate", "reindex"};
  policy.coverage = {{"captures-equal", 20'000}};
  policy.limits = {{"latency", "latency_new_ms_p99", 13.25, std::nullopt},
                   {"latency", "rate_achieved", std::nullopt, 195.5}};
  policy.allow_inconclusive = {"latency"};
  return policy;
}

PhaseResult foundation() {
  return {.name = "foundation",
          .decision = Decision::go,
          .deciding_rule = "phase foundation: 1 of 1 required checks passed",
          .rules = {{.rule = "require same-answers",
                     .decision = Decision::go,
                     .observed = "passed",
                     .limit = "passed",
                     .samples = 1204,
                     .explanation = {}}},
          .actions = {{.name = "seed",
                       .phase = "foundation",
                       .command = "bin/voice_agent_seed work/captures.db --rows 20000",
                       .outcome = "exit code 0",
                       .succeeded = true,
                       .started = start + 3s,
                       .duration = 812ms,
                       .output_tail = "20000 rows\n",
                       .log = "out/actions/seed.log"}},
          .checks = {check("same-answers", "compat.replay", "foundation", "after", same_answers())},
          .started = start + 2s,
          .duration = 6'500ms};
}

namespace {

// One of the data phase that went well.
ActionResult step(const std::string& name, TimePoint started, std::chrono::nanoseconds duration) {
  return {.name = name,
          .phase = "data",
          .command = "./" + name + ".sh",
          .outcome = "exit code 0",
          .succeeded = true,
          .started = started,
          .duration = duration,
          .output_tail = {},
          .log = "out/actions/" + name + ".log"};
}

ActionResult migrated() {
  ActionResult action = step("migrate", start + 9s, 3'120ms);
  action.command += " --to postgresql://voice:***@127.0.0.1:5433/voice";
  action.left_running = "relay (4711) until the end of the run, when sluice ends what is left of it";
  return action;
}

ActionResult failed_reindex() {
  ActionResult action = step("reindex", start + 12s, 40ms);
  action.outcome = "exit code 3";
  action.succeeded = false;
  action.output_tail = "\x1b[31mERROR\x1b[0m: index \"captures_fts\" <b>does not exist</b>\nhint: run migrate first\n";
  return action;
}

PhaseResult failed_data() {
  Outcome skipped;
  skipped.verdict = Verdict::skipped;
  skipped.reason = "left out by --check";
  return {
      .name = "data",
      .decision = Decision::no_go,
      .deciding_rule = "NO-GO: captures-equal failed: 15 of 20,001 rows differ; limit 0",
      .rules = {{.rule = "require captures-equal",
                 .decision = Decision::no_go,
                 .observed = "failed: 15 rows differ",
                 .limit = "passed",
                 .samples = 20'001,
                 .explanation = "15 of 20,001 rows of captures differ; none may"},
                {.rule = "require latency",
                 .decision = Decision::inconclusive,
                 .observed = "inconclusive",
                 .limit = "passed",
                 .samples = 11'980,
                 .explanation = "the limit of 10% lies inside the interval"},
                {.rule = "action reindex",
                 .decision = Decision::no_go,
                 .observed = "exit code 3",
                 .limit = "exit code 0",
                 .samples = std::nullopt,
                 .explanation = "action reindex: exit code 3"},
                {.rule = "coverage of captures-equal",
                 .decision = Decision::go,
                 .observed = "20001 rows",
                 .limit = "at least 20000 rows",
                 .samples = 20'001,
                 .explanation = {}},
                {.rule = "limit latency_new_ms_p99 of latency",
                 .decision = Decision::no_go,
                 .observed = "13.272 ms (95% interval 12.91 to 13.64)",
                 .limit = "at most 13.25",
                 .samples = 5'990,
                 .explanation = "latency_new_ms_p99 of latency is 13.272 ms; at most 13.25 opens the gate"},
                {.rule = "limit rate_achieved of latency",
                 .decision = Decision::inconclusive,
                 .observed = "not measured",
                 .limit = "at least 195.5",
                 .samples = 0,
                 .explanation = "rate_achieved of latency cannot be judged: no such metric was measured; it has "
                                "p99_ratio, latency_old_ms_p99"},
                {.rule = "waiver fixtures/voice_agent/plan.yaml:61:5",
                 .decision = Decision::no_go,
                 .observed = "expired after 2026-11-06",
                 .limit = "in force",
                 .samples = std::nullopt,
                 .explanation = "the waiver at fixtures/voice_agent/plan.yaml:61:5 expired after 2026-11-06: Ada "
                                "Lovelace must renew it with a reason, or it must be removed"}},
      .actions = {migrated(), failed_reindex()},
      .checks = {check("captures-equal", "migration.rows", "data", "after", captures_equal()),
                 check("latency", "load.compare", "data", "during", latency()),
                 check("no-bleed", "isolation.canary", "data", "during",
                       Outcome::errored("user 7: connection refused by http://127.0.0.1:8002 after 0 of 20 trials")),
                 check("same-answers", "compat.replay", "data", "before", same_answers()),
                 check("same-answers", "compat.replay", "data", "after", same_answers()),
                 check("schema", "migration.schema", "data", "after", skipped)},
      .started = start + 9s,
      .duration = 83s};
}

}  // namespace

PhaseResult data_phase() {
  PhaseResult phase = failed_data();
  phase.policy = data_policy();
  Waiver unused = blanks("2027-01-31");
  unused.rule = "row-extra";
  unused.source = "fixtures/voice_agent/plan.yaml:64:5";
  Waiver unjudged = unused;
  unjudged.check = "no-bleed";
  unjudged.where.clear();
  unjudged.source = "fixtures/voice_agent/plan.yaml:67:5";
  phase.policy.waivers = {blanks("2026-11-06"), unused, lost_rows(), unjudged};
  phase.waivers = {{.waiver = blanks("2026-11-06"), .state = "expired", .hidden = 0, .hides = {}},
                   {.waiver = unused, .state = "unused", .hidden = 0, .hides = {}},
                   {.waiver = lost_rows(),
                    .state = "used",
                    .hidden = 1,
                    .hides = {{.check = "captures-equal", .stage = "after", .findings = 1, .occurrences = 1}}}};
  phase.rollback = step("rollback", start + 95s, 6'200ms);
  phase.rollback->within = 5s;
  return phase;
}

LedgerEntry recorded() {
  return {.path = "ledger.db",
          .sequence = 42,
          .record = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
          .problem = {},
          .asked = false};
}

RunResult base() {
  RunResult run{.run_id = "20261120-094107-5f3a",
                .plan_name = "voice-agent v1 to v2",
                .plan_path = "fixtures/voice_agent/plan.yaml",
                .sluice_version = "0.1.0",
                .host = "builder-7",
                .command = "sluice run fixtures/voice_agent/plan.yaml --phase data --seed 18446744073709551615",
                .seed = 18'446'744'073'709'551'615u,
                .interrupted = {},
                .started = start,
                .duration = 96'204'000'001ns,
                .deciding_rule = {}};
  run.services = {{.name = "postgres",
                   .kind = "postgres",
                   .state = "ready",
                   .detail = {},
                   .address = "postgresql://127.0.0.1:5433",
                   .ready_after = 1'350ms,
                   .log = "out/services/postgres.log",
                   .log_tail = {}},
                  {.name = "v1",
                   .kind = "process",
                   .state = "ready",
                   .detail = {},
                   .address = "http://127.0.0.1:8001",
                   .ready_after = 41ms,
                   .log = "out/services/v1.log",
                   .log_tail = {}}};
  run.identities = {{.name = "plan",
                     .path = "fixtures/voice_agent/plan.yaml",
                     .sha256 = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
                     .bytes = 2'214},
                    {.name = "service v2",
                     .path = "build/bin/voice_agent_v2",
                     .sha256 = "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f",
                     .bytes = 4'812'336}};
  run.versions = {{"kernel", "6.1.0"}, {"postgres", "15.14"}};
  return run;
}

}  // namespace sluice::reports::samples
