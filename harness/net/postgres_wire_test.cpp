#include "harness/net/postgres_wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sluice::net {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string message(char type, const std::string& body) {
  return type + number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string startup(const std::string& parameters) {
  return number(static_cast<std::uint32_t>(parameters.size() + 8)) + number(3 << 16) + parameters;
}
std::string query(const std::string& sql) { return message('Q', sql + '\0'); }
std::string parse(const std::string& name, const std::string& sql) {
  return message('P', name + '\0' + sql + '\0' + "\0\0"s);
}
std::string bind(const std::string& name) { return message('B', '\0' + name + '\0' + "\0\0\0\0\0\0"s); }
std::string execute() { return message('E', "\0\0\0\0\0"s); }
std::string sync() { return message('S', ""); }
std::string done(const std::string& tag) { return message('C', tag + '\0'); }
std::string ready(char status) { return message('Z', std::string(1, status)); }
std::string error(const std::string& sqlstate) { return message('E', "SERROR\0C"s + sqlstate + "\0Mno\0\0"s); }

/// One side's turn in a conversation.
struct Turn {
  bool from_client;
  std::string bytes;
};

/// Writes down what a conversation did.
class Recorder : public ConversationSink {
 public:
  void to_server(std::string_view bytes) override { server += bytes; }
  void to_client(std::string_view bytes) override { client += bytes; }
  std::uint64_t statement_begins(const std::string& text) override {
    events.push_back("before " + std::to_string(++count) + " " + text);
    bytes_at_event.emplace_back(server.size(), client.size());
    return count;
  }
  void statement_ended(std::uint64_t statement, const std::string&, const StatementEnd& end) override {
    events.push_back((end.committed ? "commit " : "after ") + std::to_string(statement) + " " + end.tag + end.sqlstate);
    bytes_at_event.emplace_back(server.size(), client.size());
  }
  std::string server, client;
  std::vector<std::string> events;
  std::vector<std::pair<std::size_t, std::size_t>> bytes_at_event;  ///< what each side had got at each event
  std::uint64_t count = 0;
};

Recorder played(const std::vector<Turn>& turns, const std::function<std::size_t()>& piece) {
  Recorder recorder;
  PostgresConversation conversation(recorder, {});
  for (const auto& [from_client, bytes] : turns) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::string_view part = std::string_view(bytes).substr(at, std::max<std::size_t>(1, piece()));
      if (from_client)
        conversation.from_client(part);
      else
        conversation.from_server(part);
      at += part.size();
    }
  }
  return recorder;
}
Recorder played(std::vector<Turn> turns) {
  turns.insert(turns.begin(), {{true, startup("user\0a\0\0"s)}, {false, message('R', number(0)) + ready('I')}});
  return played(turns, [] { return std::string::npos; });
}

TEST(PostgresConversation, HoldsASimpleQueryBeforeAndAfter) {
  const Recorder seen = played({{true, query("INSERT INTO t VALUES (1)")}, {false, done("INSERT 0 1") + ready('I')}});
  EXPECT_THAT(seen.events, ElementsAre("before 1 INSERT INTO t VALUES (1)", "commit 1 INSERT 0 1"));
  const std::size_t first = startup("user\0a\0\0"s).size();
  EXPECT_EQ(seen.bytes_at_event[0].first, first) << "the statement went out before its point";
  EXPECT_EQ(seen.bytes_at_event[1].second, seen.client.size() - done("INSERT 0 1").size() - ready('I').size())
      << "the answer went out before its point";
}

TEST(PostgresConversation, TellsACommitFromWorkInsideATransaction) {
  const Recorder seen =
      played({{true, query("BEGIN")},
              {false, done("BEGIN") + ready('T')},
              {true, query("DELETE FROM t")},
              {false, done("DELETE 3") + ready('T')},
              {true, query("COMMIT")},
              {false, done("COMMIT") + ready('I')},
              {true, query("SELECT 1")},
              {false, message('T', "\0\0"s) + message('D', "\0\0"s) + done("SELECT 1") + ready('I')}});
  EXPECT_THAT(seen.events, ElementsAre("before 1 BEGIN", "after 1 BEGIN", "before 2 DELETE FROM t", "after 2 DELETE 3",
                                       "before 3 COMMIT", "commit 3 COMMIT", "before 4 SELECT 1", "after 4 SELECT 1"));
}

TEST(PostgresConversation, SeesTheCommitOfAFailedTransactionAsNone) {
  const Recorder seen = played({{true, query("BEGIN; SELECT 1/0")},
                                {false, done("BEGIN") + error("22012") + ready('E')},
                                {true, query("COMMIT")},
                                {false, done("ROLLBACK") + ready('I')}});
  EXPECT_THAT(seen.events,
              ElementsAre("before 1 BEGIN; SELECT 1/0", "after 1 22012", "before 2 COMMIT", "after 2 ROLLBACK"));
}

