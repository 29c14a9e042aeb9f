#include "suites/migration/live/live_writes_tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/testing/check_context.hpp"

namespace sluice::migration {
namespace {

using std::chrono::seconds;

const std::chrono::steady_clock::time_point start{};

WriteRecord write_at(std::uint64_t number, int sent, int answered, WriteFate fate = WriteFate::acknowledged) {
  WriteRecord write{.number = number, .nonce = "n" + std::to_string(number), .key = "k" + std::to_string(number)};
  write.sent = seconds(sent);
  write.answered = seconds(answered);
  write.fate = fate;
  return write;
}

WriteRecord delete_at(std::uint64_t number, const WriteRecord& stored, int sent) {
  WriteRecord remove = write_at(number, sent, sent);
  remove.key = stored.key;
  remove.removes = stored.nonce;
  return remove;
}

ActionTimeline::Span action(const std::string& name, int begun, int ended) {
  return {.action = name, .begun = start + seconds(begun), .ended = start + seconds(ended)};
}

WriteRoute route(const std::string& written) {
  CheckKind kind;
  kind.parameters = {WriteRoute::parameter()};
  return {testing::make_parameters(kind, "{ route: " + written + " }"), {"migrate", "catch-up"}};
}

TEST(WriteTally, CountsAcknowledgedWritesThatMetAnAction) {
  const auto seen = tally_writes(
      {write_at(1, 0, 9), write_at(2, 9, 11), write_at(3, 12, 13), write_at(4, 19, 25), write_at(5, 21, 22),
       write_at(6, 12, 13, WriteFate::refused), write_at(7, 12, 13, WriteFate::unknown)},
      start, {action("migrate", 10, 20)});
  EXPECT_EQ(seen.acknowledged, 5u);
  EXPECT_EQ(seen.overlapping, 3u);
  EXPECT_EQ(seen.failed(), 2u);
  EXPECT_EQ(seen.first_failed->number, 6u);
  EXPECT_DOUBLE_EQ(seen.errors(), 2.0 / 7);
}

TEST(WriteTally, CountsDeletesThatNoLaterWriteUndidAndOfThemThoseThatAnActionCouldHaveMissed) {
  const WriteRecord kept = write_at(1, 1, 1), revived = write_at(2, 1, 1), early = write_at(3, 1, 1);
  const WriteRecord unseen = write_at(8, 12, 13);
  WriteRecord again = write_at(7, 14, 14);
  again.key = revived.key;
  const auto seen = tally_writes({kept, revived, early, delete_at(4, early, 2), delete_at(5, kept, 12),
                                  delete_at(6, revived, 13), again, unseen, delete_at(9, unseen, 15)},
                                 start, {action("migrate", 10, 20)});
  EXPECT_EQ(seen.deletes, 3u);
  EXPECT_EQ(seen.deletes_overlapping, 1u) << "one came before the action, one took away what it need not have seen";
}

TEST(WriteTally, SaysWhichActionWentOnWithoutWriters) {
  const std::vector<WriteRecord> ledger{write_at(1, 1, 1), write_at(2, 15, 15)};
  const std::vector<ActionTimeline::Span> actions{action("migrate", 10, 20), action("catch-up", 21, 30)};
  const auto alone = [&](std::size_t most, const char* written) {
    return action_without_writers(ledger, most, start, actions, route(written)).value_or("none");
  };
  EXPECT_EQ(alone(3, "old"), "none") << "the clients had more to write";
  EXPECT_EQ(alone(2, "old"), "migrate");
  EXPECT_EQ(alone(2, "[old, { to: none, from: migrate }]"), "none") << "nobody was to write";
  EXPECT_EQ(alone(2, "[old, { to: none, from: migrate }, { to: new, from: catch-up }]"), "catch-up");
}

}  // namespace
}  // namespace sluice::migration
