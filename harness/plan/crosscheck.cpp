#include "harness/plan/crosscheck.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "harness/core/day.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/declarations.hpp"
#include "harness/plan/node_parts.hpp"
#include "harness/plan/reference.hpp"
#include "harness/plan/reference_check.hpp"
#include "harness/plan/signals.hpp"

namespace sluice::plan {
namespace {

class CrossChecker {
 public:
  CrossChecker(const Node& root, const std::vector<CheckKind>& kinds, Problems& problems)
      : root_(root),
        kinds_(kinds),
        problems_(problems),
        services_(keys_of(root, "services")),
        actions_(keys_of(root, "actions")),
        checks_(keys_of(root, "checks")) {
    if (const Node* phases = root.find("phases")) {
      for (const auto& phase : phases->items) {
        if (const Node* name = phase.find("name")) phases_.push_back(name->text);
      }
    }
  }

  void run() {
    // Names are looked for in each other's lists, and circles from every one of them: without a bound that never ends.
    if (std::max({services_.size(), actions_.size(), checks_.size(), phases_.size()}) > most_of_a_section) {
      problems_.add(root_.at, fmt::format("more than {} services, actions, checks or phases", most_of_a_section));
      return;
    }
    check_names();
    check_needs_of_services();
    check_services();
    check_actions();
    check_phases();
    check_waivers();
    check_sides();
    check_clone();
    check_references(root_, problems_);
  }

 private:
  static constexpr std::size_t most_of_a_section = 1000;

  // Names become file names and command-line words: anything else in them would reach outside the run's folders.
  void check_form(const std::string& name, const Position& at, const char* what) {
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
                       std::string::npos;
    if (plain && !name.empty() && name.front() != '.' && name.front() != '-' && name.size() <= 100) return;
    problems_.add(at,
                  fmt::format("{} '{}': a name is 1 to 100 letters, digits, '-', '_' or '.', and begins with none of "
                              "the last but '_'",
                              what, printable(name, 40)));
  }

  void check_names() {
    static const std::set<std::string> builtin{"plan", "work", "bin", "self", "env", "secret"};
    for (const auto& [section, what] : {std::pair("services", "service"), {"actions", "action"}, {"checks", "check"}}) {
      const Node* found = root_.find(section);
      if (found == nullptr) continue;
      for (const auto& member : found->members) {
        check_form(member.key, member.at, what);
        if (std::string_view(what) == "service" &&
            (builtin.contains(member.key) || member.key.find('.') != std::string::npos)) {
          problems_.add(member.at, fmt::format("service '{}': ${{{}}} could not refer to it; choose another name",
                                               member.key, member.key));
        }
      }
    }
  }

  void check_name(const Node& name, const std::vector<std::string>& known, const std::string& what) {
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return;
    problems_.add(name.at, fmt::format("no {} is called '{}'{}", what, name.text, suggestion(name.text, known)));
  }

  void check_needs_of_services() {
    const Node* services = root_.find("services");
    if (services == nullptr) return;
    std::map<std::string, std::vector<std::string>> graph;
    for (const auto& service : services->members) {
      for (const Node* need : scalars(service.value.find("needs"))) {
        check_name(*need, services_, "service");
        graph[service.key].push_back(need->text);
      }
      for_each_text(service.value, [&](const Node& text) {
        std::string ignored;
        for (const auto& reference : find_references(text.text, ignored)) {
          if (reference.name != service.key) graph[service.key].push_back(reference.name);
        }
      });
    }
    for (const auto& service : services->members) report_cycle(service.key, service.at, graph, "service");
  }

