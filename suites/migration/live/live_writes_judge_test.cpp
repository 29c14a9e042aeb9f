#include "suites/migration/live/live_writes_judge.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WriteRecord write_of(std::uint64_t number, const std::string& key, WriteFate fate) {
  const std::string nonce = fmt::format("n{}", number);
  return {
      .number = number, .nonce = nonce, .key = key, .user = "u", .side = "old", .value = nonce + " v", .fate = fate};
}

WriteSighting there(const WriteRecord& write) { return {.nonce = write.nonce, .cell = write.value}; }

std::vector<std::string> problems(const std::vector<WriteRecord>& ledger, const std::vector<WriteSighting>& seen,
                                  bool exact = true) {
  std::vector<std::string> lines;
  for (const auto& problem : judge_writes(ledger, seen, {.exact_value = exact}))
    lines.push_back(std::string(rule_of(problem.kind)) + " " + problem.write.nonce);
  return lines;
}

const WriteRecord first = write_of(1, "a", WriteFate::acknowledged), second = write_of(2, "a", WriteFate::acknowledged),
                  open_end = write_of(3, "a", WriteFate::unknown), refused = write_of(4, "a", WriteFate::refused);

TEST(LiveWritesJudge, WantsAnAcknowledgedWriteExactlyOnce) {
  EXPECT_THAT(problems({first}, {there(first)}), IsEmpty());
  EXPECT_THAT(problems({first}, {}), ElementsAre("write-lost n1"));
  EXPECT_THAT(problems({first}, {there(first), there(first)}), ElementsAre("write-duplicated n1"));
}

TEST(LiveWritesJudge, WantsOnlyTheLastAcknowledgedWriteOfAKey) {
  EXPECT_THAT(problems({first, second}, {there(second)}), IsEmpty());
  EXPECT_THAT(problems({first, second}, {there(first), there(second)}), ElementsAre("write-resurrected n1"));
  EXPECT_THAT(problems({first, second}, {there(first)}), ElementsAre("write-resurrected n1", "write-lost n2"));
  EXPECT_THAT(problems({first, second}, {}), ElementsAre("write-lost n2"));
}

TEST(LiveWritesJudge, LetsAWriteWithoutAnAnswerGoEitherWayButNeverTwice) {
  const auto alone = write_of(1, "b", WriteFate::unknown);
  EXPECT_THAT(problems({alone}, {}), IsEmpty());
  EXPECT_THAT(problems({alone}, {there(alone)}), IsEmpty());
  EXPECT_THAT(problems({alone}, {there(alone), there(alone)}), ElementsAre("write-duplicated n1"));
  EXPECT_THAT(problems({second, open_end}, {there(second)}), IsEmpty());
  EXPECT_THAT(problems({second, open_end}, {there(open_end)}), IsEmpty());
  EXPECT_THAT(problems({second, open_end}, {there(second), there(open_end)}), ElementsAre("write-duplicated n3"));
  EXPECT_THAT(problems({second, open_end}, {}), ElementsAre("write-lost n2"));
}

WriteRecord delete_of(const WriteRecord& write, std::uint64_t number, WriteFate fate) {
  WriteRecord remove = write_of(number, write.key, fate);
  remove.removes = write.nonce;
  return remove;
}

TEST(LiveWritesJudge, WantsWhatWasDeletedToStayAway) {
  const auto gone = delete_of(first, 2, WriteFate::acknowledged);
  const auto again = write_of(3, "a", WriteFate::acknowledged);
  EXPECT_THAT(problems({first, gone}, {}), IsEmpty());
  EXPECT_THAT(problems({first, gone}, {there(first)}), ElementsAre("write-resurrected n1"));
  EXPECT_THAT(problems({first, gone, again}, {there(again)}), IsEmpty());
  EXPECT_THAT(problems({first, gone, again}, {}), ElementsAre("write-lost n3"));
  EXPECT_THAT(problems({first, gone, again}, {there(first), there(again)}), ElementsAre("write-resurrected n1"));
  const auto resurrected = judge_writes({first, gone}, {there(first)}, {});
  ASSERT_EQ(resurrected.size(), 1u);
  EXPECT_EQ(resurrected[0].superseded_by->number, 2u);
}

TEST(LiveWritesJudge, LetsADeleteWithoutAnAnswerGoEitherWay) {
  const auto open = delete_of(second, 3, WriteFate::unknown);
  EXPECT_THAT(problems({first, second, open}, {}), IsEmpty());
  EXPECT_THAT(problems({first, second, open}, {there(second)}), IsEmpty());
  EXPECT_THAT(problems({first, second, open}, {there(first)}), ElementsAre("write-resurrected n1"));
  EXPECT_THAT(problems({first, second, open}, {there(second), there(second)}), ElementsAre("write-duplicated n2"));
}

TEST(LiveWritesJudge, LetsAWriteWithoutAnAnswerFollowADelete) {
  const auto gone = delete_of(first, 2, WriteFate::acknowledged);
  EXPECT_THAT(problems({first, gone, open_end}, {}), IsEmpty());
  EXPECT_THAT(problems({first, gone, open_end}, {there(open_end)}), IsEmpty());
  EXPECT_THAT(problems({first, gone, open_end}, {there(first)}), ElementsAre("write-resurrected n1"));
}

TEST(LiveWritesJudge, DoesNotTakeARefusedDeleteForOne) {
  const auto kept = delete_of(first, 2, WriteFate::refused);
  EXPECT_THAT(problems({first, kept}, {there(first)}), IsEmpty());
  EXPECT_THAT(problems({first, kept}, {}), ElementsAre("write-lost n1"));
}

