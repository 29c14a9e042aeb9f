// Migrations that lose, double, revive or damage what clients write meanwhile, and services that say what is not so.
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "harness/stores/sql_session.hpp"
#include "suites/migration/testing/live_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using BadLiveWrites = LiveFixture;

std::set<std::string> rules_found(const Outcome& outcome) {
  std::set<std::string> rules;
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  for (const auto& finding : outcome.findings) {
    rules.insert(finding.rule);
    EXPECT_THAT(finding.reproduce, HasSubstr("sluice run plan.yaml"));
  }
  return rules;
}

using Rules = std::set<std::string>;

TEST_F(BadLiveWrites, AreCaughtWithoutACatchUp) {
  catch_up_ = [] {};
  const Outcome outcome = run_live();
  EXPECT_EQ(rules_found(outcome), Rules{"write-lost"});
  const Finding& finding = outcome.findings.front();
  EXPECT_THAT(finding.reproduce, HasSubstr("curl -s -X PUT"));
  EXPECT_THAT(finding.reproduce, HasSubstr("psql"));
  EXPECT_EQ(finding.where.front().first, "nonce");
  EXPECT_EQ(finding.where.back().second, "201");
}

TEST_F(BadLiveWrites, AreCaughtCopiedTwice) {
  new_side("ALTER TABLE items DROP CONSTRAINT items_key_key");
  copy_statement_ = "INSERT INTO items (key, body) VALUES ({key}, {text})";
  catch_up_ = [this] {
    new_side("INSERT INTO items (key, body) SELECT key, body FROM items ORDER BY id LIMIT 1");
    copy_changes();
  };
  const Outcome outcome = run_live();
  EXPECT_EQ(rules_found(outcome), Rules{"write-duplicated"});
  EXPECT_EQ(outcome.findings_total, 1u);
}

TEST_F(BadLiveWrites, AreCaughtWhenUpdatesAreNotCaughtUp) {
  copy_statement_ = "INSERT INTO items (key, body) VALUES ({key}, {text}) ON CONFLICT (key) DO NOTHING";
  writes_beside_ = 60;
  EXPECT_EQ(rules_found(run_live(", keys: 4")), (Rules{"write-lost", "write-resurrected"}));
}

TEST_F(BadLiveWrites, AreCaughtBroughtBackByABackfill) {
  writes_beside_ = 100;
  migrate_ = [] {};
  // The rows that the backfill read before the deletes are written after them, where nothing is in their way.
  std::vector<std::pair<std::string, std::string>> read_early;
  old_service_ = [&, this](const std::string& key, const std::string& text, std::size_t) {
    store_in_old(key, text);
    read_early.emplace_back(key, text);
    return testing::ServedResponse{.status = 201, .body = "{}"};
  };
  catch_up_ = [&, this] {
    copy_changes();
    for (const auto& [key, text] : read_early)
      new_side("INSERT INTO items (key, body) VALUES (" + stores::quote_literal(key) + ", " +
               stores::quote_literal(text) + ") ON CONFLICT (key) DO NOTHING");
  };
  const Outcome outcome = run_live(deletes_);
  EXPECT_EQ(rules_found(outcome), Rules{"write-resurrected"});
  const Finding& finding = outcome.findings.front();
  EXPECT_THAT(finding.summary, HasSubstr("which an acknowledged delete took away"));
  EXPECT_THAT(finding.reproduce, HasSubstr("deleted by: curl -s -X DELETE"));
  EXPECT_EQ(finding.where.back().first, "deleted at");
}

TEST_F(BadLiveWrites, AreCaughtBroughtBackOnceAllSeemedWell) {
  writes_beside_ = 100;
  std::set<std::string> deleted;
  old_delete_service_ = [&, this](const std::string& key, std::size_t) {
    deleted.insert(key);
    return testing::ServedResponse{.status = remove_from_old(key) ? 204u : 404u};
  };
  std::map<std::string, std::string> texts;
  old_service_ = [&, this](const std::string& key, const std::string& text, std::size_t) {
    store_in_old(key, text);
    texts[key] = text;
    return testing::ServedResponse{.status = 201, .body = "{}"};
  };
  std::jthread late;
  catch_up_ = [&, this] {
    copy_changes();
    late = std::jthread([&, this] {
      wait_for_first_look();
      store_in_new(*deleted.begin(), texts[*deleted.begin()]);
    });
  };
  parameters_.replace(parameters_.find("stable: 0s"), 10, "stable: 60s");
  const Outcome outcome = run_live(deletes_);
  EXPECT_EQ(rules_found(outcome), Rules{"write-resurrected"});
  EXPECT_EQ(outcome.findings_total, 1u);
}

