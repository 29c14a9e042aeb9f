// Real clients, services and stores, and a migration that is right.
#include <algorithm>
#include <filesystem>
#include <thread>

#include "suites/migration/live/write_ledger.hpp"
#include "suites/migration/testing/live_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

double metric(const Outcome& outcome, const std::string& name) {
  for (const auto& entry : outcome.metrics) {
    if (entry.name == name) return entry.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return -1;
}

TEST_F(LiveFixture, PassesAMigrationThatCatchesUp) {
  const Outcome outcome = run_live();
  expect_proven_pass(outcome);
  EXPECT_GE(metric(outcome, "writes_overlapping"), 10);
  EXPECT_THAT(outcome.control->planted, HasSubstr("an acknowledged write invented, one doubled, one value altered"));
  ASSERT_EQ(outcome.artifacts.size(), 1u);
  EXPECT_EQ(load_ledger(outcome.artifacts[0].path).size(), metric(outcome, "writes_acknowledged"));
}

TEST_F(LiveFixture, FollowsKeysThatAreWrittenAgainAndAgain) {
  writes_beside_ = 60;
  const Outcome outcome = run_live(", keys: 8");
  expect_proven_pass(outcome);
  EXPECT_THAT(outcome.control->observed, HasSubstr("write-resurrected found"));
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM items").front(), "8");
}

TEST_F(LiveFixture, SwitchesEndpointsBetweenActionsWithNothingUnderWay) {
  parameters_ =
      "write: { method: PUT, path: \"/items/{key}\", body: '{\"text\": \"{value}\"}' }, rate: 1000/s, overlap_min: 10, "
      "route: [old, { to: none, from: catch-up }, { to: new, after: catch-up }], linger: 100ms, "
      "find: \"SELECT body FROM items WHERE body LIKE '{run}%'\"";
  const Outcome outcome = run_live();
  expect_proven_pass(outcome);
  const auto ledger = load_ledger(outcome.artifacts[0].path);
  EXPECT_TRUE(std::any_of(ledger.begin(), ledger.end(), [](const auto& write) { return write.side == "new"; }));
}

TEST_F(LiveFixture, WritesToBothEndpointsByTurns) {
  parameters_.replace(parameters_.find("[old,"), 5, "[both,");
  const Outcome both = run_live();
  expect_proven_pass(both);
  const auto ledger = load_ledger(both.artifacts[0].path);
  const auto to_new =
      std::count_if(ledger.begin(), ledger.end(), [](const auto& write) { return write.side == "new"; });
  EXPECT_NEAR(static_cast<double>(to_new), static_cast<double>(ledger.size()) / 2, 10);
}

TEST_F(LiveFixture, WaitsForWhatArrivesLate) {
  parameters_.replace(parameters_.find("settle: 0s, stable: 0s"), 22, "settle: 60s, stable: 50ms");
  // The rest is copied by a process that nobody waits for, once the check has seen that it is missing.
  std::jthread late;
  catch_up_ = [&] {
    late = std::jthread([&] {
      wait_for_first_look();
      copy_changes();
    });
  };
  expect_proven_pass(run_live());
}

TEST_F(LiveFixture, LetsWritesWithoutAnAnswerGoEitherWay) {
  old_service_ = [this](const std::string& key, const std::string& text, std::size_t number) {
    if (number % 5 == 0) return testing::ServedResponse{.status = 503, .body = "not stored"};
    store_in_old(key, text);
    if (number % 5 == 1) return testing::ServedResponse{.status = 500, .body = "stored"};
    return testing::ServedResponse{.status = 201, .body = "{}", .drop = number % 5 == 2};
  };
  writes_beside_ = 100;
  const Outcome outcome = run_live(", errors_max: 0.9, keys: 3");
  expect_proven_pass(outcome);
  EXPECT_GT(metric(outcome, "errors_share"), 0.3);
}

TEST_F(LiveFixture, DeletesWhatItWroteAndFindsItGone) {
  writes_beside_ = 100;
  const Outcome outcome = run_live(deletes_);
  expect_proven_pass(outcome);
  EXPECT_THAT(outcome.control->planted, HasSubstr("one deleted write brought back, an acknowledged delete invented"));
  EXPECT_GE(metric(outcome, "deletes_overlapping"), 3);
  const auto ledger = load_ledger(outcome.artifacts[0].path);
  const auto deletes = std::count_if(ledger.begin(), ledger.end(), [](const auto& write) { return write.is_delete(); });
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM items").front(),
            std::to_string(static_cast<std::ptrdiff_t>(ledger.size()) - 2 * deletes));
}

TEST_F(LiveFixture, WritesHalfOfTheDeletedKeysAgain) {
  writes_beside_ = 300;
  const Outcome outcome = run_live(deletes_ + ", delete_share: 0.3, keys: 12");
  expect_proven_pass(outcome);
  EXPECT_THAT(outcome.control->planted, HasSubstr("one deleted write brought back"));
  EXPECT_THAT(outcome.control->planted, HasSubstr("one superseded write brought back"));
}

TEST_F(LiveFixture, DeletesByWhatTheServiceCallsIt) {
  writes_beside_ = 100;
  const Outcome outcome = run_live(", delete: { path: \"/items/{id}\" }, acknowledged_by: /id");
  expect_proven_pass(outcome);
  EXPECT_EQ(metric(outcome, "errors_share"), 0);
}

