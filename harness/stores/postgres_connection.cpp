#include "harness/stores/postgres_connection.hpp"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds between_looks_at_cancellation{200};
// The server's own time-out should speak first: its message says more.
constexpr milliseconds patience_beyond_server{5'000};

void ignore_notice(void*, const PGresult*) {}

std::string one_line(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return printable(line, 1000);
}

double seconds(milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

PostgresConnection::PostgresConnection(const std::string& url, const StoreOptions& options)
    : name_(printable(redact_url(url), 1000)), secrets_(secrets_in_url(url)), options_(options) {
  connect(url);
  PQsetNoticeReceiver(handle(), &ignore_notice, nullptr);
  // row_security off: a policy that hides rows becomes an error instead of a smaller table that looks complete.
  const std::array<std::string, 10> settings{
      "SET datestyle = 'ISO, YMD'",
      "SET timezone = 'UTC'",
      "SET intervalstyle = 'iso_8601'",
      "SET extra_float_digits = 3",
      "SET bytea_output = 'hex'",
      "SET row_security = off",
      "SET standard_conforming_strings = on",
      "SET quote_all_identifiers = off",
      fmt::format("SET statement_timeout = {}", options_.statement_timeout.count()),
      fmt::format("SET lock_timeout = {}", options_.lock_timeout.count())};
  for (const auto& setting : settings) query(setting, {}, "preparing the session");
  if (options_.search_path) {
    query("SELECT set_config('search_path', $1, false)", {*options_.search_path}, "preparing the session");
  }
  constexpr int can_notice_a_closed_connection = 140'000;
  if (PQserverVersion(handle()) >= can_notice_a_closed_connection) {
    query("SET client_connection_check_interval = '2s'", {}, "preparing the session");
  }
}

void PostgresConnection::connect(const std::string& url) {
  // Keep-alives notice a host that vanished; the URL, which comes later, may say otherwise. The encoding comes last.
  const char* const keywords[] = {"fallback_application_name",
                                  "keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "dbname",
                                  "client_encoding",
                                  nullptr};
  const char* const values[] = {"sluice", "30", "10", "3", url.c_str(), "UTF8", nullptr};
  handle_.reset(PQconnectStartParams(keywords, values, 1));
  if (!handle_) throw EnvironmentError(name_ + ": out of memory");
  Patience patience(steady_clock::now(), options_.connect_timeout);
  const std::string doing = "connecting";
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (true) {
    if (PQstatus(handle()) == CONNECTION_BAD || state == PGRES_POLLING_FAILED) fail(doing);
    if (state == PGRES_POLLING_OK) return;
    wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, patience, doing);
    state = PQconnectPoll(handle());
  }
}

void PostgresConnection::wait(short events, Patience& patience, const std::string& doing) {
  while (true) {
    if (options_.cancelled.stop_requested()) throw Cancelled();
    const auto left = std::chrono::ceil<milliseconds>(patience.left(steady_clock::now()));
    const auto slice = std::clamp(left, milliseconds(0), between_looks_at_cancellation);
    pollfd descriptor{.fd = PQsocket(handle()), .events = events, .revents = 0};
    if (descriptor.fd < 0) fail(doing);
    const int ready = poll(&descriptor, 1, static_cast<int>(slice.count()));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw EnvironmentError(fmt::format("{}: {}: poll failed", name_, doing));
    if (left <= milliseconds(0)) {  // and an answer that had come would have been seen
      throw EnvironmentError(
          fmt::format("{}: {}: no answer in time; is the server alive and reachable?", name_, doing));
    }
  }
}

void PostgresConnection::fail(const std::string& doing, const PGresult* result) const {
  const char* const message = result != nullptr ? PQresultErrorMessage(result) : PQerrorMessage(handle());
  const char* const state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const std::string text =
      fmt::format("{}: {}: {}", name_, doing, redact(one_line(message == nullptr ? "" : message), secrets_));
  const std::string_view sqlstate = state == nullptr ? "" : state;
  if (sqlstate == "57014") {
    if (options_.cancelled.stop_requested()) throw Cancelled();
    throw EnvironmentError(fmt::format("{} (allowed: {} s)", text, seconds(options_.statement_timeout)));
  }
  // Class 42: syntax, unknown names, missing rights; class 22: a value that the user's condition cannot handle;
  // class 0A: SQL that the server does not allow there.
  if (sqlstate.starts_with("42") || sqlstate.starts_with("22") || sqlstate.starts_with("0A")) throw InputError(text);
  if (PQstatus(handle()) == CONNECTION_BAD && doing != "connecting") {
    throw EnvironmentError(text + "; the connection was lost, look at the server's log");
  }
  throw EnvironmentError(text);
}

void PostgresConnection::send(const std::string& sql, const std::vector<std::string>& parameters,
                              const std::string& doing) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter.c_str());
  patience_ = Patience(steady_clock::now(), options_.statement_timeout + patience_beyond_server);
  // The extended protocol takes exactly one statement, whatever a condition of the user's holds.
  if (PQsendQueryParams(handle(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0) {
    fail(doing);
  }
}

void PostgresConnection::wait_readable(const std::string& doing) {
  wait(POLLIN, patience_, doing);
  if (PQconsumeInput(handle()) == 0) fail(doing);
}

PostgresConnection::Result PostgresConnection::next_result(const std::string& doing) {
  while (PQisBusy(handle()) != 0) wait_readable(doing);
  return Result(PQgetResult(handle()));
}

std::vector<PostgresConnection::Row> PostgresConnection::query(const std::string& sql,
                                                               const std::vector<std::string>& parameters,
                                                               const std::string& doing) {
  send(sql, parameters, doing);
  std::vector<Row> rows;
  while (const Result result = next_result(doing)) {
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      while (next_result(doing)) {  // leaves the connection ready for the next statement
      }
      fail(doing, result.get());
    }
    for (int i = 0; i < PQntuples(result.get()); ++i) {
      Row& row = rows.emplace_back();
      for (int j = 0; j < PQnfields(result.get()); ++j) {
        if (PQgetisnull(result.get(), i, j) != 0)
          row.emplace_back();
        else
          row.emplace_back(PQgetvalue(result.get(), i, j));
      }
    }
  }
  if (PQstatus(handle()) == CONNECTION_BAD) fail(doing);
  return rows;
}

void PostgresConnection::start_copy(const std::string& sql, const std::string& doing) {
  send(sql, {}, doing);
  const Result result = next_result(doing);
  if (!result) fail(doing);
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT) {
    while (next_result(doing)) {
    }
    fail(doing, result.get());
  }
}

// No PQcancel: it waits without bound for a server that hangs. The server notices the closed connection by itself.
void PostgresConnection::abandon() noexcept { handle_.reset(); }

// As PQescapeLiteral writes it, which would use the connection, that another thread may be reading from.
std::string PostgresConnection::quote_literal(const std::string& text) const {
  if (text.find('\0') != std::string::npos || !is_utf8(text)) {
    throw EnvironmentError(fmt::format("{}: a value is no text that PostgreSQL can hold: {}", name_, printable(text)));
  }
  const bool backslashes = text.find('\\') != std::string::npos;
  std::string quoted = backslashes ? " E'" : "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

}  // namespace sluice::stores
