#pragma once
#include <concepts>
#include <type_traits>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// `Model` or `const Model`.
template <typename Type, typename Model>
concept Of = std::same_as<std::remove_const_t<Type>, Model>;

// The members of the result model and their names in report.json, each written down once: the writer and the reader
// both walk these lists, so neither can know a field that the other does not. An archive is called as archive(name,
// member).

template <typename Archive>
void fields(Archive& archive, Of<Interval> auto& interval) {
  archive("low", interval.low);
  archive("high", interval.high);
  archive("confidence", interval.confidence);
}

template <typename Archive>
void fields(Archive& archive, Of<Metric> auto& metric) {
  archive("name", metric.name);
  archive("value", metric.value);
  archive("unit", metric.unit);
  archive("interval", metric.interval);
  archive("limit", metric.limit);
  archive("samples", metric.samples);
}

template <typename Archive>
void fields(Archive& archive, Of<Coverage> auto& coverage) {
  archive("unit", coverage.unit);
  archive("examined", coverage.examined);
  archive("expected", coverage.expected);
}

template <typename Archive>
void fields(Archive& archive, Of<Artifact> auto& artifact) {
  archive("name", artifact.name);
  archive("path", artifact.path);
  archive("media_type", artifact.media_type);
}

template <typename Archive>
void fields(Archive& archive, Of<Control> auto& control) {
  archive("planted", control.planted);
  archive("caught", control.caught);
  archive("observed", control.observed);
}

template <typename Archive>
void fields(Archive& archive, Of<Finding> auto& finding) {
  archive("rule", finding.rule);
  archive("severity", finding.severity);
  archive("summary", finding.summary);
  archive("where", finding.where);
  archive("old_value", finding.old_value);
  archive("new_value", finding.new_value);
  archive("reproduce", finding.reproduce);
  archive("occurrences", finding.occurrences);
}

template <typename Archive>
void fields(Archive& archive, Of<Outcome> auto& outcome) {
  archive("verdict", outcome.verdict);
  archive("reason", outcome.reason);
  archive("coverage", outcome.coverage);
  archive("metrics", outcome.metrics);
  archive("control", outcome.control);
  archive("findings_total", outcome.findings_total);
  archive("findings", outcome.findings);
  archive("artifacts", outcome.artifacts);
}

template <typename Archive>
void fields(Archive& archive, Of<CheckResult> auto& check) {
  archive("name", check.name);
  archive("kind", check.kind);
  archive("suite", check.suite);
  archive("phase", check.phase);
  archive("stage", check.stage);
  archive("started", check.started);
  archive("duration_ns", check.duration);
  archive("reproduce", check.reproduce);
  archive("parameters", check.parameters);
  archive("overlapped_ns", check.overlapped);
  archive("outcome", check.outcome);
}

template <typename Archive>
void fields(Archive& archive, Of<ActionResult> auto& action) {
  archive("name", action.name);
  archive("phase", action.phase);
  archive("command", action.command);
  archive("succeeded", action.succeeded);
  archive("outcome", action.outcome);
  archive("started", action.started);
  archive("duration_ns", action.duration);
  archive("output_tail", action.output_tail);
  archive("log", action.log);
  archive("within_ns", action.within);
  archive("left_running", action.left_running);
}

template <typename Archive>
void fields(Archive& archive, Of<ServiceResult> auto& service) {
  archive("name", service.name);
  archive("kind", service.kind);
  archive("state", service.state);
  archive("detail", service.detail);
  archive("address", service.address);
  archive("ready_after_ns", service.ready_after);
  archive("log", service.log);
  archive("log_tail", service.log_tail);
}

template <typename Archive>
void fields(Archive& archive, Of<RuleResult> auto& rule) {
  archive("rule", rule.rule);
  archive("decision", rule.decision);
  archive("observed", rule.observed);
  archive("limit", rule.limit);
  archive("samples", rule.samples);
  archive("explanation", rule.explanation);
}

template <typename Archive>
void fields(Archive& archive, Of<RequiredCheck> auto& required) {
  archive("check", required.check);
  archive("stage", required.stage);
}

template <typename Archive>
void fields(Archive& archive, Of<MinimumCoverage> auto& minimum) {
  archive("check", minimum.check);
  archive("examined", minimum.examined);
}

template <typename Archive>
void fields(Archive& archive, Of<MetricLimit> auto& limit) {
  archive("check", limit.check);
  archive("metric", limit.metric);
  archive("at_most", limit.at_most);
  archive("at_least", limit.at_least);
}