  void check_services() {
    const Node* services = root_.find("services");
    if (services == nullptr) return;
    for (const auto& service : services->members) {
      const Node* storage = service.value.find("storage");
      if (text_of(storage) == "memory" && text_of(service.value.find("durable")) == "true") {
        problems_.add(storage->at,
                      fmt::format("service '{}' is durable, and memory is not: leave out one of the two", service.key));
      }
      const Node* ready = service.value.find("ready");
      if (const Node* activation = service.value.find("socket_activation");
          text_of(activation) == "true" && !holds_condition(ready)) {
        problems_.add(activation->at,
                      fmt::format("service '{}': with socket_activation its address takes connections before it runs, "
                                  "which says nothing of its being ready; add ready.http, ready.log, ready.command or "
                                  "ready.sql",
                                  service.key));
      }
    }
  }

  static bool holds_condition(const Node* ready) {
    if (ready == nullptr) return false;
    return ready->find("http") != nullptr || ready->find("log") != nullptr || ready->find("command") != nullptr ||
           ready->find("sql") != nullptr;
  }

  void check_actions() {
    const Node* actions = root_.find("actions");
    if (actions == nullptr) return;
    for (const auto& action : actions->members) {
      std::size_t deeds = 0;
      for (const char* deed : {"command", "restart", "stop", "start", "signal"})
        deeds += action.value.find(deed) != nullptr;
      if (deeds != 1) {
        problems_.add(action.at,
                      fmt::format("action '{}' needs exactly one of `command`, `restart`, `stop`, `start` and "
                                  "`signal`; it has {}",
                                  action.key, deeds));
      }
      for (const char* deed : {"restart", "stop", "start"}) {
        if (const Node* service = action.value.find(deed)) check_ordered(*service);
      }
      const Node* signal = action.value.find("signal");
      if (signal == nullptr) continue;
      if (const Node* service = signal->find("service")) check_ordered(*service);
      const Node* name = signal->find("name");
      if (name != nullptr && signal_number(name->text) == 0) {
        problems_.add(name->at, fmt::format("'{}' is no signal that a plan may send; choose from {}",
                                            printable(name->text, 40), fmt::join(signal_names(), ", ")));
      }
    }
  }

  // Only what the run itself started can be stopped by it.
  void check_ordered(const Node& service) {
    check_name(service, services_, "service");
    const std::string kind = service_kind(root_, service.text);
    if (kind == "external" || kind == "task") {
      problems_.add(service.at,
                    fmt::format("service '{}' is of kind {}, which cannot be started or stopped by an action",
                                service.text, kind));
    }
  }

  void check_waivers() {
    const Node* waivers = root_.find("waivers");
    if (waivers == nullptr) return;
    for (const auto& waiver : waivers->items) {
      check_waiver_glob(waiver.find("check"), checks_, "check");
      check_waiver_glob(waiver.find("phase"), phases_, "phase");
      const Node* expires = waiver.find("expires");
      if (expires != nullptr && !parse_day(expires->text)) {
        problems_.add(expires->at,
                      fmt::format("'{}' is no date; write the last day on which the waiver holds as 2026-12-31",
                                  printable(expires->text, 40)));
      }
      for (const char* field : {"owner", "reason"}) {
        const Node* said = waiver.find(field);
        if (said != nullptr && said->text.find_first_not_of(" \t\r\n") == std::string::npos) {
          problems_.add(said->at, fmt::format("a waiver without {} is nobody's; say it", field));
        }
      }
    }
  }

  void check_waiver_glob(const Node* glob, const std::vector<std::string>& names, const char* what) {
    if (glob == nullptr || std::any_of(names.begin(), names.end(),
                                       [&](const std::string& name) { return glob_matches(glob->text, name); }))
      return;
    problems_.add(glob->at, fmt::format("this waiver's '{}' matches no {}{}", printable(glob->text, 40), what,
                                        suggestion(glob->text, names)));
  }

