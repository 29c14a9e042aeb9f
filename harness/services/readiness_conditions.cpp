#include "harness/services/readiness_conditions.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view sqlite = "sqlite:";

std::string without_semicolon(std::string query) {
  query.erase(query.find_last_not_of("; \t\r\n") + 1);
  return query;
}

bool has_row(const std::string& store, const std::string& query, const stores::StoreOptions& options) {
  const std::string doing = "asking whether the service is ready";
  if (store.starts_with(sqlite)) {
    stores::SqliteDatabase database(store, options.directory / store.substr(sqlite.size()), options);
    database.start_statement();
    return stores::SqliteStatement(database, query, doing).step();
  }
  stores::PostgresConnection connection(store, options);
  return !connection.query("SELECT 1 FROM (" + query + "\n) AS ready LIMIT 1", {}, doing).empty();
}

}  // namespace

Probe command_probe(std::vector<std::string> command, ProbeContext context) {
  return [command = std::move(command), context = std::move(context)](std::stop_token stop) -> std::string {
    const ServiceEnvironment& environment = *context.environment;
    const auto log = environment.logs / (context.service + ".ready.log");
    std::error_code ignored;
    std::filesystem::remove(log, ignored);  // what it last said is enough
    const auto child = environment.host->spawn(
        {.command = command, .environment = context.variables, .directory = environment.directory, .log = log});
    const auto status = child->wait(5s, stop);
    if (!status) return fmt::format("{} has not ended after 5 s", command[0]);
    if (status->succeeded()) return "";
    const std::string said = log_tail(log, 1);
    return fmt::format("{}: {}{}", command[0], status->to_string(), said.empty() ? "" : ": " + said);
  };
}

Probe sql_probe(std::string store, std::string query, std::filesystem::path directory) {
  if (!store.starts_with(sqlite) && !store.starts_with("postgresql://") && !store.starts_with("postgres://")) {
    throw InputError(fmt::format("ready.sql: '{}' is not a store; write sqlite:PATH or postgresql://…",
                                 printable(stores::redact_url(store), 200)));
  }
  return [store = std::move(store), query = without_semicolon(std::move(query)),
          directory = std::move(directory)](std::stop_token stop) -> std::string {
    try {
      const stores::StoreOptions options{.connect_timeout = 2s,
                                         .lock_timeout = 2s,
                                         .statement_timeout = 2s,
                                         .cancelled = stop,
                                         .directory = directory};
      return has_row(store, query, options) ? "" : fmt::format("no row for: {}", printable(query, 200));
    } catch (const std::exception& error) {
      return error.what();  // not there yet, or not yet as asked for; the store's messages hold no password
    }
  };
}

}  // namespace sluice::services