TEST_F(LiveFixture, DeletesAtTheEndpointThatKnowsTheWrite) {
  parameters_.replace(parameters_.find("[old,"), 5, "[old, { to: both, from: migrate },");
  writes_beside_ = 300;
  for (const char* const keys : {"", ", keys: 12"}) {
    const Outcome outcome = run_live(deletes_ + keys);
    expect_proven_pass(outcome);
    EXPECT_EQ(metric(outcome, "errors_share"), 0) << keys;
  }
}

TEST_F(LiveFixture, DeletesOnTheNewSideWhatTheOldOneStored) {
  parameters_.replace(parameters_.find("{ to: none, from: catch-up }]"), 29,
                      "{ to: none, from: catch-up }, { to: new, after: catch-up }], linger: 300ms");
  writes_beside_ = 100;
  const Outcome outcome = run_live(deletes_);
  expect_proven_pass(outcome);
  EXPECT_EQ(metric(outcome, "errors_share"), 0);
  const auto ledger = load_ledger(outcome.artifacts[0].path);
  EXPECT_TRUE(std::any_of(ledger.begin(), ledger.end(),
                          [](const auto& write) { return write.is_delete() && write.side == "new"; }));
}

TEST_F(LiveFixture, LetsDeletesWithoutAnAnswerGoEitherWay) {
  old_delete_service_ = [this](const std::string& key, std::size_t number) {
    if (number % 4 == 0) return testing::ServedResponse{.status = 503, .body = "not deleted"};
    const bool found = remove_from_old(key);
    return testing::ServedResponse{.status = number % 4 == 1 ? 500u : found ? 204u : 404u, .drop = number % 4 == 2};
  };
  writes_beside_ = 300;
  // Of the few writes that an action could have seen, chance decides how many are deleted with an answer.
  constexpr int attempts = 10;
  Outcome outcome;
  for (int attempt = 0; attempt < attempts && outcome.verdict != Verdict::passed; ++attempt) {
    outcome = run_live(deletes_ + ", delete_share: 0.5, errors_max: 0.9, deletes_min: 1");
    ASSERT_NE(outcome.verdict, Verdict::failed) << outcome.reason;
  }
  expect_proven_pass(outcome);
  EXPECT_GT(metric(outcome, "errors_share"), 0.02);
}

TEST_F(LiveFixture, SaysNothingWhenTooFewDeletesMetTheActions) {
  const Outcome outcome = run_live(deletes_ + ", deletes_min: 40");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("40 are needed"));
}

TEST_F(LiveFixture, SaysNothingWhenTheClientsHadNothingLeftToWrite) {
  migrate_ = [this] {
    while (old_requests() < 40) std::this_thread::yield();
    copy_changes();
  };
  writes_beside_ = 0;
  const Outcome outcome = run_live(", writes_max: 40");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("all 40 writes were sent before migrate ended"));
}

TEST_F(LiveFixture, ReadsWritesBackThroughTheNewEndpoint) {
  expect_proven_pass(run_live(", read: { path: \"/items/{key}\", pointer: /found }"));
}

TEST_F(LiveFixture, AsksForEachWriteWhereTheStatementWantsIt) {
  parameters_.replace(parameters_.find("{ table: items, column: body }"), 30,
                      "\"SELECT body FROM items WHERE split_part(body, ' ', 1) = '{nonce}'\"");
  expect_proven_pass(run_live());
}

TEST_F(LiveFixture, SaysNothingWhenTooFewWritesMetTheActions) {
  writes_beside_ = 0;
  const Outcome outcome = run_live(", writes_max: 3");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("10 are needed"));
}

TEST_F(LiveFixture, RefusesParametersThatCannotWork) {
  const auto refuse = [&](const std::string& from, const std::string& to) {
    const std::string kept = parameters_;
    parameters_.replace(parameters_.find(from), from.size(), to);
    const std::string error = run_live_error();
    parameters_ = kept;
    return error;
  };
  EXPECT_THAT(refuse("{value}", "text"), HasSubstr("neither {nonce} nor {value}"));
  EXPECT_THAT(refuse("column: body", "column: text"), HasSubstr("text"));
  EXPECT_THAT(refuse("{ table: items, column: body }", "SELECT 1"), HasSubstr("{run}"));
  EXPECT_THAT(refuse("/items/{key}", "/items/{nonce}"), HasSubstr("no exception"));
  EXPECT_THAT(run_live_error(", read: /items"), HasSubstr("asks for no write"));
  EXPECT_THAT(run_live_error(", read: \"/items/{key}/{id}\""), HasSubstr("only `delete` can carry it"));
  EXPECT_THAT(refuse("/items/{key}", "/items/{id}"), HasSubstr("only `delete` can carry it"));
  EXPECT_THAT(run_live_error(", delete: { path: /items }"), HasSubstr("it would mean no write"));
  EXPECT_THAT(run_live_error(", delete: { path: \"/items/{id}\" }"),
              HasSubstr("`acknowledged_by`, which is not given"));
  context().actions = nullptr;
  const CheckKind kind = live_writes_kind();
  EXPECT_THAT(run_error(kind, "{ " + parameters_ + " }"), HasSubstr("put it into the `during:`"));
}

TEST_F(LiveFixture, EndsWhenTheRunIsCancelled) {
  std::stop_source stop;
  context().cancelled = stop.get_token();
  migrate_ = [&] { stop.request_stop(); };
  writes_beside_ = 0;
  EXPECT_THAT(run_live_error(), HasSubstr("cancelled"));
}

}  // namespace
}  // namespace sluice::migration
