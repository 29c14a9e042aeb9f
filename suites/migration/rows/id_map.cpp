#include "suites/migration/rows/id_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/scratch_database.hpp"
#include "suites/migration/rows/row_merge.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using stores::ColumnDescription;
using stores::RawCell;
using stores::RawRow;
using stores::TableDescription;

constexpr const char* doing = "keeping an id map";

ColumnDescription column_of(const IdMapRequest& request, const stores::Store& store, const TableDescription& table,
                            const std::string& name) {
  if (const auto* column = table.find(name)) return *column;
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  throw InputError(fmt::format("id map {}: table {} of {} has no column {}{}", printable(request.name, 100),
                               printable(table.name, 100), store.name(), printable(name, 100),
                               stores::did_you_mean(name, names)));
}

std::string text_or(const Parameters& record, const char* name) {
  return record.has(name) ? record.text(name) : std::string();
}

ParameterSpec required_text(std::string name, std::string doc) {
  return {.name = std::move(name), .doc = std::move(doc), .required = true};
}

IdMapRequest::Side side_of(const Parameters& map, const char* name) {
  const Parameters side = map.record(name);
  return {.table = side.text("table"), .id = side.text("id"), .by = side.texts("by"), .where = text_or(side, "where")};
}

/// Passes the ids of rows that match on to the map.
class IdCollector final : public MergeObserver {
 public:
  IdCollector(std::size_t column, std::function<void(const RawCell&, const RawCell&)> add)
      : column_(column), add_(std::move(add)) {}
  void matched(const RawRow& old_row, const RawRow& new_row) override { add_(old_row[column_], new_row[column_]); }
  void changed(const RawRow&, const RawRow&, std::span<const std::size_t>) override {}
  void tolerated(const RawRow&, const RawRow&, std::size_t) override {}
  // A row without a partner has no entry: the comparison of its table names it.
  void missing(const RawRow&) override {}
  void extra(const RawRow&) override {}
  void hazard(std::size_t, stores::Hazard, const RawRow&) override {}
  void null_key(const RawRow&) override {}

 private:
  std::size_t column_;
  std::function<void(const RawCell&, const RawCell&)> add_;
};

}  // namespace

ParameterSpec id_maps_parameter() {
  const auto side = [](const char* name, const char* doc) {
    return ParameterSpec{.name = name,
                         .type = ParameterType::record,
                         .doc = doc,
                         .required = true,
                         .fields = {required_text("table", "its table"),
                                    required_text("id", "its column of ids"),
                                    text_list_parameter("by", "columns that name a row on both sides, in one order"),
                                    {.name = "where", .doc = "SQL condition on its rows"}}};
  };
  ParameterSpec map{.name = "id map", .type = ParameterType::variant, .doc = "which new id an old id became"};
  map.alternatives = {
      {.kind = "table",
       .doc = "a table of either side says it",
       .fields = {required_text("table", "the table that holds the pairs"),
                  {.name = "side", .doc = "whose table it is", .default_text = "new", .choices = {"old", "new"}},
                  required_text("old", "its column of old ids"),
                  required_text("new", "its column of new ids"),
                  {.name = "where", .doc = "SQL condition on its rows"}}},
      {.kind = "natural",
       .doc = "rows of both sides that are the same by other columns",
       .fields = {side("old", "the old side's rows"), side("new", "the new side's rows")}}};
  return {.name = "id_maps",
          .type = ParameterType::map,
          .doc = "name -> id map, for ids that the migration gave anew; one to one, which is checked",
          .item = {map}};
}

