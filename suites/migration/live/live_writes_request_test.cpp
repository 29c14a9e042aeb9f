#include "suites/migration/live/live_writes_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/testing/check_context.hpp"
#include "suites/migration/live/live_writes_client.hpp"
#include "suites/migration/live/live_writes_find.hpp"

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WriteTemplate written(const std::string& text) {
  CheckKind kind;
  kind.parameters = {
      {.name = "write", .type = ParameterType::record, .doc = "", .fields = request_fields("POST", "a path")}};
  return {testing::make_parameters(kind, "{ write: " + text + " }").record("write"), "write"};
}

WriteRecord sample() {
  WriteRecord write{.number = 7, .nonce = "lwabcn0000007", .key = "k 1", .user = "user1"};
  write.value = "say \"hi\" \\ \u00e9";
  return write;
}

TEST(WriteTemplate, PutsValuesIntoJsonAsText) {
  const auto request =
      written(R"({ path: "/items/{key}?u={user}", body: '{"text": "{value}", "n": {number}}' })").render(sample());
  EXPECT_EQ(request.target, "/items/k%201?u=user1");
  const auto body = parse_exact_json(request.body);
  ASSERT_TRUE(body.value) << request.body;
  EXPECT_EQ(body.value->find("text")->text(), sample().value);
  EXPECT_EQ(body.value->find("n")->text(), "7");
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].value, "application/json");
}

TEST(WriteTemplate, NamesInADeleteWhatIsTakenAway) {
  WriteRecord remove = sample();
  remove.removes = "lwabcn0000003";
  remove.id = "7/8";
  EXPECT_EQ(written(R"({ method: DELETE, path: "/items/{id}?key={key}&nonce={nonce}" })").render(remove).target,
            "/items/7%2F8?key=k%201&nonce=lwabcn0000003");
}

TEST(WriteTemplate, EncodesFormsAndLeavesOtherBodiesAlone) {
  const auto form =
      written(R"({ path: /a, headers: { content-type: application/x-www-form-urlencoded }, body: "text={value}" })");
  EXPECT_EQ(form.render(sample()).body, "text=say%20%22hi%22%20%5C%20%C3%A9");
  EXPECT_EQ(written(R"({ path: /a, headers: { X-Id: "{nonce}" }, body: "{value}" })").render(sample()).body,
            "say \"hi\" \\ \u00e9");
}

TEST(WriteTemplate, RefusesWhatCannotBeSent) {
  EXPECT_THROW(written("{ path: items }"), InputError);
  EXPECT_THROW(written(R"({ path: /a, headers: { X: "{value}" } })"), InputError);
}

TEST(WriteValue, BeginsWithTheNonceAndHoldsWhatMigrationsDamage) {
  EXPECT_TRUE(value_of("abc", 4).starts_with("abc "));
  EXPECT_TRUE(value_of("abc", 4).ends_with(" "));
}

TEST(WriteFate, IsOpenUnlessTheAnswerIsClear) {
  WriteAnswer answer;
  const auto fate = [&](unsigned status, const std::string& body, const std::string& pointer = "") {
    net::Response response;
    response.status = status;
    response.body = body;
    answer = read_answer(response, pointer);
    return answer.fate;
  };
  EXPECT_EQ(fate(201, ""), WriteFate::acknowledged);
  EXPECT_EQ(fate(409, "{}"), WriteFate::refused);
  EXPECT_EQ(fate(302, ""), WriteFate::refused);
  EXPECT_EQ(fate(503, "busy"), WriteFate::unknown);
  EXPECT_THAT(answer.why, HasSubstr("status 503: busy"));
  EXPECT_EQ(fate(408, ""), WriteFate::unknown) << "a gateway that gave up does not know either";
  EXPECT_EQ(fate(200, R"({"id": 1})", "/id"), WriteFate::acknowledged);
  EXPECT_EQ(answer.id, "1");
  EXPECT_EQ(fate(200, R"({"id": "a b"})", "/id"), WriteFate::acknowledged);
  EXPECT_EQ(answer.id, "a b");
  EXPECT_EQ(fate(200, R"({"error": "full"})", "/id"), WriteFate::unknown);
  EXPECT_EQ(fate(200, "ok", "/id"), WriteFate::unknown);
}

TEST(Nonces, AreFoundOnceEachAndOnlyWhole) {
  EXPECT_THAT(nonces_in("lwxn0000001 and lwxn0000002, lwxn0000001", "lwx"), ElementsAre("lwxn0000001", "lwxn0000002"));
  EXPECT_THAT(nonces_in("lwxn00000 lwyn0000001 lwx", "lwx"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::migration
