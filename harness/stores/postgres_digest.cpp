#include "harness/stores/postgres_digest.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "harness/stores/row_hasher.hpp"

namespace sluice::stores {
namespace {

constexpr std::string_view collation = " COLLATE \"C\"";

std::string literal(std::int64_t value) { return fmt::format("({})::int8", value); }

// Its digits, without zeros at the end; the server's hash of a number sees neither its sign nor what is no number.
std::string numeric_text(const std::string& value) { return fmt::format("trim_scale({})::text", value); }

// What is hashed of a column, without NULL when that has a bit of its own.
std::string value_of(const HashColumn& column, const std::string& name, const std::string& base_type) {
  const auto filled = [&](const std::string& value, const char* otherwise) {
    return column.nullable ? fmt::format("coalesce({}, {})", value, otherwise) : value;
  };
  switch (column.form) {
    case HashForm::int4:
      return filled(base_type == "int4" ? name : name + "::int4", "0");
    case HashForm::int8:
      return filled(base_type == "int8" ? name : name + "::int8", "0::int8");
    case HashForm::numeric:
      return filled(numeric_text(base_type == "numeric" ? name : name + "::numeric"), "''");
    case HashForm::float8:
      return filled(base_type == "float8" ? name : name + "::float8", "0::float8");
    case HashForm::text:
      return filled(base_type == "text" ? name : name + "::text", "''");
    case HashForm::character:  // bpchar loses its blanks on the way to text
      return filled(base_type == "bpchar" ? name + "::text" : "rtrim(" + name + "::text, ' ')", "''");
    case HashForm::bytes:
      return filled("encode(" + name + ", 'hex')", "''");
    case HashForm::uuid:
      return filled(name, "'00000000-0000-0000-0000-000000000000'::uuid");
    case HashForm::timestamp:
      return filled(fmt::format("encode({}_send({}), 'hex')", base_type, name), "''");
    case HashForm::date: {
      const std::string days = fmt::format(
          "CASE WHEN isfinite({0}) THEN {0} - '1970-01-01'::date WHEN {0} > '1970-01-01' THEN 2147483647 WHEN {0} IS "
          "NOT NULL THEN -2147483648 END",
          name);
      return filled(days, "0");
    }
    case HashForm::json:
      return filled(name + "::text", "''");
    case HashForm::canonical:
      break;
  }
  return name;
}

// The hash of `value` with `seed`, both expressions; the seed occurs once, so that a chain stays as long as its
// columns.
std::string hash_of(HashForm form, const std::string& value, const std::string& seed) {
  switch (form) {
    case HashForm::int4:
    case HashForm::date:
      return fmt::format("hashint4extended({}, {})", value, seed);
    case HashForm::int8:  // the function folds to 32 bits; the seed keeps all 64
      return fmt::format("hashint8extended({0}, ({1}) # {0})", value, seed);
    case HashForm::float8:
      return fmt::format("hashfloat8extended({}, {})", value, seed);
    case HashForm::uuid:
      return fmt::format("uuid_hash_extended({}, {})", value, seed);
    default:
      return fmt::format("hashtextextended({}{}, {})", value, collation, seed);
  }
}

/// Builds the expressions of one digest over prepared columns v0, v1, …
class Chain {
 public:
  Chain(const ScanSpec& scan, const HashPlan& plan) : scan_(scan), plan_(plan) {}

  std::string column(std::size_t i) const {
    return value_of(plan_.columns[i], quote_identifier(scan_.columns[i].name), scan_.columns[i].base_type);
  }

  std::string key(std::int64_t seed) const {
    std::string hash = literal(seed);
    for (std::size_t i = 0; i < plan_.key_columns; ++i) hash = hash_of(plan_.columns[i].form, column(i), hash);
    return hash;
  }

  std::string row(std::int64_t seed) const {
    std::string hash = flags(key(seed));
    for (const std::size_t i : plan_.order) hash = hash_of(plan_.columns[i].form, column(i), hash);
    return hash;
  }

