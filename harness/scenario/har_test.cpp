#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness/core/errors.hpp"
#include "harness/scenario/corpus_sources.hpp"

namespace sluice::scenario {
namespace {

std::vector<Step> steps_of(const std::string& entries) {
  const auto document = parse_exact_json(R"({"log":{"entries":[)" + entries + "]}}");
  EXPECT_TRUE(document.value) << document.error;
  return steps_of_har("t.har", *document.value);
}

std::string request(const std::string& url, const std::string& more = R"("headers":[])") {
  return R"({"request":{"method":"POST","url":")" + url + "\"," + more + "}}";
}

std::string error_of(const std::string& entries) {
  try {
    steps_of(entries);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Har, TakesMethodPathQueryAndBody) {
  const auto steps = steps_of(request(
      "https://h.example:8443/a/b?c=d%20e#frag",
      R"("headers":[{"name":"Content-Type","value":"text/plain"}],"postData":{"mimeType":"text/plain","text":"{{not a template}}"})"));
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].method, "POST");
  EXPECT_EQ(steps[0].path, "/a/b?c=d%20e");
  EXPECT_EQ(steps[0].body, "{{not a template}}");
  EXPECT_FALSE(steps[0].templates);
  EXPECT_EQ(steps[0].location, "t.har: log.entries[0]");
}

TEST(Har, KeepsCookiesAndDropsHopByHopAndPseudoHeaders) {
  const auto steps = steps_of(request(
      "http://h/",
      R"("headers":[{"name":":method","value":"POST"},{"name":"Host","value":"h"},{"name":"Connection","value":"x"},)"
      R"({"name":"content-length","value":"3"},{"name":"Transfer-Encoding","value":"chunked"},)"
      R"({"name":"Cookie","value":"a=b"},{"name":"Accept-Encoding","value":"gzip, br"}])"));
  ASSERT_EQ(steps.at(0).headers.size(), 2u);
  EXPECT_EQ(steps[0].headers[0].name, "Cookie");
  EXPECT_EQ(steps[0].headers[0].value, "a=b");
  EXPECT_EQ(steps[0].headers[1].value, "gzip, deflate");
}

TEST(Har, RebuildsUrlEncodedForms) {
  const auto steps = steps_of(request(
      "http://h/",
      R"("headers":[],"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"1 2"},{"name":"b","value":""}]})"));
  EXPECT_EQ(steps.at(0).body, "a=1%202&b=");
}

TEST(Har, EncodesWhatBrowsersLeaveRawAndSkipsDataUrls) {
  const auto steps =
      steps_of(request("data:text/plain,x") + "," + request("http://h/é?q=a b") + "," + request("http://h"));
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].path, "/%C3%A9?q=a%20b");
  EXPECT_EQ(steps[1].path, "/");
}

TEST(Har, RefusesWhatItCannotReplayAndSaysWhere) {
  EXPECT_EQ(error_of(request("http://a/x") + "," + request("http://b/y")),
            "t.har: log.entries[1]: this request went to http://b, earlier ones to http://a; keep one service's "
            "entries only");
  EXPECT_EQ(error_of(request("wss://a/x")),
            "t.har: log.entries[0]: a WebSocket cannot be taken from a HAR file; write it as a JSON line");
  EXPECT_EQ(
      error_of(request("http://a/",
                       R"("headers":[],"postData":{"mimeType":"multipart/form-data","params":[{"name":"f"}]})")),
      "t.har: log.entries[0]: the body is recorded as form parts without its text; it cannot be sent again as it was");
  EXPECT_EQ(error_of("{}"), "t.har: log.entries[0]: \"request\" is missing or of another type");
  EXPECT_THROW(steps_of_har("t.har", *parse_exact_json(R"({"log":{}})").value), InputError);
}

}  // namespace
}  // namespace sluice::scenario
