#include "harness/run/ledger/policy_json.hpp"

namespace sluice::ledger {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Does not compile once a policy has a member more: then what is written and read here has to follow.
[[maybe_unused]] void knows_every_member(const RequiredCheck& model) { [[maybe_unused]] const auto& [m1, m2] = model; }
[[maybe_unused]] void knows_every_member(const MinimumCoverage& model) {
  [[maybe_unused]] const auto& [m1, m2] = model;
}
[[maybe_unused]] void knows_every_member(const MetricLimit& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const Waiver& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = model;
}
[[maybe_unused]] void knows_every_member(const GatePolicy& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7] = model;
}

ordered_json waiver_json(const Waiver& waiver) {
  ordered_json where = ordered_json::array();
  for (const auto& [name, glob] : waiver.where) where.push_back({{"name", name}, {"glob", glob}});
  return {{"check", waiver.check},
          {"rule", waiver.rule},
          {"where", where},
          {"owner", waiver.owner},
          {"reason", waiver.reason},
          {"expires", waiver.expires},
          {"severity_ack", waiver.severity_ack},
          {"source", waiver.source},
          {"phase", waiver.phase}};
}

Waiver parse_waiver(const json& value) {
  Waiver waiver{.check = value.at("check"),
                .rule = value.at("rule"),
                .where = {},
                .owner = value.at("owner"),
                .reason = value.at("reason"),
                .expires = value.at("expires"),
                .severity_ack = value.at("severity_ack"),
                .source = value.at("source"),
                .phase = value.at("phase")};
  for (const auto& place : value.at("where"))
    waiver.where.emplace_back(place.at("name").get<std::string>(), place.at("glob").get<std::string>());
  return waiver;
}

std::optional<double> optional_number(const json& object, const char* name) {
  return object.contains(name) ? std::optional(object.at(name).get<double>()) : std::nullopt;
}

}  // namespace

ordered_json policy_json(const GatePolicy& policy) {
  ordered_json required = ordered_json::array();
  for (const auto& entry : policy.required) required.push_back({{"check", entry.check}, {"stage", entry.stage}});
  ordered_json coverage = ordered_json::array();
  for (const auto& entry : policy.coverage) coverage.push_back({{"check", entry.check}, {"examined", entry.examined}});
  ordered_json limits = ordered_json::array();
  for (const auto& entry : policy.limits) {
    limits.push_back({{"check", entry.check}, {"metric", entry.metric}});
    if (entry.at_most) limits.back()["at_most"] = *entry.at_most;
    if (entry.at_least) limits.back()["at_least"] = *entry.at_least;
  }
  ordered_json waivers = ordered_json::array();
  for (const auto& waiver : policy.waivers) waivers.push_back(waiver_json(waiver));
  return {{"required", required},
          {"actions", policy.actions},
          {"coverage", coverage},
          {"limits", limits},
          {"allow_inconclusive", policy.allow_inconclusive},
          {"waivers", waivers},
          {"controls", policy.controls}};
}

GatePolicy parse_policy(const std::string& text) {
  const json value = json::parse(text);
  GatePolicy policy;
  for (const auto& entry : value.at("required")) policy.required.push_back({entry.at("check"), entry.at("stage")});
  policy.actions = value.at("actions").get<std::vector<std::string>>();
  for (const auto& entry : value.at("coverage"))
    policy.coverage.push_back({entry.at("check"), entry.at("examined").get<std::uint64_t>()});
  for (const auto& entry : value.at("limits")) {
    policy.limits.push_back({.check = entry.at("check"),
                             .metric = entry.at("metric"),
                             .at_most = optional_number(entry, "at_most"),
                             .at_least = optional_number(entry, "at_least")});
  }
  policy.allow_inconclusive = value.at("allow_inconclusive").get<std::vector<std::string>>();
  for (const auto& waiver : value.at("waivers")) policy.waivers.push_back(parse_waiver(waiver));
  policy.controls = value.at("controls").get<bool>();
  return policy;
}

}  // namespace sluice::ledger
