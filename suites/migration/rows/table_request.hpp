#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"
#include "harness/stores/store.hpp"
#include "suites/migration/rows/tolerance.hpp"

namespace sluice::migration {

/// A column pair of which at least one side is computed: SQL over the columns of its table, or the name of one.
struct ColumnExpression {
  std::string old_sql;
  std::string new_sql;
  std::vector<std::string> covers;  ///< columns of either side that it stands for, which then need no partner
  /// The columns that hold the values: a real one, or one that add_expressions() made.
  std::string old_column = {};
  std::string new_column = {};
  bool reads_old = true;  ///< its SQL reads a column of the old table; likewise
  bool reads_new = true;
};

/// What the plan says about one table of the old side.
struct TableRequest {
  std::string old_table;
  std::string new_table;
  std::vector<std::string> key;                ///< old column names; empty: the primary key
  std::map<std::string, std::string> columns;  ///< old name -> new name; others keep their name
  std::vector<std::string> ignore;             ///< old columns that are not compared
  std::map<std::string, stores::ComparisonType> types;
  std::shared_ptr<const stores::TimeZone> zone;  ///< of the old side's timestamps that carry none; null: UTC
  std::string where_old;
  std::string where_new;
  bool multiset = false;  ///< rows have no key and are counted
  std::map<std::string, ColumnExpression> expressions = {};
  std::map<std::string, std::string> ids = {};  ///< old column -> the id map that translates it
  std::map<std::string, std::shared_ptr<const Tolerance>> tolerances = {};
  std::map<std::string, std::shared_ptr<const stores::TimeZone>> zones = {};  ///< of single columns
};

/// Reads the parameter `tables` of the plan. Throws InputError with every wrong type, zone and tolerance at once.
std::vector<TableRequest> table_requests(const Parameters& parameters);
/// What it would throw.
void examine_tables(const Parameters& parameters, ParameterProblems& problems);

/// Makes a column of every expression of one side that is not just a column's name: the description then reads from a
/// subquery, and the request's expressions know their columns. Throws InputError for SQL that the store refuses.
void add_expressions(TableRequest& request, bool old, const std::string& url, const stores::StoreOptions& options,
                     stores::TableDescription& table);

}  // namespace sluice::migration
