#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "suites/compat/testing/replay_run.hpp"

// Differences that are none: a check that calls them faults is switched off by its users.
namespace sluice::compat {
namespace {

using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;

const std::string one_get = "{\"path\":\"/api/items\"}\n";

void expect_pass(const ReplayRun& run) {
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  ASSERT_TRUE(outcome.control);
  EXPECT_TRUE(outcome.control->caught) << text_of(outcome);
}

void expect_equal(ServedResponse old_answer, ServedResponse new_answer, std::string parameters = "{}") {
  expect_pass({.old_side = {.http = always(std::move(old_answer))},
               .new_side = {.http = always(std::move(new_answer))},
               .corpus = one_get,
               .parameters = std::move(parameters)});
}

std::string gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A shop whose ids are UUID-like and counted: every id and token differs between two calls and two sides,
/// consistently.
HttpHandler shop(const std::string& side, int start) {
  return [side, next = start](const ServedRequest& request) mutable -> ServedResponse {
    std::string host;
    for (const auto& header : request.headers) {
      if (header.name == "Host") host = header.value;
    }
    if (request.method == "POST") {
      const int number = next++;
      const std::string id = side + "000000-0000-4000-8000-" + std::to_string(100000000000 + number);
      const std::string self = "http://" + host + "/items/" + id;
      return json(R"({"id":")" + id + R"(","number":)" + std::to_string(number) + R"(,"self":")" + self +
                      R"(","text":"created )" + id + R"( for you","token":"tok)" + side +
                      std::to_string(7777777 * number) + R"(abcdefgh"})",
                  201, {{"Location", "/items/" + id}, {"Link", "<" + self + ">; rel=\"self\""}});
    }
    const std::string id = request.target.substr(request.target.rfind('/') + 1);
    return json(R"({"item":{"id":")" + id + R"("},"list":[{"item_id":")" + id + "\"}]}");
  };
}

TEST(NoFault, AllIdsAndTokensDifferOneToOneAlsoInLinksAndText) {
  expect_pass(
      {.old_side = {.http = shop("aa", 3)},
       .new_side = {.http = shop("bb", 40)},
       .corpus = "{\"name\":\"one\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{},\"capture\":{\"a\":\"/id\"}}\n"
                 "{\"name\":\"two\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{},\"capture\":{\"b\":\"/id\"}}\n"
                 "{\"name\":\"read two\",\"path\":\"/items/{{b}}\"}\n"
                 "{\"name\":\"read one\",\"path\":\"/items/{{a}}\"}\n",
       .parameters = R"({"headers":["Content-Type","Location","Link"]})"});
}

TEST(NoFault, AddedMembersAndTheOrderOfMembers) {
  expect_equal(json(R"({"a":1,"b":{"c":2}})"), json(R"({"b":{"d":3,"c":2},"new":null,"a":1})"));
}

TEST(NoFault, Compression) {
  const std::string body = R"({"text":")" + std::string(1000, 'x') + "\"}";
  expect_equal(json(body), json(gzipped(body), 200, {{"Content-Encoding", "gzip"}}));
}

TEST(NoFault, Chunking) {
  expect_equal(json(R"({"a":1})"),
               json("3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", 200, {{"Transfer-Encoding", "chunked"}}));
}

TEST(NoFault, TheCaseOfHeadersAndTheirHabits) {
  expect_equal(
      {.headers = {{"Content-Type", "application/json; charset=utf-8"}, {"Allow", "GET, POST"}}, .body = "[1]"},
      {.headers = {{"allow", "POST,GET"}, {"content-type", "Application/JSON"}}, .body = "[1]"});
}

TEST(NoFault, EscapedAndUnescapedCharacters) { expect_equal(json(R"({"n":"é/"})"), json(R"({"n":"\u00e9\/"})")); }

TEST(NoFault, NewDeprecationHeaders) {
  expect_equal(json("[1]"),
               json("[1]", 200, {{"Deprecation", "@1790000000"}, {"Sunset", "Sat, 20 Mar 2027 00:00:00 GMT"}}));
}

TEST(NoFault, AnInstantInAnotherOffsetWhereItIsDeclared) {
  expect_equal(json(R"({"at":"2025-01-20T12:00:00Z","n":1})"), json(R"({"at":"2025-01-20T13:00:00+01:00","n":1})"),
               R"({"instants":["/at"]})");
}

TEST(NoFault, ANumberWithinItsDeclaredDistance) {
  expect_equal(json(R"({"score":0.50,"n":1})"), json(R"({"score":0.501,"n":1})"), R"({"numbers":{"/score":0.01}})");
}

TEST(NoFault, AnUndeclaredOrderOfABag) {
  expect_equal(json(R"({"tags":["a","b","b"]})"), json(R"({"tags":["b","a","b"]})"), R"({"arrays":{"/tags":"bag"}})");
}

TEST(NoFault, WebSocketMessagesOfManyFrames) {
  // Far longer than a frame of the server.
  const auto agent = [](const ServedMessage& got) -> std::vector<ServedReply> {
    return {{.message = {.payload =
                             R"({"said":)" + got.message.payload + R"(,"pad":")" + std::string(100'000, 'x') + "\"}"}}};
  };
  expect_pass({.old_side = {.http = {}, .websocket = agent},
               .new_side = {.http = {}, .websocket = agent},
               .corpus = "{\"websocket\":\"/ws/{{unique}}\",\"send\":[{\"text\":\"{{unique}}\"}],\"expect\":1}\n"});
}

TEST(NoFault, ANoisyTimeAndDurationBesideStableValues) {
  const HttpHandler service = [tick = 10](const ServedRequest&) mutable {
    ++tick;
    return json(R"({"at":"2025-01-20T12:00:)" + std::to_string(tick) + R"(.5Z","took_ms":)" +
                std::to_string(tick * 7 % 13) + R"(,"request":"req)" + std::to_string(tick * 1234567) +
                R"(","n":"stable"})");
  };
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    expect_pass({.old_side = {.http = service}, .new_side = {.http = service}, .corpus = one_get, .seed = seed});
  }
}

}  // namespace
}  // namespace sluice::compat
