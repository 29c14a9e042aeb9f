#include "suites/compat/testing/replay_run.hpp"

#include <nlohmann/json.hpp>

#include "harness/testing/check_context.hpp"
#include "suites/compat/replay.hpp"

namespace sluice::compat {

using sluice::testing::ServedResponse;

Outcome ReplayRun::run() const {
  const sluice::testing::HttpServer old_server(old_side);
  const sluice::testing::HttpServer new_server(new_side);
  const sluice::testing::TemporaryFolder folder;
  folder.write("corpus.jsonl", corpus);
  auto values = nlohmann::json::parse(parameters);
  values["corpus"] = "corpus.jsonl";
  CheckContext context = sluice::testing::make_context(folder, "same-answers");
  context.endpoints = {{"old", old_server.url()}, {"new", new_server.url()}};
  context.seed = seed;
  const CheckKind kind = replay_kind();
  const auto check = kind.make(sluice::testing::make_parameters(kind, values.dump()));
  return sluice::testing::run_check(*check, context);
}

ServedResponse json(std::string body, unsigned status, std::vector<net::Header> more) {
  ServedResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.headers.insert(response.headers.end(), more.begin(), more.end());
  response.body = std::move(body);
  return response;
}

HttpHandler always(ServedResponse response) {
  return [response = std::move(response)](const sluice::testing::ServedRequest&) { return response; };
}

std::vector<std::string> failures(const Outcome& outcome) {
  std::vector<std::string> found;
  for (const Finding& finding : outcome.findings) {
    if (finding.severity < Severity::error) continue;
    found.push_back(finding.rule + (finding.where.size() < 3 ? "" : " " + finding.where[2].second));
  }
  return found;
}

std::string text_of(const Outcome& outcome) {
  std::string text = std::string(to_string(outcome.verdict)) + ": " + outcome.reason + "\n";
  for (const Finding& finding : outcome.findings) {
    text += "  " + std::string(to_string(finding.severity)) + " " + finding.rule + ": " + finding.summary + " [" +
            finding.old_value.value_or("-") + " -> " + finding.new_value.value_or("-") + "]\n";
  }
  if (outcome.control) text += "  control: " + outcome.control->planted + " -> " + outcome.control->observed + "\n";
  return text;
}

}  // namespace sluice::compat
