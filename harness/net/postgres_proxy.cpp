#include "harness/net/postgres_proxy.hpp"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/core/descriptor.hpp"
#include "harness/core/errors.hpp"
#include "harness/net/postgres_wire.hpp"

namespace sluice::net {
namespace {

constexpr std::size_t buffer_limit = 256 * 1024;
constexpr int connect_milliseconds = 10'000;
constexpr std::size_t most_problems = 20;

std::string last_error() { return std::strerror(errno); }

sockaddr_un unix_address(const std::filesystem::path& folder, std::uint16_t port) {
  const std::string path = (folder / fmt::format(".s.PGSQL.{}", port)).string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw EnvironmentError(fmt::format("{} is too long for a unix socket", path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Descriptor listen_unix(const std::filesystem::path& folder, std::uint16_t port) {
  const sockaddr_un address = unix_address(folder, port);
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener || bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), 64) != 0) {
    throw EnvironmentError(fmt::format("cannot listen on {}: {}", address.sun_path, last_error()));
  }
  return listener;
}

Descriptor listen_tcp() {
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!listener || bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), 64) != 0) {
    throw EnvironmentError("cannot listen on 127.0.0.1: " + last_error());
  }
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void send_at_once(const Descriptor& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // fails on unix sockets, which need it not
}

// Connects without blocking for longer than the time-out; `stop` ends the wait.
Descriptor connect_to(int family, const sockaddr* address, socklen_t size, int stop) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return socket;
  if (connect(socket.get(), address, size) == 0) return socket;
  if (errno != EINPROGRESS) return Descriptor();
  std::array<pollfd, 2> waited{{{socket.get(), POLLOUT, 0}, {stop, POLLIN, 0}}};
  if (poll(waited.data(), waited.size(), connect_milliseconds) <= 0) {
    errno = ETIMEDOUT;
    return Descriptor();
  }
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0 && (waited[0].revents & POLLOUT) != 0) return socket;
  errno = error;
  return Descriptor();
}

