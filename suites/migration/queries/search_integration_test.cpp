#include "harness/core/errors.hpp"
#include "suites/migration/testing/search_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Search : public SearchFixture {};

TEST_F(Search, PassesWhenBothSidesFindTheSame) {
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_EQ(outcome.coverage[0].examined, 40u);
  EXPECT_EQ(outcome.metrics[0].name, "overlap_at_10");
  EXPECT_DOUBLE_EQ(outcome.metrics[0].value, 1);
  ASSERT_TRUE(outcome.control);
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
  EXPECT_THAT(outcome.control->planted,
              AllOf(HasSubstr("16 of 40 queries replaced"), HasSubstr("16 queries reversed")));
}

TEST_F(Search, ListsSmallDifferencesAsWarnings) {
  new_answer_ = [](const std::string& target, int request) {
    Ids ids = ids_of(target);
    if (request % 8 == 0) ids.back() = "another";
    return testing::ServedResponse{.body = body_of(ids)};
  };
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_THAT(rules_of(outcome), IsEmpty());
  EXPECT_THAT(rules_of(outcome, Severity::warning),
              ElementsAre("results-differ", "results-differ", "results-differ", "results-differ", "results-differ"));
  EXPECT_THAT(outcome.findings[0].reproduce,
              AllOf(HasSubstr("curl -s"), HasSubstr("/api/search?q=word%20"), HasSubstr("/v2/search?q=word%20")));
  EXPECT_EQ(run(", overlap: 1").verdict, Verdict::failed);
}

TEST_F(Search, MayRepeatResultsThatTheOldSideRepeats) {
  const auto in_parts = [](const std::string& target) {
    Ids ids = ids_of(target);
    ids.insert(ids.begin() + 3, 2, ids[0]);
    return testing::ServedResponse{.body = body_of(ids)};
  };
  old_answer_ = in_parts;
  new_answer_ = [&](const std::string& target, int) { return in_parts(target); };
  const Outcome outcome = run(", sample: 3");
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_THAT(rules_of(outcome, Severity::warning),
              ElementsAre("results-repeated", "results-repeated", "results-repeated"));
  EXPECT_EQ(outcome.findings_total, 40u);
  ASSERT_TRUE(outcome.control);
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
}

TEST_F(Search, OfOneResultAQueryHasNoOrder) {
  const auto first = [](const std::string& target) {
    return testing::ServedResponse{.body = body_of({ids_of(target)[0]})};
  };
  old_answer_ = first;
  new_answer_ = [&](const std::string& target, int) { return first(target); };
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("order not judged, as no query has two results"));
  ASSERT_TRUE(outcome.control);
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
  EXPECT_THAT(outcome.control->planted, Not(HasSubstr("reversed")));
  for (const auto& metric : outcome.metrics) EXPECT_NE(metric.name, "rank_correlation");
}

TEST_F(Search, SaysWhenTooFewQueriesHaveAnOrder) {
  const auto few = [](const std::string& target) {
    Ids ids = ids_of(target);
    ids.resize(ids[0] == "7-0" ? 2 : 1);
    return testing::ServedResponse{.body = body_of(ids)};
  };
  old_answer_ = few;
  new_answer_ = [&](const std::string& target, int) { return few(target); };
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.control);
  EXPECT_FALSE(outcome.control->caught);
  EXPECT_THAT(outcome.control->observed,
              HasSubstr("1 of 40 queries have two results to reverse (`rank_correlation: -1`"));
  const Outcome unordered = run(", rank_correlation: -1");
  ASSERT_TRUE(unordered.control);
  EXPECT_TRUE(unordered.control->caught) << unordered.control->observed;
}

TEST_F(Search, IsInconclusiveWithTooFewQueries) {
  write_queries(20);
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("these limits need 29"));
  EXPECT_EQ(run(", overlap: 0.8, rank_correlation: 0.7").verdict, Verdict::passed);
}

TEST_F(Search, IsInconclusiveWhenNothingIsFound) {
  old_answer_ = [](const std::string&) { return testing::ServedResponse{.body = R"({"results":[]})"}; };
  new_answer_ = [](const std::string&, int) { return testing::ServedResponse{.body = R"({"results":[]})"}; };
  EXPECT_THAT(run().reason, HasSubstr("none of 40 queries has a result"));
}

TEST_F(Search, MapsIdsAndOtherShapes) {
  folder_.write("ids.json", [] {
    std::string map;
    for (int query = 0; query < 40; ++query) {
      for (int i = 0; i < 10; ++i) {
        const std::string id = std::to_string(query) + "-" + std::to_string(i);
        map += (map.empty() ? "" : ",") + ("\"" + id) + "\":\"n" + id + "\"";
      }
    }
    return "{" + map + "}";
  }());
  new_answer_ = [](const std::string& target, int) {
    std::string body;
    for (const auto& id : ids_of(target)) body += (body.empty() ? "\"n" : ",\"n") + id + "\"";
    return testing::ServedResponse{.body = R"({"data":{"hits":[)" + body + "]}}"};
  };
  const Outcome outcome = run(R"yaml(, id_map: ids.json, new_results: /data/hits, new_id: "")yaml");
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
}

TEST_F(Search, SendsWholeRequestsToo) {
  std::string lines;
  for (int i = 0; i < 30; ++i)
    lines += R"({"request": {"method": "POST", "path": "/api/search?q=a%20)" + std::to_string(i) +
             R"(", "headers": {"X-A": "b"}, "body": {"limit": 5}}})" + "\n";
  folder_.write("queries.jsonl", lines);
  EXPECT_EQ(run().verdict, Verdict::passed);
}

TEST_F(Search, IsErroredByBadInput) {
  folder_.write("queries.jsonl", "{\"text\": \"a\"}\nnot json\n");
  EXPECT_THAT(run_error(), HasSubstr("queries.jsonl:2: not JSON"));
  folder_.write("queries.jsonl", "{\"query\": \"a\"}\n");
  EXPECT_THAT(run_error(), HasSubstr("queries.jsonl:1: a query is"));
  folder_.write("queries.jsonl", "# none\n");
  EXPECT_THAT(run_error(), HasSubstr("there is no query in it"));
  write_queries(1);
  EXPECT_THAT(run_error(", results: /hits"),
              AllOf(HasSubstr("the old side did not answer"), HasSubstr("no list at /hits")));
  EXPECT_THAT(run_error(", id: /key"), HasSubstr("result 0 has no id at /key"));
  EXPECT_THAT(run_error(", id_map: none.json"), HasSubstr("none.json"));
}

TEST_F(Search, IsErroredWhenASideCannotBeReached) {
  context_.endpoints["new"] = "http://127.0.0.1:1";
  EXPECT_THAT(run_error(), HasSubstr("cannot connect"));
}

TEST_F(Search, IsErroredWhenAnAnswerTakesTooLong) {
  old_answer_ = [](const std::string&) { return testing::ServedResponse{.delay = std::chrono::hours(1)}; };
  EXPECT_THAT(run_error(", timeout: 50ms"), HasSubstr("within 50 ms"));
}

TEST_F(Search, IsNotComparedWithItself) {
  context_.endpoints["new"] = context_.endpoints["old"];
  const CheckKind kind = search_kind();
  const auto check = kind.make(testing::make_parameters(kind, "{ queries: queries.jsonl, request: /api }"));
  EXPECT_THROW(check->prepare(context_), InputError);
}

}  // namespace
}  // namespace sluice::migration
