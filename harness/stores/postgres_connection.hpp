#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/patience.hpp"
#include "harness/stores/store.hpp"

namespace sluice::stores {

/// One connection to PostgreSQL. Every wait is on the socket, has an end, and looks at cancellation, which a
/// blocking client library cannot offer; it never reconnects by itself, so a lost connection is always seen. For one
/// thread.
class PostgresConnection {
 public:
  using Row = std::vector<std::optional<std::string>>;

  /// Connects, and sets the session so that every value has one text form (UTC, ISO dates, hexadecimal bytes, shortest
  /// exact floats). Throws EnvironmentError when the server does not answer in time or refuses.
  PostgresConnection(const std::string& url, const StoreOptions& options);

  const std::string& name() const { return name_; }
  PGconn* handle() const { return handle_.get(); }

  /// Runs one statement and returns its rows; bounded by statement_timeout.
  std::vector<Row> query(const std::string& sql, const std::vector<std::string>& parameters, const std::string& doing);
  /// Sends one statement; its results are then taken with next_result() until that returns null.
  void start(const std::string& sql, const std::string& doing) { send(sql, {}, doing); }
  /// Starts one COPY … TO STDOUT; its rows are then taken from handle() with wait_readable().
  void start_copy(const std::string& sql, const std::string& doing);
  /// The next result of the running statement, waited for; null after the last.
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;
  Result next_result(const std::string& doing);
  /// Waits until the server sent something more of the running statement and reads it in.
  void wait_readable(const std::string& doing);
  /// Closes the connection with its statement still running; from PostgreSQL 14 the server stops it within 2 s.
  void abandon() noexcept;

  /// The message of a failure of this connection or, when given, of a result.
  [[noreturn]] void fail(const std::string& doing, const PGresult* result = nullptr) const;
  /// `text` as a literal.
  std::string quote_literal(const std::string& text) const;

 private:
  void connect(const std::string& url);
  void send(const std::string& sql, const std::vector<std::string>& parameters, const std::string& doing);
  void wait(short events, Patience& patience, const std::string& doing);

  struct Finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  std::string name_;
  std::vector<std::string> secrets_;
  StoreOptions options_;
  Patience patience_{{}, {}};
  std::unique_ptr<PGconn, Finish> handle_;
};

}  // namespace sluice::stores
