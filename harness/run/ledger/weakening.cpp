#include "harness/run/ledger/weakening.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace sluice::ledger {
namespace {

using nlohmann::json;

constexpr const char* gone = "gone";
constexpr std::size_t longest_value = 300;

class Comparison {
 public:
  explicit Comparison(const PhaseResult& now) : now_(now) {}

  void add(std::string rule, std::string was, std::string now) {
    found_.push_back({now_.name, std::move(rule), std::move(was), std::move(now)});
  }

  void required(const GatePolicy& then) {
    for (const auto& [check, stage] : then.required) {
      const bool there = std::any_of(now_.policy.required.begin(), now_.policy.required.end(),
                                     [&](const auto& entry) { return entry.check == check && entry.stage == stage; });
      if (!there) add(fmt::format("require {} {}", check, stage), "required", gone);
    }
    for (const auto& action : then.actions) {
      const auto& actions = now_.policy.actions;
      if (std::find(actions.begin(), actions.end(), action) == actions.end())
        add("action " + action, "must succeed", gone);
    }
    if (then.controls && !now_.policy.controls) add("controls", "on", "off");
  }

  void coverage(const GatePolicy& then) {
    for (const auto& was : then.coverage) {
      const auto now = std::find_if(now_.policy.coverage.begin(), now_.policy.coverage.end(),
                                    [&](const auto& entry) { return entry.check == was.check; });
      if (now != now_.policy.coverage.end() && now->examined >= was.examined) continue;
      add("coverage of " + was.check, fmt::format("{}", was.examined),
          now == now_.policy.coverage.end() ? gone : fmt::format("{}", now->examined));
    }
  }

  void limits(const GatePolicy& then) {
    for (const auto& was : then.limits) {
      const auto now = std::find_if(now_.policy.limits.begin(), now_.policy.limits.end(), [&](const auto& entry) {
        return entry.check == was.check && entry.metric == was.metric;
      });
      const auto bound = [&](auto member) {
        return now == now_.policy.limits.end() ? std::optional<double>() : (*now).*member;
      };
      const std::string rule = fmt::format("{} of {}", was.metric, was.check);
      limit(rule, "at most", was.at_most, bound(&MetricLimit::at_most), 1);
      limit(rule, "at least", was.at_least, bound(&MetricLimit::at_least), -1);
    }
  }

  void inconclusive(const GatePolicy& then) {
    for (const auto& check : now_.policy.allow_inconclusive) {
      const auto& before = then.allow_inconclusive;
      if (std::find(before.begin(), before.end(), check) == before.end())
        add("allow_inconclusive " + check, "must conclude", "may be inconclusive");
    }
  }

  void waivers(const GatePolicy& then) {
    for (const auto& now : now_.policy.waivers) {
      const auto was = std::find_if(then.waivers.begin(), then.waivers.end(), [&](const Waiver& entry) {
        return entry.check == now.check && entry.rule == now.rule && entry.where == now.where &&
               entry.severity_ack == now.severity_ack;
      });
      if (was != then.waivers.end() && was->expires >= now.expires) continue;  // "2026-12-31": text order is time order
      std::string rule = fmt::format("waiver of {} in {}", now.rule, now.check);
      for (const auto& [name, glob] : now.where) rule += fmt::format(", {} {}", name, glob);
      if (!now.severity_ack.empty()) rule += fmt::format(" ({} too)", now.severity_ack);
      add(rule, was == then.waivers.end() ? "no waiver" : "until " + was->expires,
          fmt::format("until {}, by {}", now.expires, now.owner));
    }
  }

  // `place` is "limit.p99"; a null value is one that is not there.
  void parameter(const ParameterSpec* spec, const std::string& place, const std::string& check, const json& was,
                 const json& now) {
    if (was == now) return;
    if (spec != nullptr && was.is_object() && now.is_object() && compound(*spec)) {
      std::map<std::string, bool> names;
      for (const auto& [name, value] : was.items()) names[name] = true;
      for (const auto& [name, value] : now.items()) names[name] = true;
      for (const auto& [name, ignored] : names)
        parameter(inner(*spec, was, name), place.empty() ? name : place + "." + name, check, member(was, name),
                  member(now, name));
      return;
    }
    const auto strictness = spec == nullptr ? Strictness::neutral : spec->strictness;
    const bool known = strictness != Strictness::neutral && was.is_number() && (now.is_number() || now.is_null());
    if (known && now.is_number() && stricter(strictness, was, now)) return;
    add(fmt::format("{} of {}{}", place, check, known ? "" : " (changed)"),
        was.is_null() ? "not set" : shown(spec, was), shown(spec, now));
  }

