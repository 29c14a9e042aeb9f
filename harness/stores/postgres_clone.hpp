#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// What to do about the sessions that others have on the template: PostgreSQL copies a database only while nobody is
/// connected to it.
enum class TemplateSessions { refuse, wait, terminate };

struct CloneOptions {
  TemplateSessions sessions = TemplateSessions::refuse;
  std::chrono::milliseconds patience{10'000};  ///< for wait and terminate: how long the template may stay busy
  StoreOptions connection;                     ///< time-outs and cancellation; statement_timeout bounds the copying
};

/// A database that is a copy of another on the same server (CREATE DATABASE … TEMPLATE), for a check to change as it
/// likes. It has a name of its own and is dropped with this object, whatever sessions are on it; what a killed process
/// left, the next clone made on that server from the same machine drops. For one thread.
class PostgresClone {
 public:
  /// `template_url` names the database in its path: "postgresql://user@host/voice". Throws InputError when it does not,
  /// EnvironmentError when the template has sessions (it names them) or the server refuses, Cancelled.
  explicit PostgresClone(const std::string& template_url, CloneOptions options = {});
  /// Drops it; a failure is swallowed, use drop() to learn of it.
  ~PostgresClone();
  PostgresClone(const PostgresClone&) = delete;
  PostgresClone& operator=(const PostgresClone&) = delete;

  /// The template's URL with the clone in the template's place.
  const std::string& url() const { return url_; }
  const std::string& database() const { return database_; }
  /// Ends its sessions and drops it; no-op when that is done. Throws EnvironmentError.
  void drop();

 private:
  void create(const std::string& source);

  CloneOptions options_;
  std::string maintenance_url_;  ///< another database of the server: the template must have no session, the clone none
                                 ///< when it goes
  std::string database_;
  std::string url_;
  bool exists_ = false;
};

}  // namespace sluice::stores
