#include "harness/run/redactor.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "harness/core/printable.hpp"
#include "harness/net/http_client.hpp"

namespace sluice::run {
namespace {

constexpr const char* mask = "***";

void replace_all(std::string& text, const std::string& from) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + 3))
    text.replace(at, from.size(), mask);
}

// scheme://user:PASSWORD@host -> scheme://user:***@host
void mask_url_passwords(std::string& text) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const auto begin = at + 3;
    const auto end = std::min(text.find_first_of("/ \t\n\"'", begin), text.size());
    const auto sign = text.rfind('@', end);
    if (sign == std::string::npos || sign < begin) continue;
    const auto colon = text.find(':', begin);
    if (colon == std::string::npos || colon > sign) continue;
    text.replace(colon + 1, sign - colon - 1, mask);
  }
}

}  // namespace

void Redactor::add_secret(std::string value) {
  if (value.size() < 4) return;
  // Also as it looks quoted for a shell, escaped for people, and inside a URL.
  for (const auto& form : {value, shell_word(value), printable(value, value.size() * 4), net::percent_encode(value)}) {
    if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) secrets_.push_back(form);
  }
  // The longest first: one secret may hold another.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const auto& left, const auto& right) { return left.size() > right.size(); });
}

void Redactor::clean_folder(const std::filesystem::path& folder) const {
  if (secrets_.empty()) return;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    std::string clean = text;
    for (const auto& secret : secrets_) replace_all(clean, secret);
    if (clean != text) std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << clean;
  }
}

std::string Redactor::operator()(std::string text) const {
  for (const auto& secret : secrets_) replace_all(text, secret);
  mask_url_passwords(text);
  return text;
}

void Redactor::apply(ActionResult& action) const {
  for (auto* text : {&action.command, &action.outcome, &action.output_tail}) clean(*text);
  if (action.left_running) clean(*action.left_running);
}

void Redactor::apply(CheckResult& check) const {
  clean(check.reproduce);
  clean(check.parameters);
  clean(check.outcome.reason);
  if (check.outcome.control) {
    clean(check.outcome.control->planted);
    clean(check.outcome.control->observed);
  }
  for (auto& finding : check.outcome.findings) {
    clean(finding.summary);
    clean(finding.reproduce);
    for (auto& place : finding.where) clean(place.second);
    if (finding.old_value) clean(*finding.old_value);
    if (finding.new_value) clean(*finding.new_value);
  }
}

void Redactor::apply(PhaseResult& phase) const {
  clean(phase.deciding_rule);
  clean(phase.environment_failure);
  for (auto& rule : phase.rules) {
    clean(rule.observed);
    clean(rule.explanation);
  }
  for (auto& action : phase.actions) apply(action);
  if (phase.rollback) apply(*phase.rollback);
  for (auto& check : phase.checks) apply(check);
}

void Redactor::apply(RunResult& result) const {
  clean(result.command);
  clean(result.deciding_rule);
  clean(result.environment_failure);
  for (auto& service : result.services) {
    for (auto* text : {&service.detail, &service.address, &service.log_tail}) clean(*text);
  }
  for (auto& entry : result.not_run) clean(entry.why);
  for (auto& phase : result.phases) apply(phase);
}

}  // namespace sluice::run