template <typename Archive>
void fields(Archive& archive, Of<Waiver> auto& waiver) {
  archive("check", waiver.check);
  archive("rule", waiver.rule);
  archive("where", waiver.where);
  archive("owner", waiver.owner);
  archive("reason", waiver.reason);
  archive("expires", waiver.expires);
  archive("severity_ack", waiver.severity_ack);
  archive("source", waiver.source);
  archive("phase", waiver.phase);
}

template <typename Archive>
void fields(Archive& archive, Of<HiddenFindings> auto& hidden) {
  archive("check", hidden.check);
  archive("stage", hidden.stage);
  archive("findings", hidden.findings);
  archive("occurrences", hidden.occurrences);
}

template <typename Archive>
void fields(Archive& archive, Of<WaiverUse> auto& use) {
  archive("waiver", use.waiver);
  archive("state", use.state);
  archive("hidden", use.hidden);
  archive("hides", use.hides);
}

template <typename Archive>
void fields(Archive& archive, Of<Concession> auto& concession) {
  archive("check", concession.check);
  archive("stage", concession.stage);
  archive("verdict", concession.verdict);
  archive("findings", concession.findings);
  archive("why", concession.why);
}

template <typename Archive>
void fields(Archive& archive, Of<GatePolicy> auto& policy) {
  archive("required", policy.required);
  archive("actions", policy.actions);
  archive("coverage", policy.coverage);
  archive("limits", policy.limits);
  archive("allow_inconclusive", policy.allow_inconclusive);
  archive("waivers", policy.waivers);
  archive("controls", policy.controls);
}

template <typename Archive>
void fields(Archive& archive, Of<Evidence> auto& evidence) {
  archive("phase", evidence.phase);
  archive("run_id", evidence.run_id);
  archive("at", evidence.at);
  archive("record", evidence.record);
}

template <typename Archive>
void fields(Archive& archive, Of<Weakening> auto& weakening) {
  archive("phase", weakening.phase);
  archive("rule", weakening.rule);
  archive("was", weakening.was);
  archive("now", weakening.now);
}

template <typename Archive>
void fields(Archive& archive, Of<LedgerEntry> auto& entry) {
  archive("path", entry.path);
  archive("sequence", entry.sequence);
  archive("record", entry.record);
  archive("problem", entry.problem);
  archive("asked", entry.asked);
}

template <typename Archive>
void fields(Archive& archive, Of<PhaseResult> auto& phase) {
  archive("name", phase.name);
  archive("decision", phase.decision);
  archive("deciding_rule", phase.deciding_rule);
  archive("entered_only", phase.entered_only);
  archive("started", phase.started);
  archive("duration_ns", phase.duration);
  archive("rules", phase.rules);
  archive("actions", phase.actions);
  archive("checks", phase.checks);
  archive("policy", phase.policy);
  archive("waivers", phase.waivers);
  archive("environment_failure", phase.environment_failure);
  archive("interrupted", phase.interrupted);
  archive("partial", phase.partial);
  archive("evidence", phase.evidence);
  archive("rollback", phase.rollback);
  archive("concessions", phase.concessions);
}

template <typename Archive>
void fields(Archive& archive, Of<NotRun> auto& absent) {
  archive("what", absent.what);
  archive("name", absent.name);
  archive("phase", absent.phase);
  archive("why", absent.why);
}

template <typename Archive>
void fields(Archive& archive, Of<Identity> auto& identity) {
  archive("name", identity.name);
  archive("path", identity.path);
  archive("sha256", identity.sha256);
  archive("bytes", identity.bytes);
}

template <typename Archive>
void fields(Archive& archive, Of<RunResult> auto& run) {
  archive("decision", run.decision);
  archive("deciding_rule", run.deciding_rule);
  archive("exit_code", run.exit_code);
  archive("run_id", run.run_id);
  archive("plan_name", run.plan_name);
  archive("plan_path", run.plan_path);
  archive("command", run.command);
  archive("seed", run.seed);
  archive("controls_enabled", run.controls_enabled);
  archive("interrupted", run.interrupted);
  archive("started", run.started);
  archive("duration_ns", run.duration);
  archive("sluice_version", run.sluice_version);
  archive("host", run.host);
  archive("versions", run.versions);
  archive("phases", run.phases);
  archive("services", run.services);
  archive("not_run", run.not_run);
  archive("identities", run.identities);
  archive("environment_failure", run.environment_failure);
  archive("weakened", run.weakened);
  archive("ledger", run.ledger);
}

}  // namespace sluice::reports
