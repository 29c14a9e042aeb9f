#include "reports/summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harness/core/day.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::reports {
namespace {

constexpr std::array<std::string_view, 4> known_suites{"compat", "migration", "load", "isolation"};

SuiteCount& count_of(std::vector<SuiteCount>& counts, const std::string& suite) {
  const auto found =
      std::find_if(counts.begin(), counts.end(), [&](const auto& count) { return count.suite == suite; });
  if (found != counts.end()) return *found;
  counts.push_back({.suite = suite});
  return counts.back();
}

void add(SuiteCount& count, Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      ++count.passed;
      break;
    case Verdict::failed:
      ++count.failed;
      break;
    case Verdict::inconclusive:
      ++count.inconclusive;
      break;
    case Verdict::errored:
      ++count.errored;
      break;
    case Verdict::skipped:
      ++count.not_run;
      break;
  }
}

std::map<std::string, std::string> suites_by_check(const RunResult& run) {
  std::map<std::string, std::string> suites;
  for (const auto& phase : run.phases) {
    for (const auto& check : phase.checks) suites.emplace(check.name, check.suite);
  }
  return suites;
}

std::string with_separators(std::string digits) {
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

// 0.00002 and not 2e-05: three significant digits, without zeros at the end.
std::string plain_decimal(double value) {
  const int places = 2 - static_cast<int>(std::floor(std::log10(std::fabs(value))));
  std::string text = fmt::format("{:.{}f}", value, places);
  return text.erase(text.find_last_not_of('0') + 1);
}

struct CivilTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::nanoseconds> time;
};

CivilTime civil(TimePoint point) {
  const auto exact = std::chrono::time_point_cast<std::chrono::nanoseconds>(point);
  const auto day = std::chrono::floor<std::chrono::days>(exact);
  return {.date = std::chrono::year_month_day(day), .time = std::chrono::hh_mm_ss(exact - day)};
}

std::string date_text(const CivilTime& at) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(at.date.year()), static_cast<unsigned>(at.date.month()),
                     static_cast<unsigned>(at.date.day()));
}

std::string clock_text(const CivilTime& at) {
  return fmt::format("{:02}:{:02}:{:02}", at.time.hours().count(), at.time.minutes().count(),
                     at.time.seconds().count());
}

}  // namespace

std::vector<SuiteCount> count_suites(const RunResult& run) {
  std::vector<SuiteCount> counts;
  for (const auto suite : known_suites) counts.push_back({.suite = std::string(suite)});
  for (const auto& phase : run.phases) {
    for (const auto& check : phase.checks) {
      SuiteCount& count = count_of(counts, check.suite);
      add(count, check.outcome.verdict);
      if (concession_for(phase, check) != nullptr)
        ++(check.outcome.verdict == Verdict::failed ? count.waived : count.allowed);
    }
  }
  const auto suites = suites_by_check(run);
  for (const auto& absent : run.not_run) {
    const auto known = suites.find(absent.name);
    if (absent.what == "check" && known != suites.end()) ++count_of(counts, known->second).not_run;
  }
  return counts;
}

std::uint64_t unplaced_not_run(const RunResult& run) {
  const auto suites = suites_by_check(run);
  return static_cast<std::uint64_t>(std::count_if(run.not_run.begin(), run.not_run.end(), [&](const NotRun& absent) {
    return absent.what == "check" && !suites.contains(absent.name);
  }));
}

std::vector<NotRun> everything_not_run(const RunResult& run) {
  std::vector<NotRun> all = run.not_run;
  for (const auto& phase : run.phases) {
    for (const auto& check : phase.checks) {
      if (check.outcome.verdict == Verdict::skipped)
        all.push_back({"check", check.name, phase.name, check.outcome.reason});
    }
  }
  return all;
}

namespace {

std::string headline_of(Decision decision, const std::vector<const PhaseResult*>& phases) {
  std::string text(to_string(decision));
  if (decision != Decision::go) return text;
  std::uint64_t waived = 0;
  std::uint64_t allowed = 0;
  for (const PhaseResult* phase : phases) {
    for (const auto& concession : phase->concessions) {
      waived += concession.findings;
      allowed += concession.verdict == Verdict::inconclusive ? 1 : 0;
    }
  }
  if (waived > 0) text += fmt::format(" with {}", counted(waived, "waived finding"));
  if (allowed > 0)
    text += fmt::format(" {} {} allowed to be inconclusive", waived > 0 ? "and" : "with", counted(allowed, "check"));
  return text;
}

}  // namespace