  // Reports a cycle once, at its alphabetically first member.
  void report_cycle(const std::string& start, const Position& at,
                    const std::map<std::string, std::vector<std::string>>& graph, const char* what) {
    std::vector<std::string> path;
    std::set<std::string> visited;
    const std::function<bool(const std::string&)> reaches_start = [&](const std::string& name) {
      const auto edges = graph.find(name);
      if (edges == graph.end()) return false;
      for (const auto& next : edges->second) {
        if (next == start) return true;
        if (next < start || !visited.insert(next).second) continue;
        path.push_back(next);
        if (reaches_start(next)) return true;
        path.pop_back();
      }
      return false;
    };
    if (!reaches_start(start)) return;
    std::string chain = start;
    for (const auto& name : path) chain += " -> " + name;
    problems_.add(at, fmt::format("{} needs go in a circle: {} -> {}", what, chain, start));
  }

  void check_phases() {
    const Node* phases = root_.find("phases");
    if (phases == nullptr) return;
    std::set<std::string> seen;
    std::map<std::string, std::vector<std::string>> graph;
    for (const auto& phase : phases->items) {
      const std::string name = text_of(phase.find("name"));
      if (const Node* written = phase.find("name")) check_form(name, written->at, "phase");
      if (!name.empty() && !seen.insert(name).second) {
        problems_.add(phase.find("name")->at, fmt::format("a second phase is called '{}'", name));
      }
      for (const Node* need : scalars(phase.find("needs"))) {
        check_name(*need, phases_, "phase");
        graph[name].push_back(need->text);
      }
      for (const Node* action : scalars(phase.find("enter"))) check_name(*action, actions_, "action");
      if (const Node* rollback = phase.find("rollback")) {
        const Node* action = rollback->kind == Node::Kind::map ? rollback->find("action") : rollback;
        if (action != nullptr) check_name(*action, actions_, "action");
      }
      check_gate(phase, name);
    }
    for (const auto& phase : phases->items) {
      const std::string name = text_of(phase.find("name"));
      if (!name.empty()) report_cycle(name, phase.at, graph, "phase");
    }
  }

  void check_gate(const Node& phase, const std::string& name) {
    std::set<std::string> matched_by;  // names, kinds and suites of the phase's checks
    std::set<std::string> used;
    for (const char* stage : {"before", "during", "after"}) {
      for (const Node* check : scalars(phase.find(stage))) {
        check_name(*check, checks_, "check");
        used.insert(check->text);
        const std::string kind = kind_of(check->text);
        matched_by.insert({check->text, kind, kind.substr(0, kind.find('.'))});
      }
    }
    if (used.empty()) {
      problems_.add(phase.at, fmt::format("phase '{}' has no checks: nothing could open or close its gate", name));
    }
    const Node* gate = phase.find("gate");
    if (gate != nullptr) check_gate_details(*gate, name, used);
    for (const Node* rule : scalars(gate != nullptr ? gate->find("require") : nullptr)) {
      if (rule->text == "all") continue;
      const bool matches = std::any_of(matched_by.begin(), matched_by.end(),
                                       [&](const std::string& text) { return glob_matches(rule->text, text); });
      if (!matches) {
        problems_.add(rule->at, fmt::format("phase '{}': '{}' matches none of its checks{}", name, rule->text,
                                            suggestion(rule->text, {used.begin(), used.end()})));
      }
    }
  }

  // What the gate says of single checks must be about checks that it requires.
  void check_gate_details(const Node& gate, const std::string& phase, const std::set<std::string>& used) {
    const std::vector<std::string> known(used.begin(), used.end());
    const auto must_be_here = [&](const std::string& name, const Position& at) {
      if (used.contains(name)) return;
      problems_.add(at,
                    fmt::format("phase '{}' has no check '{}'{}", phase, printable(name, 40), suggestion(name, known)));
    };
    if (const Node* coverage = gate.find("coverage")) {
      for (const auto& member : coverage->members) must_be_here(member.key, member.at);
    }
    for (const Node* name : scalars(gate.find("allow_inconclusive"))) must_be_here(name->text, name->at);
    const Node* limits = gate.find("limits");
    if (limits == nullptr) return;
    for (const auto& limit : limits->items) {
      if (const Node* check = limit.find("check")) must_be_here(check->text, check->at);
      if (limit.find("at_most") == nullptr && limit.find("at_least") == nullptr) {
        problems_.add(limit.at, "a limit needs `at_most`, `at_least` or both");
      }
    }
  }