TEST(PostgresConversation, FollowsPipelinedExecutesOfPreparedStatements) {
  const Recorder seen =
      played({{true, parse("ins", "INSERT INTO t VALUES ($1)") + sync()},
              {false, message('1', "") + ready('I')},
              {true, bind("ins") + execute() + bind("ins") + execute() + sync() + bind("ins") + execute() + sync()},
              {false, message('2', "") + done("INSERT 0 1") + message('2', "") + done("INSERT 0 1") + ready('I') +
                          message('2', "") + done("INSERT 0 1") + ready('I')}});
  EXPECT_THAT(seen.events, ElementsAre("before 1 INSERT INTO t VALUES ($1)", "before 2 INSERT INTO t VALUES ($1)",
                                       "before 3 INSERT INTO t VALUES ($1)", "after 1 INSERT 0 1",
                                       "commit 2 INSERT 0 1", "commit 3 INSERT 0 1"));
}

TEST(PostgresConversation, CountsNothingTwiceWhenAnErrorSkipsThePipeline) {
  const Recorder seen = played({{true, parse("", "bad") + bind("") + execute() + bind("") + execute() + sync()},
                                {false, error("42601") + ready('I')},
                                {true, query("SELECT 1")},
                                {false, done("SELECT 1") + ready('I')}});
  EXPECT_THAT(seen.events,
              ElementsAre("before 1 bad", "before 2 bad", "after 1 42601", "before 3 SELECT 1", "after 3 SELECT 1"));
}

TEST(PostgresConversation, CopiesInThroughTheExtendedProtocolWhereTheFirstSyncIsReadOver) {
  const Recorder seen = played({{true, parse("", "COPY t FROM STDIN") + bind("") + execute() + sync()},
                                {false, message('1', "") + message('2', "") + message('G', "\0\0\0"s)},
                                {true, message('d', "1\n") + message('c', "") + sync()},
                                {false, done("COPY 1") + ready('I')},
                                {true, parse("", "bad") + bind("") + execute() + sync()},
                                {false, error("42601") + ready('I')},
                                {true, query("SELECT 2")},
                                {false, done("SELECT 1") + ready('I')}});
  EXPECT_THAT(seen.events, ElementsAre("before 1 COPY t FROM STDIN", "commit 1 COPY 1", "before 2 bad", "after 2 42601",
                                       "before 3 SELECT 2", "after 3 SELECT 1"));
}

TEST(PostgresConversation, AnswersRequestsForEncryptionItselfAndRenamesTheDatabase) {
  Recorder seen;
  PostgresConversation conversation(seen, {{"voice", "voice_copy"}});
  conversation.from_client(number(8) + number(80877103));
  conversation.from_client(number(8) + number(80877104));
  EXPECT_EQ(seen.client, "NN");
  EXPECT_EQ(seen.server, "");
  conversation.from_client(startup("user\0a\0database\0voice\0client_encoding\0UTF8\0\0"s));
  EXPECT_EQ(seen.server, startup("user\0a\0client_encoding\0UTF8\0database\0voice_copy\0\0"s));
}

TEST(PostgresConversation, RenamesTheDatabaseThatTheUserNameStandsFor) {
  Recorder seen;
  PostgresConversation conversation(seen, {{"a", "b"}});
  conversation.from_client(startup("user\0a\0\0"s));
  EXPECT_EQ(seen.server, startup("user\0a\0database\0b\0\0"s));
}

TEST(PostgresConversation, PassesACancelRequestOn) {
  Recorder seen;
  PostgresConversation conversation(seen, {});
  const std::string packet = number(16) + number(80877102) + number(1) + number(2);
  conversation.from_client(packet);
  EXPECT_EQ(seen.server, packet);
}

