#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// "SQLite", "PostgreSQL".
std::string_view to_string(Engine engine);

/// What a statement returned. Cells are as the store gives them: text for PostgreSQL, blobs for bytea.
struct SqlResult {
  std::vector<ColumnDescription> columns;  ///< name, declared type and how it is compared; nothing else is filled
  std::vector<OwnedRow> rows;              ///< the first ones, as many as were asked for
  std::uint64_t total = 0;                 ///< exact, also of the rows that were not kept

  /// The text of a cell; nullopt for NULL. Integers, reals and blobs as people write them.
  std::optional<std::string> text(std::size_t row, std::size_t column) const;
  /// The index of a column by name, ASCII case ignored where the exact name is absent; nullopt when there is none.
  std::optional<std::size_t> find(std::string_view name) const;
};

struct SqlLimits {
  std::size_t rows = 10'000;      ///< kept; further ones are counted
  std::size_t bytes = 64u << 20;  ///< of kept cells; more is an InputError that says to select less
};

/// One connection on which statements of a plan or of a check run, always inside a transaction that is never
/// committed: whatever happens, also the death of this process, the database is left as it was. For one thread. Errors
/// as Store has them: InputError for what the statement gets wrong, EnvironmentError for what the store does.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  /// The URL without passwords, for messages.
  virtual const std::string& name() const = 0;
  virtual Engine engine() const = 0;
  /// Every later query sees the state of now and nothing can be written, until roll_back().
  virtual void begin_read() = 0;
  /// Later statements may write, until roll_back() takes everything back. A lock that is not free within `lock_timeout`
  /// is an EnvironmentError. Sequences are the exception: what nextval() and setval() do stays.
  virtual void begin_trial(std::chrono::milliseconds lock_timeout) = 0;
  virtual void roll_back() = 0;
  /// Runs one SELECT (or VALUES, or WITH … SELECT). `doing` starts the message of any error: "running invariant a".
  virtual SqlResult query(const std::string& sql, const SqlLimits& limits, const std::string& doing) = 0;
  /// Runs one statement that returns nothing; only between begin_trial() and roll_back().
  virtual void execute(const std::string& sql, const std::string& doing) = 0;
  /// Has the store look at one statement of any kind, which is not run. Throws InputError for what it would refuse by
  /// the names in it and in what it sets off.
  virtual void try_statement(const std::string& sql, const std::string& doing) = 0;
  /// A command line that runs `sql` for a person, without passwords.
  virtual std::string command_line(const std::string& sql) const = 0;
};

/// Opens a store URL as open_store() does.
std::unique_ptr<SqlSession> open_sql_session(const std::string& url, const StoreOptions& options = {});

/// `text` as a literal of standard SQL.
std::string quote_literal(std::string_view text);

}  // namespace sluice::stores