Descriptor connect_server(const PostgresAddress& server, int stop) {
  if (server.is_folder()) {
    const sockaddr_un address = unix_address(server.host, server.port);
    return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address), stop);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found)) {
    throw EnvironmentError(fmt::format("cannot resolve {}: {}", server.host, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  Descriptor socket;
  for (const addrinfo* each = found; each != nullptr && !socket; each = each->ai_next) {
    socket = connect_to(each->ai_family, each->ai_addr, each->ai_addrlen, stop);
  }
  return socket;
}

/// One client and its connection to the server, on a thread of its own.
class ProxiedConnection final : public ConversationSink {
 public:
  ProxiedConnection(Descriptor client, Descriptor server, std::uint64_t number, const PostgresProxyOptions& options,
                    StatementLedger& ledger, int stop)
      : client_(std::move(client)),
        server_(std::move(server)),
        number_(number),
        ledger_(ledger),
        stop_(stop),
        conversation_(*this, options.databases) {}

  /// Returns when either side has closed, or when told to stop. Throws WireError and ConnectionCut.
  void run() {
    try {
      pass_on();
    } catch (const WireError&) {
      settle();  // why, where the client was told
      throw;
    }
  }

 private:
  void pass_on() {
    bool client_open = true, server_open = true;
    while (true) {
      if (!client_open && to_server_.empty()) return;
      if (!server_open && to_client_.empty()) return;
      std::array<pollfd, 3> waited{
          {{client_open ? client_.get() : -1, 0, 0}, {server_open ? server_.get() : -1, 0, 0}, {stop_, POLLIN, 0}}};
      // A side is read only while the other takes what came before, so that memory stays bounded.
      if (to_server_.size() < buffer_limit) waited[0].events |= POLLIN;
      if (to_client_.size() < buffer_limit) waited[1].events |= POLLIN;
      if (!to_client_.empty()) waited[0].events |= POLLOUT;
      if (!to_server_.empty()) waited[1].events |= POLLOUT;
      if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
      if (waited[2].revents != 0) return;
      if (!write_some(client_, to_client_) || !write_some(server_, to_server_)) return;
      if ((waited[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        client_open = read_some(client_, [&](std::string_view bytes) { conversation_.from_client(bytes); });
      }
      if ((waited[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        server_open = read_some(server_, [&](std::string_view bytes) { conversation_.from_server(bytes); });
        if (!server_open) conversation_.server_closed();
      }
      if (!write_some(client_, to_client_) || !write_some(server_, to_server_)) return;
    }
  }

  void to_server(std::string_view bytes) override { to_server_ += bytes; }
  void to_client(std::string_view bytes) override { to_client_ += bytes; }
  std::uint64_t statement_begins(const std::string& text) override {
    settle();
    return ledger_.begin(number_, text);
  }
  void statement_ended(std::uint64_t number, const std::string& text, const StatementEnd& end) override {
    settle();
    ledger_.end(number, number_, text, end);
  }

  // What came before a point has left when the point is met, as far as the peers take it.
  void settle() {
    write_some(client_, to_client_);
    write_some(server_, to_server_);
  }

  template <typename Use>
  bool read_some(const Descriptor& from, Use&& use) {
    std::array<char, 32 * 1024> buffer;
    const ssize_t count = recv(from.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    use(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    return true;
  }

  // False when the peer is gone.
  static bool write_some(const Descriptor& to, std::string& bytes) {
    std::size_t written = 0;
    bool alive = true;
    while (written < bytes.size()) {
      const ssize_t count = send(to.get(), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
      if (count < 0) {
        alive = errno == EAGAIN || errno == EINTR;
        break;
      }
      written += static_cast<std::size_t>(count);
    }
    bytes.erase(0, written);
    return alive;
  }

  Descriptor client_;
  Descriptor server_;
  std::uint64_t number_;
  StatementLedger& ledger_;
  int stop_;
  std::string to_client_;
  std::string to_server_;
  PostgresConversation conversation_;
};

}  // namespace

struct PostgresProxy::Impl {
  Impl(PostgresProxyOptions given, StatementLedger& statements) : options(std::move(given)), ledger(statements) {
    if (!stop) throw EnvironmentError("cannot make an eventfd: " + last_error());
    listeners.push_back(listen_tcp());
    tcp_port = port_of(listeners.front());
    if (!options.socket_folder.empty()) {
      listeners.push_back(listen_unix(options.socket_folder, options.server.port));
    }
    acceptor = std::thread([this] {
      accept_all();
      listeners.clear();  // who comes now is refused instead of left waiting
    });
  }

  ~Impl() {
    end();
    acceptor.join();
    for (auto& worker : workers) worker.thread.join();
    if (!options.socket_folder.empty()) {
      std::error_code ignored;
      std::filesystem::remove(options.socket_folder / fmt::format(".s.PGSQL.{}", options.server.port), ignored);
    }
  }

  // Wakes every thread; nobody reads the event, so it stays up.
  void end() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stop.get(), &one, sizeof(one));
  }

  void accept_all() {
    while (true) {
      std::vector<pollfd> waited{{stop.get(), POLLIN, 0}};
      for (const auto& listener : listeners) waited.push_back({listener.get(), POLLIN, 0});
      if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
      if (waited[0].revents != 0) return;
      for (const auto& listener : listeners) {
        Descriptor client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (client) serve(std::move(client));
      }
    }
  }

  void serve(Descriptor client) {
    workers.remove_if([](Worker& worker) {
      if (!worker.done) return false;
      worker.thread.join();
      return true;
    });
    if (workers.size() >= most_connections) {
      note(fmt::format("a connection beyond {} at once was refused", most_connections));
      return;
    }
    const std::uint64_t number = ++connections;
    Worker& worker = workers.emplace_back();
    worker.thread = std::thread([this, &worker, number, socket = std::move(client)]() mutable {
      run(std::move(socket), number);
      worker.done = true;
    });
  }

  void run(Descriptor client, std::uint64_t number) {
    try {
      send_at_once(client);
      Descriptor server = connect_server(options.server, stop.get());
      if (!server) {
        note(fmt::format("the server at {}:{} does not answer: {}", options.server.host, options.server.port,
                         last_error()));
        return;
      }
      send_at_once(server);
      ProxiedConnection(std::move(client), std::move(server), number, options, ledger, stop.get()).run();
    } catch (const ConnectionCut&) {
      end();
    } catch (const std::exception& error) {
      note(fmt::format("connection {}: {}", number, error.what()));
    }
  }

  void note(std::string problem) {
    const std::lock_guard lock(mutex);
    if (problems.size() < most_problems) problems.push_back(std::move(problem));
  }

  struct Worker {
    std::thread thread;
    std::atomic<bool> done{false};
  };

  PostgresProxyOptions options;
  StatementLedger& ledger;
  Descriptor stop{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::vector<Descriptor> listeners;  ///< of the acceptor's thread
  std::uint16_t tcp_port = 0;
  std::atomic<std::uint64_t> connections{0};
  mutable std::mutex mutex;
  std::vector<std::string> problems;
  std::list<Worker> workers;  ///< of the acceptor's thread until it has ended
  std::thread acceptor;
};

PostgresProxy::PostgresProxy(PostgresProxyOptions options, StatementLedger& ledger)
    : impl_(std::make_unique<Impl>(std::move(options), ledger)) {}
PostgresProxy::~PostgresProxy() = default;

std::uint16_t PostgresProxy::tcp_port() const { return impl_->tcp_port; }
std::uint64_t PostgresProxy::connections() const { return impl_->connections; }
std::vector<std::string> PostgresProxy::problems() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->problems;
}
void PostgresProxy::cut() {
  impl_->ledger.cut();
  impl_->end();
}

}  // namespace sluice::net
