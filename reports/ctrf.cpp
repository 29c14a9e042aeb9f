#include "reports/ctrf.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "reports/cases.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t details_limit = 16'384;

std::int64_t milliseconds(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::int64_t milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

std::string_view status(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::skipped:
      return "skipped";
    case Verdict::failed:
    case Verdict::inconclusive:
    case Verdict::errored:
      return "failed";
  }
  return "failed";
}

Json test(const CaseSuite& suite, const Case& item) {
  Json out = {{"name", valid_utf8(item.name)},
              {"status", status(item.verdict)},
              {"duration", milliseconds(item.duration)},
              {"start", milliseconds(item.started)},
              {"stop", milliseconds(item.started + item.duration)},
              {"suite", Json::array({valid_utf8(suite.name)})},
              {"rawStatus", to_string(item.verdict)}};
  if (!item.message.empty()) out["message"] = valid_utf8(item.message);
  if (!item.conceded.empty()) out["extra"] = {{"conceded", valid_utf8(item.conceded)}};
  if (!item.details.empty() && item.verdict != Verdict::passed) out["trace"] = valid_utf8(item.details);
  return out;
}

Json waivers(const RunResult& run) {
  Json all = Json::array();
  for (const auto& phase : run.phases) {
    for (const auto& [waiver, state, hidden, hides] : phase.waivers) {
      all.push_back({{"phase", valid_utf8(phase.name)},
                     {"state", valid_utf8(state)},
                     {"owner", valid_utf8(waiver.owner)},
                     {"reason", valid_utf8(waiver.reason)},
                     {"expires", valid_utf8(waiver.expires)},
                     {"source", valid_utf8(waiver.source)},
                     {"hidden", hidden}});
    }
  }
  return all;
}

Json weakened(const RunResult& run) {
  Json all = Json::array();
  for (const auto& [phase, rule, was, now] : run.weakened) {
    all.push_back(
        {{"phase", valid_utf8(phase)}, {"rule", valid_utf8(rule)}, {"was", valid_utf8(was)}, {"now", valid_utf8(now)}});
  }
  return all;
}

}  // namespace

std::string ctrf(const RunResult& run) {
  Json tests = Json::array();
  std::map<std::string_view, std::int64_t> totals;
  const auto suites = case_suites(run, details_limit);
  for (const auto& suite : suites) {
    for (const auto& item : suite.cases) {
      tests.push_back(test(suite, item));
      ++totals[status(item.verdict)];
    }
  }
  Json summary = {{"tests", tests.size()},
                  {"passed", totals["passed"]},
                  {"failed", totals["failed"]},
                  {"skipped", totals["skipped"]},
                  {"pending", 0},
                  {"other", 0},
                  {"suites", suites.size()},
                  {"start", milliseconds(run.started)},
                  {"stop", milliseconds(run.started + run.duration)}};
  Json results = {{"tool", {{"name", "sluice"}, {"version", valid_utf8(run.sluice_version)}}},
                  {"summary", std::move(summary)},
                  {"tests", std::move(tests)},
                  {"extra",
                   {{"decision", to_string(run.decision)},
                    {"headline", headline(run)},
                    {"deciding_rule", valid_utf8(run.deciding_rule)},
                    {"plan", valid_utf8(run.plan_name)},
                    {"seed", std::to_string(run.seed)},
                    {"controls_enabled", run.controls_enabled},
                    {"waivers", waivers(run)},
                    {"weakened", weakened(run)}}}};
  const Json report = {
      {"reportFormat", "CTRF"}, {"specVersion", "0.0.0"}, {"generatedBy", "sluice"}, {"results", std::move(results)}};
  return report.dump(2) + "\n";
}

}  // namespace sluice::reports
