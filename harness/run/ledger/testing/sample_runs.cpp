#include "harness/run/ledger/testing/sample_runs.hpp"

#include <cmath>
#include <limits>

namespace sluice::ledger::testing {

RunResult go_run(const std::string& run_id) {
  Outcome outcome = Outcome::passed("14 rows agree; \"quoted\", ünïcode");
  outcome.coverage = {{.unit = "rows", .examined = 14, .expected = 14}};
  outcome.metrics = {{.name = "p99_ratio",
                      .value = 1.0 / 3,
                      .unit = "ratio",
                      .interval = Interval{.low = -0.0, .high = std::numeric_limits<double>::infinity()},
                      .limit = 1.1,
                      .samples = 7},
                     {.name = "unknown", .value = std::nan("")}};
  outcome.control = Control{.planted = "one row", .caught = true, .observed = "seen"};
  CheckResult check{.name = "same", .kind = "migration.rows", .suite = "migration", .phase = "data", .stage = "after"};
  check.outcome = outcome;
  check.parameters = R"({"sample":20,"users":20,"errors_max":0.01})";

  PhaseResult phase{.name = "data", .decision = Decision::go, .deciding_rule = "phase data: 1 of 1 passed"};
  phase.actions = {
      {.name = "migrate", .phase = "data", .command = "./migrate.sh", .outcome = "exit code 0", .succeeded = true}};
  phase.checks = {check};
  phase.policy.required = {{"same", "after"}};
  phase.policy.actions = {"migrate"};
  phase.policy.coverage = {{"same", 10}};
  phase.policy.limits = {{.check = "same", .metric = "p99_ratio", .at_most = 1.1}};

  RunResult run;
  run.run_id = run_id;
  run.plan_name = "move";
  run.plan_path = "plan.yaml";
  run.command = "sluice run plan.yaml --phase data";
  run.seed = std::numeric_limits<std::uint64_t>::max();
  run.decision = Decision::go;
  run.deciding_rule = phase.deciding_rule;
  run.exit_code = 0;
  run.phases = {phase};
  run.services = {{.name = "v2", .kind = "external", .state = "ready"}};
  run.identities = {{.name = "plan", .path = "plan.yaml", .sha256 = std::string(64, 'a'), .bytes = 10},
                    {.name = "sluice", .path = "sluice", .sha256 = std::string(64, 'b'), .bytes = 20},
                    {.name = "service v2", .path = "v2", .sha256 = std::string(64, 'c'), .bytes = 30},
                    {.name = "action later", .path = "later.sh", .sha256 = std::string(64, 'd'), .bytes = 40}};
  return run;
}

}  // namespace sluice::ledger::testing
