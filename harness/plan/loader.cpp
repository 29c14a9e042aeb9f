#include "harness/plan/loader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "harness/plan/crosscheck.hpp"
#include "harness/plan/declarations.hpp"
#include "harness/plan/normalise.hpp"

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

void fill_actions(const Node& root, const json& values, Plan& plan) {
  for (const auto& name : names_in_order(root, "actions")) {
    const Parameters value(values.at("actions").at(name));
    plan.actions.push_back({.name = name,
                            .command = value.texts("command"),
                            .timeout = value.duration("timeout"),
                            .environment = value.has("env")
                                               ? value.value("env").get<std::map<std::string, std::string>>()
                                               : std::map<std::string, std::string>{},
                            .at = place_of(root, "actions", name)});
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
                    .require = {},
                    .at = list.items[i].at};
    if (value.contains("rollback")) phase.rollback = value.at("rollback").get<std::string>();
    phase.require = value.contains("gate") ? texts_of(value.at("gate"), "require") : std::vector<std::string>{"all"};
    plan.phases.push_back(std::move(phase));
  }
}

void fill_side_urls(const json& values, const char* section, std::map<std::string, std::string>& urls) {
  if (values.contains(section)) urls = values.at(section).get<std::map<std::string, std::string>>();
}

Plan build(Node root, std::string text, const std::filesystem::path& path, const std::vector<CheckKind>& kinds,
           Problems problems) {
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
    plan.allow_targets = texts_of(values, "allow_targets");
  }
  // Names are checked on the tree as written, so that they are reported together with mistakes of form.
  crosscheck(root, kinds, problems);
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
