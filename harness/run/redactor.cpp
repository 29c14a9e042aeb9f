#include "harness/run/redactor.hpp"

#include <algorithm>

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
  if (value.size() < 4 || std::find(secrets_.begin(), secrets_.end(), value) != secrets_.end()) return;
  secrets_.push_back(std::move(value));
  // The longest first: one secret may hold another.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const auto& left, const auto& right) { return left.size() > right.size(); });
}

std::string Redactor::operator()(std::string text) const {
  for (const auto& secret : secrets_) replace_all(text, secret);
  mask_url_passwords(text);
  return text;
}

void Redactor::apply(RunResult& result) const {
  const auto clean = [this](std::string& text) { text = (*this)(std::move(text)); };
  clean(result.command);
  clean(result.deciding_rule);
  for (auto& service : result.services) {
    for (auto* text : {&service.detail, &service.address, &service.log_tail}) clean(*text);
  }
  for (auto& entry : result.not_run) clean(entry.why);
  for (auto& phase : result.phases) {
    clean(phase.deciding_rule);
    for (auto& rule : phase.rules) {
      clean(rule.observed);
      clean(rule.explanation);
    }
    for (auto& action : phase.actions) {
      for (auto* text : {&action.command, &action.outcome, &action.output_tail}) clean(*text);
    }
    for (auto& check : phase.checks) {
      clean(check.reproduce);
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
  }
}

}  // namespace sluice::run
