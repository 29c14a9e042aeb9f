#include "suites/load/testing/compare_fixture.hpp"

#include <atomic>
#include <chrono>
#include <memory>

#include "suites/load/compare.hpp"

namespace sluice::load::testing {

using sluice::testing::HttpServer;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;

Handler thinking(std::function<double(std::uint64_t)> slowed) {
  const auto count = std::make_shared<std::atomic<std::uint64_t>>(0);
  return [count, slowed = std::move(slowed)](const ServedRequest&) {
    const std::chrono::duration<double, std::milli> time(30 * slowed(++*count));
    return ServedResponse{.body = "{}", .delay = std::chrono::duration_cast<std::chrono::nanoseconds>(time)};
  };
}

Outcome CompareFixture::compare_urls(const std::string& old_url, const std::string& new_url, const Changes& changes) {
  const auto corpus = folder_.write("mix.jsonl",
                                    "{\"name\": \"read\", \"path\": \"/items/{{unique}}\", \"weight\": 3}\n"
                                    "{\"name\": \"write\", \"method\": \"POST\", \"path\": \"/items\", \"json\": "
                                    "{\"text\": \"{{unique}}\"}}\n");
  CheckContext context = sluice::testing::make_context(folder_, "latency");
  context.endpoints = {{"old", old_url}, {"new", new_url}};
  const CheckKind kind = compare_kind();
  Changes parameters = changes;
  parameters.merge(Changes{{"corpus", "mix.jsonl"},
                           {"rate", "200/s"},
                           {"block", "250ms"},
                           {"pairs_min", "8"},
                           {"warmup", "300ms"},
                           {"budget", "12s"},
                           {"timeout", "2s"},
                           {"connections", "32"},
                           {"limit", "{p50: 1.12, p99: 1.30}"},
                           {"errors_max", "0.01"}});
  std::string text;
  for (const auto& [name, value] : parameters) text += name + ": " + value + "\n";
  const auto check = kind.make(sluice::testing::make_parameters(kind, text));
  Outcome outcome = sluice::testing::run_check(*check, context);
  RecordProperty("verdict", std::string(to_string(outcome.verdict)) + ": " + outcome.reason);
  if (outcome.control) RecordProperty("control", outcome.control->planted + " => " + outcome.control->observed);
  return outcome;
}

Outcome CompareFixture::compare(Handler old_side, Handler new_side, const Changes& changes) {
  const HttpServer old_server({.http = std::move(old_side), .websocket = {}});
  const HttpServer new_server({.http = std::move(new_side), .websocket = {}});
  return compare_urls(old_server.url(), new_server.url(), changes);
}

}  // namespace sluice::load::testing
