#include <fmt/core.h>

#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sql_session_sources.hpp"
#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {
namespace {

class SqliteSqlSession final : public SqlSession {
 public:
  SqliteSqlSession(std::filesystem::path path, const StoreOptions& options)
      : path_(std::move(path)),
        options_(options),
        reader_(std::make_unique<SqliteDatabase>("sqlite:" + printable(path_.string(), 1000), path_, options)) {}

  const std::string& name() const override { return reader_->name(); }
  Engine engine() const override { return Engine::sqlite; }

  void begin_read() override {
    reader_->execute("BEGIN", "starting a snapshot");
    reader_->execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");  // takes it
  }

  void begin_trial(std::chrono::milliseconds lock_timeout) override {
    StoreOptions options = options_;
    options.lock_timeout = lock_timeout;
    auto writer = std::make_unique<SqliteDatabase>(name(), path_, options, true);
    if (sqlite3_db_readonly(writer->handle(), "main") == 1) {
      throw EnvironmentError(fmt::format("{}: starting a trial: the file may not be written", name()));
    }
    // Closing must not tidy the log of a database that others use.
    sqlite3_db_config(writer->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    writer->execute("BEGIN IMMEDIATE", "starting a trial");
    writer_ = std::move(writer);
  }

  void roll_back() override {
    if (writer_) {
      if (sqlite3_get_autocommit(writer_->handle()) == 0) writer_->execute("ROLLBACK", "rolling back");
      writer_.reset();
    } else {
      reader_->execute("ROLLBACK", "rolling back");
    }
  }

  SqlResult query(const std::string& sql, const SqlLimits& limits, const std::string& doing) override {
    SqliteStatement statement(database(), sql, doing);
    if (sqlite3_stmt_readonly(statement.handle()) == 0 || sqlite3_column_count(statement.handle()) == 0) {
      throw InputError(fmt::format("{}: {}: it is not a query; write a SELECT", name(), doing));
    }
    return read(statement, limits, doing);
  }

  void execute(const std::string& sql, const std::string& doing) override {
    if (!writer_) throw std::logic_error("execute() outside of a trial");
    refuse_transaction_control(sql, name(), doing);
    SqliteStatement statement(*writer_, sql, doing);
    while (statement.step()) {
    }
  }

  void try_statement(const std::string& sql, const std::string& doing) override {
    const SqliteStatement statement(database(), sql, doing);  // compiles the triggers too
  }

  std::string command_line(const std::string& sql) const override {
    return fmt::format("sqlite3 -readonly {} {}", shell_word(path_.string()), shell_word(sql));
  }

 private:
  SqliteDatabase& database() { return writer_ ? *writer_ : *reader_; }

  SqlResult read(SqliteStatement& statement, const SqlLimits& limits, const std::string& doing) {
    SqlResult result;
    const int width = sqlite3_column_count(statement.handle());
    for (int i = 0; i < width; ++i) {
      const char* const declared = sqlite3_column_decltype(statement.handle(), i);
      ColumnDescription column{.name = sqlite3_column_name(statement.handle(), i),
                               .declared = declared == nullptr ? "" : declared};
      column.type = sqlite_type(column.declared);
      result.columns.push_back(std::move(column));
    }
    ByteBudget budget(name(), doing, limits.bytes);
    for (; statement.step(); ++result.total) {
      if (result.rows.size() >= limits.rows) continue;
      OwnedRow row;
      for (int i = 0; i < width; ++i) row.emplace_back(statement.cell(i));
      budget.take(row);
      result.rows.push_back(std::move(row));
    }
    return result;
  }

  std::filesystem::path path_;
  StoreOptions options_;
  std::unique_ptr<SqliteDatabase> reader_;
  std::unique_ptr<SqliteDatabase> writer_;  // only during a trial
};

}  // namespace

std::unique_ptr<SqlSession> open_sqlite_sql_session(const std::filesystem::path& path, const StoreOptions& options) {
  return std::make_unique<SqliteSqlSession>(path, options);
}

}  // namespace sluice::stores