std::vector<IdMapRequest> id_map_requests(const Parameters& parameters) {
  std::vector<IdMapRequest> requests;
  if (!parameters.has("id_maps")) return requests;
  for (const auto& [name, value] : parameters.value("id_maps").items()) {
    const Parameters map(value);
    IdMapRequest request{.name = name};
    if (map.text("kind") == "table") {
      request.from_table = {.old_side = map.text("side") == "old",
                            .table = map.text("table"),
                            .old_id = map.text("old"),
                            .new_id = map.text("new"),
                            .where = text_or(map, "where")};
    } else {
      request.old_side = side_of(map, "old");
      request.new_side = side_of(map, "new");
      if (request.old_side.by.empty() || request.old_side.by.size() != request.new_side.by.size()) {
        throw InputError(
            fmt::format("id map {}: `by` must name as many columns on the new side as on the old side, and "
                        "at least one",
                        printable(name, 100)));
      }
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

IdMap::IdMap(IdMapRequest request, stores::Store& old_store, stores::Store& new_store,
             const std::filesystem::path& work, const stores::StoreOptions& options)
    : request_(std::move(request)),
      database_(stores::open_scratch_database(work, "id map " + printable(request_.name, 100), options)) {
  if (request_.from_table)
    describe_table(request_.from_table->old_side ? old_store : new_store);
  else
    describe_sides(old_store, new_store);
  database_->execute("CREATE TABLE ids (old_key BLOB, new_key BLOB, old_id, new_id)", doing);
  insert_ = std::make_unique<stores::SqliteStatement>(*database_, "INSERT INTO ids VALUES (?, ?, ?, ?)", doing);
}

void IdMap::describe_table(stores::Store& store) {
  old_scan_.table = store.describe(request_.from_table->table);
  old_scan_.where = request_.from_table->where;
  const auto old_id = column_of(request_, store, old_scan_.table, request_.from_table->old_id);
  const auto new_id = column_of(request_, store, old_scan_.table, request_.from_table->new_id);
  old_rule_ = {.type = old_id.type, .single_precision = old_id.single_precision};
  new_rule_ = {.type = new_id.type, .single_precision = new_id.single_precision};
  old_scan_.columns = {old_id, new_id};
  old_scan_.rules = {old_rule_, new_rule_};
}

// The columns of `by` are the key; the id comes after them and is not compared.
void IdMap::describe_sides(stores::Store& old_store, stores::Store& new_store) {
  old_scan_.table = old_store.describe(request_.old_side.table);
  new_scan_.table = new_store.describe(request_.new_side.table);
  old_scan_.where = request_.old_side.where;
  new_scan_.where = request_.new_side.where;
  for (std::size_t i = 0; i < request_.old_side.by.size(); ++i) {
    const auto old_by = column_of(request_, old_store, old_scan_.table, request_.old_side.by[i]);
    const auto new_by = column_of(request_, new_store, new_scan_.table, request_.new_side.by[i]);
    const auto type = stores::common_type(old_by.type, new_by.type);
    if (!type || *type == stores::ComparisonType::json) {
      throw InputError(fmt::format("id map {}: {} ({}) and {} ({}) cannot be the key that rows are matched by",
                                   printable(request_.name, 100), old_by.name, old_by.declared, new_by.name,
                                   new_by.declared));
    }
    old_scan_.columns.push_back(old_by);
    new_scan_.columns.push_back(new_by);
    old_scan_.rules.push_back({.type = *type, .single_precision = old_by.single_precision});
    new_scan_.rules.push_back({.type = *type, .single_precision = new_by.single_precision});
  }
  old_scan_.key_columns = new_scan_.key_columns = old_scan_.columns.size();
  const auto old_id = column_of(request_, old_store, old_scan_.table, request_.old_side.id);
  const auto new_id = column_of(request_, new_store, new_scan_.table, request_.new_side.id);
  old_rule_ = {.type = old_id.type, .single_precision = old_id.single_precision};
  new_rule_ = {.type = new_id.type, .single_precision = new_id.single_precision};
  old_scan_.columns.push_back(old_id);
  new_scan_.columns.push_back(new_id);
  old_scan_.rules.push_back(old_rule_);
  new_scan_.rules.push_back(new_rule_);
}

void IdMap::load(stores::Store& old_store, stores::Store& new_store) {
  database_->execute("BEGIN", doing);
  if (request_.from_table)
    load_table(request_.from_table->old_side ? old_store : new_store);
  else
    load_sides(old_store, new_store);
  insert_.reset();
  database_->execute("COMMIT; CREATE INDEX by_old ON ids (old_key); CREATE INDEX by_new ON ids (new_key)", doing);
  forward_ = std::make_unique<stores::SqliteStatement>(*database_, "SELECT new_id FROM ids WHERE old_key = ?", doing);
  backward_ = std::make_unique<stores::SqliteStatement>(*database_, "SELECT old_id FROM ids WHERE new_key = ?", doing);
  find_problems();
}

void IdMap::load_table(stores::Store& store) {
  const auto rows = store.scan(old_scan_);
  RawRow row;
  while (rows->next(row)) add(row[0], row[1]);
}

void IdMap::load_sides(stores::Store& old_store, stores::Store& new_store) {
  const std::size_t id = old_scan_.key_columns;
  const auto named = [&](const stores::ScanSpec& scan, const stores::Store& store) {
    return fmt::format("table {} ({}) by the columns of the id map {}", printable(scan.table.name, 100), store.name(),
                       printable(request_.name, 100));
  };
  MergeSpec spec{.old_table = named(old_scan_, old_store), .new_table = named(new_scan_, new_store), .key_columns = id};
  for (std::size_t i = 0; i <= id; ++i) {
    spec.columns.push_back({.old_name = old_scan_.columns[i].name,
                            .new_name = new_scan_.columns[i].name,
                            .old_rule = old_scan_.rules[i],
                            .new_rule = new_scan_.rules[i]});
  }
  IdCollector collector(id, [this](const RawCell& old_id, const RawCell& new_id) { add(old_id, new_id); });
  const auto new_rows = new_store.scan(new_scan_);
  const auto old_rows = old_store.scan(old_scan_);
  merge_rows(*old_rows, *new_rows, spec, collector);
}

namespace {

// COPY sends text; the other side's statements want a number where ids are numbers.
RawCell as_number(const RawCell& cell, const stores::ColumnRule& rule) {
  if (rule.type != stores::ComparisonType::integer || cell.storage != RawCell::Storage::text) return cell;
  std::int64_t number = 0;
  const auto* const end = cell.bytes.data() + cell.bytes.size();
  const auto [last, failure] = std::from_chars(cell.bytes.data(), end, number);
  return failure == std::errc() && last == end ? RawCell::of_integer(number) : cell;
}

}  // namespace

void IdMap::add(const RawCell& old_id, const RawCell& new_id) {
  std::string old_key, new_key;
  stores::append_canonical(old_id, old_rule_, old_key);
  stores::append_canonical(new_id, new_rule_, new_key);
  insert_->bind(1, RawCell::of_blob(old_key));
  insert_->bind(2, RawCell::of_blob(new_key));
  insert_->bind(3, as_number(old_id, old_rule_));
  insert_->bind(4, as_number(new_id, new_rule_));
  insert_->step();
  sqlite3_reset(insert_->handle());
  ++pairs_;
}

namespace {

// Each row of ids that breaks the rule, with how often its value is there.
constexpr const char* broken =
    "SELECT old_id, new_id, 0 FROM ids WHERE old_id IS NULL OR new_id IS NULL UNION ALL "
    "SELECT min(old_id), count(*), 2 FROM ids WHERE old_id IS NOT NULL GROUP BY old_key HAVING count(*) > 1 UNION ALL "
    "SELECT min(new_id), count(*), 3 FROM ids WHERE new_id IS NOT NULL GROUP BY new_key HAVING count(*) > 1";

}  // namespace

void IdMap::find_problems() {
  stores::SqliteStatement count(*database_, fmt::format("SELECT count(*) FROM ({})", broken), doing);
  if (count.step()) problems_total_ = static_cast<std::uint64_t>(count.cell(0).integer);
}

std::vector<Finding> IdMap::problems(std::size_t sample, const std::string& reproduce) const {
  std::vector<Finding> findings;
  stores::SqliteStatement rows(*database_, fmt::format("{} LIMIT {}", broken, sample), doing);
  while (rows.step()) {
    const std::string first = stores::printable_cell(rows.cell(0), 100),
                      second = stores::printable_cell(rows.cell(1), 100);
    const auto kind = rows.cell(2).integer;
    Finding finding{.rule = "id-map-not-one-to-one", .reproduce = reproduce};
    finding.summary = kind == 2 ? fmt::format("the id map {} gives the old id {} {} new ids", name(), first, second)
                      : kind == 3
                          ? fmt::format("the id map {} gives the new id {} to {} old ids", name(), first, second)
                          : fmt::format("the id map {} has a pair with NULL: {}, {}", name(), first, second);
    finding.where = {{"id map", printable(name(), 100)}, {kind == 3 ? "new id" : "old id", first}};
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::optional<stores::OwnedCell> IdMap::look_up(stores::SqliteStatement& statement, const RawCell& id,
                                                const stores::ColumnRule& rule) const {
  if (id.is_null()) return stores::OwnedCell();
  std::string key;
  stores::append_canonical(id, rule, key);
  database_->start_statement();
  sqlite3_reset(statement.handle());
  statement.bind(1, RawCell::of_blob(key));
  std::optional<stores::OwnedCell> found;
  if (statement.step()) found.emplace(statement.cell(0));
  sqlite3_reset(statement.handle());
  return found;
}

std::optional<stores::OwnedCell> IdMap::new_of(const RawCell& old_id) const {
  return look_up(*forward_, old_id, old_rule_);
}

std::optional<stores::OwnedCell> IdMap::old_of(const RawCell& new_id) const {
  return look_up(*backward_, new_id, new_rule_);
}

}  // namespace sluice::migration
