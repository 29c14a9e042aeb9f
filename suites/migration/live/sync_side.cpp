#include "suites/migration/live/sync_side.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

class PostgresWriter final : public StoreWriter {
 public:
  PostgresWriter(const std::string& url, const stores::StoreOptions& options) : connection_(url, options) {}
  void write(const std::string& sql, const std::string& doing) override { connection_.query(sql, {}, doing); }

 private:
  stores::PostgresConnection connection_;
};

class SqliteWriter final : public StoreWriter {
 public:
  SqliteWriter(const std::string& name, const std::filesystem::path& path, const stores::StoreOptions& options)
      : database_(name, path, options, true) {}
  void write(const std::string& sql, const std::string& doing) override { database_.execute(sql, doing); }

 private:
  stores::SqliteDatabase database_;
};

std::string statement_of(std::string text, const SyncItem& item, const std::string& value) {
  const std::array<std::pair<std::string, std::string>, 3> values{
      {{"{key}", item.key}, {"{id}", std::to_string(item.id)}, {"{value}", value}}};
  for (const auto& [placeholder, filling] : values) {
    for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + filling.size()))
      text.replace(at, placeholder.size(), filling);
  }
  return text;
}

bool names_item(const std::string& sql) {
  return sql.find("{key}") != std::string::npos || sql.find("{id}") != std::string::npos;
}

}  // namespace

SyncSide::SyncSide(const CheckContext& context, const Parameters& parameters, const std::string& name)
    : name_(name), statements_(parameters.record(name)), reader_(open_side(context, parameters, name)) {
  for (const char* const operation : {"insert", "update", "delete", "read"}) {
    if (!names_item(statements_.text(operation)))
      throw InputError(fmt::format("{}, {}: the statement names neither {{key}} nor {{id}}, so it would mean every row",
                                   name, operation));
  }
  const stores::StoreOptions options = session_options(context, parameters);
  const std::string& url = context.store(name);
  if (reader_->engine() == stores::Engine::postgres) {
    writer_ = std::make_unique<PostgresWriter>(url, options);
  } else {
    file_ = context.resolve(url.substr(stores::sqlite_scheme.size()));
    writer_ = std::make_unique<SqliteWriter>(reader_->name(), file_, options);
  }
}

void SyncSide::write(const std::string& operation, const SyncItem& item, const std::string& value) {
  writer_->write(statement_of(statements_.text(operation), item, value),
                 fmt::format("running the {} of {}", operation, name_));
}

SyncState SyncSide::read(const SyncItem& item) {
  const auto snapshot = Transaction::read(*reader_);
  const auto result = reader_->query(statement_of(statements_.text("read"), item, ""), {.rows = 100},
                                     fmt::format("running the read of {}", name_));
  SyncState state{.value = std::nullopt, .rows = static_cast<std::size_t>(result.total), .text = {}};
  for (std::size_t row = 0; row < result.rows.size(); ++row) {
    for (std::size_t column = 0; column < result.columns.size(); ++column)
      state.text += result.text(row, column).value_or("NULL") + (column + 1 == result.columns.size() ? "\n" : " | ");
  }
  if (!result.rows.empty()) state.value = result.text(0, 0).value_or("NULL");
  return state;
}

std::string SyncSide::changes() {
  if (!statements_.has("changes")) return {};
  const auto snapshot = Transaction::read(*reader_);
  const auto result = reader_->query(statements_.text("changes"), {.rows = 1}, "running the changes of " + name_);
  if (result.rows.empty())
    throw InputError(fmt::format("{}, changes: it returned no row; write SELECT count(*) or the like", name_));
  return result.text(0, 0).value_or("NULL");
}

std::string SyncSide::identity() {
  if (!file_.empty()) {
    struct stat file {};
    return ::stat(file_.c_str(), &file) == 0 ? fmt::format("sqlite {} {}", file.st_dev, file.st_ino) : "";
  }
  // One database may be a store on each side by its schemas, which the statements need not name.
  const auto snapshot = Transaction::read(*reader_);
  const auto result = reader_->query(
      "SELECT concat_ws(' ', 'postgresql', current_setting('port'), extract(epoch FROM pg_postmaster_start_time()), "
      "d.oid, current_schemas(false)) FROM pg_database d WHERE d.datname = current_database()",
      {.rows = 1}, "asking what database it is");
  return result.rows.empty() ? "" : result.text(0, 0).value_or("");
}

std::string SyncSide::shown(const SyncItem& item) const {
  return reader_->command_line(statement_of(statements_.text("read"), item, ""));
}

ParameterSpec SyncSide::parameter(const std::string& name) {
  const auto statement = [](std::string of, std::string doc, bool required = true) {
    return ParameterSpec{.name = std::move(of), .doc = std::move(doc), .required = required};
  };
  return {.name = name,
          .type = ParameterType::record,
          .doc = "the statements of this side; {key} is a word, {id} a number that no other item has, {value} a word",
          .required = true,
          .fields = {
              statement("insert", "INSERT INTO items (name, text) VALUES ('{key}', '{value}')"),
              statement("update", "UPDATE items SET text = '{value}' WHERE name = '{key}'"),
              statement("delete", "DELETE FROM items WHERE name = '{key}'"),
              statement("read",
                        "SELECT text, version FROM items WHERE name = '{key}': the value first, then "
                        "what changes with every write"),
              statement("changes", "a number that grows with every change: SELECT count(*) FROM change_log", false)}};
}

}  // namespace sluice::migration
