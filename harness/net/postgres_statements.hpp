#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// The statements that pass a PostgreSQL proxy, numbered, and the points at which a caller may intervene.
namespace sluice::net {

/// Where a statement can be held.
enum class PointKind {
  before,  ///< the client has sent it, the server has not got it
  after,   ///< the server has done it, the client has not got its answer
  commit   ///< as `after`, and with it the server made work durable: a COMMIT, or a statement outside a transaction
};
std::string_view to_string(PointKind kind);

/// One point. Statements count from 1 in the order in which clients sent them, over all connections.
struct StatementPoint {
  std::uint64_t statement = 0;
  PointKind kind = PointKind::before;
  std::uint64_t connection = 0;  ///< counted from 1
  std::string text;              ///< the SQL as far as it was kept; empty where the protocol did not show it
};

enum class PointDecision {
  pass,
  cut  ///< drop all connections here and now; nothing that is held goes on
};

/// How a statement ended at the server.
struct StatementEnd {
  std::string tag;       ///< "INSERT 0 5", "COMMIT"; empty when it failed
  std::string sqlstate;  ///< of the error, or empty
  bool committed = false;
};

struct StatementRecord {
  std::string text;
  std::uint64_t connection = 0;
  bool ended = false;  ///< false: skipped by the server after an error, or cut
  StatementEnd end;
};

/// Unwinds a connection that was cut.
class ConnectionCut : public std::runtime_error {
 public:
  ConnectionCut() : std::runtime_error("the connection was cut") {}
};

/// Numbers statements, asks the hook at each point and remembers what passed. Safe to use from many threads; several
/// proxies may share one.
class StatementLedger {
 public:
  /// Called for one point at a time, on the thread of the point's connection, which is held meanwhile; so is every
  /// other connection that comes to a point.
  using Hook = std::function<PointDecision(const StatementPoint&)>;
  /// Beyond `limit` statements numbering goes on, but no more records are kept.
  explicit StatementLedger(Hook hook = {}, std::size_t limit = 200'000) : hook_(std::move(hook)), limit_(limit) {}

  /// A client has sent a statement; returns its number. Throws ConnectionCut when the hook, or anyone before, said so.
  std::uint64_t begin(std::uint64_t connection, const std::string& text);
  /// The server has done statement `number`, and its answer is held.
  void end(std::uint64_t number, std::uint64_t connection, const std::string& text, const StatementEnd& end);

  std::uint64_t statements() const;
  std::vector<StatementRecord> records() const;
  /// From now on every point is cut.
  void cut();
  bool is_cut() const;

 private:
  void ask(const StatementPoint& point);

  Hook hook_;
  std::size_t limit_;
  std::mutex asking_;  ///< one point at a time
  mutable std::mutex mutex_;
  std::uint64_t statements_ = 0;
  bool cut_ = false;
  std::vector<StatementRecord> records_;
};

}  // namespace sluice::net
