#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/action_timeline.hpp"
#include "harness/core/clock.hpp"
#include "harness/core/outcome.hpp"
#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/result.hpp"
#include "harness/core/store_redirect.hpp"

namespace sluice {

/// How far a check is, for the live view only; nothing is judged by it.
struct Progress {
  double done = 0;  ///< in `unit`
  std::optional<double> total = std::nullopt;
  std::string unit;  ///< "rows", "exchanges", "s"
};

/// One of the plan's actions while it runs, in a process group of its own. Destroying it kills what is left of it.
class RunningAction {
 public:
  virtual ~RunningAction() = default;
  /// The `timeout` that the plan's author wrote for it; nullopt when nobody wrote one. Who waits keeps it: see wait().
  virtual std::optional<std::chrono::nanoseconds> timeout() const = 0;
  /// Waits for its end; nullopt when `timeout` passes first. Throws Cancelled.
  virtual std::optional<ActionResult> wait(std::chrono::nanoseconds timeout) = 0;
  /// SIGKILL to the whole group, at once; returns when it is gone.
  virtual void kill() = 0;
};

/// What is different when a check runs an action of the plan.
struct ActionChanges {
  std::vector<StoreRedirect> redirects;
  std::map<std::string, std::string> environment;  ///< set beside, and before, what the plan sets
};

/// Starts an action of the plan by its name, pointed at other stores: every spelling of theirs in its command, its
/// `env:` and the variables it inherits gives way. Without redirects it works on the stores that the plan names. Throws
/// InputError when the action does not exist, is no command, or does not name each of the stores (see StoreRedirect: it
/// would work on the real one); EnvironmentError when it cannot be started.
using StartAction =
    std::function<std::unique_ptr<RunningAction>(const std::string& action, const ActionChanges& changes)>;

/// What a check may use. Everything that changes the world or tells the time comes through here. Lives as long as the
/// check runs.
struct CheckContext {
  std::string check;                             ///< the check's name in the plan
  std::map<std::string, std::string> endpoints;  ///< "old", "new" -> base URL
  std::map<std::string, std::string> stores;     ///< "old", "new" -> store URL
  std::filesystem::path plan_directory;          ///< relative paths in parameters start here
  std::filesystem::path work;                    ///< a private, existing folder for this check
  std::filesystem::path output;                  ///< existing folder for artifacts that outlive the run
  std::uint64_t seed = 0;                        ///< of this check; the same for the same run seed
  const Clock* clock = nullptr;
  std::stop_token cancelled;                      ///< honoured within a second by everything that waits
  std::function<void(const Progress&)> progress;  ///< never empty; cheap to call often, from any thread
  std::string reproduce;                          ///< the command line that runs this check again with this seed
  StartAction start_action;                       ///< for kinds that run the plan's actions themselves
  ActionTimeline* actions = nullptr;  ///< of the phase that this check runs beside; nullptr when it runs beside none

  /// The URL of a side; throws InputError that names the check and the line to add when the plan has none.
  const std::string& endpoint(const std::string& side) const;
  const std::string& store(const std::string& side) const;
  /// `path` against the plan's folder.
  std::filesystem::path resolve(const std::filesystem::path& path) const;
};

/// One verification. The runner calls prepare, exercise, judge and, after a pass, control, on one thread, each at most
/// once. Any of them may throw: InputError, EnvironmentError and everything else make the check errored with the
/// message.
class Check {
 public:
  virtual ~Check() = default;
  /// Reads what is needed and refuses what cannot work, before any traffic.
  virtual void prepare(CheckContext& context) = 0;
  /// Does the work and collects evidence.
  virtual void exercise(CheckContext& context) = 0;
  /// Turns the evidence into a verdict; no traffic any more.
  virtual Outcome judge(CheckContext& context) = 0;
  /// Plants one violation on the same path and says whether this check caught it.
  virtual Control control(CheckContext& context) = 0;
};

/// A kind of check: how it is declared in plans, what it proves, and how to make one.
struct CheckKind {
  std::string name;          ///< "migration.rows": suite, dot, kind
  std::string proves;        ///< one or two sentences
  std::string cannot_prove;  ///< what a reader might wrongly believe of a pass
  std::vector<ParameterSpec> parameters;
  bool needs_endpoints = false;  ///< both endpoints must be in the plan
  bool needs_stores = false;     ///< both stores must be in the plan
  bool sends_load = false;  ///< its traffic is load or attack: only to this machine unless the plan allows the host
  bool writes_stores =
      false;               ///< it writes what stays into both stores: only on this machine unless the plan allows it
  bool exclusive = false;  ///< its measurement is void when another check runs beside it
  std::function<std::unique_ptr<Check>(const Parameters&)> make;
  /// Says what is wrong with parameters that are right one by one, before anything runs; may be empty. A pure function.
  /// Texts may still hold `${...}`: what is said of such a text is not heard, as it is not what the check will get.
  std::function<void(const Parameters&, ParameterProblems&)> examine = {};

  /// "migration" of "migration.rows".
  std::string suite() const { return name.substr(0, name.find('.')); }
};

}  // namespace sluice
