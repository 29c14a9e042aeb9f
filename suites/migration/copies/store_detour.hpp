#pragma once
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/core/store_redirect.hpp"
#include "harness/net/postgres_proxy.hpp"
#include "suites/migration/copies/store_copies.hpp"

namespace sluice::migration {

class ProxiedServer;

/// The ways from a command to the copies of the stores: a proxy before each PostgreSQL server, and the spellings of
/// every store that lead there or to a file's copy.
class StoreDetour {
 public:
  /// Statements are numbered by `ledger`, which outlives this object. `work` is an existing folder for sockets,
  /// `directory` the one that relative paths start in. Stores of which all sides are in `spares` may be absent from
  /// the command. Throws EnvironmentError when a proxy cannot listen.
  StoreDetour(const StoreCopies::Copy& copy, const std::filesystem::path& directory,
              const std::set<std::string>& spares, const std::filesystem::path& work, net::StatementLedger& ledger);
  ~StoreDetour();
  StoreDetour(const StoreDetour&) = delete;
  StoreDetour& operator=(const StoreDetour&) = delete;

  const std::vector<StoreRedirect>& redirects() const { return redirects_; }
  /// Connections that the proxies took so far.
  std::uint64_t connections() const;
  std::vector<std::string> problems() const;
  /// Drops all connections.
  void close();

 private:
  ProxiedServer& server_of(const PostgresUrl& url, const StoreCopies::Copy& copy, const std::filesystem::path& work,
                           net::StatementLedger& ledger);

  std::vector<std::unique_ptr<ProxiedServer>> servers_;
  std::vector<StoreRedirect> redirects_;
};

}  // namespace sluice::migration
