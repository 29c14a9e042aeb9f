#include "harness/stores/postgres_digester.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/heap_sums.hpp"
#include "harness/stores/postgres_digest.hpp"
#include "harness/stores/postgres_number.hpp"
#include "harness/stores/postgres_sql.hpp"
#include "harness/stores/postgres_workers.hpp"
#include "harness/stores/row_hasher.hpp"

namespace sluice::stores {
namespace {

constexpr std::size_t connections_at_once = 2;

}  // namespace

PostgresDigester::PostgresDigester(PostgresConnection& connection, std::string url, StoreOptions options)
    : connection_(connection), url_(std::move(url)), options_(std::move(options)) {}

// The table, or what the control makes of it: with one cell altered.
std::string PostgresDigester::relation(const DigestSpec& spec) const {
  if (!spec.planted) return spec.scan.table.sql_name;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < spec.scan.columns.size(); ++i) {
    const auto& column = spec.scan.columns[i];
    const std::string name = quote_identifier(column.name);
    if (i != spec.planted->column) {
      columns.push_back(name);
      continue;
    }
    // Without the declared length: a cast to it could cut the planted value back to what was there.
    columns.push_back(fmt::format("CASE WHEN {0} THEN {1}::{2} ELSE {3} END AS {3}",
                                  postgres_key_condition(connection_, spec.scan, spec.planted->key),
                                  connection_.quote_literal(postgres_text(spec.planted->value.view())),
                                  quote_identifier(column.base_type), name));
  }
  const std::string rows = postgres_condition(connection_, spec.scan);
  return fmt::format("(SELECT {} FROM {}{}{}) AS planted", fmt::join(columns, ", "), spec.scan.table.sql_name,
                     rows.empty() ? "" : " WHERE ", rows);
}

std::vector<std::string> PostgresDigester::statements(const DigestSpec& spec) {
  const std::string from = relation(spec);
  const std::string rows = spec.planted ? std::string() : postgres_condition(connection_, spec.scan);
  const auto both = [&](const std::string& part) { return rows.empty() ? part : rows + " AND " + part; };
  if (spec.partition.buckets == 1) return {digest_statement(spec, from, rows, std::nullopt)};
  std::vector<std::string> all;
  if (spec.partition.kind == Partition::Kind::range) {
    const std::string key = quote_identifier(spec.scan.columns[0].name);
    for (std::uint32_t bucket = 0; bucket < spec.partition.buckets; ++bucket) {
      all.push_back(digest_statement(spec, from, both(range_condition(key, spec.partition, bucket)), bucket));
    }
    return all;
  }
  const std::uint64_t blocks = spec.planted ? 0 : block_count(spec.scan.table);
  if (blocks < connections_at_once) return {digest_statement(spec, from, rows, std::nullopt)};
  for (std::uint64_t i = 0; i < connections_at_once; ++i) {
    std::string part = fmt::format("ctid >= '({},0)'::tid", blocks * i / connections_at_once);
    if (i + 1 < connections_at_once) {
      part += fmt::format(" AND ctid < '({},0)'::tid", blocks * (i + 1) / connections_at_once);
    }
    all.push_back(digest_statement(spec, from, both(part), std::nullopt));
  }
  return all;
}

// Zero for what is not one heap: views, partitioned and foreign tables.
std::uint64_t PostgresDigester::block_count(const TableDescription& table) {
  const auto rows = connection_.query(
      "SELECT (CASE WHEN relkind IN ('r', 'm') THEN pg_relation_size(oid) / current_setting('block_size')::int8 ELSE 0 "
      "END)::text FROM pg_class WHERE oid = $1::regclass",
      {table.sql_name}, "measuring table " + printable(table.name, 100));
  return rows.empty() ? 0 : read_integer<std::uint64_t>(rows[0][0]);
}

