#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/net/postgres_statements.hpp"

namespace sluice::net {

/// Where a PostgreSQL server listens: an absolute folder with its unix socket, or a host name or address.
struct PostgresAddress {
  std::string host;
  std::uint16_t port = 5432;

  bool is_folder() const { return host.starts_with('/'); }
};

struct PostgresProxyOptions {
  PostgresAddress server;
  /// Name that clients ask for -> name that the server is asked for; other names are refused. Empty: all keep theirs.
  std::map<std::string, std::string> databases;
  /// An existing folder; `.s.PGSQL.PORT` is made in it, with the server's port. Empty: no unix socket.
  std::filesystem::path socket_folder;
};

/// Stands between clients and a PostgreSQL server: every byte goes through unchanged, and every statement is numbered
/// by `ledger`, whose hook may hold it or cut all connections. Listens on 127.0.0.1 and, when asked to, on a unix
/// socket, from construction to destruction; each connection has a thread of its own. Encryption is refused ('N'), so
/// clients that insist on it cannot connect. The ledger outlives the proxy.
class PostgresProxy {
 public:
  static constexpr std::size_t most_connections = 200;

  /// Throws EnvironmentError when it cannot listen.
  PostgresProxy(PostgresProxyOptions options, StatementLedger& ledger);
  ~PostgresProxy();
  PostgresProxy(const PostgresProxy&) = delete;
  PostgresProxy& operator=(const PostgresProxy&) = delete;

  std::uint16_t tcp_port() const;
  /// Connections that were accepted so far.
  std::uint64_t connections() const;
  /// What went wrong on the way: servers that did not answer, peers that did not speak the protocol. Bounded.
  std::vector<std::string> problems() const;
  /// Drops all connections and takes no new ones.
  void cut();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
