#include "harness/plan/loader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "harness/plan/crosscheck.hpp"
#include "harness/plan/declarations.hpp"
#include "harness/plan/examination.hpp"
#include "harness/plan/implied_needs.hpp"
#include "harness/plan/normalise.hpp"
#include "harness/plan/signals.hpp"
#include "harness/plan/waiver_file.hpp"

namespace sluice::plan {
namespace {

using nlohmann::json;

Position place_of(const Node& root, const char* section, const std::string& name) {
  const Node* found = root.find(section);
  if (found == nullptr) return root.at;
  for (const auto& member : found->members) {
    if (member.key == name) return member.at;
  }
  return root.at;
}

std::vector<std::string> texts_of(const json& record, const char* name) {
  return record.contains(name) ? record.at(name).get<std::vector<std::string>>() : std::vector<std::string>{};
}

// In the order of the text: a JSON object would sort by name, and start-up order, lists and reports follow the
// author's.
std::vector<std::string> names_in_order(const Node& root, const char* section) {
  std::vector<std::string> names;
  if (const Node* found = root.find(section)) {
    for (const auto& member : found->members) names.push_back(member.key);
  }
  return names;
}

void fill_services(const Node& root, const json& values, Plan& plan) {
  for (const auto& name : names_in_order(root, "services")) {
    const json& value = values.at("services").at(name);
    plan.services.push_back({.name = name,
                             .kind = value.at("kind"),
                             .needs = texts_of(value, "needs"),
                             .parameters = Parameters(value),
                             .at = place_of(root, "services", name)});
  }
}

std::optional<ServiceOrder> order_of(const Parameters& value) {
  using Deed = ServiceOrder::Deed;
  for (const auto& [name, deed] : {std::pair("restart", Deed::restart), {"stop", Deed::stop}, {"start", Deed::start}}) {
    if (value.has(name)) return ServiceOrder{.deed = deed, .service = value.text(name)};
  }
  if (!value.has("signal")) return std::nullopt;
  const Parameters signal = value.record("signal");
  return ServiceOrder{
      .deed = Deed::signal, .service = signal.text("service"), .signal = signal_number(signal.text("name"))};
}

// Whether the author did; the values hold the defaults too.
bool wrote(const Node& root, const std::string& action, const char* key) {
  const Node* actions = root.find("actions");
  const Node* node = actions != nullptr ? actions->find(action) : nullptr;
  return node != nullptr && node->find(key) != nullptr;
}

void fill_actions(const Node& root, const json& values, Plan& plan) {
  for (const auto& name : names_in_order(root, "actions")) {
    const Parameters value(values.at("actions").at(name));
    ActionSpec action{.name = name,
                      .command = {},
                      .order = order_of(value),
                      .timeout = value.duration("timeout"),
                      .timeout_is_default = !wrote(root, name, "timeout"),
                      .environment = {},
                      .at = place_of(root, "actions", name)};
    if (value.has("command")) action.command = value.texts("command");
    if (value.has("env")) action.environment = value.value("env").get<std::map<std::string, std::string>>();
    plan.actions.push_back(std::move(action));
  }
}

void fill_checks(const Node& root, const json& values, const std::vector<CheckKind>& kinds, Plan& plan) {
  for (const auto& name : names_in_order(root, "checks")) {
    const json& value = values.at("checks").at(name);
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const CheckKind& k) { return k.name == value.at("kind"); });
    plan.checks.push_back(
        {.name = name, .kind = *kind, .parameters = Parameters(value), .at = place_of(root, "checks", name)});
  }
}

RollbackSpec rollback_of(const Parameters& value) {
  RollbackSpec rollback{.action = value.text("action"), .within = std::nullopt};
  if (value.has("within")) rollback.within = value.duration("within");
  return rollback;
}

void fill_gate(const Parameters& gate, PhaseSpec& phase) {
  if (gate.has("require")) phase.require = gate.texts("require");
  if (gate.has("allow_inconclusive")) phase.allow_inconclusive = gate.texts("allow_inconclusive");
  if (gate.has("coverage")) {
    for (const auto& [check, minimum] : gate.value("coverage").items()) {
      phase.coverage.push_back({check, minimum.get<std::uint64_t>()});
    }
  }
  if (!gate.has("limits")) return;
  for (const auto& entry : gate.value("limits")) {
    const Parameters limit(entry);
    MetricLimit& added = phase.limits.emplace_back();
    added.check = limit.text("check");
    added.metric = limit.text("metric");
    if (limit.has("at_most")) added.at_most = limit.number("at_most");
    if (limit.has("at_least")) added.at_least = limit.number("at_least");
  }
}

