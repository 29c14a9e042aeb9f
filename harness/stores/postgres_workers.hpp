#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "harness/stores/postgres_connection.hpp"

namespace sluice::stores {

/// Runs many statements over a few connections that see the snapshot of one.
class PostgresWorkers {
 public:
  using Rows = std::vector<PostgresConnection::Row>;

  /// `main` is inside a snapshot and takes part; `others` more connections to `url` are opened while it works. Where
  /// the server gives none, `main` does all alone.
  PostgresWorkers(PostgresConnection& main, std::string url, StoreOptions options, std::size_t others);
  /// Statements that every connection runs before those of each run(): they prepare what these execute.
  void prepare(std::vector<std::string> preparations) { preparations_ = std::move(preparations); }
  /// Runs every statement once, in any order, and gives each its rows; `take` is called by one thread at a time. The
  /// first failure stops the others and is thrown.
  void run(const std::vector<std::string>& statements, const std::string& doing,
           const std::function<void(const Rows&)>& take);

 private:
  PostgresConnection& main_;
  std::string url_;
  StoreOptions options_;
  std::size_t others_;
  std::vector<std::string> preparations_;
};

}  // namespace sluice::stores
