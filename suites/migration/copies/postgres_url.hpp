#pragma once
#include <map>
#include <string>

#include "harness/net/postgres_proxy.hpp"

namespace sluice::migration {

/// A PostgreSQL store's URL, taken apart as far as copies of it need.
struct PostgresUrl {
  std::string text;      ///< as it was written
  std::string before;    ///< "postgresql://user:password@"
  std::string location;  ///< "%2Ftmp%2Fcluster:5432", "db.example:5432"
  std::string after;     ///< "?sslmode=disable", or empty
  std::string database;  ///< decoded
  net::PostgresAddress server;

  /// Throws InputError when the URL has no database, several hosts, or is none.
  static PostgresUrl parse(const std::string& url);
  /// The same with another database.
  std::string with_database(const std::string& name) const;
  /// What PostgreSQL's client programs read of their environment to connect to this database of the server: PGHOST, …
  std::map<std::string, std::string> client_variables(const std::string& connect_to) const;
};

/// An administrator's URL of the server of `url`: its database `postgres`.
std::string maintenance_url(const PostgresUrl& url);

}  // namespace sluice::migration
