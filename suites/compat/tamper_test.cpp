#include "suites/compat/tamper.hpp"

#include <gtest/gtest.h>

#include "suites/compat/curl.hpp"

namespace sluice::compat {
namespace {

scenario::Exchange exchange_with(const scenario::Step& step, std::string body,
                                 const std::string& type = "application/json") {
  scenario::Exchange exchange;
  exchange.step = &step;
  exchange.response.emplace();
  exchange.response->status = 200;
  exchange.response->headers = {{"Content-Type", type}};
  exchange.response->body = std::move(body);
  return exchange;
}

TEST(Tamper, ChangesOneValueAndNothingElse) {
  const scenario::Step step;
  auto exchange = exchange_with(step, R"({"n":9007199254740993,"a":[{"s":"hello"},1.10],"b":true,"z":null})");
  EXPECT_TRUE(tamper(exchange, "/n"));
  EXPECT_EQ(exchange.response->body, R"({"n":9007199254740994,"a":[{"s":"hello"},1.10],"b":true,"z":null})");
  EXPECT_TRUE(tamper(exchange, "/a/0/s"));
  EXPECT_TRUE(tamper(exchange, "/b"));
  EXPECT_TRUE(tamper(exchange, "/z"));
  EXPECT_EQ(exchange.response->body, R"({"n":9007199254740994,"a":[{"s":"hellx"},1.10],"b":false,"z":"x"})");
}

TEST(Tamper, ChangesHeadersLinesAndMessages) {
  scenario::Step step;
  step.websocket = true;
  auto exchange = exchange_with(step, "one\ntwo", "text/plain");
  exchange.messages = {{.payload = R"({"a":1})"}, {.payload = "plain"}};
  EXPECT_TRUE(tamper(exchange, "header:content-type"));
  EXPECT_EQ(exchange.response->headers[0].value, "text/plaix");
  EXPECT_TRUE(tamper(exchange, "body/2"));
  EXPECT_EQ(exchange.response->body, "one\ntwx");
  EXPECT_TRUE(tamper(exchange, "/messages/0/a"));
  EXPECT_EQ(exchange.messages[0].payload, R"({"a":2})");
  EXPECT_TRUE(tamper(exchange, "/messages/1"));
  EXPECT_EQ(exchange.messages[1].payload, "plaix");
}

TEST(Tamper, SaysWhenAPlaceCannotBeChanged) {
  const scenario::Step step;
  auto exchange = exchange_with(step, R"({"a":[1]})");
  EXPECT_FALSE(tamper(exchange, "/a"));
  EXPECT_FALSE(tamper(exchange, "/nothing"));
  EXPECT_FALSE(tamper(exchange, "header:Location"));
  EXPECT_FALSE(tamper(exchange, "body/1"));
}

TEST(Curl, SendsTheRequestAgainWithoutCredentials) {
  EXPECT_EQ(
      curl_command("http://h:1", {.method = "POST",
                                  .target = "/a?b=c d",
                                  .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer s3cret"}},
                                  .body = R"({"a":"it's"})"}),
      "curl -sS -i -X POST -H 'Content-Type: application/json' -H 'Authorization: REDACTED' "
      R"(--data-raw '{"a":"it'\''s"}' 'http://h:1/a?b=c d')");
}

}  // namespace
}  // namespace sluice::compat
