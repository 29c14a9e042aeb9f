#include "suites/migration/copies/postgres_url.hpp"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::migration {
namespace {

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

Conninfo parse_conninfo(const std::string& url) {
  char* message = nullptr;
  Conninfo parsed(PQconninfoParse(url.c_str(), &message));
  if (!parsed) {
    const std::string text =
        message == nullptr ? "out of memory" : stores::redact(message, stores::secrets_in_url(url));
    PQfreemem(message);
    throw InputError(fmt::format("'{}' is not a PostgreSQL URL: {}", printable(stores::redact_url(url)), text));
  }
  return parsed;
}

std::string conninfo_value(const Conninfo& parsed, std::string_view keyword) {
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return "";
}

}  // namespace

PostgresUrl PostgresUrl::parse(const std::string& url) {
  const Conninfo parsed = parse_conninfo(url);
  const auto refuse = [&](const char* why) {
    throw InputError(fmt::format("the store {} cannot be copied: {}", printable(stores::redact_url(url)), why));
  };
  PostgresUrl result{.text = url, .database = conninfo_value(parsed, "dbname")};
  result.server.host = conninfo_value(parsed, "host");
  const std::string port = conninfo_value(parsed, "port");
  if (result.server.host.find(',') != std::string::npos) refuse("it names several hosts; name one");
  if (result.server.host.empty()) refuse("it names no host; write postgresql://USER@HOST/DATABASE");
  if (!port.empty()) result.server.port = static_cast<std::uint16_t>(std::stoul(port));
  const auto scheme = url.find("://") + 3;
  const auto question = std::min(url.find('?', scheme), url.size());
  const auto slash =
      url.find('/', std::min(url.rfind('@', question), question) == question ? scheme : url.rfind('@', question));
  if (slash >= question || slash + 1 == question || result.database.empty()) {
    refuse("it names no database; write postgresql://USER@HOST/DATABASE");
  }
  const auto at = url.rfind('@', slash);
  const auto host = at == std::string::npos || at < scheme ? scheme : at + 1;
  result.before = url.substr(0, host);
  result.location = url.substr(host, slash - host);
  result.after = url.substr(question);
  return result;
}

std::string PostgresUrl::with_database(const std::string& name) const { return before + location + "/" + name + after; }

std::string maintenance_url(const PostgresUrl& url) { return url.with_database("postgres"); }

std::map<std::string, std::string> PostgresUrl::client_variables(const std::string& connect_to) const {
  const Conninfo parsed = parse_conninfo(text);
  std::map<std::string, std::string> variables{{"PGDATABASE", connect_to}};
  for (const auto& [variable, keyword] : std::map<std::string, std::string>{{"PGHOST", "host"},
                                                                            {"PGPORT", "port"},
                                                                            {"PGUSER", "user"},
                                                                            {"PGPASSWORD", "password"},
                                                                            {"PGSSLMODE", "sslmode"}}) {
    if (const auto value = conninfo_value(parsed, keyword); !value.empty()) variables[variable] = value;
  }
  return variables;
}

}  // namespace sluice::migration
