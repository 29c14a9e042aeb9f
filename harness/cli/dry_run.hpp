#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/plan/plan.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {

/// What a run would do, in order, worked out from the plan alone.
struct DryRun {
  struct Service {
    std::string name;
    std::string kind;
    std::vector<std::string> needs;  ///< all of them stand before it
  };
  struct Step {
    std::string stage;  ///< "before", "enter", "during", "after"
    std::string what;   ///< "check" or "action"
    std::string name;
    std::string detail;  ///< the check's kind; the action's command, references not filled
    std::string note;    ///< "beside the actions"; empty where there is nothing to say
  };
  struct Phase {
    std::string name;
    std::vector<std::string> needs;
    bool entered_only = false;
    std::vector<Step> steps;
    std::vector<std::string> require;  ///< of the gate; empty when it is not asked
  };
  std::string plan;
  std::vector<Service> services;
  std::vector<Phase> phases;
  std::vector<NotRun> not_run;
  bool opens_gates = true;  ///< false: only some checks are selected
};

DryRun dry_run(const plan::Plan& plan, const run::RunOptions& options);
std::string as_text(const DryRun& planned);
nlohmann::ordered_json as_json(const DryRun& planned);

}  // namespace sluice::cli
