#include "suites/migration/live/write_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WriteLedgerTest : public ::testing::Test {
 protected:
  WriteRecord record(std::uint64_t number) const {
    WriteRecord write{.number = number, .nonce = "n" + std::to_string(number), .key = "k", .user = "user1"};
    write.side = "old";
    write.value = "\"caf\u00e9\"\n ";
    write.sent = std::chrono::milliseconds(number);
    write.at = "2026-01-02T03:04:05.000006Z";
    return write;
  }
  std::string error() const {
    try {
      load_ledger(path_);
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "no error";
  }
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "writes.jsonl";
};

TEST_F(WriteLedgerTest, ReturnsWhatWasWritten) {
  WriteRecord stored = record(1), open = record(2);
  {
    WriteLedger ledger(path_);
    ledger.sent(stored);
    ledger.sent(open);
    stored.fate = WriteFate::acknowledged;
    stored.status = 201;
    stored.answered = std::chrono::milliseconds(9);
    ledger.answered(stored);
  }
  EXPECT_THAT(load_ledger(path_), ElementsAre(stored, open));
}

TEST_F(WriteLedgerTest, ReturnsDeletesWithWhatTheyTakeAway) {
  WriteRecord stored = record(1), remove = record(2);
  stored.id = remove.id = "17";
  remove.removes = stored.nonce;
  {
    WriteLedger ledger(path_);
    for (WriteRecord* const write : {&stored, &remove}) {
      ledger.sent(*write);
      write->fate = WriteFate::acknowledged;
      write->answered = std::chrono::milliseconds(9);
      ledger.answered(*write);
    }
  }
  EXPECT_THAT(load_ledger(path_), ElementsAre(stored, remove));
}

TEST_F(WriteLedgerTest, KeepsEveryWriteOfAProcessThatIsKilled) {
  const pid_t child = fork();
  if (child == 0) {
    WriteLedger ledger(path_);
    for (std::uint64_t i = 1; i <= 100; ++i) ledger.sent(record(i));
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto writes = load_ledger(path_);
  ASSERT_EQ(writes.size(), 100u);
  EXPECT_EQ(writes.back().fate, WriteFate::unknown);
}

TEST_F(WriteLedgerTest, LeavesOutALineThatWasCutOff) {
  { WriteLedger(path_).sent(record(1)); }
  std::ofstream(path_, std::ios::app) << R"({"event":"sent","num)";
  EXPECT_EQ(load_ledger(path_).size(), 1u);
}

TEST_F(WriteLedgerTest, RefusesWhatIsNoLedger) {
  std::ofstream(path_) << "{\"event\":\"acknowledged\",\"number\":7,\"after_ns\":1,\"status\":200}\n";
  EXPECT_THAT(error(),
              HasSubstr("writes.jsonl:1: not a line of a write ledger: an answer to a write that was not sent"));
  std::ofstream(path_) << "{}\n";
  EXPECT_THAT(error(), HasSubstr("writes.jsonl:1"));
  path_ = folder_.path() / "absent";
  EXPECT_THAT(error(), HasSubstr("cannot be read"));
}

TEST_F(WriteLedgerTest, IsEmptyBeforeTheFirstWrite) {
  { WriteLedger ledger(path_); }
  EXPECT_THAT(load_ledger(path_), IsEmpty());
}

TEST_F(WriteLedgerTest, SaysWhereItCannotBeMade) {
  EXPECT_THROW(WriteLedger(folder_.path() / "no" / "such" / "folder"), EnvironmentError);
}

}  // namespace
}  // namespace sluice::migration
