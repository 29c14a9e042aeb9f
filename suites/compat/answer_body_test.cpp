#include "suites/compat/answer_body.hpp"

#include <gtest/gtest.h>

namespace sluice::compat {
namespace {

net::Response response(const std::string& type, std::string body) {
  net::Response made;
  made.status = 200;
  made.headers = {{"content-type", type}};
  made.body = std::move(body);
  return made;
}

TEST(AnswerBody, GoesByWhatIsThere) {
  EXPECT_EQ(read_body(response("application/json", "5")).kind, AnswerBody::Kind::json);
  EXPECT_EQ(read_body(response("text/plain", "{\"a\":1}")).kind, AnswerBody::Kind::json);
  EXPECT_EQ(read_body(response("application/json", "{broken")).kind, AnswerBody::Kind::text);
  EXPECT_EQ(read_body(response("text/html", "<p>")).kind, AnswerBody::Kind::text);
  EXPECT_EQ(read_body(response("image/png", "\x89PNG")).kind, AnswerBody::Kind::bytes);
  EXPECT_EQ(read_body(response("text/plain", "")).kind, AnswerBody::Kind::empty);
  net::Response coded = response("text/plain", "xxx");
  coded.headers.push_back({"Content-Encoding", "br"});
  EXPECT_EQ(read_body(coded).kind, AnswerBody::Kind::undecodable);
}

TEST(EventStream, KeepsEveryFieldOfEveryEvent) {
  EXPECT_EQ(events_as_json(": ping\nid: 1\nevent: add\ndata: {\"n\":1.0}\n\ndata: a\ndata: b\r\n\nretry: 5\n"),
            R"([{"id":"1","event":"add","data":{"n":1.0}},{"data":"a\nb"},{"retry":"5"}])");
}

TEST(NormalisedHeader, DropsHabitsAndKeepsMeaning) {
  EXPECT_EQ(normalised_header("Content-Type", "Application/JSON; charset=UTF-8"), "application/json");
  EXPECT_EQ(normalised_header("content-type", "text/html; Charset=\"UTF-8\"; boundary=X"),
            "text/html; boundary=X; charset=utf-8");
  EXPECT_NE(normalised_header("Content-Type", "application/json; version=1"),
            normalised_header("Content-Type", "application/json; version=2"));
  EXPECT_EQ(normalised_header("Content-Type", "a/b; y=1; X=2;"), normalised_header("Content-Type", "a/b;x=2;y=1"));
  EXPECT_NE(normalised_header("Content-Type", "text/html"),
            normalised_header("Content-Type", "text/html; charset=latin1"));
  EXPECT_EQ(normalised_header("Allow", "POST,GET"), "GET, POST");
  EXPECT_EQ(normalised_header("Location", "/A"), "/A");
}

TEST(JoinedHeader, JoinsRepeatedHeaders) {
  net::Response made = response("a", "");
  made.headers = {{"Allow", "GET"}, {"X", "1"}, {"allow", "POST"}};
  EXPECT_EQ(joined_header(made, "ALLOW"), "GET, POST");
  EXPECT_EQ(joined_header(made, "Y"), std::nullopt);
}

}  // namespace
}  // namespace sluice::compat
