#include "reports/testing/sample_results.hpp"

#include <limits>
#include <stdexcept>

namespace sluice::reports {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 9h + 41min + 7s + 123'456'789ns;

CheckResult check(std::string name, std::string kind, std::string phase, std::string stage, Outcome outcome) {
  CheckResult result{.name = name,
                     .kind = kind,
                     .suite = kind.substr(0, kind.find('.')),
                     .phase = std::move(phase),
                     .stage = std::move(stage),
                     .outcome = std::move(outcome),
                     .started = start + 12s,
                     .duration = 2'340ms,
                     .reproduce = "sluice run voice.yaml --check " + name + " --seed 18446744073709551615"};
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

PhaseResult foundation() {
  return {.name = "foundation",
          .decision = Decision::go,
          .deciding_rule = "GO: all rules hold",
          .rules = {{.rule = "require same-answers",
                     .decision = Decision::go,
                     .observed = "passed",
                     .limit = "passed",
                     .samples = 1204,
                     .explanation = "1,204 exchanges answered alike on both sides"}},
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

PhaseResult data_phase() {
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
                {.rule = "actions succeed",
                 .decision = Decision::no_go,
                 .observed = "reindex: exit code 3",
                 .limit = "all",
                 .explanation = {}}},
      .actions = {{.name = "migrate",
                   .phase = "data",
                   .command = "./migrate.sh --to postgresql://voice:***@127.0.0.1:5433/voice",
                   .outcome = "exit code 0",
                   .succeeded = true,
                   .started = start + 9s,
                   .duration = 3'120ms,
                   .output_tail = {},
                   .log = "out/actions/migrate.log"},
                  {.name = "reindex",
                   .phase = "data",
                   .command = "./reindex.sh",
                   .outcome = "exit code 3",
                   .succeeded = false,
                   .started = start + 12s,
                   .duration = 40ms,
                   .output_tail =
                       "\x1b[31mERROR\x1b[0m: index \"captures_fts\" <b>does not exist</b>\nhint: run migrate first\n",
                   .log = "out/actions/reindex.log"}},
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

}  // namespace

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
                   .deciding_rule = "GO: all rules hold",
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
                          .explanation = item.outcome.reason});
  run.phases = {entered, data};
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

std::vector<std::string> sample_names() { return {"no-go", "go", "inconclusive"}; }

RunResult sample(std::string_view name) {
  if (name == "no-go") return no_go_sample();
  if (name == "go") return go_sample();
  if (name == "inconclusive") return inconclusive_sample();
  throw std::invalid_argument("no sample " + std::string(name));
}

}  // namespace sluice::reports
