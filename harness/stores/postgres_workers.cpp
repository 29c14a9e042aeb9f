#include "harness/stores/postgres_workers.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/core/errors.hpp"

namespace sluice::stores {
namespace {

// No sort: the buckets are few, which the planner cannot know. No other parallelism: it is arranged here.
constexpr const char* settings[] = {"enable_sort", "jit", "max_parallel_workers_per_gather"};

void prepare_session(PostgresConnection& connection, const std::vector<std::string>& preparations,
                     const std::string& doing) {
  for (const char* name : settings) connection.query(std::string("SET ") + name + " = 0", {}, doing);
  for (const auto& statement : preparations) connection.query(statement, {}, doing);
}

void restore(PostgresConnection& connection, const std::string& doing) {
  for (const char* name : settings) connection.query(std::string("RESET ") + name, {}, doing);
  connection.query("DEALLOCATE ALL", {}, doing);
}

/// What the threads of one run share.
class Queue {
 public:
  Queue(const std::vector<std::string>& statements, const std::string& doing,
        const std::function<void(const PostgresWorkers::Rows&)>& take)
      : statements_(statements), doing_(doing), take_(take) {}

  void work(PostgresConnection& connection) {
    try {
      for (std::size_t i = next_++; i < statements_.size(); i = next_++) {
        const auto rows = connection.query(statements_[i], {}, doing_);
        const std::lock_guard lock(mutex_);
        take_(rows);
      }
    } catch (...) {
      next_ = statements_.size();
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
  void finish() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::vector<std::string>& statements_;
  const std::string& doing_;
  const std::function<void(const PostgresWorkers::Rows&)>& take_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// A connection that sees the snapshot; null when the server gives none, as one with no slot left does.
std::unique_ptr<PostgresConnection> join_snapshot(const std::string& url, const StoreOptions& options,
                                                  const std::string& snapshot,
                                                  const std::vector<std::string>& preparations,
                                                  const std::string& doing) {
  try {
    auto connection = std::make_unique<PostgresConnection>(url, options);
    connection->query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, doing);
    connection->query("SET TRANSACTION SNAPSHOT " + connection->quote_literal(snapshot), {}, doing);
    prepare_session(*connection, preparations, doing);
    return connection;
  } catch (const EnvironmentError&) {
    return nullptr;
  } catch (const InputError&) {
    return nullptr;
  } catch (const Cancelled&) {
    return nullptr;  // the main connection says so too
  }
}

}  // namespace

PostgresWorkers::PostgresWorkers(PostgresConnection& main, std::string url, StoreOptions options, std::size_t others)
    : main_(main), url_(std::move(url)), options_(std::move(options)), others_(others) {}

void PostgresWorkers::run(const std::vector<std::string>& statements, const std::string& doing,
                          const std::function<void(const Rows&)>& take) {
  Queue queue(statements, doing, take);
  prepare_session(main_, preparations_, doing);
  {
    std::vector<std::jthread> threads;
    const std::size_t others = std::min(others_, statements.size() - 1);
    if (others > 0) {
      const std::string snapshot = main_.query("SELECT pg_export_snapshot()", {}, doing).at(0).at(0).value_or("");
      for (std::size_t i = 0; i < others; ++i) {
        threads.emplace_back([&, snapshot] {
          if (const auto connection = join_snapshot(url_, options_, snapshot, preparations_, doing))
            queue.work(*connection);
        });
      }
    }
    queue.work(main_);
  }
  queue.finish();
  restore(main_, doing);
}

}  // namespace sluice::stores
