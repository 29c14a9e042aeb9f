#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"

namespace sluice::migration {

/// What a store says of itself beside its rows.
struct StoreObjects {
  std::vector<std::string> tables;   ///< base tables, as Store::describe takes them
  std::vector<std::string> derived;  ///< what else holds rows: virtual tables, materialized views that are filled
  std::set<std::string> schema;      ///< one line for each object, comparable between copies of one store
  std::map<std::string, std::string> sequences;  ///< name -> the number that it gives next
  std::set<std::string> server;      ///< what it shares with its copies: roles, settings of databases; a line for each
  std::string search_path;           ///< of the session that read it, as names depend on it; SQLite: empty
  std::vector<std::string> unsound;  ///< sentences: invalid indexes, prepared transactions
};

/// Reads the catalog of a store. Throws what stores throw.
StoreObjects read_objects(const std::string& url, const stores::StoreOptions& options);

/// The number and a digest of a PostgreSQL table's rows over `columns`, whatever their order: for tables without a key.
std::string row_digest(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name,
                       const std::vector<std::string>& columns);

/// Whether nothing else changes when a row of the table goes: no cascade, no trigger, no rule.
bool loses_rows_alone(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name);

/// Deletes one row of the table, without regard to references where the store allows that. False when none went.
bool delete_one_row(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name);

/// Runs one statement and commits it. InputError for what the statement gets wrong.
void commit_statement(const std::string& url, const stores::StoreOptions& options, const std::string& sql,
                      const std::string& doing);

}  // namespace sluice::migration
