#include "harness/stores/sqlite_record.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "harness/core/ascii.hpp"
#include "harness/stores/sqlite_pages.hpp"

namespace sluice::stores {
namespace {

constexpr std::uint64_t real_type = 7, zero_type = 8, one_type = 9, first_blob_type = 12;

// sqlite.org/datatype3.html, "Determination Of Column Affinity": whether a declared type ends as REAL.
bool has_real_affinity(std::string_view declared) {
  const std::string type = ascii_lower(std::string(declared));
  const auto holds = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (holds("int") || holds("char") || holds("clob") || holds("text") || holds("blob")) return false;
  return holds("real") || holds("floa") || holds("doub");
}

std::uint64_t big_endian(const char* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

std::int64_t signed_integer(const char* at, std::size_t size) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<std::int64_t>(big_endian(at, size) << unused) >> unused;
}

std::size_t size_of(std::uint64_t type) {
  constexpr std::uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (type <= one_type) return sizes[type];
  if (type < first_blob_type) throw UnusualFile("a type that is reserved");
  return static_cast<std::size_t>((type - first_blob_type) / 2);
}

// Member by member: a cell that is put together elsewhere and copied costs twice as much.
void put_integer(RawCell& cell, std::int64_t value) {
  cell.storage = RawCell::Storage::integer;
  cell.integer = value;
  cell.real = 0;
  cell.bytes = {};
}

void put_real(RawCell& cell, double value) {
  cell.storage = std::isnan(value) ? RawCell::Storage::null : RawCell::Storage::real;
  cell.integer = 0;
  cell.real = std::isnan(value) ? 0 : value;
  cell.bytes = {};
}

void put_cell(RawCell& cell, std::uint64_t type, const char* at, std::size_t size, bool real) {
  if (type >= first_blob_type) {
    cell.storage = type % 2 == 0 ? RawCell::Storage::blob : RawCell::Storage::text;
    cell.integer = 0;
    cell.real = 0;
    cell.bytes = size == 0 ? std::string_view() : std::string_view(at, size);
    return;
  }
  if (type == 0) {
    cell = RawCell::of_null();
    return;
  }
  if (type == real_type) return put_real(cell, std::bit_cast<double>(big_endian(at, size)));
  const std::int64_t value = type >= zero_type ? static_cast<std::int64_t>(type - zero_type) : signed_integer(at, size);
  if (real) return put_real(cell, static_cast<double>(value));
  put_integer(cell, value);
}

}  // namespace

std::uint64_t read_long_varint(const char*& at, const char* end) {
  constexpr int most_bytes = 9;
  std::uint64_t value = 0;
  for (int i = 1; at < end; ++i) {
    const auto byte = static_cast<unsigned char>(*at++);
    if (i == most_bytes) return value << 8 | byte;
    value = value << 7 | (byte & 0x7F);
    if (byte < 0x80) return value;
  }
  throw UnusualFile("a number that does not end");
}

SqliteRecord::SqliteRecord(SqliteDatabase& database, const std::string& table,
                           const std::vector<std::string>& columns) {
  const std::string doing = "looking how its rows are stored";
  SqliteStatement root(database,
                       "SELECT s.rootpage FROM sqlite_schema AS s JOIN pragma_table_list AS l ON l.schema = 'main' AND "
                       "l.name = s.name WHERE s.type = 'table' AND s.name = ?1 AND l.type = 'table' AND l.wr = 0",
                       doing);
  root.bind(1, RawCell::of_text(table));
  const std::int64_t page = root.step() ? root.cell(0).integer : 0;
  if (page < 2 || page > std::numeric_limits<std::uint32_t>::max()) throw UnusualFile("no ordinary table");
  root_ = static_cast<std::uint32_t>(page);

  SqliteStatement key_index(database, "SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk'", doing);
  key_index.bind(1, RawCell::of_text(table));
  const bool key_is_rowid = !key_index.step();
  constexpr std::int64_t computed_when_read = 2;
  SqliteStatement stored(database, "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid", doing);
  stored.bind(1, RawCell::of_text(table));
  std::size_t found = 0, needed = 0;
  while (stored.step()) {
    const std::string name = stored.text(0), type = stored.text(1);
    const std::int64_t hidden = stored.cell(3).integer;
    if (hidden != computed_when_read) fields_.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] != name) continue;
      if (hidden != 0) throw UnusualFile("a computed column");
      if (fields_.back().column != Field::unwanted) throw UnusualFile("a column that is asked for twice");
      const bool rowid = stored.cell(2).integer > 0 && key_is_rowid;
      fields_.back() = {.column = i, .rowid = rowid, .real = has_real_affinity(type)};
      needed = fields_.size();
      ++found;
    }
  }
  if (found != columns.size()) throw UnusualFile("columns of no known place");
  fields_.resize(needed);
}

void SqliteRecord::read(std::string_view record, std::int64_t rowid, RawRow& row) const {
  const char* const end = record.data() + record.size();
  const char* next = record.data();
  const std::uint64_t header = read_varint(next, end);
  if (header > record.size() || header < static_cast<std::size_t>(next - record.data())) {
    throw UnusualFile("a record that is shorter than its header");
  }
  const char* const body = record.data() + header;
  const char* at = body;
  for (const auto& field : fields_) {
    const std::uint64_t type = read_varint(next, body);
    const std::size_t size = size_of(type);
    if (size > static_cast<std::size_t>(end - at)) throw UnusualFile("a record that is shorter than its cells");
    if (field.column != Field::unwanted) {
      RawCell& cell = row[field.column];
      if (field.rowid) {
        put_integer(cell, rowid);
      } else {
        put_cell(cell, type, at, size, field.real);
      }
    }
    at += size;
  }
  if (next == body && at != end) throw UnusualFile("a record that is longer than its cells");
}

}  // namespace sluice::stores