std::string headline(const RunResult& run) {
  std::vector<const PhaseResult*> judged;
  for (const auto& phase : run.phases) {
    if (!phase.entered_only) judged.push_back(&phase);
  }
  return headline_of(run.decision, judged);
}

std::string headline(const PhaseResult& phase) { return headline_of(phase.decision, {&phase}); }

const Concession* concession_for(const PhaseResult& phase, const CheckResult& check) {
  for (const auto& concession : phase.concessions) {
    if (concession.check == check.name && concession.stage == check.stage &&
        concession.verdict == check.outcome.verdict)
      return &concession;
  }
  return nullptr;
}

bool is_conceded(const PhaseResult& phase, const RuleResult& rule) {
  return rule.decision == Decision::go && !rule.explanation.empty() &&
         std::any_of(phase.concessions.begin(), phase.concessions.end(),
                     [&](const Concession& concession) { return rule.rule == "require " + concession.check; });
}

std::string ledger_line(const LedgerEntry& entry) {
  if (!entry.problem.empty()) return fmt::format("Not recorded in the ledger: {}", entry.problem);
  if (entry.path.empty()) return "Not recorded: no ledger was asked for.";
  if (entry.record.empty()) return fmt::format("Not recorded in the ledger {}.", entry.path);
  return fmt::format("Recorded as #{} in {}: {}", entry.sequence, entry.path, entry.record);
}

bool in_time(const ActionResult& rollback) {
  return rollback.succeeded && (!rollback.within || rollback.duration <= *rollback.within);
}

std::string window_text(const ActionResult& rollback) {
  if (!rollback.within) return "took " + human_duration(rollback.duration);
  return fmt::format("took {} of the {} that it has", human_duration(rollback.duration),
                     human_duration(*rollback.within));
}

std::optional<std::int64_t> days_left(const Waiver& waiver, const PhaseResult& phase) {
  const auto last = parse_day(waiver.expires);
  if (!last) return std::nullopt;
  return (*last - std::chrono::floor<std::chrono::days>(phase.started)).count();
}

std::string_view mark(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "✓";
    case Verdict::failed:
      return "✗";
    case Verdict::inconclusive:
      return "?";
    case Verdict::errored:
      return "!";
    case Verdict::skipped:
      return "–";
  }
  return "!";
}

std::string_view mark(Decision decision) {
  switch (decision) {
    case Decision::go:
      return "✓";
    case Decision::no_go:
      return "✗";
    case Decision::inconclusive:
      return "?";
  }
  return "?";
}

std::string grouped(std::uint64_t count) { return with_separators(std::to_string(count)); }

std::string number(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value < 0 ? "minus infinity" : "infinity";
  const double size = std::fabs(value);
  const std::string sign = value < 0 ? "-" : "";
  if (size >= 1e15 || (size != 0 && size < 1e-9)) return fmt::format("{:.3g}", value);
  if (size != 0 && size < 1e-4) return plain_decimal(value);
  if (size == std::floor(size)) return (size == 0 ? "" : sign) + grouped(static_cast<std::uint64_t>(size));
  if (size < 1000) return fmt::format("{:.4g}", value);
  const std::string tenths = fmt::format("{:.1f}", size);
  return sign + with_separators(tenths.substr(0, tenths.size() - 2)) + tenths.substr(tenths.size() - 2);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string measured(const Metric& metric) {
  std::string text = number(metric.value);
  if (!metric.unit.empty() && metric.unit != "ratio") text += " " + metric.unit;
  if (metric.interval)
    text += fmt::format(" ({:.4g}% interval {} to {})", metric.interval->confidence * 100, number(metric.interval->low),
                        number(metric.interval->high));
  return text;
}

std::string examined(const Coverage& coverage) {
  if (!coverage.expected) return fmt::format("{} {}", grouped(coverage.examined), coverage.unit);
  return fmt::format("{} of {} {}", grouped(coverage.examined), grouped(*coverage.expected), coverage.unit);
}

std::string location(const Finding& finding, std::string_view separator) {
  std::string text;
  for (const auto& [name, value] : finding.where)
    text += fmt::format("{}{} {}", text.empty() ? "" : separator, name, value);
  return text;
}

std::string human_time(TimePoint time) {
  if (time == TimePoint{}) return "unknown";
  const CivilTime at = civil(time);
  return date_text(at) + " " + clock_text(at) + " UTC";
}

std::string iso_time(TimePoint time) {
  const CivilTime at = civil(time);
  return fmt::format("{}T{}.{:09}Z", date_text(at), clock_text(at), at.time.subseconds().count());
}

}  // namespace sluice::reports
