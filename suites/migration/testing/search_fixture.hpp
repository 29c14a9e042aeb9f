#pragma once
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "harness/testing/check_context.hpp"
#include "harness/testing/http_server.hpp"
#include "suites/migration/queries/search.hpp"

namespace sluice::migration {

/// Two real servers with a search route each, and forty queries.
class SearchFixture : public ::testing::Test {
 protected:
  using Ids = std::vector<std::string>;

  void SetUp() override {
    context_.endpoints = {{"old", old_.url()}, {"new", new_.url()}};
    write_queries(40);
  }
  void write_queries(int count) {
    std::string lines = "# what users ask\n\n";
    for (int i = 0; i < count; ++i) lines += R"({"text": "word )" + std::to_string(i) + "\"}\n";
    folder_.write("queries.jsonl", lines);
  }
  /// Ten ids that depend on the query.
  static Ids ids_of(const std::string& target) {
    const std::string query = target.substr(target.rfind("%20") + 3);
    Ids ids;
    for (int i = 0; i < 10; ++i) ids.push_back(query + "-" + std::to_string(i));
    return ids;
  }
  static std::string body_of(const Ids& ids) {
    std::string body;
    for (const auto& id : ids) body += (body.empty() ? "" : ",") + (R"({"id":")" + id) + "\"}";
    return R"({"results":[)" + body + "]}";
  }
  Outcome run(const std::string& more = "") {
    const CheckKind kind = search_kind();
    const auto check = kind.make(testing::make_parameters(
        kind, "{ queries: queries.jsonl, request: \"/api/search?q={query}\", routes: { /api: /v2 }" + more + " }"));
    return testing::run_check(*check, context_);
  }
  std::string run_error(const std::string& more = "") {
    try {
      run(more);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "no exception";
  }

  testing::TemporaryFolder folder_;
  CheckContext context_ = testing::make_context(folder_, "search");
  /// What each side answers; the new one sees the number of its request.
  std::function<testing::ServedResponse(const std::string&)> old_answer_ = [](const std::string& target) {
    return testing::ServedResponse{.body = body_of(ids_of(target))};
  };
  std::function<testing::ServedResponse(const std::string&, int)> new_answer_ = [](const std::string& target, int) {
    return testing::ServedResponse{.body = body_of(ids_of(target))};
  };
  std::atomic<int> new_requests_{0};
  testing::HttpServer old_{{.http =
                                [this](const testing::ServedRequest& request) {
                                  if (!request.target.starts_with("/api/search?q="))
                                    return testing::ServedResponse{.status = 404};
                                  return old_answer_(request.target);
                                },
                            .websocket = {}}};
  testing::HttpServer new_{{.http =
                                [this](const testing::ServedRequest& request) {
                                  if (!request.target.starts_with("/v2/search?q="))
                                    return testing::ServedResponse{.status = 404};
                                  return new_answer_(request.target, new_requests_++);
                                },
                            .websocket = {}}};
};

inline std::vector<std::string> rules_of(const Outcome& outcome, Severity least = Severity::error) {
  std::vector<std::string> rules;
  for (const auto& finding : outcome.findings) {
    if (finding.severity >= least) rules.push_back(finding.rule);
  }
  return rules;
}

}  // namespace sluice::migration
