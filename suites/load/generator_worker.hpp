#pragma once
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "suites/load/generator.hpp"
#include "suites/load/response_scanner.hpp"
#include "suites/load/standstills.hpp"

// Private to this folder: one thread of the generator, with its own io_context and its own connections. Includes Asio.
namespace sluice::load {

/// What one worker does in one block: every `stride`-th request, from `first` on.
struct Generator::Block {
  std::span<const std::chrono::nanoseconds> schedule;
  std::span<const PreparedRequest> requests;
  std::span<Sample> samples;
  std::chrono::steady_clock::time_point start;
  std::size_t first = 0;
  std::size_t stride = 1;
  RunOptions options;
};

class Generator::Worker {
 public:
  Worker(const net::Endpoint& endpoint, const GeneratorOptions& options, std::size_t connections);

  void connect(const std::stop_token& cancelled);
  void run(const Block& block);
  std::uint64_t reconnects() const { return reconnects_; }
  /// How long this thread did not run in the last block, in all, where that was for longer than a busy machine
  /// explains.
  std::chrono::nanoseconds stood_still() const { return standstills_.total(); }

 private:
  using Clock = std::chrono::steady_clock;
  using ErrorCode = boost::system::error_code;

  enum class State : std::uint8_t { closed, connecting, idle, busy, held };

  /// `generation` goes up whenever the socket is given up, so that a completion that was already queued for the old one
  /// is not taken for the new one.
  struct Connection {
    Connection(boost::asio::io_context& io, std::size_t response_bytes)
        : socket(io), hold(io), scanner(response_bytes) {}
    boost::asio::ip::tcp::socket socket;
    boost::asio::steady_timer hold;
    ResponseScanner scanner;
    std::array<char, 16 << 10> buffer;
    State state = State::closed;
    bool reading = false;
    std::uint64_t generation = 0;
    std::size_t item = 0;
    std::size_t written = 0;
    Clock::time_point since{};
  };

  void resolve();
  void open(Connection& connection);
  void on_open(Connection& connection, const ErrorCode& error);
  void close(Connection& connection);
  void wait_for_connections(const std::stop_token& cancelled, Clock::time_point until);
  std::size_t open_connections() const;

  void pace();
  void release_due(Clock::time_point now);
  void sweep();
  void expire(Clock::time_point now);

  void send(Connection& connection, std::size_t item);
  void write_rest(Connection& connection);
  void read(Connection& connection);
  void on_read(Connection& connection, const ErrorCode& error, std::size_t bytes);
  void complete(Connection& connection, Clock::time_point now);
  void give_up(Connection& connection, Ending ending);
  void next_request(Connection& connection);
  void end_item(std::size_t item, Ending ending, unsigned status, Clock::time_point now);

  net::Endpoint endpoint_;
  GeneratorOptions options_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::endpoint address_;
  boost::asio::steady_timer pace_timer_{io_};
  boost::asio::steady_timer sweep_timer_{io_};
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;     ///< first in, first out: every connection stays in use
  std::deque<std::size_t> waiting_;  ///< due requests for which there was no connection, in order of their due times
  Standstills standstills_;          ///< of this block
  const Block* block_ = nullptr;
  std::size_t next_ = 0;
  std::size_t unfinished_ = 0;
  bool cancelled_ = false;
  ErrorCode last_failure_;
  std::uint64_t reconnects_ = 0;
};

}  // namespace sluice::load