 private:
  // Which cells are NULL, a bit each, exclusive-ored into the seed of the first hash after the key.
  std::string flags(std::string hash) const {
    std::size_t bits = 0;
    for (const std::size_t i : plan_.order) {
      if (!plan_.columns[i].nullable) continue;
      if (bits == HashConstants::flags_in_word) {
        hash = fmt::format("hashint4extended(0, {})", hash);
        bits = 0;
      }
      hash = fmt::format("({}) # CASE WHEN {} IS NULL THEN {} ELSE {} END", hash,
                         quote_identifier(scan_.columns[i].name), literal(std::int64_t{1} << bits++), literal(0));
    }
    return hash;
  }

  const ScanSpec& scan_;
  const HashPlan& plan_;
};

}  // namespace

std::string digest_statement(const DigestSpec& spec, const std::string& relation, const std::string& condition,
                             std::optional<std::uint32_t> bucket) {
  const Chain chain(spec.scan, spec.plan);
  std::string sums = fmt::format("sum({})", chain.row(HashConstants::seeds[0]));
  if (spec.plan.wide) sums += fmt::format(", sum({})", chain.row(HashConstants::seeds[1]));
  const bool grouped = !bucket && spec.partition.buckets > 1;
  const std::string place =
      grouped ? fmt::format("({}) & {}", chain.key(HashConstants::seeds[0]), literal(spec.partition.buckets - 1))
              : std::to_string(bucket.value_or(0));
  return fmt::format("SELECT {}, count(*), {} FROM {}{}{}{}", place, sums, relation, condition.empty() ? "" : " WHERE ",
                     condition, grouped ? " GROUP BY 1" : "");
}

std::vector<std::string> prepare_heap_statements(const DigestSpec& spec, const std::string& condition) {
  const Chain chain(spec.scan, spec.plan);
  const std::string key = quote_identifier(spec.scan.columns[0].name);
  std::string sums, hashes;
  for (std::size_t i = 0; i < (spec.plan.wide ? 2 : 1); ++i) {
    const std::string hash = chain.row(HashConstants::seeds[i]);
    sums += fmt::format(", sum({})", hash);
    hashes += ", " + hash;
  }
  const std::string from =
      fmt::format("FROM {} WHERE {}{}", spec.scan.table.sql_name, condition, condition.empty() ? "" : " AND ");
  return {fmt::format("PREPARE {} (int4, tid, tid) AS SELECT $1, count(*){}, min({}), max({}) {}ctid >= $2 AND ctid < "
                      "$3",
                      HeapStatements::part, sums, key, key, from),
          fmt::format("PREPARE {} (tid, tid, int8, int8) AS SELECT {}{} {}ctid >= $1 AND ctid < $2 AND NOT ({} >= $3 "
                      "AND {} <= $4) LIMIT {}",
                      HeapStatements::strays, key, hashes, from, key, key, HeapStatements::most_strays + 1)};
}

std::string range_condition(const std::string& key, const Partition& partition, std::uint32_t bucket) {
  const std::int64_t first = partition.first_key(bucket).value_or(0);
  const auto end = partition.first_key(bucket + 1);
  if (!end) return fmt::format("{} >= {}", key, literal(first));
  return fmt::format("{0} >= {1} AND {0} < {2}", key, literal(first), literal(*end));
}

std::string bucket_condition(const ScanSpec& scan, const BucketSelection& selection) {
  if (selection.partition.kind == Partition::Kind::hash) {
    return fmt::format("(({}) & {})::int4 IN ({})", Chain(scan, selection.plan).key(HashConstants::seeds[0]),
                       literal(selection.partition.buckets - 1), fmt::join(selection.buckets, ", "));
  }
  std::vector<std::string> parts;
  for (const std::uint32_t bucket : selection.buckets) {
    parts.push_back("(" + range_condition(quote_identifier(scan.columns[0].name), selection.partition, bucket) + ")");
  }
  return fmt::format("({})", fmt::join(parts, " OR "));
}

const std::vector<ProbeValue>& probe_values() {
  using enum ComparisonType;
  const auto text_cell = [](std::string_view value) { return RawCell::of_text(value); };
  static const std::vector<ProbeValue> values{
      {HashForm::int4, "7::int4", RawCell::of_integer(7), {.type = integer}},
      {HashForm::int4, "(-2147483648)::int4", RawCell::of_integer(-2147483648LL), {.type = integer}},
      {HashForm::int4, "true::int4", text_cell("t"), {.type = boolean}},
      {HashForm::int8, "7::int8", RawCell::of_integer(7), {.type = integer}},
      {HashForm::int8, "(-7)::int8", RawCell::of_integer(-7), {.type = integer}},
      {HashForm::int8, "4294967303::int8", RawCell::of_integer(4294967303LL), {.type = integer}},
      {HashForm::int8, "(-9223372036854775807)::int8", RawCell::of_integer(-9223372036854775807LL), {.type = integer}},
      {HashForm::numeric, "0::numeric", RawCell::of_integer(0), {.type = decimal}},
      {HashForm::numeric, "1.10::numeric", text_cell("1.1"), {.type = decimal}},
      {HashForm::numeric, "(-12345.678900)::numeric", text_cell("-12345.6789"), {.type = decimal}},
      {HashForm::numeric, "100000000::numeric", text_cell("1e8"), {.type = decimal}},
      {HashForm::numeric, "0.00001234::numeric", text_cell("1234e-8"), {.type = decimal}},
      {HashForm::numeric,
       "12345678901234567890123456789012345678901234567890.123456789::numeric",
       text_cell("12345678901234567890123456789012345678901234567890.123456789"),
       {.type = decimal}},
      {HashForm::numeric, "'NaN'::numeric", text_cell("NaN"), {.type = decimal}},
      {HashForm::numeric, "'-Infinity'::numeric", text_cell("-Infinity"), {.type = decimal}},
      {HashForm::float8, "0.1::float8", RawCell::of_real(0.1), {.type = float8}},
      {HashForm::float8, "'-0'::float8", RawCell::of_real(0), {.type = float8}},
      {HashForm::float8, "'NaN'::float8", text_cell("NaN"), {.type = float8}},
      {HashForm::text, "''::text", text_cell(""), {.type = text}},
      {HashForm::text, "'Grüße, 世界'::text", text_cell("Grüße, 世界"), {.type = text}},
      {HashForm::text,
       "'twelve bytes and some more of them'::text",
       text_cell("twelve bytes and some more of them"),
       {.type = text}},
      {HashForm::character, "'ab  '::bpchar::text", text_cell("ab "), {.type = character}},
      {HashForm::bytes,
       "encode('\\x00ff'::bytea, 'hex')",
       RawCell::of_blob(std::string_view("\0\xFF", 2)),
       {.type = bytes}},
      {HashForm::uuid,
       "'8F14E45F-CEEA-467A-9A36-DEDD4BEA2543'::uuid",
       text_cell("8f14e45fceea467a9a36dedd4bea2543"),
       {.type = uuid}},
      {HashForm::timestamp,
       "encode(timestamptz_send('2026-11-21 12:00:00.123457+02'), 'hex')",
       text_cell("2026-11-21T10:00:00.123457Z"),
       {.type = timestamp}},
      {HashForm::timestamp,
       "encode(timestamp_send('1969-12-31 23:59:59.999999'), 'hex')",
       text_cell("1969-12-31 23:59:59.999999"),
       {.type = timestamp}},
      {HashForm::timestamp,
       "encode(timestamptz_send('-infinity'), 'hex')",
       text_cell("-infinity"),
       {.type = timestamp}},
      {HashForm::timestamp,
       "encode(timestamptz_send('9999-12-31 23:59:59.999999+00'), 'hex')",
       text_cell("9999-12-31T23:59:59.999999Z"),
       {.type = timestamp}},
      {HashForm::date, "'2026-11-21'::date - '1970-01-01'::date", text_cell("2026-11-21"), {.type = date}},
      {HashForm::json,
       R"('{"b": [1, 2.50, "ü\n"], "a": null, "": {"x": 1e2}}'::jsonb::text)",
       text_cell(R"({"a":null,"":{"x":100},"b":[1,2.50,"\u00fc\n"]})"),
       {.type = json}}};
  return values;
}

std::string probe_statement() {
  std::vector<std::string> hashes;
  for (const auto& value : probe_values()) {
    const std::string shown = value.form == HashForm::numeric ? numeric_text(value.literal) : value.literal;
    hashes.push_back(hash_of(value.form, "(" + shown + ")", literal(HashConstants::seeds[0])) + "::text");
  }
  return fmt::format("SELECT {}", fmt::join(hashes, ", "));
}

}  // namespace sluice::stores
