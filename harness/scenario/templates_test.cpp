#include "harness/scenario/templates.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::scenario {
namespace {

Step step(std::string path, std::map<std::string, std::string> capture = {}, std::string session = "") {
  return {
      .session = std::move(session), .path = std::move(path), .capture = std::move(capture), .location = "c.jsonl:7"};
}

TEST(CheckTemplates, TakesUniqueGivenAndEarlierCaptures) {
  const Corpus corpus{.path = {},
                      .steps = {step("/{{unique}}/{{unique:a}}/{{user}}", {{"cid", "/id"}}), step("/{{cid}}")}};
  EXPECT_NO_THROW(check_templates(corpus, {"user"}));
}

TEST(CheckTemplates, NamesTheStepAndTheLineToAdd) {
  try {
    check_templates({.path = {}, .steps = {step("/{{cid}}", {{"cid", "/id"}})}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "c.jsonl:7: {{cid}} has no value here: add \"capture\": {\"cid\": \"/pointer\"} to an earlier step of "
                 "session \"\"");
  }
}

TEST(CheckTemplates, KeepsSessionsApart) {
  const Corpus corpus{.path = {}, .steps = {step("/a", {{"cid", "/id"}}, "one"), step("/{{cid}}", {}, "two")}};
  EXPECT_THROW(check_templates(corpus), InputError);
}

TEST(CheckTemplates, IgnoresBracesOfRecordedTraffic) {
  Step recorded = step("/a?t={{x");
  recorded.templates = false;
  EXPECT_NO_THROW(check_templates({.path = {}, .steps = {recorded}}));
}

TEST(JsonEscape, GivesTheInsideOfAJsonString) { EXPECT_EQ(json_escape("a\"b\\c\n"), "a\\\"b\\\\c\\n"); }

}  // namespace
}  // namespace sluice::scenario
