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
