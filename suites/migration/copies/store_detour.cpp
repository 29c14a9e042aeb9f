#include "suites/migration/copies/store_detour.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::migration {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_socket_path = 90;

/// A fresh folder for a proxy's unix socket, whose path must be short.
class SocketFolder {
 public:
  explicit SocketFolder(const fs::path& work) {
    std::string pattern = (work / "proxy-XXXXXX").string();
    if (pattern.size() > longest_socket_path) pattern = (fs::temp_directory_path() / "sluice-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw EnvironmentError("cannot make the folder " + pattern);
    path_ = pattern;
  }
  ~SocketFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string percent_encoded(const std::string& path, const char* slash) {
  std::string encoded;
  for (const char c : path) {
    if (c == '/')
      encoded += slash;
    else
      encoded += c;
  }
  return encoded;
}

// The names that this machine has for itself.
std::vector<std::string> names_of(const std::string& host) {
  const std::vector<std::string> loopback{"127.0.0.1", "localhost", "[::1]"};
  if (host == "::1" || std::find(loopback.begin(), loopback.end(), host) != loopback.end()) return loopback;
  return {host.find(':') == std::string::npos ? host : "[" + host + "]"};
}

std::map<std::string, std::string> file_spellings(const std::string& written, const fs::path& directory,
                                                  const std::string& copy) {
  const fs::path absolute = (directory / written).lexically_normal();
  std::error_code unresolved;
  const fs::path real = fs::weakly_canonical(absolute, unresolved);
  std::map<std::string, std::string> spellings{{written, copy}, {absolute.string(), copy}};
  if (!unresolved) spellings[real.string()] = copy;
  if (!fs::path(written).is_absolute()) spellings["./" + written] = copy;
  return spellings;
}

}  // namespace

/// A proxy before one server.
class ProxiedServer {
 public:
  ProxiedServer(const PostgresUrl& url, const StoreCopies::Copy& copy, const fs::path& work,
                net::StatementLedger& ledger)
      : folder_(work), server_(url.server) {
    net::PostgresProxyOptions options;
    options.server = url.server;
    for (const auto& store : copy.copied()) {
      if (store.postgres && leads_to(*store.postgres)) options.databases[store.postgres->database] = store.copy;
    }
    if (server_.is_folder()) options.socket_folder = folder_.path();
    proxy_ = std::make_unique<net::PostgresProxy>(std::move(options), ledger);
  }

  bool leads_to(const PostgresUrl& url) const {
    return url.server.host == server_.host && url.server.port == server_.port;
  }
  const net::PostgresProxy& proxy() const { return *proxy_; }

  void add_spellings(const PostgresUrl& url, StoreRedirect& redirect) const {
    const std::string database = url.text.substr(url.before.size() + url.location.size());
    redirect.database = database.substr(1, database.size() - url.after.size() - 1);
    auto& spellings = redirect.spellings;
    if (server_.is_folder()) {
      const std::string folder = folder_.path().string();
      spellings[server_.host] = folder;
      spellings[percent_encoded(server_.host, "%2F")] = percent_encoded(folder, "%2F");
      spellings[percent_encoded(server_.host, "%2f")] = percent_encoded(folder, "%2f");
      return;
    }
    const std::string here = fmt::format("127.0.0.1:{}", proxy_->tcp_port());
    spellings[url.text] = url.before + here + database;
    for (const auto& name : names_of(server_.host)) spellings[fmt::format("{}:{}", name, server_.port)] = here;
    redirect.traces.insert(std::to_string(server_.port));
  }

 private:
  SocketFolder folder_;
  net::PostgresAddress server_;
  std::unique_ptr<net::PostgresProxy> proxy_;
};

StoreDetour::StoreDetour(const StoreCopies::Copy& copy, const fs::path& directory, const std::set<std::string>& spares,
                         const fs::path& work, net::StatementLedger& ledger) {
  for (const auto& store : copy.copied()) {
    StoreRedirect redirect;
    redirect.store = fmt::format("{}", fmt::join(store.sides, " and "));
    redirect.spared = std::all_of(store.sides.begin(), store.sides.end(),
                                  [&](const std::string& side) { return spares.contains(side); });
    if (store.postgres) {
      server_of(*store.postgres, copy, work, ledger).add_spellings(*store.postgres, redirect);
    } else {
      const std::string written = store.url.substr(stores::sqlite_scheme.size());
      redirect.spellings = file_spellings(written, directory, store.copy);
      redirect.traces.insert(fs::path(written).filename().string());
    }
    redirects_.push_back(std::move(redirect));
  }
}
StoreDetour::~StoreDetour() = default;

ProxiedServer& StoreDetour::server_of(const PostgresUrl& url, const StoreCopies::Copy& copy, const fs::path& work,
                                      net::StatementLedger& ledger) {
  for (const auto& server : servers_) {
    if (server->leads_to(url)) return *server;
  }
  return *servers_.emplace_back(std::make_unique<ProxiedServer>(url, copy, work, ledger));
}

std::uint64_t StoreDetour::connections() const {
  std::uint64_t all = 0;
  for (const auto& server : servers_) all += server->proxy().connections();
  return all;
}

std::vector<std::string> StoreDetour::problems() const {
  std::vector<std::string> all;
  for (const auto& server : servers_) {
    for (auto& problem : server->proxy().problems()) all.push_back(std::move(problem));
  }
  return all;
}

void StoreDetour::close() { servers_.clear(); }

}  // namespace sluice::migration
