#include "reports/html.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "harness/core/parameters.hpp"
#include "reports/escape.hpp"
#include "reports/html_gate.hpp"
#include "reports/html_phase.hpp"
#include "reports/markup.hpp"
#include "reports/page_assets.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

void write_fact(Markup& page, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  const auto pair = page.element("div");
  page.leaf("dt", name);
  page.leaf("dd", value);
}

void write_head(Markup& page, const RunResult& run) {
  const auto head = page.element("head");
  page.lone("meta", {{"charset", "utf-8"}});
  page.lone("meta",
            {{"http-equiv", "Content-Security-Policy"},
             {"content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"}});
  page.lone("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.lone("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  page.lone("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  page.leaf("title", fmt::format("{}: {}", headline(run), clipped(run.plan_name, 200)));
  page.style(page_css);
}

std::string phases_judged(const RunResult& run) {
  std::string names;
  for (const auto& phase : run.phases) {
    if (!phase.entered_only) names += (names.empty() ? "" : ", ") + phase.name;
  }
  return clipped(names, 300);
}

void write_banner(Markup& page, const RunResult& run) {
  const bool plain = headline(run) == to_string(run.decision);  // a GO that puts up with something is not green
  const auto banner =
      page.element("header", {{"class", "banner " + (plain ? status_class(run.decision) : "inconclusive")}});
  const auto inner = page.element("div", {{"class", "width"}});
  page.leaf("p", run.plan_name, {{"class", "plan"}});
  {
    const auto title = page.element("h1");
    page.leaf("span", mark(run.decision), {{"aria-hidden", "true"}, {"class", "sign"}});
    page.text(fmt::format(" {}", to_string(run.decision)));
    if (const std::string words = headline(run); words.size() > to_string(run.decision).size())
      page.leaf("span", words.substr(to_string(run.decision).size()), {{"class", "but"}});
  }
  page.leaf("p", run.deciding_rule, {{"class", "rule"}});
  const auto facts = page.element("dl", {{"class", "facts"}});
  write_fact(page, phases_judged(run).find(',') == std::string::npos ? "Phase" : "Phases", phases_judged(run));
  write_fact(page, "When", human_time(run.started));
  write_fact(page, "Took", human_duration(run.duration));
  write_fact(page, "Host", run.host);
  write_fact(page, "Seed", std::to_string(run.seed));
  write_fact(page, "Exit code", std::to_string(run.exit_code));
}

void write_warnings(Markup& page, const RunResult& run) {
  if (!run.controls_enabled)
    page.leaf("p",
              "Controls were off. No check of this run had to prove that it can fail, so a pass here says less than it "
              "seems to.",
              {{"class", "warning"}, {"role", "note"}});
  if (!run.interrupted.empty())
    page.leaf("p", fmt::format("The run was interrupted by {}; what follows is what it had reached.", run.interrupted),
              {{"class", "warning"}, {"role", "note"}});
}

struct TileState {
  std::string_view sign, word, status;
};

// A suite speaks well of itself only when something ran and all of it passed.
TileState tile_state(const SuiteCount& count) {
  const std::uint64_t failed = count.failed - count.waived;
  if (failed + count.errored != 0) return {"✗", failed != 0 ? "failed" : "errored", "failed"};
  if (count.inconclusive != 0)
    return {"?", count.inconclusive == count.allowed ? "allowed" : "inconclusive", "inconclusive"};
  if (count.waived != 0) return {"~", "waived", "inconclusive"};
  if (count.ran() == 0) return {"–", "nothing ran", "skipped"};
  if (count.not_run != 0) return {"?", "not all ran", "inconclusive"};
  return {"✓", "all passed", "passed"};
}

void write_tile_numbers(Markup& page, const SuiteCount& count) {
  const auto numbers = page.element("dl");
  const auto add = [&](std::string_view name, std::uint64_t value) {
    const auto pair = page.element("div", {{"class", value == 0 ? "zero" : "some"}});
    page.leaf("dt", name);
    page.leaf("dd", grouped(value));
  };
  add("ran", count.ran());
  add("failed", count.failed - count.waived);
  add("waived", count.waived);
  add("inconclusive", count.inconclusive);
  add("not run", count.not_run);
}

void write_tile(Markup& page, const SuiteCount& count) {
  const TileState state = tile_state(count);
  const auto tile = page.element("li", {{"class", fmt::format("tile {}", state.status)}});
  page.leaf("h3", count.suite);
  write_chip(page, state.sign, state.word, state.status);
  write_tile_numbers(page, count);
  if (count.errored != 0) page.leaf("p", fmt::format("{} of {} errored", grouped(count.errored), grouped(count.ran())));
  if (count.allowed != 0) page.leaf("p", fmt::format("{} inconclusive, as the plan allows", grouped(count.allowed)));
}

void write_suites(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "suites"}});
  page.leaf("h2", "Suites", {{"id", "suites"}});
  {
    const auto list = page.element("ul", {{"class", "tiles"}});
    for (const auto& count : count_suites(run)) write_tile(page, count);
  }
  if (const std::uint64_t unplaced = unplaced_not_run(run))
    page.leaf("p",
              fmt::format("{} never started; the reasons stand under “Not run”.", counted(unplaced, "planned check")),
              {{"class", "dim"}});
}

