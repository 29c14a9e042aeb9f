#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/core/gate_policy.hpp"
#include "harness/core/parameters.hpp"
#include "harness/plan/source.hpp"

namespace sluice::plan {

/// A service as declared. `needs` holds the written ones and those that its texts refer to.
struct ServiceSpec {
  std::string name;
  std::string kind;
  std::vector<std::string> needs;
  Parameters parameters;
  Position at;
};

/// What an action does to one of the run's own services instead of running a command.
struct ServiceOrder {
  enum class Deed { start, stop, restart, signal };
  Deed deed = Deed::restart;
  std::string service;
  int signal = 0;  ///< for Deed::signal
};

struct ActionSpec {
  std::string name;
  std::vector<std::string> command;  ///< empty when it is an order
  std::optional<ServiceOrder> order;
  std::chrono::nanoseconds timeout{};
  bool timeout_is_default = true;  ///< nobody wrote one
  std::map<std::string, std::string> environment;
  Position at;
};

struct CheckSpec {
  std::string name;
  CheckKind kind;
  Parameters parameters;
  Position at;
};

/// How a phase is taken back.
struct RollbackSpec {
  std::string action;
  std::optional<std::chrono::nanoseconds> within;  ///< the window that it must keep
};

/// A copy of a side's store, taken before a phase's first action and dropped at its end.
struct CloneSpec {
  std::string side;                     ///< whose store: "old" or "new"
  std::string sessions = "wait";        ///< "refuse", "wait" or "terminate" what others have on a PostgreSQL database
  std::chrono::nanoseconds patience{};  ///< how long to wait for them
};

struct PhaseSpec {
  std::string name;
  std::vector<std::string> needs;
  std::vector<std::string> before;
  std::vector<std::string> enter;  ///< actions
  std::vector<std::string> during;
  std::vector<std::string> after;
  std::optional<RollbackSpec> rollback;
  bool parallel = false;  ///< its checks may run side by side, but for those whose kind must be alone
  /// What the gate requires: "all", or globs over check names, kinds and suites.
  std::vector<std::string> require;
  std::vector<MinimumCoverage> coverage;
  std::vector<MetricLimit> limits;
  std::vector<std::string> allow_inconclusive;
  Position at;

  /// "before", "during", "after" with their checks, in this order.
  std::vector<std::pair<std::string, std::vector<std::string>>> stages() const;
};

/// One migration, checked and immutable. Texts still hold their `${...}` references: ports exist only once services
/// run.
struct Plan {
  std::filesystem::path path;
  std::filesystem::path directory;
  std::string name;
  std::string text;  ///< the file as read, for its identity
  std::vector<ServiceSpec> services;
  std::map<std::string, std::string> endpoints;
  std::map<std::string, std::string> stores;
  std::optional<CloneSpec> before;  ///< the store `before`
  std::vector<ActionSpec> actions;
  std::vector<CheckSpec> checks;
  std::vector<PhaseSpec> phases;
  std::vector<std::string> allow_targets;
  std::vector<Waiver> waivers;  ///< of the plan and of its waiver files
  std::vector<std::filesystem::path> waiver_files;
  std::chrono::nanoseconds evidence_max_age{};  ///< how old a GO in the ledger may be and still open a later phase

  const ServiceSpec* service(std::string_view name) const;
  const ActionSpec* action(std::string_view name) const;
  const CheckSpec* check(std::string_view name) const;
  const PhaseSpec* phase(std::string_view name) const;
  /// Whether anything in the plan is not the run's own to create: then nothing is entered but the phase asked for.
  bool has_external_services() const;
};

/// Whether a side of the check is the store `before`.
bool compares_with_before(const CheckSpec& check);

/// The phases that `name` needs, transitively, and itself, each after what it needs.
std::vector<const PhaseSpec*> phases_up_to(const Plan& plan, const std::string& name);

}  // namespace sluice::plan