TEST_F(BadLiveWrites, AreCaughtWhenDeletesAreNotCarriedOver) {
  writes_beside_ = 100;
  copy_delete_statement_ = "SELECT {key}";
  EXPECT_EQ(rules_found(run_live(deletes_)), Rules{"write-resurrected"});
}

TEST_F(BadLiveWrites, AreCaughtWhenTheServiceOnlySaysThatItDeletes) {
  writes_beside_ = 100;
  old_delete_service_ = [](const std::string&, std::size_t) { return testing::ServedResponse{.status = 204}; };
  EXPECT_EQ(rules_found(run_live(deletes_)), Rules{"write-resurrected"});
}

TEST_F(BadLiveWrites, AreCaughtDamaged) {
  copied_text_ = [](const std::string& text) { return text.substr(0, text.find_last_not_of(' ') + 1); };
  EXPECT_EQ(rules_found(run_live()), Rules{"value-differs"});
}

TEST_F(BadLiveWrites, AreCaughtAcknowledgedAndNotStored) {
  old_service_ = [this](const std::string& key, const std::string& text, std::size_t number) {
    if (number != 7) store_in_old(key, text);
    return testing::ServedResponse{.status = 200, .body = "{}"};
  };
  const Outcome outcome = run_live();
  EXPECT_EQ(rules_found(outcome), Rules{"write-lost"});
  EXPECT_EQ(outcome.findings_total, 1u);
}

TEST_F(BadLiveWrites, AreCaughtStoredTwiceAfterAnAnswerThatNeverCame) {
  new_side("ALTER TABLE items DROP CONSTRAINT items_key_key");
  copy_statement_ = "INSERT INTO items (key, body) VALUES ({key}, {text})";
  old_service_ = [this](const std::string& key, const std::string& text, std::size_t number) {
    store_in_old(key, text);
    if (number != 9) return testing::ServedResponse{.status = 201, .body = "{}"};
    store_in_old(key + "-retried", text);
    return testing::ServedResponse{.drop = true};
  };
  const Outcome outcome = run_live(", errors_max: 0.5");
  EXPECT_EQ(rules_found(outcome), Rules{"write-duplicated"});
  EXPECT_THAT(outcome.findings.front().summary, HasSubstr("the unacknowledged write"));
}

TEST_F(BadLiveWrites, AreCaughtFailingMoreThanIsAllowed) {
  old_service_ = [this](const std::string& key, const std::string& text, std::size_t number) {
    if (number == 5) return testing::ServedResponse{.status = 503, .body = "migrating"};
    store_in_old(key, text);
    return testing::ServedResponse{.status = 201, .body = "{}"};
  };
  const Outcome outcome = run_live();
  EXPECT_EQ(rules_found(outcome), Rules{"errors-above-limit"});
  EXPECT_THAT(*outcome.findings.front().new_value, HasSubstr("status 503: migrating"));
}

TEST_F(BadLiveWrites, AreCaughtWhenTheNewEndpointDoesNotServeThem) {
  const Outcome outcome = run_live(", read: { path: \"/items/x{key}\", pointer: /found }");
  EXPECT_EQ(rules_found(outcome), Rules{"write-not-served"});
}

TEST_F(BadLiveWrites, DoNotPassWhereTheReadRouteOnlyRepeatsTheQuestion) {
  parameters_.replace(parameters_.find("{key}"), 5, "{nonce}");
  const Outcome outcome = run_live(", read: \"/items/{nonce}\"");
  ASSERT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_FALSE(outcome.control->caught);
  EXPECT_THAT(outcome.control->observed, HasSubstr("set `pointer`"));
}

TEST_F(BadLiveWrites, DoNotPassWhereTheStatementFindsEverything) {
  parameters_.replace(parameters_.find("{ table: items, column: body }"), 30,
                      "\"SELECT '{nonce}' FROM (VALUES (1)) AS one\"");
  parameters_.replace(parameters_.find("{value}"), 7, "{nonce}");
  const Outcome outcome = run_live();
  ASSERT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_FALSE(outcome.control->caught);
}

}  // namespace
}  // namespace sluice::migration
