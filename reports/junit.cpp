#include "reports/junit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "reports/cases.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

struct Totals {
  std::uint64_t tests = 0;
  std::uint64_t failures = 0;
  std::uint64_t errors = 0;
  std::uint64_t skipped = 0;
};

Totals count(const CaseSuite& suite) {
  Totals totals;
  for (const auto& item : suite.cases) {
    ++totals.tests;
    if (item.verdict == Verdict::failed) ++totals.failures;
    if (item.verdict == Verdict::errored || item.verdict == Verdict::inconclusive) ++totals.errors;
    if (item.verdict == Verdict::skipped) ++totals.skipped;
  }
  return totals;
}

void set(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void set(pugi::xml_node node, const char* name, std::uint64_t value) { set(node, name, std::to_string(value)); }

// Plain decimals: some readers take neither exponents nor more than three places.
std::string seconds(std::chrono::milliseconds duration) {
  const auto whole = std::max<std::int64_t>(duration.count(), 0);
  return fmt::format("{}.{:03}", whole / 1000, whole % 1000);
}

// UTC without a zone, to the second: what the readers' schemas take.
std::string timestamp(TimePoint time) { return iso_time(time).substr(0, 19); }

void set_totals(pugi::xml_node node, const Totals& totals) {
  set(node, "tests", totals.tests);
  set(node, "failures", totals.failures);
  set(node, "errors", totals.errors);
}

void append_text(pugi::xml_node parent, const char* name, std::string_view text) {
  if (!text.empty()) parent.append_child(name).text().set(xml_text(text).c_str());
}

void append_problem(pugi::xml_node node, const char* element, const Case& item) {
  pugi::xml_node problem = node.append_child(element);
  set(problem, "message", item.message);
  set(problem, "type", to_string(item.verdict));
  problem.text().set(xml_text(item.details).c_str());
}

void append_case(pugi::xml_node suite, const Case& item) {
  pugi::xml_node node = suite.append_child("testcase");
  set(node, "name", item.name);
  set(node, "classname", item.classname);
  set(node, "time", seconds(std::chrono::duration_cast<std::chrono::milliseconds>(item.duration)));
  switch (item.verdict) {
    case Verdict::passed:
      append_text(node, "system-out", item.details);
      break;
    case Verdict::failed:
      append_problem(node, "failure", item);
      break;
    case Verdict::inconclusive:
    case Verdict::errored:
      append_problem(node, "error", item);
      break;
    case Verdict::skipped:
      set(node.append_child("skipped"), "message", item.message);
      break;
  }
}

void append_properties(pugi::xml_node suite, const RunResult& run) {
  pugi::xml_node properties = suite.append_child("properties");
  const auto add = [&](const char* name, std::string_view value) {
    pugi::xml_node property = properties.append_child("property");
    set(property, "name", name);
    set(property, "value", clipped(value, 1000));
  };
  add("plan", run.plan_name);
  add("run", run.run_id);
  add("seed", std::to_string(run.seed));
  add("sluice", run.sluice_version);
  add("controls", run.controls_enabled ? "on" : "off");
}

std::string to_xml(const RunResult& run, const std::vector<CaseSuite>& suites) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  set(root, "name", clipped(fmt::format("sluice: {}", run.plan_name), 300));
  Totals all;
  for (const auto& suite : suites) {
    const Totals totals = count(suite);
    all.tests += totals.tests;
    all.failures += totals.failures;
    all.errors += totals.errors;
  }
  set_totals(root, all);
  set(root, "time", seconds(std::chrono::duration_cast<std::chrono::milliseconds>(run.duration)));
  for (const auto& suite : suites) {
    pugi::xml_node node = root.append_child("testsuite");
    set(node, "name", suite.name);
    const Totals totals = count(suite);
    set_totals(node, totals);
    set(node, "skipped", totals.skipped);
    std::chrono::milliseconds time{0};
    for (const auto& item : suite.cases) time += std::chrono::duration_cast<std::chrono::milliseconds>(item.duration);
    set(node, "time", seconds(time));
    set(node, "timestamp", timestamp(suite.cases.front().started));
    set(node, "hostname", clipped(run.host, 300));
    append_properties(node, run);
    for (const auto& item : suite.cases) append_case(node, item);
  }
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::vector<CaseSuite> too_large(const RunResult& run) {
  const std::string message =
      fmt::format("{}, but the run has too many checks for a JUnit file; read report.json", to_string(run.decision));
  return {{.name = "sluice.run.decision",
           .cases = {{.classname = "run.decision",
                      .name = "decision",
                      .verdict = Verdict::errored,
                      .message = message,
                      .details = clipped(terminal_text(run.deciding_rule), 1000),
                      .started = run.started,
                      .duration = run.duration}}}};
}

}  // namespace

std::string junit(const RunResult& run, std::size_t bytes_max) {
  for (const std::size_t details_limit : {65'536u, 8'192u, 1'024u, 0u}) {
    std::string xml = to_xml(run, case_suites(run, details_limit));
    if (xml.size() <= bytes_max) return xml;
  }
  return to_xml(run, too_large(run));
}

}  // namespace sluice::reports
