#include "reports/json.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>

#include "harness/core/errors.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

std::string refusal(const std::string& text, const ReportLimits& limits = {}) {
  try {
    from_json(text, limits);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// What the reader says of the sample after `damage` was done to it.
std::string refusal_after(const std::function<void(Json&)>& damage) {
  Json report = to_json(no_go_sample());
  damage(report);
  return refusal(report.dump());
}

TEST(ReportJson, ComesBackByteForByte) {
  for (const auto& name : sample_names()) {
    const std::string written = json(sample(name));
    EXPECT_EQ(json(from_json(written)), written) << name;
  }
}

TEST(ReportJson, KeepsWhatOthersLose) {
  RunResult run = go_sample();
  run.seed = std::numeric_limits<std::uint64_t>::max();
  run.deciding_rule = std::string("zero \0 and \x1b and \u202E", 20);
  Outcome& outcome = run.phases.back().checks.front().outcome;
  outcome.findings_total = std::numeric_limits<std::uint64_t>::max();
  outcome.metrics = {{.name = "tenth", .value = 0.1, .limit = 1.0 / 3.0},
                     {.name = "least", .value = std::numeric_limits<double>::denorm_min()},
                     {.name = "nan", .value = std::nan("")},
                     {.name = "up", .value = std::numeric_limits<double>::infinity()},
                     {.name = "down", .value = -std::numeric_limits<double>::infinity()}};
  Finding absent{.rule = "r", .summary = "s", .where = {}, .old_value = std::nullopt, .new_value = "", .reproduce = {}};
  outcome.findings = {absent};

  const RunResult back = from_json(json(run));
  const Outcome& read = back.phases.back().checks.front().outcome;
  EXPECT_EQ(back.seed, run.seed);
  EXPECT_EQ(back.deciding_rule, run.deciding_rule);
  EXPECT_EQ(back.started, run.started);
  EXPECT_EQ(back.duration, run.duration);
  EXPECT_EQ(read.findings_total, outcome.findings_total);
  EXPECT_EQ(read.metrics[0].value, 0.1);
  EXPECT_EQ(read.metrics[0].limit, 1.0 / 3.0);
  EXPECT_EQ(read.metrics[1].value, std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::isnan(read.metrics[2].value));
  EXPECT_EQ(read.metrics[3].value, std::numeric_limits<double>::infinity());
  EXPECT_EQ(read.metrics[4].value, -std::numeric_limits<double>::infinity());
  EXPECT_FALSE(read.findings[0].old_value.has_value());
  EXPECT_EQ(read.findings[0].new_value, "");
}

TEST(ReportJson, ReplacesBytesThatAreNoText) {
  RunResult run = go_sample();
  run.plan_name = "caf\xE9";
  run.versions["k\xFF"] = "v\xFF";
  const RunResult back = from_json(json(run));
  EXPECT_EQ(back.plan_name, "caf\uFFFD");
  EXPECT_EQ(back.versions.at("k\uFFFD"), "v\uFFFD");
}

TEST(ReportJson, NamesThePlaceOfAWrongType) {
  EXPECT_EQ(refusal_after(
                [](Json& report) { report["phases"][1]["checks"][0]["outcome"]["findings"][2]["occurrences"] = "3"; }),
            "report /phases/1/checks/0/outcome/findings/2/occurrences: expected a whole number from 0 to "
            "18446744073709551615, "
            "found \"3\"");
  EXPECT_EQ(refusal_after([](Json& report) { report["controls_enabled"] = 1; }),
            "report /controls_enabled: expected true or false, found 1");
  EXPECT_EQ(refusal_after([](Json& report) { report["phases"] = Json::object(); }),
            "report /phases: expected an array, found object");
  EXPECT_EQ(refusal_after([](Json& report) { report["phases"][0] = nullptr; }),
            "report /phases/0: expected an object, found null");
  EXPECT_EQ(refusal_after([](Json& report) { report["versions"]["a/b"] = 6; }),
            "report /versions/a~1b: expected a string, found 6");
}

TEST(ReportJson, NamesAMissingMember) {
  EXPECT_EQ(refusal_after([](Json& report) { report["phases"][0].erase("decision"); }),
            "report /phases/0: the member \"decision\" is missing");
  EXPECT_EQ(refusal_after([](Json& report) { report.erase("format"); }),
            "report (whole): the member \"format\" is missing");
}

// Each new member is looked for among those before it: 200,000 took half a minute.
TEST(ReportJson, RefusesMoreMembersThanAnyObjectHas) {
  std::string members = "\"k0\": 0";
  for (int i = 1; i < 200'000; ++i) members += ", \"k" + std::to_string(i) + "\": 0";
  EXPECT_EQ(refusal("{" + members + "}"), "report: an object with more than 256 members");
}

// Took 15 s when every value that ended was looked for among all values beside it.
TEST(ReportJson, ReadsALongList) {
  RunResult run = go_sample();
  run.not_run.assign(200'000, {"check", "latency", "data", "it was not asked for"});
  EXPECT_EQ(from_json(to_json(run).dump()).not_run.size(), 200'000u);
}

TEST(ReportJson, RefusesAMemberThatItDoesNotKnow) {
  EXPECT_EQ(refusal_after([](Json& report) { report["phases"][0]["waived"] = true; }),
            "report /phases/0/waived: no such member in this version of the report");
  EXPECT_EQ(refusal_after(
                [](Json& report) { report["phases"][1]["checks"][0]["outcome"]["findings"][0]["where"][0]["x"] = 1; }),
            "report /phases/1/checks/0/outcome/findings/0/where/0/x: no such member in this version of the report");
}

TEST(ReportJson, RefusesAnotherVersionBeforeAnythingElse) {
  EXPECT_EQ(
      refusal(R"({"format": "sluice-report", "schema_version": 2, "news": []})"),
      "report /schema_version: version 2 of the report; this sluice reads version 1. Use the sluice that wrote it");
  EXPECT_EQ(refusal(R"({"format": "junit", "schema_version": 1})"),
            "report /format: expected \"sluice-report\", found \"junit\"");
}

TEST(ReportJson, RefusesValuesOutOfRange) {
  EXPECT_THAT(refusal_after([](Json& report) { report["decision"] = "go"; }),
              "report /decision: expected GO, NO-GO or INCONCLUSIVE, found \"go\"");
  EXPECT_THAT(refusal_after([](Json& report) { report["exit_code"] = 256; }), HasSubstr("report /exit_code: expected"));
  EXPECT_THAT(refusal_after([](Json& report) { report["duration_ns"] = -1; }),
              HasSubstr("report /duration_ns: expected"));
  EXPECT_THAT(refusal_after([](Json& report) { report["duration_ns"] = std::numeric_limits<std::uint64_t>::max(); }),
              HasSubstr("report /duration_ns: expected a whole number of 64 bits"));
  EXPECT_THAT(refusal_after([](Json& report) { report["duration_ns"] = 1.5; }),
              HasSubstr("report /duration_ns: expected"));
  for (const char* seed : {"", "-1", "1.0", "01", " 1", "18446744073709551616", "0x10"})
    EXPECT_THAT(refusal_after([&](Json& report) { report["seed"] = seed; }), HasSubstr("report /seed: expected"))
        << seed;
  for (const char* time :
       {"", "2026-11-20", "2026-11-20T09:41:07Z", "2026-02-30T00:00:00.000000000Z", "2026-11-20T24:00:00.000000000Z",
        "9999-01-01T00:00:00.000000000Z", "2026-11-20T09:41:07.123456789+", "2026-1--20T09:41:07.123456789Z"})
    EXPECT_THAT(refusal_after([&](Json& report) { report["started"] = time; }),
                HasSubstr("report /started: expected a time"))
        << time;
}

TEST(ReportJson, RefusesEveryTruncation) {
  const std::string whole = json(inconclusive_sample());
  for (std::size_t length = 0; length + 2 < whole.size(); length += 97)
    ASSERT_THAT(refusal(whole.substr(0, length)), HasSubstr("report: not JSON")) << length;
}

TEST(ReportJson, RefusesDeepNestingWithoutFollowingIt) {
  EXPECT_EQ(refusal(std::string(2'000'000, '[')), "report: nested deeper than 24 levels");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects), "report: nested deeper than 24 levels");
}

TEST(ReportJson, RefusesTooManyBytesAndTooManyValues) {
  EXPECT_EQ(refusal(std::string(101, ' '), {.bytes = 100}),
            "report: 101 bytes, more than the 100 that a report may have");
  EXPECT_EQ(refusal("[1,2,3,4,5,6,7,8,9]", {.values = 5}), "report: more than 5 values");
}

TEST(ReportJson, RefusesAMemberThatAppearsTwice) {
  const std::string written = json(no_go_sample());
  EXPECT_EQ(refusal("{\"decision\": \"GO\"," + written.substr(1)),
            "report: the member \"decision\" appears twice in one object");
}

TEST(ReportJson, RefusesWhatIsNoReportAtAll) {
  EXPECT_THAT(refusal(""), HasSubstr("report: not JSON"));
  EXPECT_EQ(refusal("[]"), "report (whole): expected an object, found array");
  EXPECT_EQ(refusal("null"), "report (whole): expected an object, found null");
  EXPECT_THAT(refusal("{\"a\": \"\xFF\"}"), HasSubstr("report: not JSON"));
  EXPECT_THAT(refusal(R"({"format": 1e999})"), HasSubstr("report: not JSON"));
  EXPECT_THAT(refusal("<testsuites/>"), HasSubstr("report: not JSON"));
}

TEST(ReportJson, NeverCrashesOnADamagedByte) {
  const std::string whole = json(inconclusive_sample());
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 13) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    refused += refusal(damaged) != "accepted";
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace sluice::reports
