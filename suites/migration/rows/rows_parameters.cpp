#include "suites/migration/rows/rows_parameters.hpp"

#include <fmt/core.h>

#include <utility>

#include "harness/core/printable.hpp"
#include "harness/stores/comparison_type.hpp"
#include "suites/migration/rows/id_map.hpp"
#include "suites/migration/rows/table_request.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

ParameterSpec text_map(std::string name, std::string doc) {
  return {.name = std::move(name),
          .type = ParameterType::map,
          .doc = std::move(doc),
          .item = {{.name = "value", .type = ParameterType::text}}};
}

ParameterSpec expressions_spec() {
  ParameterSpec expression{.name = "expression", .type = ParameterType::record, .doc = "one computed column pair"};
  expression.fields = {
      {.name = "old", .doc = "SQL over the old table's columns; the entry's name when absent"},
      {.name = "new", .doc = "SQL over the new table's columns; the entry's name when absent"},
      text_list_parameter("covers", "columns of either side that it stands for and that need no partner then")};
  return {.name = "expressions",
          .type = ParameterType::map,
          .doc = "name -> a column pair of which at least one side is computed; constants are SQL too",
          .item = {expression}};
}

ParameterSpec table_spec() {
  ParameterSpec types = text_map("types", "old column -> the type both sides are read as before they are compared");
  types.item.front().choices = stores::comparison_type_names();
  return {.name = "table",
          .type = ParameterType::record,
          .doc = "how one table of the old side is compared",
          .fields = {{.name = "to", .doc = "the table of the new side; the same name when absent"},
                     text_list_parameter("key", "old columns that are unique together; the primary key when absent"),
                     {.name = "multiset",
                      .type = ParameterType::boolean,
                      .doc = "compare whole rows in any order and count equal ones; what happens anyway where no side "
                             "has a primary key and `key` names none"},
                     text_map("columns", "old column -> new column; columns not named here keep their name"),
                     expressions_spec(),
                     text_map("ids", "old column -> the entry of `id_maps` by which its values are translated"),
                     text_list_parameter("ignore", "old columns that are not compared; shown in the report"),
                     types,
                     {.name = "zone",
                      .doc = "time zone of the old side's timestamps that carry none: UTC, +02:00, "
                             "Europe/Berlin; UTC when absent"},
                     text_map("zones", "old column -> its time zone, where it is not that of `zone`"),
                     text_map("tolerance",
                              "old column -> how far apart equal values may be: 0.01, 0.1% of the larger, or 1ms; "
                              "counted and shown in the report"),
                     {.name = "where_old", .doc = "SQL condition on the old side's rows"},
                     {.name = "where_new", .doc = "SQL condition on the new side's rows"}},
          .shorthand = "to"};
}

void examine_ids(const Parameters& parameters, ParameterProblems& problems) {
  problems.guard({"id_maps"}, [&] { id_map_requests(parameters); });
  for (const auto& [table, value] : parameters.value("tables").items()) {
    if (!value.contains("ids")) continue;
    for (const auto& [column, map] : value.at("ids").items()) {
      const std::string name = map.get<std::string>();
      if (parameters.has("id_maps") && parameters.value("id_maps").contains(name)) continue;
      problems.add({"tables", table, "ids", column}, fmt::format("`id_maps` has no id map '{}'", printable(name, 100)));
    }
  }
}

// Two tables of one store can be compared, and two parts of one table; a table and itself are always the same.
void examine_one_store(const Parameters& parameters, ParameterProblems& problems) {
  for (const auto& [table, value] : parameters.value("tables").items()) {
    const Parameters request(value);
    const bool differs = request.has("columns") || request.has("expressions") || request.has("where_old") ||
                         request.has("where_new") || (request.has("to") && request.text("to") != table);
    if (differs) continue;
    problems.add({"tables", table}, fmt::format("is compared with itself, as `old` and `new` are both the store '{}'",
                                                parameters.text("old")));
  }
}

void examine_empty_tables(const Parameters& parameters, ParameterProblems& problems) {
  const std::vector<std::string> names = parameters.texts("allow_empty");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (parameters.value("tables").contains(names[i])) continue;
    if (names.size() == 1 && (names[i] == "true" || names[i] == "false")) continue;
    problems.add({"allow_empty", std::to_string(i)},
                 fmt::format("'{}' is none of the check's `tables`", printable(names[i], 100)));
  }
}

}  // namespace

EmptyTables empty_tables(const Parameters& parameters) {
  EmptyTables allowed;
  for (auto& name : parameters.texts("allow_empty")) {
    if (parameters.value("tables").contains(name))
      allowed.names.insert(std::move(name));
    else
      allowed.all = name == "true";
  }
  return allowed;
}

void examine_rows(const Parameters& parameters, ParameterProblems& problems) {
  examine_tables(parameters, problems);
  examine_ids(parameters, problems);
  examine_empty_tables(parameters, problems);
  if (parameters.text("old") == parameters.text("new")) examine_one_store(parameters, problems);
  if (parameters.has("recheck") && parameters.has("id_maps") && !parameters.value("id_maps").empty())
    problems.add({"recheck"}, "`recheck` reads rows again, and an id map is read once; remove one of the two");
}

std::vector<ParameterSpec> rows_parameters() {
  std::vector<ParameterSpec> all{
      {.name = "tables",
       .type = ParameterType::map,
       .doc = "old table -> how it is compared",
       .required = true,
       .minimum = 1,
       .item = {table_spec()}},
      store_parameter("old", "the store that the old tables are in; before: the plan's `stores.before`"),
      store_parameter("new", "the store that the new tables are in"),
      id_maps_parameter(),
      {.name = "recheck",
       .type = ParameterType::record,
       .doc = "for tables in use: rows that differ are read again, by their keys where that is exact, until both sides "
              "have the same or stay as they are",
       .fields = {{.name = "times",
                   .type = ParameterType::integer,
                   .doc = "how often at most; rows that still change then make the check inconclusive",
                   .required = true,  // or every plan would have the record
                   .minimum = 1,
                   .maximum = 1000},
                  {.name = "every",
                   .type = ParameterType::duration,
                   .doc = "the time between two readings: longer than a change takes to reach the other side",
                   .default_text = "1s",
                   .minimum = 0.001}}},
      {.name = "unclaimed",
       .doc =
           "rows of a new table that several old tables went into and that no condition of theirs claims: an error, or "
           "allowed; rows that several claim always are one",
       .default_text = "error",
       .choices = {"error", "allowed"}},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "differing rows of a table that are kept as findings; all are counted",
       .default_text = "20",
       .unit = "rows",
       .minimum = 1,
       .maximum = 10'000},
      {.name = "strategy",
       .doc = "hash: compare hashes computed by both stores, then only rows whose hashes differ, where that proves the "
              "same; merge: read every row; auto: hash unless the table is small",
       .default_text = "auto",
       .choices = {"auto", "hash", "merge"}},
      {.name = "hash_bits",
       .doc = "length of the hashes; 128 takes longer",
       .default_text = "64",
       .choices = {"64", "128"}},
      {.name = "allow_empty",
       .type = ParameterType::list,
       .doc = "old tables that may have no rows on both sides; true: all, false: none",
       .default_text = "false",
       .item = {{.name = "table", .type = ParameterType::text}},
       .shorthand = "table"}};
  for (auto& parameter : store_timeout_parameters(
           duration_parameter("timeout", "the longest time that reading one table may take", "1h", 1)))
    all.push_back(std::move(parameter));
  return all;
}

}  // namespace sluice::migration