  std::vector<Weakening> take() { return std::move(found_); }

 private:
  // `sign` 1: higher is looser.
  void limit(const std::string& rule, const char* end, const std::optional<double>& was,
             const std::optional<double>& now, int sign) {
    if (!was || (now && sign * *now <= sign * *was)) return;
    add(rule, fmt::format("{} {}", end, *was), now ? fmt::format("{} {}", end, *now) : gone);
  }

  static bool compound(const ParameterSpec& spec) {
    return spec.type == ParameterType::record || spec.type == ParameterType::map || spec.type == ParameterType::variant;
  }

  static const ParameterSpec* named(const std::vector<ParameterSpec>& specs, const std::string& name) {
    const auto found = std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
    return found == specs.end() ? nullptr : &*found;
  }

  static const ParameterSpec* inner(const ParameterSpec& spec, const json& value, const std::string& name) {
    if (spec.type == ParameterType::map) return spec.item.empty() ? nullptr : &spec.item.front();
    if (spec.type == ParameterType::record) return named(spec.fields, name);
    for (const auto& alternative : spec.alternatives) {
      if (value.value("kind", "") == alternative.kind) return named(alternative.fields, name);
    }
    return nullptr;
  }

  static json member(const json& object, const std::string& name) {
    const auto found = object.find(name);
    return found == object.end() ? json() : *found;
  }

  static bool stricter(Strictness strictness, const json& was, const json& now) {
    return strictness == Strictness::lower_is_stricter ? now.get<double>() < was.get<double>()
                                                       : now.get<double>() > was.get<double>();
  }

  static std::string shown(const ParameterSpec* spec, const json& value) {
    if (value.is_null()) return gone;
    if (spec != nullptr && spec->type == ParameterType::duration && value.is_number_integer())
      return human_duration(std::chrono::nanoseconds(value.get<std::int64_t>()));
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > longest_value) {
      std::size_t end = longest_value;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // between two characters
      text = text.substr(0, end) + "…";
    }
    return text;
  }

  const PhaseResult& now_;
  std::vector<Weakening> found_;
};

void compare_parameters(const RecordedCheck& then, const CheckResult& now, const plan::Plan& plan,
                        Comparison& comparison) {
  if (then.kind != now.kind) {
    comparison.add("kind of " + now.name + " (changed)", then.kind, now.kind);
    return;
  }
  const json was = json::parse(then.parameters, nullptr, false);
  const json is = json::parse(now.parameters, nullptr, false);
  const auto* check = plan.check(now.name);
  if (check == nullptr || !was.is_object() || !is.is_object()) {
    if (then.parameters != now.parameters)
      comparison.add("parameters of " + now.name + " (changed)", then.parameters, now.parameters);
    return;
  }
  ParameterSpec whole{.name = {}, .type = ParameterType::record, .doc = {}};
  whole.fields = check->kind.parameters;
  comparison.parameter(&whole, "", now.name, was, is);
}

}  // namespace

std::vector<Weakening> weakened_since(const RecordedPhase& then, const PhaseResult& now, const plan::Plan& plan) {
  Comparison comparison(now);
  comparison.required(then.policy);
  comparison.coverage(then.policy);
  comparison.limits(then.policy);
  comparison.inconclusive(then.policy);
  comparison.waivers(then.policy);
  for (const auto& check : now.checks) {
    const auto was = std::find_if(then.checks.begin(), then.checks.end(), [&](const RecordedCheck& entry) {
      return entry.name == check.name && entry.stage == check.stage;
    });
    if (was != then.checks.end()) compare_parameters(*was, check, plan, comparison);
  }
  return comparison.take();
}

std::vector<Weakening> weakened(const History& history, const RunResult& result, const plan::Plan& plan) {
  std::vector<Weakening> all;
  for (const auto& phase : result.phases) {
    if (phase.entered_only) continue;
    const RecordedPhase* last_go = nullptr;
    for (const auto& entry : history.entries(result.plan_name, phase.name)) {
      if (entry.phase->decision == Decision::go && !entry.phase->partial) last_go = entry.phase;
    }
    if (last_go == nullptr) continue;
    auto found = weakened_since(*last_go, phase, plan);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

}  // namespace sluice::ledger
