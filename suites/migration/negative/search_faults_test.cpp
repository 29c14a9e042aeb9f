// Searches that answer 200 with well-formed results that are not the right ones.
#include "suites/migration/testing/search_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BadSearch : public SearchFixture {
 protected:
  void answer_with(std::function<void(Ids&, int)> change) {
    new_answer_ = [change = std::move(change)](const std::string& target, int request) {
      Ids ids = ids_of(target);
      change(ids, request);
      return testing::ServedResponse{.body = body_of(ids)};
    };
  }
};

TEST_F(BadSearch, IsCaughtFindingNothingForSomeQueries) {
  answer_with([](Ids& ids, int request) {
    if (request % 3 == 0) ids.clear();
  });
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules_of(outcome), ElementsAre("overlap-below-limit", "rank-correlation-below-limit"));
  EXPECT_EQ(outcome.findings[0].new_value->substr(0, 5), "0.650");
}

TEST_F(BadSearch, IsCaughtFindingHalf) {
  answer_with([](Ids& ids, int) { ids.resize(5); });
  EXPECT_THAT(rules_of(run(", rank_correlation: -1")), ElementsAre("overlap-below-limit"));
}

TEST_F(BadSearch, IsCaughtReturningTheRightResultsInTheOppositeOrder) {
  answer_with([](Ids& ids, int) { std::reverse(ids.begin(), ids.end()); });
  EXPECT_THAT(rules_of(run()), ElementsAre("rank-correlation-below-limit"));
}

TEST_F(BadSearch, IsCaughtReturningOneResultManyTimes) {
  answer_with([](Ids& ids, int) { std::fill(ids.begin(), ids.end(), ids.front()); });
  EXPECT_THAT(rules_of(run()), Contains("overlap-below-limit"));
}

TEST_F(BadSearch, IsCaughtReturningEveryResultThreeTimes) {
  answer_with([](Ids& ids, int) {
    Ids joined;
    for (const auto& id : ids) joined.insert(joined.end(), 3, id);
    ids = joined;
  });
  const Outcome outcome = run(", sample: 1");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_THAT(rules_of(outcome), ElementsAre("results-repeated"));
  EXPECT_EQ(outcome.findings[0].new_value, "20 repeated");
  EXPECT_EQ(outcome.findings_total, 40u);
  EXPECT_THAT(outcome.reason, HasSubstr("the new side repeats results of 40 of 40 queries; overlap@10 1.000"));
}

TEST_F(BadSearch, IsCaughtRepeatingMoreThanTheOldSideDid) {
  const auto with_the_first = [](const std::string& target, std::size_t times) {
    Ids ids = ids_of(target);
    ids.insert(ids.end(), times, ids[0]);
    return testing::ServedResponse{.body = body_of(ids)};
  };
  old_answer_ = [&](const std::string& target) { return with_the_first(target, 1); };
  new_answer_ = [&](const std::string& target, int request) { return with_the_first(target, request == 7 ? 2 : 1); };
  const Outcome outcome = run(", sample: 1");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_THAT(rules_of(outcome), ElementsAre("results-repeated"));
  EXPECT_EQ(outcome.findings[0].where[0].second, "word 7");
}

TEST_F(BadSearch, IsCaughtFindingAnotherSingleResult) {
  old_answer_ = [](const std::string& target) { return testing::ServedResponse{.body = body_of({ids_of(target)[0]})}; };
  answer_with([](Ids& ids, int) { ids = {ids[1]}; });
  EXPECT_THAT(rules_of(run()), ElementsAre("overlap-below-limit"));
}

TEST_F(BadSearch, IsCaughtFailingOnOneQuery) {
  new_answer_ = [](const std::string& target, int request) {
    if (request == 7) return testing::ServedResponse{.status = 500, .body = "{}"};
    return testing::ServedResponse{.body = body_of(ids_of(target))};
  };
  const Outcome outcome = run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules_of(outcome), ElementsAre("search-failed"));
  EXPECT_THAT(*outcome.findings[0].new_value, HasSubstr("status 500"));
}

}  // namespace
}  // namespace sluice::migration
