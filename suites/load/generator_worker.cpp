#include "suites/load/generator_worker.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/write.hpp>

#include "harness/core/errors.hpp"

namespace sluice::load {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

// How often time-outs, cancellation and lost connections are looked at: each is far less urgent than a due request.
constexpr auto sweep_period = std::chrono::milliseconds(20);
constexpr auto reopen_pause = std::chrono::milliseconds(100);
// Before a block, connections that the service closed meanwhile get this long to come back.
constexpr auto repair_time = std::chrono::milliseconds(500);

}  // namespace

Generator::Worker::Worker(const net::Endpoint& endpoint, const GeneratorOptions& options, std::size_t connections)
    : endpoint_(endpoint), options_(options) {
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(io_, options_.response_bytes));
  }
}

void Generator::Worker::resolve() {
  ErrorCode error;
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(endpoint_.host, std::to_string(endpoint_.port), error);
  for (const auto& entry : found) {
    tcp::socket probe(io_);
    probe.connect(entry.endpoint(), error);
    if (error) continue;
    address_ = entry.endpoint();
    return;
  }
  throw EnvironmentError(fmt::format("cannot connect to http://{}: {}", endpoint_.authority(), error.message()));
}

void Generator::Worker::connect(const std::stop_token& cancelled) {
  resolve();
  for (auto& connection : connections_) open(*connection);
  wait_for_connections(cancelled, Clock::now() + options_.timeout);
  const std::size_t opened = open_connections();
  if (opened == connections_.size()) return;
  throw EnvironmentError(fmt::format(
      "only {} of {} connections to http://{} could be opened within {:.1f} s ({}): is the service up, and does it "
      "accept that many?",
      opened, connections_.size(), endpoint_.authority(), std::chrono::duration<double>(options_.timeout).count(),
      last_failure_ ? last_failure_.message() : "no answer"));
}

std::size_t Generator::Worker::open_connections() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& each) { return each->state == State::idle; }));
}

void Generator::Worker::wait_for_connections(const std::stop_token& cancelled, Clock::time_point until) {
  while (Clock::now() < until && !cancelled.stop_requested()) {
    const bool any_pending = std::any_of(connections_.begin(), connections_.end(),
                                         [](const auto& each) { return each->state == State::connecting; });
    if (!any_pending) break;
    io_.restart();
    io_.run_one_until(std::min(until, Clock::now() + sweep_period));
  }
  if (cancelled.stop_requested()) throw Cancelled();
}

void Generator::Worker::close(Connection& connection) {
  if (connection.state == State::idle) std::erase(idle_, &connection);
  ++connection.generation;
  connection.reading = false;
  connection.state = State::closed;
  connection.since = Clock::now();
  ErrorCode ignored;
  connection.hold.cancel();
  connection.socket.close(ignored);
}

void Generator::Worker::open(Connection& connection) {
  connection.state = State::connecting;
  connection.since = Clock::now();
  connection.socket = tcp::socket(io_);
  connection.socket.async_connect(address_,
                                  [this, &connection, generation = connection.generation](const ErrorCode& error) {
                                    if (generation == connection.generation) on_open(connection, error);
                                  });
}

void Generator::Worker::on_open(Connection& connection, const ErrorCode& error) {
  if (error) {
    last_failure_ = error;
    close(connection);
    return;
  }
  ErrorCode ignored;
  connection.socket.set_option(tcp::no_delay(true), ignored);
  connection.socket.non_blocking(true, ignored);
  read(connection);
  next_request(connection);
}

void Generator::Worker::run(const Block& block) {
  if (address_.port() == 0) throw EnvironmentError("the load generator was not connected");
  io_.restart();
  io_.poll();  // learns of connections that were closed since the last block
  for (auto& connection : connections_) {
    if (connection->state != State::closed) continue;
    ++reconnects_;
    open(*connection);
  }
  wait_for_connections(block.options.cancelled, std::min(block.start + repair_time, Clock::now() + repair_time));

  Block own = block;
  own.start = std::max(block.start, Clock::now());
  block_ = &own;
  next_ = block.first;
  unfinished_ = next_ < block.schedule.size() ? (block.schedule.size() - next_ + block.stride - 1) / block.stride : 0;
  waiting_.clear();
  cancelled_ = false;
  standstills_.begin(Clock::now());
  if (unfinished_ > 0) {
    io_.restart();
    sweep();
    pace();
    io_.run();
  }
  standstills_.look(Clock::now());
  pace_timer_.cancel();
  sweep_timer_.cancel();
  block_ = nullptr;
  if (cancelled_) throw Cancelled();
}

void Generator::Worker::pace() {
  release_due(Clock::now());
  if (next_ >= block_->schedule.size()) return;
  pace_timer_.expires_at(block_->start + block_->schedule[next_]);
  pace_timer_.async_wait([this](const ErrorCode& error) {
    if (!error && block_ != nullptr) pace();
  });
}

void Generator::Worker::release_due(Clock::time_point now) {
  while (next_ < block_->schedule.size() && block_->start + block_->schedule[next_] <= now) {
    Sample& sample = block_->samples[next_];
    sample.due = block_->schedule[next_];
    sample.released = now - block_->start;
    sample.step = block_->requests[next_].step;
    if (idle_.empty()) {
      waiting_.push_back(next_);
    } else {
      Connection& connection = *idle_.front();
      idle_.pop_front();
      send(connection, next_);
    }
    next_ += block_->stride;
    now = Clock::now();
  }
}

