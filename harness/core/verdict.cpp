#include "harness/core/verdict.hpp"

#include <array>
#include <utility>

namespace sluice {
namespace {

template <typename Value, std::size_t N>
using Names = std::array<std::pair<Value, std::string_view>, N>;

constexpr Names<Verdict, 5> verdict_names{{{Verdict::passed, "passed"},
                                           {Verdict::failed, "failed"},
                                           {Verdict::inconclusive, "inconclusive"},
                                           {Verdict::errored, "errored"},
                                           {Verdict::skipped, "skipped"}}};
constexpr Names<Decision, 3> decision_names{
    {{Decision::go, "GO"}, {Decision::no_go, "NO-GO"}, {Decision::inconclusive, "INCONCLUSIVE"}}};
constexpr Names<Severity, 4> severity_names{{{Severity::info, "info"},
                                             {Severity::warning, "warning"},
                                             {Severity::error, "error"},
                                             {Severity::critical, "critical"}}};

template <typename Value, std::size_t N>
std::string_view name_of(const Names<Value, N>& names, Value value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return "unknown";
}

template <typename Value, std::size_t N>
std::optional<Value> value_of(const Names<Value, N>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

int badness(Decision decision) {
  switch (decision) {
    case Decision::go:
      return 0;
    case Decision::inconclusive:
      return 1;
    case Decision::no_go:
      return 2;
  }
  return 2;
}

}  // namespace

std::string_view to_string(Verdict verdict) { return name_of(verdict_names, verdict); }
std::string_view to_string(Decision decision) { return name_of(decision_names, decision); }
std::string_view to_string(Severity severity) { return name_of(severity_names, severity); }

std::optional<Verdict> parse_verdict(std::string_view text) { return value_of(verdict_names, text); }
std::optional<Decision> parse_decision(std::string_view text) { return value_of(decision_names, text); }
std::optional<Severity> parse_severity(std::string_view text) { return value_of(severity_names, text); }

Decision worse(Decision left, Decision right) { return badness(left) >= badness(right) ? left : right; }

}  // namespace sluice