std::optional<std::vector<BucketDigest>> PostgresDigester::digest_heap(const DigestSpec& spec, bool in_snapshot) {
  const std::string doing = "reading table " + printable(spec.scan.table.name, 100);
  PostgresWorkers workers(connection_, url_, options_, in_snapshot ? connections_at_once - 1 : 0);
  workers.prepare(prepare_heap_statements(spec, postgres_condition(connection_, spec.scan)));
  HeapSums sums(spec);
  std::vector<std::string> parts;
  // The end comes first: updated rows lie there, and too many of them end this way of reading.
  for (std::uint32_t bucket = spec.partition.buckets; bucket-- > 0;) parts.push_back(sums.part_statement(bucket));
  const std::string last = parts.front();
  parts.erase(parts.begin());
  bool in_order = true;
  std::size_t looked_at = 0;
  const auto move_strays = [&] {
    for (; in_order && looked_at < sums.strayed().size(); ++looked_at) {
      const std::uint32_t bucket = sums.strayed()[looked_at];
      workers.run({sums.strays_statement(bucket)}, doing,
                  [&](const PostgresWorkers::Rows& rows) { in_order = sums.take_strays(bucket, rows); });
    }
  };
  workers.run({last}, doing, [&](const PostgresWorkers::Rows& rows) { sums.take_part(rows); });
  move_strays();
  if (in_order && !parts.empty()) {
    workers.run(parts, doing, [&](const PostgresWorkers::Rows& rows) { sums.take_part(rows); });
    move_strays();
  }
  if (!in_order) return std::nullopt;
  return sums.take();
}

std::vector<BucketDigest> PostgresDigester::digest(const DigestSpec& spec, bool in_snapshot) {
  const HeapOrder& heap = spec.partition.heap;
  // A condition with a $ could name a parameter of the prepared statements.
  const bool whole =
      !spec.planted && spec.scan.only.empty() && !spec.scan.buckets && spec.scan.where.find('$') == std::string::npos;
  if (whole && !heap.blocks.empty() && !heap.table.empty() && heap.table == spec.scan.table.identity) {
    if (auto digests = digest_heap(spec, in_snapshot)) return std::move(*digests);
  }
  std::vector<BucketDigest> digests(spec.partition.buckets);
  PostgresWorkers workers(connection_, url_, options_, in_snapshot ? connections_at_once - 1 : 0);
  const std::string doing = "reading table " + printable(spec.scan.table.name, 100);
  workers.run(statements(spec), doing, [&](const PostgresWorkers::Rows& rows) {
    std::uint64_t met = 0;
    for (const auto& row : rows) {
      const auto bucket = read_integer<std::uint32_t>(row.at(0));
      if (bucket >= digests.size()) {
        throw EnvironmentError(
            fmt::format("{}: {}: bucket {} of {}", connection_.name(), doing, bucket, digests.size()));
      }
      const auto count = read_integer<std::uint64_t>(row.at(1));
      digests[bucket].rows += count;
      digests[bucket].sums[0] += read_sum(row.at(2));
      if (spec.plan.wide) digests[bucket].sums[1] += read_sum(row.at(3));
      met += count;
    }
    if (spec.on_rows) spec.on_rows(met);
  });
  return digests;
}

std::optional<KeyRange> PostgresDigester::key_range(const ScanSpec& spec) {
  const auto& column = spec.columns.at(0);
  const bool integer = column.base_type == "int2" || column.base_type == "int4" || column.base_type == "int8";
  if (spec.key_columns != 1 || !integer) return std::nullopt;
  const auto& keys = spec.table.unique_keys;
  const bool indexed = std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key[0] == column.name; });
  if (!indexed) return std::nullopt;
  const std::string doing = "looking at the key of table " + printable(spec.table.name, 100);
  // Where the heap does not lie in the order of the key, ranges of it are read block by block again and again.
  constexpr double in_order = 0.9;
  const auto order = connection_.query(
      "SELECT max(abs(s.correlation))::text FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename JOIN "
      "pg_namespace "
      "n ON n.oid = c.relnamespace AND n.nspname = s.schemaname WHERE c.oid = $1::regclass AND s.attname = $2",
      {spec.table.sql_name, column.name}, doing);
  if (!order.empty() && order[0][0] && std::stod(*order[0][0]) < in_order) return std::nullopt;
  const std::string name = quote_identifier(column.name);
  const auto ends = connection_.query(
      fmt::format("SELECT min({0})::text, max({0})::text FROM {1}", name, spec.table.sql_name), {}, doing);
  if (ends.empty() || !ends[0][0] || !ends[0][1]) return std::nullopt;
  return KeyRange{read_integer<std::int64_t>(ends[0][0]), read_integer<std::int64_t>(ends[0][1]),
                  heap_order(spec, name)};
}