void write_phases(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "phases"}});
  page.leaf("h2", "Phases", {{"id", "phases"}});
  if (run.phases.empty()) page.leaf("p", "No phase ran.", {{"class", "dim"}});
  if (run.phases.size() > 1) {
    const auto nav = page.element("nav", {{"aria-label", "Phases"}});
    const auto list = page.element("ol", {{"class", "board"}});
    for (std::size_t i = 0; i < run.phases.size(); ++i) {
      const PhaseResult& phase = run.phases[i];
      const bool passed_through = phase.entered_only && phase.decision != Decision::no_go;
      const auto item = page.element("li", {{"class", passed_through ? "skipped" : status_class(phase.decision)}});
      const auto link = page.element("a", {{"href", fmt::format("#phase-{}", i + 1)}});
      page.leaf("strong", phase.name);
      page.text(" ");
      if (passed_through)
        write_chip(page, "–", "entered only", "skipped");
      else
        write_chip(page, mark(phase.decision), headline(phase), conceded_class(phase));
    }
  }
  for (std::size_t i = 0; i < run.phases.size(); ++i) write_phase(page, run.phases[i], i + 1);
}

void write_services(Markup& page, const RunResult& run) {
  if (run.services.empty()) return;
  const auto section = page.element("section", {{"aria-labelledby", "services"}});
  page.leaf("h2", "Services", {{"id", "services"}});
  const auto list = page.element("ul", {{"class", "services"}});
  for (const auto& service : run.services) {
    const auto item = page.element("li");
    const bool well = service.detail.empty() && service.state == "ready";
    write_chip(page, well ? "✓" : "✗", service.state, well ? "passed" : "failed");
    page.leaf("strong", service.name);
    page.leaf("span", service.kind, {{"class", "dim"}});
    if (!service.address.empty()) page.leaf("code", service.address);
    if (service.ready_after.count() > 0)
      page.leaf("span", fmt::format("ready after {}", human_duration(service.ready_after)), {{"class", "took"}});
    if (!service.detail.empty()) page.leaf("p", service.detail);
    if (!well) write_log(page, service.log_tail, service.log);
  }
}

void write_not_run(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "not-run"}});
  page.leaf("h2", "Not run", {{"id", "not-run"}});
  const auto absent = everything_not_run(run);
  if (absent.empty()) {
    page.leaf("p", "Everything that was planned for this run ran.", {{"class", "dim"}});
    return;
  }
  const auto scroll =
      page.element("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Not run"}});
  const auto table = page.element("table");
  {
    const auto head = page.element("thead");
    const auto row = page.element("tr");
    for (const auto name : {"What", "Phase", "Why"}) page.leaf("th", name, {{"scope", "col"}});
  }
  const auto body = page.element("tbody");
  for (const auto& item : absent) {
    const auto row = page.element("tr");
    {
      const auto name = page.element("th", {{"scope", "row"}});
      page.leaf("span", item.what + " ", {{"class", "dim"}});
      page.text(item.name);
    }
    page.leaf("td", item.phase.empty() ? "–" : item.phase, {{"data-label", "Phase"}});
    page.leaf("td", item.why, {{"data-label", "Why"}});
  }
}

void write_identities(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "judged"}});
  page.leaf("h2", "What was judged", {{"id", "judged"}});
  if (!run.identities.empty()) {
    const auto list = page.element("ul", {{"class", "identities"}});
    for (const auto& identity : run.identities) {
      const auto item = page.element("li");
      page.leaf("strong", identity.name);
      page.leaf("span", fmt::format("{} {} bytes", identity.path, grouped(identity.bytes)), {{"class", "dim"}});
      const auto digest = page.element("p");
      page.leaf("span", "SHA-256 ", {{"class", "dim"}});
      page.leaf("code", identity.sha256);
    }
  }
  const auto facts = page.element("dl", {{"class", "facts"}});
  write_fact(page, "Plan file", run.plan_path);
  write_fact(page, "Run", run.run_id);
  write_fact(page, "Seed", std::to_string(run.seed));
  write_fact(page, "Sluice", run.sluice_version);
  write_fact(page, "Host", run.host);
  for (const auto& [name, version] : run.versions) write_fact(page, name, version);
}

void write_again(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "again"}});
  page.leaf("h2", "Run it again", {{"id", "again"}});
  if (run.command.empty()) page.leaf("p", "The run recorded no command.", {{"class", "dim"}});
  write_command(page, run.command);
  page.leaf("p",
            "Decide again from the evidence alone, offline, with the report.json of this run:", {{"class", "dim"}});
  write_command(page, "sluice gate report.json");
}

}  // namespace

std::string html(const RunResult& run) {
  Markup page;
  {
    const auto root = page.element("html", {{"lang", "en"}});
    write_head(page, run);
    const auto body = page.element("body");
    page.leaf("a", "Skip to the phases", {{"class", "skip"}, {"href", "#phases"}});
    write_banner(page, run);
    {
      const auto main = page.element("main", {{"class", "width"}});
      write_warnings(page, run);
      write_suites(page, run);
      write_gates(page, run);
      write_identities(page, run);
      write_waivers(page, run);
      write_history(page, run);
      write_again(page, run);
      write_phases(page, run);
      write_services(page, run);
      write_not_run(page, run);
    }
    page.leaf("footer", fmt::format("Sluice {}, run {}, {}", run.sluice_version, run.run_id, human_time(run.started)),
              {{"class", "width"}});
  }
  return page.take() + "\n";
}

}  // namespace sluice::reports