  std::string kind_of(const std::string& check) const {
    const Node* checks = root_.find("checks");
    const Node* found = checks == nullptr ? nullptr : checks->find(check);
    return found == nullptr ? "" : text_of(found->find("kind"));
  }

  void check_sides() {
    const Node* checks = root_.find("checks");
    if (checks == nullptr) return;
    for (const auto& check : checks->members) {
      const auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const CheckKind& candidate) {
        return candidate.name == text_of(check.value.find("kind"));
      });
      if (kind == kinds_.end()) continue;
      if (kind->needs_endpoints) require_sides(check, "endpoints", "\"${SERVICE.url}\"");
      if (kind->needs_stores) require_sides(check, "stores", "\"${POSTGRES.url}/DATABASE\"");
    }
  }

  void require_sides(const Node::Member& check, const char* section, const char* example) {
    const Node* found = root_.find(section);
    for (const char* place : {"old", "new"}) {
      const std::string side =
          names_before(check.value, place) && section == std::string_view("stores") ? "before" : place;
      if (found != nullptr && found->find(side) != nullptr) continue;
      problems_.add(
          check.at,
          fmt::format("check '{}' compares both sides, and `{}:` has no '{}'; add `{}: {}` there{}", check.key, section,
                      side, side, side == "before" ? "{ clone: new }" : example,
                      section == std::string_view("stores") ? "; with one database the same URL is both sides" : ""));
    }
  }

  static bool names_before(const Node& check, const char* place) { return text_of(check.find(place)) == "before"; }

  // The clone is taken of a store, between the checks before a phase and its first action.
  void check_clone() {
    const Node* stores = root_.find("stores");
    const Node* clone = stores == nullptr ? nullptr : stores->find("before");
    if (clone != nullptr) {
      const Node* side = clone->find("clone");
      if (side != nullptr && stores->find(side->text) == nullptr && (side->text == "old" || side->text == "new")) {
        problems_.add(side->at, fmt::format("`stores:` has no '{0}' to clone; add `{0}: …` there", side->text));
      }
    }
    const Node* phases = root_.find("phases");
    const Node* checks = root_.find("checks");
    if (phases == nullptr || checks == nullptr) return;
    for (const auto& phase : phases->items) {
      const bool has_actions = !scalars(phase.find("enter")).empty();
      for (const char* stage : {"before", "during", "after"}) {
        for (const Node* name : scalars(phase.find(stage))) {
          const Node* check = checks->find(name->text);
          if (check == nullptr || (!names_before(*check, "old") && !names_before(*check, "new"))) continue;
          if (stage == std::string_view("before")) {
            problems_.add(name->at, fmt::format("check '{}' needs the store `before`, which is cloned after the checks "
                                                "before a phase; move it to `during` or `after`",
                                                name->text));
          } else if (!has_actions) {
            problems_.add(name->at, fmt::format("check '{}' needs the store `before`, which is cloned before a phase's "
                                                "first action, and this phase enters none; add it to a phase that does",
                                                name->text));
          }
        }
      }
    }
  }

  const Node& root_;
  const std::vector<CheckKind>& kinds_;
  Problems& problems_;
  std::vector<std::string> services_;
  std::vector<std::string> actions_;
  std::vector<std::string> checks_;
  std::vector<std::string> phases_;
};

}  // namespace

void crosscheck(const Node& root, const std::vector<CheckKind>& kinds, Problems& problems) {
  CrossChecker(root, kinds, problems).run();
}

}  // namespace sluice::plan
