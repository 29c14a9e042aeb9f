#include "harness/plan/fuzz/plan_property.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <vector>

#include "harness/core/printable.hpp"
#include "harness/plan/declarations.hpp"
#include "harness/plan/fuzz/kinds.hpp"
#include "harness/plan/loader.hpp"
#include "harness/plan/normalise.hpp"
#include "harness/plan/overlay.hpp"

namespace sluice::plan::fuzz {
namespace {

using nlohmann::json;

// The rest is for what is written out again: it must stay below the bounds of a plan.
constexpr std::size_t largest_rewritten = 256u << 10;
constexpr std::size_t longest_key = 1000;  // a YAML key beyond 1024 bytes needs a `?` before it, which JSON has not

std::vector<std::size_t> line_lengths(std::string_view text) {
  std::vector<std::size_t> lengths{0};
  for (const char c : text) {
    if (c == '\n')
      lengths.push_back(0);
    else
      ++lengths.back();
  }
  return lengths;
}

// A place may be one behind the end: that is where something is missing.
bool lies_inside(const Position& at, const std::vector<std::size_t>& lengths) {
  if (at.line == 0) return at.column == 0;
  if (at.line < 1 || at.column < 1) return false;
  const auto line = static_cast<std::size_t>(at.line);
  if (line == lengths.size() + 1) return at.column == 1;
  return line <= lengths.size() && static_cast<std::size_t>(at.column) <= lengths[line - 1] + 1;
}

bool is_printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string violation_by(const PlanError& error, const std::string& text) {
  if (error.problems().empty()) return "a PlanError without a problem";
  const auto lengths = line_lengths(text);
  for (const auto& problem : error.problems().all()) {
    const std::string line = problem.to_string();
    if (!lies_inside(problem.at, lengths)) return "a place outside the text: " + line;
    if (!is_printable(line)) return "a problem that is not one printable line: " + line;
    if (line.size() > 4096) return fmt::format("a problem of {} bytes", line.size());
  }
  const std::string_view all = error.what();
  if (all.size() > 256u << 10) return fmt::format("{} bytes of problems", all.size());
  return "";
}

// A normalised value as a plan would say it.
json as_written(const json& value, const ParameterSpec& spec);

json fields_as_written(const json& values, const std::vector<ParameterSpec>& fields) {
  json written = json::object();
  for (const auto& field : fields) {
    if (values.contains(field.name)) written[field.name] = as_written(values.at(field.name), field);
  }
  return written;
}

json as_written(const json& value, const ParameterSpec& spec) {
  switch (spec.type) {
    case ParameterType::duration:
      return fmt::format("{}ns", value.get<std::int64_t>());
    case ParameterType::rate: {
      char digits[400];
      const auto [end, error] =
          std::to_chars(digits, digits + sizeof digits, value.get<double>(), std::chars_format::fixed);
      return std::string(digits, end) + "/s";
    }
    case ParameterType::list:
    case ParameterType::map: {
      json written = spec.type == ParameterType::list ? json::array() : json::object();
      for (const auto& [key, item] : value.items()) {
        json inner = as_written(item, spec.item.at(0));
        if (written.is_array())
          written.push_back(std::move(inner));
        else
          written[key] = std::move(inner);
      }
      return written;
    }
    case ParameterType::record:
      return fields_as_written(value, spec.fields);
    case ParameterType::variant: {
      const auto chosen = std::find_if(spec.alternatives.begin(), spec.alternatives.end(),
                                       [&](const Alternative& a) { return a.kind == value.at("kind"); });
      json written = fields_as_written(value, chosen->fields);
      written["kind"] = chosen->kind;
      return written;
    }
    default:
      return value;
  }
}

bool has_long_key(const json& value) {
  if (!value.is_structured()) return false;
  for (const auto& [key, item] : value.items()) {
    if (key.size() > longest_key || has_long_key(item)) return true;
  }
  return false;
}

template <typename Spec>
bool has_doubles(const std::vector<Spec>& specs) {
  std::set<std::string> names;
  return !std::all_of(specs.begin(), specs.end(), [&](const Spec& spec) { return names.insert(spec.name).second; });
}

template <typename Spec>
bool all_inside(const std::vector<Spec>& specs, const std::vector<std::size_t>& lengths) {
  return std::all_of(specs.begin(), specs.end(),
                     [&](const Spec& spec) { return spec.at.line > 0 && lies_inside(spec.at, lengths); });
}

std::string violation_by_order(const Plan& plan) {
  for (const auto& phase : plan.phases) {
    const auto order = phases_up_to(plan, phase.name);
    if (order.empty() || order.back()->name != phase.name)
      return "phase " + phase.name + " is not the last of its order";
    std::set<std::string> open;
    for (const auto* step : order) {
      for (const auto& need : step->needs) {
        if (!open.contains(need)) return fmt::format("phase {} comes before {}, which it needs", step->name, need);
      }
      open.insert(step->name);
    }
    for (const auto& [stage, names] : phase.stages()) {
      for (const auto& name : names) {
        if (plan.check(name) == nullptr) return fmt::format("phase {} has no check {}", phase.name, name);
      }
    }
  }
  return "";
}

std::string violation_by_loaded(const Plan& plan, const std::string& text) {
  if (has_doubles(plan.services) || has_doubles(plan.actions) || has_doubles(plan.checks) || has_doubles(plan.phases))
    return "a name that is there twice";
  const auto lengths = line_lengths(text);
  if (!all_inside(plan.services, lengths) || !all_inside(plan.actions, lengths) || !all_inside(plan.checks, lengths) ||
      !all_inside(plan.phases, lengths))
    return "a place outside the text";
  return violation_by_order(plan);
}

std::string violation_by_rewriting(const std::string& text, const std::vector<CheckKind>& kinds) {
  const ParameterSpec declaration = plan_declaration(kinds);
  Problems problems;
  const json values = normalise(read_yaml(text, "plan.yaml", problems), declaration, "plan", problems);
  const json written = as_written(values, declaration);
  const std::string rewritten = written.dump();
  if (rewritten.size() > largest_rewritten || has_long_key(written)) return "";
  const json again = normalise(read_yaml(rewritten, "again.json", problems), declaration, "plan", problems);
  if (!problems.empty()) return "its values written out do not load: " + problems.to_string() + "\n" + rewritten;
  if (again != values) return "its values written out load as others: " + again.dump() + "\n" + values.dump();
  return "";
}

}  // namespace

std::string violation_by_plan(const std::string& text) {
  static const std::vector<CheckKind> kinds = representative_kinds();
  try {
    parse_overlay(text, "overlay.yaml");
  } catch (const PlanError& error) {
    if (auto violation = violation_by(error, text); !violation.empty()) return "as an overlay: " + violation;
  }
  try {
    const Plan plan = parse_plan(text, "plan.yaml", kinds);
    if (auto violation = violation_by_loaded(plan, text); !violation.empty()) return violation;
  } catch (const PlanError& error) {
    return violation_by(error, text);
  }
  return violation_by_rewriting(text, kinds);
}

}  // namespace sluice::plan::fuzz