// Of each part the smallest key in its first block, which costs one block to read; the sum with zero keeps the index,
// in which the server would look for it, out of this.
HeapOrder PostgresDigester::heap_order(const ScanSpec& spec, const std::string& key) {
  constexpr std::uint64_t most_parts = 512, least_blocks = 64;  // blocks of a part
  HeapOrder heap{.table = spec.table.identity};
  const std::uint64_t blocks = block_count(spec.table);
  const std::uint64_t parts = std::min(most_parts, blocks / least_blocks);
  constexpr int reads_parts_alone = 140'000;  // earlier servers read the whole heap for each
  if (parts < 2 || blocks > std::numeric_limits<std::uint32_t>::max()) return {};
  if (PQserverVersion(connection_.handle()) < reads_parts_alone) return {};
  const auto rows = connection_.query(
      fmt::format(
          // A column of the table's must not be taken for ours.
          "SELECT sluice_parts.b::text, (SELECT min({0} + 0) FROM {1} WHERE ctid >= ('(' || sluice_parts.b || "
          "',0)')::tid AND ctid < ('(' || sluice_parts.b + 1 || ',0)')::tid)::text FROM (SELECT i * {2} / {3} AS b "
          "FROM generate_series(0::int8, {3} - 1) AS i) AS sluice_parts ORDER BY sluice_parts.b",
          key, spec.table.sql_name, blocks, parts),
      {}, "looking at the key of table " + printable(spec.table.name, 100));
  for (const auto& row : rows) {
    const auto first = read_integer<std::int64_t>(row.at(1));
    const bool begins = heap.keys.empty();
    if (!begins && (!row.at(1) || first <= heap.keys.back())) continue;  // belongs to the part before
    heap.blocks.push_back(begins ? 0 : read_integer<std::uint32_t>(row.at(0)));
    heap.keys.push_back(first);
  }
  return heap.keys.size() < parts / 2 ? HeapOrder{} : heap;
}

std::string PostgresDigester::probe() {
  const std::string doing = "probing its hash functions";
  // In a transaction of its own where there is none; a savepoint else, since an unknown function ends a transaction.
  const bool within = PQtransactionStatus(connection_.handle()) == PQTRANS_INTRANS;
  connection_.query(within ? "SAVEPOINT sluice_probe" : "BEGIN READ ONLY", {}, doing);
  std::string problem;
  try {
    const auto rows = connection_.query(probe_statement(), {}, doing);
    RowHasher hasher({}, {}, {}, 0);
    const auto& values = probe_values();
    for (std::size_t i = 0; i < values.size() && problem.empty(); ++i) {
      bool sound = true;
      const std::uint64_t ours = hasher.hash_cell(values[i].cell, values[i].form, values[i].rule,
                                                  static_cast<std::uint64_t>(HashConstants::seeds[0]), sound);
      if (!sound || rows.at(0).at(i) != std::to_string(static_cast<std::int64_t>(ours))) {
        problem = fmt::format("the server hashes {} in another way than expected", values[i].literal);
      }
    }
  } catch (const InputError& error) {
    problem = fmt::format("the server lacks a hash function: {}", error.what());
  }
  connection_.query(within ? "ROLLBACK TO SAVEPOINT sluice_probe" : "ROLLBACK", {}, doing);
  // Within a subtransaction no snapshot can be shared.
  if (within) connection_.query("RELEASE SAVEPOINT sluice_probe", {}, doing);
  return problem;
}

}  // namespace sluice::stores