TEST(LiveWritesJudge, ReportsTheNonceOfADeleteAsWrittenByNobody) {
  const auto gone = delete_of(first, 2, WriteFate::acknowledged);
  EXPECT_THAT(problems({first, gone}, {there(gone)}), ElementsAre("write-unknown n2"));
}

TEST(LiveWritesJudge, DoesNotTakeARefusedWriteForASuccessor) {
  EXPECT_THAT(problems({second, refused}, {there(second)}), IsEmpty());
  EXPECT_THAT(problems({second, refused}, {there(refused)}), ElementsAre("write-lost n2"));
}

TEST(LiveWritesJudge, ComparesTheValueWhereOneWasSent) {
  EXPECT_THAT(problems({first}, {{.nonce = "n1", .cell = "n1 v "}}), ElementsAre("value-differs n1"));
  EXPECT_THAT(problems({first}, {{.nonce = "n1", .cell = "said n1"}}, false), IsEmpty());
}

TEST(LiveWritesJudge, ReportsWhatNobodyWrote) {
  EXPECT_THAT(problems({first}, {there(first), {.nonce = "n9", .cell = "n9"}}), ElementsAre("write-unknown n9"));
}

/// A random history as the client makes it, and a store that is right about it.
struct History {
  std::vector<WriteRecord> ledger;
  std::vector<WriteSighting> store;
  std::vector<std::size_t> standing, superseded, deleted;  ///< places in the ledger
};

History random_history(std::mt19937_64& random) {
  History history;
  const std::size_t keys = 1 + random() % 8;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < keys; ++i) names.push_back(fmt::format("k{}", i));
  std::map<std::string, std::size_t> current;  // what the store holds of each key, a place in the ledger
  std::map<std::string, std::size_t> acknowledged;
  std::set<std::string> may_be_gone;
  const std::size_t length = 1 + random() % 60;
  for (std::size_t i = 0; i < length; ++i) {
    auto& name = names[random() % keys];
    const bool own_key = random() % 3 == 0;
    const auto dice = random() % 10;
    const auto fate = dice < 7 ? WriteFate::acknowledged : dice < 9 ? WriteFate::unknown : WriteFate::refused;
    const std::string key = own_key ? fmt::format("own{}", i) : name;
    const bool deletes = acknowledged.contains(key) && random() % 3 == 0;
    const bool done = fate == WriteFate::acknowledged || (fate == WriteFate::unknown && random() % 2 == 0);
    history.ledger.push_back(deletes ? delete_of(history.ledger[acknowledged[key]], i + 1, fate)
                                     : write_of(i + 1, key, fate));
    if (done && deletes) current.erase(key);
    if (!done && deletes && fate == WriteFate::unknown) may_be_gone.insert(key);
    if (done && !deletes) current[key] = i;
    if (fate == WriteFate::acknowledged) {
      if (acknowledged.contains(key)) (deletes ? history.deleted : history.superseded).push_back(acknowledged[key]);
      if (deletes) acknowledged.erase(key);
      if (!deletes) acknowledged[key] = i;
    }
    if (fate == WriteFate::unknown && !own_key) name += "'";  // its key is written no more
  }
  for (const auto& [key, place] : current) {
    history.store.push_back(there(history.ledger[place]));
    if (history.ledger[place].fate == WriteFate::acknowledged && !may_be_gone.contains(key))
      history.standing.push_back(place);
  }
  std::shuffle(history.store.begin(), history.store.end(), random);
  return history;
}

std::size_t place_of(const History& history, const std::string& nonce) {
  for (std::size_t i = 0; i < history.store.size(); ++i) {
    if (history.store[i].nonce == nonce) return i;
  }
  return history.store.size();
}

TEST(LiveWritesJudgeProperty, RaisesNoAlarmOverHistoriesThatAreRight) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    const History history = random_history(random);
    ASSERT_THAT(problems(history.ledger, history.store), IsEmpty()) << "seed " << seed;
  }
}

TEST(LiveWritesJudgeProperty, FindsEveryPlantedLossDuplicateResurrectionAndAlteration) {
  std::size_t planted = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    const History history = random_history(random);
    const auto expect = [&](const char* rule, std::size_t place, const std::vector<WriteSighting>& store) {
      ASSERT_THAT(problems(history.ledger, store), ElementsAre(rule + (" " + history.ledger[place].nonce)))
          << "seed " << seed;
      ++planted;
    };
    if (!history.standing.empty()) {
      const std::size_t place = history.standing[random() % history.standing.size()];
      const std::size_t row = place_of(history, history.ledger[place].nonce);
      auto store = history.store;
      store.erase(store.begin() + static_cast<std::ptrdiff_t>(row));
      expect("write-lost", place, store);
      store = history.store;
      store.push_back(history.store[row]);
      expect("write-duplicated", place, store);
      store = history.store;
      store[row].cell.pop_back();
      expect("value-differs", place, store);
    }
    for (const auto& gone : {history.superseded, history.deleted}) {
      if (gone.empty()) continue;
      const std::size_t place = gone[random() % gone.size()];
      auto store = history.store;
      store.push_back(there(history.ledger[place]));
      expect("write-resurrected", place, store);
    }
  }
  EXPECT_GT(planted, 7000u);
}

}  // namespace
}  // namespace sluice::migration
