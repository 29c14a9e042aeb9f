#include "suites/load/response_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::load {
namespace {

using State = ResponseScanner::State;

struct Read {
  State state = State::more;
  unsigned status = 0;
  bool keep_alive = false;
};

Read read_in_pieces(const std::string& answer, std::size_t piece, bool to_head = false) {
  ResponseScanner scanner(1000);
  scanner.expect(to_head);
  Read read;
  for (std::size_t at = 0; at < answer.size() && read.state == State::more; at += piece) {
    read.state = scanner.feed(std::string_view(answer).substr(at, piece));
  }
  read.status = scanner.status();
  read.keep_alive = scanner.keep_alive();
  return read;
}

TEST(ResponseScanner, FindsTheEndWhateverThePiecesAre) {
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n";
  const std::string empty = "HTTP/1.1 204 No Content\r\n\r\n";
  const std::string continued = "HTTP/1.1 100 Continue\r\n\r\n" + sized;
  for (const std::size_t piece : {1u, 2u, 7u, 40u, 1000u}) {
    EXPECT_EQ(read_in_pieces(sized, piece).state, State::whole) << piece;
    EXPECT_EQ(read_in_pieces(chunked, piece).state, State::whole) << piece;
    EXPECT_EQ(read_in_pieces(chunked, piece).status, 201u) << piece;
    EXPECT_EQ(read_in_pieces(empty, piece).state, State::whole) << piece;
    EXPECT_EQ(read_in_pieces(continued, piece).status, 200u) << piece;
    EXPECT_TRUE(read_in_pieces(sized, piece).keep_alive) << piece;
  }
}

TEST(ResponseScanner, WaitsForWhatIsMissing) {
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell";
  EXPECT_EQ(read_in_pieces(sized, 3).state, State::more);
  EXPECT_EQ(read_in_pieces("HTTP/1.1 200 OK\r\nContent-Le", 100).state, State::more);
}

TEST(ResponseScanner, KnowsThatAnAnswerToHeadHasNoBody) {
  EXPECT_EQ(read_in_pieces("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100, true).state, State::whole);
}

TEST(ResponseScanner, DoesNotReuseAConnectionThatClosesOrSaysTooMuch) {
  EXPECT_FALSE(read_in_pieces("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 100).keep_alive);
  EXPECT_FALSE(read_in_pieces("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", 100).keep_alive);
  EXPECT_FALSE(read_in_pieces("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 100).keep_alive);
}

TEST(ResponseScanner, TakesTheEndOfTheConnectionOnlyWhereThatEndsTheAnswer) {
  ResponseScanner scanner(1000);
  scanner.expect(false);
  EXPECT_EQ(scanner.feed("HTTP/1.1 200 OK\r\n\r\nas much as it sends"), State::more);
  EXPECT_EQ(scanner.feed_end(), State::whole);
  EXPECT_FALSE(scanner.keep_alive());
  scanner.expect(false);
  EXPECT_EQ(scanner.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), State::more);
  EXPECT_EQ(scanner.feed_end(), State::broken);
  scanner.expect(false);
  EXPECT_EQ(scanner.feed_end(), State::broken);
}

TEST(ResponseScanner, RefusesWhatIsNoAnswerOrTooMuch) {
  EXPECT_EQ(read_in_pieces("SSH-2.0-OpenSSH_9.2\r\n\r\n", 100).state, State::broken);
  EXPECT_EQ(read_in_pieces("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", 100).state, State::broken);
  EXPECT_EQ(read_in_pieces("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), 1000).state, State::broken);
  std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 30; ++i) chunks += "32\r\n" + std::string(50, 'x') + "\r\n";
  EXPECT_EQ(read_in_pieces(chunks, 100).state, State::broken);
  std::string informational;
  for (int i = 0; i < 30; ++i) informational += "HTTP/1.1 103 Early Hints\r\n\r\n";
  EXPECT_EQ(read_in_pieces(informational, 100).state, State::broken);
}

}  // namespace
}  // namespace sluice::load
