#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

// A private PostgreSQL for tests, and a small way to write into databases.
namespace sluice::testing {

/// A PostgreSQL cluster of its own: a fresh data folder, a unix socket in a short temporary folder and no TCP port.
/// Runs from construction to destruction, and dies with this process however that ends. PostgreSQL refuses root, so a
/// root process runs it as `postgres` or `nobody`.
class PostgresCluster {
 public:
  /// Throws std::runtime_error with the server's log when it does not come up.
  PostgresCluster();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  /// "postgresql://sluice@%2Ftmp%2F…/postgres"
  std::string url(const std::string& database = "postgres") const;
  /// Runs statements separated by semicolons; throws std::runtime_error with the server's message.
  void execute(const std::string& sql, const std::string& database = "postgres") const;
  /// Sends `data`, lines in COPY's text format, into a table.
  void copy_in(const std::string& table, const std::string& data, const std::string& database = "postgres") const;
  /// The first column of all rows, NULL as "NULL".
  std::vector<std::string> query(const std::string& sql, const std::string& database = "postgres") const;
  /// Ends the server at once, without a clean shutdown, and waits until it is gone.
  void crash();

 private:
  void start();
  void wait_until_ready();

  std::filesystem::path folder_;
  pid_t server_ = -1;
};

}  // namespace sluice::testing