void fill_phases(const Node& root, const json& values, Plan& plan) {
  const Node& list = *root.find("phases");
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const json& value = values.at("phases").at(i);
    PhaseSpec phase{.name = value.at("name"),
                    .needs = texts_of(value, "needs"),
                    .before = texts_of(value, "before"),
                    .enter = texts_of(value, "enter"),
                    .during = texts_of(value, "during"),
                    .after = texts_of(value, "after"),
                    .rollback = std::nullopt,
                    .require = {"all"},
                    .coverage = {},
                    .limits = {},
                    .allow_inconclusive = {},
                    .at = list.items[i].at};
    phase.parallel = value.at("parallel").get<bool>();
    if (value.contains("rollback")) phase.rollback = rollback_of(Parameters(value.at("rollback")));
    fill_gate(Parameters(value).record("gate"), phase);
    plan.phases.push_back(std::move(phase));
  }
}

void fill_side_urls(const json& values, const char* section, std::map<std::string, std::string>& urls) {
  if (!values.contains(section)) return;
  for (const auto& [side, url] : values.at(section).items()) {
    if (url.is_string()) urls[side] = url;
  }
}

void fill_clone(const json& values, Plan& plan) {
  if (!values.contains("stores") || !values.at("stores").contains("before")) return;
  const Parameters clone(values.at("stores").at("before"));
  plan.before = CloneSpec{
      .side = clone.text("clone"), .sessions = clone.text("sessions"), .patience = clone.duration("patience")};
}

void fill_waivers(const Node& root, const json& values, Plan& plan) {
  const Node* list = root.find("waivers");
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Parameters value(values.at("waivers").at(i));
    Waiver waiver{.check = value.text("check"),
                  .rule = value.text("rule"),
                  .where = {},
                  .owner = value.text("owner"),
                  .reason = value.text("reason"),
                  .expires = value.text("expires"),
                  .severity_ack = value.has("severity_ack") ? value.text("severity_ack") : "",
                  .source = list->items[i].at.to_string(),
                  .phase = value.text("phase")};
    if (value.has("where")) {
      for (const auto& [name, glob] : value.value("where").items()) waiver.where.emplace_back(name, glob);
    }
    plan.waivers.push_back(std::move(waiver));
  }
}

Plan build(Node root, std::string text, const std::filesystem::path& path, const std::vector<CheckKind>& kinds,
           Problems problems) {
  auto waiver_files = add_waiver_files(root, path, problems);
  const json values = normalise(root, plan_declaration(kinds), "plan", problems);
  Plan plan;
  plan.path = path;
  plan.directory = std::filesystem::absolute(path).parent_path();
  plan.text = std::move(text);
  if (problems.empty()) {
    plan.name = values.at("name");
    fill_services(root, values, plan);
    fill_actions(root, values, plan);
    fill_checks(root, values, kinds, plan);
    fill_phases(root, values, plan);
    fill_side_urls(values, "endpoints", plan.endpoints);
    fill_side_urls(values, "stores", plan.stores);
    fill_clone(values, plan);
    plan.allow_targets = texts_of(values, "allow_targets");
    fill_waivers(root, values, plan);
    plan.waiver_files = std::move(waiver_files);
    plan.evidence_max_age = Parameters(values).duration("evidence_max_age");
  }
  // Names are checked on the tree as written, so that they are reported together with mistakes of form.
  crosscheck(root, kinds, problems);
  examine_checks(root, kinds, plan.directory, problems);
  if (!problems.empty()) throw PlanError(std::move(problems));
  add_implied_needs(plan);
  return plan;
}

}  // namespace

Plan parse_plan(const std::string& text, const std::filesystem::path& path, const std::vector<CheckKind>& kinds,
                const Node* overlay) {
  Problems problems;
  Node root = read_yaml(text, path.string(), problems);
  if (root.kind != Node::Kind::map && problems.empty()) {
    problems.add(root.at, fmt::format("a plan is a map with `sluice: 1` on top, found {}", root.describe()));
  }
  if (root.kind != Node::Kind::map) throw PlanError(std::move(problems));
  if (overlay != nullptr) merge(root, *overlay);
  return build(std::move(root), text, path, kinds, std::move(problems));
}

Plan load_plan(const std::filesystem::path& path, const std::vector<CheckKind>& kinds, const Node* overlay) {
  Problems problems;
  const std::string text = read_plan_text(path, path.string(), problems);
  if (!problems.empty()) throw PlanError(std::move(problems));
  return parse_plan(text, path, kinds, overlay);
}

}  // namespace sluice::plan