void Generator::Worker::sweep() {
  const auto now = Clock::now();
  standstills_.look(now);
  if (block_->options.cancelled.stop_requested()) {
    cancelled_ = true;
    for (auto& connection : connections_) close(*connection);
    io_.stop();
    return;
  }
  expire(now);
  for (auto& connection : connections_) {
    if (connection->state == State::connecting && now - connection->since > options_.timeout) close(*connection);
    if (connection->state == State::closed && now - connection->since > reopen_pause) {
      ++reconnects_;
      open(*connection);
    }
  }
  sweep_timer_.expires_at(now + sweep_period);
  sweep_timer_.async_wait([this](const ErrorCode& error) {
    if (!error && block_ != nullptr) sweep();
  });
}

void Generator::Worker::expire(Clock::time_point now) {
  const auto expired = [&](std::size_t item) {
    const auto due = block_->start + block_->schedule[item];
    // Answers that came while this thread did not run are not read yet, and what was due then has only just been sent.
    return due + options_.timeout + standstills_.within(due, now) <= now;
  };
  while (!waiting_.empty() && expired(waiting_.front())) {
    const std::size_t item = waiting_.front();
    waiting_.pop_front();
    end_item(item, Ending::timed_out, 0, now);
  }
  for (auto& connection : connections_) {
    if (connection->state == State::busy && expired(connection->item)) give_up(*connection, Ending::timed_out);
  }
}

void Generator::Worker::send(Connection& connection, std::size_t item) {
  const PreparedRequest& request = block_->requests[item];
  connection.state = State::busy;
  connection.item = item;
  connection.scanner.expect(request.to_head);
  block_->samples[item].sent = Clock::now() - block_->start;
  ErrorCode error;
  connection.written = connection.socket.write_some(asio::buffer(request.bytes), error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    give_up(connection, Ending::closed);
    return;
  }
  if (connection.written < request.bytes.size()) write_rest(connection);
}

void Generator::Worker::write_rest(Connection& connection) {
  const std::string& bytes = block_->requests[connection.item].bytes;
  asio::async_write(connection.socket, asio::buffer(bytes) + connection.written,
                    [this, &connection, generation = connection.generation](const ErrorCode& error, std::size_t more) {
                      if (generation != connection.generation || connection.state != State::busy) return;
                      connection.written += more;
                      if (error) give_up(connection, Ending::closed);
                    });
}

void Generator::Worker::read(Connection& connection) {
  if (connection.reading) return;
  connection.reading = true;
  connection.socket.async_read_some(
      asio::buffer(connection.buffer),
      [this, &connection, generation = connection.generation](const ErrorCode& error, std::size_t bytes) {
        if (generation != connection.generation) return;
        connection.reading = false;
        on_read(connection, error, bytes);
      });
}

void Generator::Worker::on_read(Connection& connection, const ErrorCode& error, std::size_t bytes) {
  const auto now = Clock::now();
  if (connection.state != State::busy) {  // the service closed an idle connection, or speaks unasked
    close(connection);
    return;
  }
  using Scan = ResponseScanner::State;
  Scan scan = Scan::broken;
  if (!error) {
    scan = connection.scanner.feed(std::string_view(connection.buffer.data(), bytes));
  } else if (error == asio::error::eof) {
    scan = connection.scanner.feed_end();
  }
  if (scan == Scan::more) {
    read(connection);
  } else if (scan == Scan::broken) {
    give_up(connection, error ? Ending::closed : Ending::malformed);
  } else {
    complete(connection, now);
  }
}

void Generator::Worker::complete(Connection& connection, Clock::time_point now) {
  const double slowdown = block_->options.planted_slowdown;
  const auto due = block_->start + block_->schedule[connection.item];
  if (slowdown > 1 && connection.state == State::busy) {
    connection.state = State::held;
    const auto held_for = std::chrono::duration<double>(now - due) * slowdown;
    connection.hold.expires_at(due + std::chrono::duration_cast<std::chrono::nanoseconds>(held_for));
    connection.hold.async_wait([this, &connection, generation = connection.generation](const ErrorCode& error) {
      if (!error && generation == connection.generation) complete(connection, Clock::now());
    });
    return;
  }
  const bool whole_request = connection.written == block_->requests[connection.item].bytes.size();
  end_item(connection.item, Ending::answered, connection.scanner.status(), now);
  if (!connection.scanner.keep_alive() || !whole_request) {
    close(connection);
    ++reconnects_;
    open(connection);
    return;
  }
  read(connection);
  next_request(connection);
}

void Generator::Worker::give_up(Connection& connection, Ending ending) {
  const std::size_t item = connection.item;
  close(connection);
  end_item(item, ending, 0, Clock::now());
  ++reconnects_;
  open(connection);
}

void Generator::Worker::next_request(Connection& connection) {
  if (block_ != nullptr && !waiting_.empty()) {
    const std::size_t item = waiting_.front();
    waiting_.pop_front();
    send(connection, item);
    return;
  }
  connection.state = State::idle;
  idle_.push_back(&connection);
}

void Generator::Worker::end_item(std::size_t item, Ending ending, unsigned status, Clock::time_point now) {
  Sample& sample = block_->samples[item];
  sample.done = now - block_->start;
  sample.ending = ending;
  sample.status = static_cast<std::uint16_t>(status);
  if (--unfinished_ == 0) io_.stop();
}

}  // namespace sluice::load