TEST(PostgresConversation, RefusesHostileLengths) {
  const auto refusal = [](const std::string& first, const std::string& from_server = "") {
    Recorder seen;
    PostgresConversation conversation(seen, {});
    try {
      conversation.from_client(first);
      conversation.from_server(from_server);
    } catch (const WireError& error) {
      return std::string(error.what());
    }
    return "accepted"s;
  };
  const std::string good = startup("user\0a\0\0"s);
  EXPECT_THAT(refusal(number(7) + number(3 << 16)), HasSubstr("impossible length 7"));
  EXPECT_THAT(refusal(number(0x7fffffff) + number(3 << 16)), HasSubstr("impossible length"));
  EXPECT_THAT(refusal(number(9) + number(2 << 16) + "\0"s), HasSubstr("protocol 2"));
  EXPECT_THAT(refusal(startup("user\0a\0database\0v"s)), HasSubstr("middle of a parameter"));
  EXPECT_THAT(refusal(good + "Q" + number(3)), HasSubstr("impossible length 3"));
  EXPECT_THAT(refusal(good + "Q" + number(0xffffffff)), HasSubstr("impossible length 4294967295"));
  EXPECT_THAT(refusal(good, "C" + number(0)), HasSubstr("the server sent"));
  EXPECT_THAT(refusal(good, message('C', std::string(2000, 'x'))), HasSubstr("1,000 bytes"));
  std::string encryptions;
  for (int i = 0; i < 5; ++i) encryptions += number(8) + number(80877103);
  EXPECT_THAT(refusal(encryptions), HasSubstr("again and again"));
  EXPECT_EQ(refusal(good + message('Q', std::string(5'000'000, 'x') + '\0')), "accepted");
}

TEST(PostgresConversation, KeepsLongStatementsShortAndWhole) {
  const std::string sql = "SELECT '" + std::string(100'000, 'x') + "'";
  const Recorder seen = played({{true, query(sql)}, {false, done("SELECT 1") + ready('I')}});
  EXPECT_EQ(seen.events[0], "before 1 " + sql.substr(0, PostgresConversation::text_limit));
  EXPECT_THAT(seen.server, HasSubstr(query(sql)));
}

TEST(PostgresConversation, LetsTheServersLastWordsOut) {
  Recorder seen;
  PostgresConversation conversation(seen, {});
  conversation.from_client(startup("user\0a\0\0"s) + query("SELECT 1"));
  conversation.from_server(error("57P01"));
  EXPECT_EQ(seen.client, "");
  conversation.server_closed();
  EXPECT_EQ(seen.client, error("57P01"));
}

TEST(PostgresConversation, SeesTheSamePointsHoweverTheBytesAreCut) {
  const std::string big(3'000, 'b');
  const std::vector<Turn> turns{
      {true, number(8) + number(80877103)},
      {true, startup("user\0a\0database\0d\0\0"s)},
      {false, message('R', number(0)) + message('S', "server_version\0"s + "15\0"s) +
                  message('K', number(1) + number(2)) + ready('I')},
      {true, query("BEGIN")},
      {false, done("BEGIN") + ready('T')},
      {true, parse("p", "INSERT INTO t SELECT '" + big + "'") + bind("p") + message('D', "S\0"s) + execute() +
                 execute() + sync()},
      {false, message('1', "") + message('2', "") + message('n', "") + done("INSERT 0 1") +
                  message('N', "SNOTICE\0\0"s) + done("INSERT 0 2") + message('S', "a\0b\0"s) + ready('T')},
      {true, query("COPY t FROM STDIN")},
      {false, message('G', "\0\0\0"s)},
      {true, message('d', big) + message('d', "2\n") + message('c', "")},
      {false, done("COPY 2") + ready('T')},
      {true, query("COPY t TO STDOUT")},
      {false, message('H', "\0\0\0"s) + message('d', big) + message('c', "") + done("COPY 2") + ready('T')},
      {true, query("COMMIT; SELECT 1")},
      {false, done("COMMIT") + message('T', "\0\0"s) + message('D', big) + done("SELECT 1") + ready('I')},
      {true, message('F', number(952) + "\0\0"s)},
      {false, message('V', number(4) + number(7)) + ready('I')},
      {true, parse("", "x") + bind("") + execute() + sync()},
      {false, error("42601") + ready('I')},
      {true, message('X', "")}};
  const Recorder whole = played(turns, [] { return std::string::npos; });
  EXPECT_THAT(whole.events, ::testing::SizeIs(16));
  EXPECT_EQ(whole.events[11], "commit 6 SELECT 1");
  EXPECT_EQ(whole.events[12], "before 7 call of function 952");
  std::string from_client, from_server = "N";
  for (const auto& turn : turns) (turn.from_client ? from_client : from_server) += turn.bytes;
  EXPECT_EQ(whole.server, from_client.substr(8));
  EXPECT_EQ(whole.client, from_server);
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const auto largest = static_cast<std::size_t>(1 + round % 40);
    const Recorder cut = played(turns, [&] { return 1 + random() % largest; });
    ASSERT_EQ(cut.events, whole.events) << "pieces of up to " << largest;
    ASSERT_EQ(cut.server, whole.server);
    ASSERT_EQ(cut.client, whole.client);
  }
}

}  // namespace
}  // namespace sluice::net
