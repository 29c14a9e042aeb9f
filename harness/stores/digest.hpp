#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// What of a cell is hashed, in both engines alike. Each form is made from the canonical encoding or determines it, so
/// that equal forms are equal values under the canonical rules. Except for `json` it is a function of the encoding.
enum class HashForm : std::uint8_t {
  canonical,  ///< the encoding itself; no PostgreSQL involved
  int4,       ///< integers and booleans
  int8,
  numeric,  ///< its digits as text, without zeros at the end
  float8,
  text,
  character,  ///< text without trailing blanks
  bytes,      ///< as hexadecimal digits
  uuid,
  timestamp,  ///< microseconds since 2000, as sixteen hexadecimal digits
  date,       ///< days since 1970
  json        ///< the text that jsonb is shown as; one value may have several
};

struct HashColumn {
  HashForm form = HashForm::canonical;
  bool nullable = false;  ///< NULL is expected, and has a bit of its own in the hash
};

/// How the rows of one table pair are hashed: the key's columns, then the bits of NULL, then the others by `order`,
/// each hash the seed of the next. A chain, unlike sums or exclusive ors of cells, sees values that changed places.
struct HashPlan {
  std::vector<HashColumn> columns;  ///< as those of the scan
  std::size_t key_columns = 0;
  std::vector<std::size_t> order;  ///< of the columns after the key
  bool wide = false;               ///< a second chain from another seed: 128 bits instead of 64
};

/// The plan for two scans of one table pair, or why there is none: a column that one engine cannot hash as the
/// canonical rules read it, a key that may repeat. `wide` as in HashPlan.
std::variant<HashPlan, std::string> plan_hashes(const ScanSpec& old_scan, Engine old_engine, const ScanSpec& new_scan,
                                                Engine new_engine, bool wide);

/// How a PostgreSQL heap lies in the order of its integer key: parts of it, each told by its first block and the key it
/// begins with; both ascend. A guess that the digest checks row by row.
struct HeapOrder {
  std::string table;  ///< the identity of the table
  std::vector<std::uint32_t> blocks;
  std::vector<std::int64_t> keys;
};

struct KeyRange {
  std::int64_t smallest = 0;
  std::int64_t largest = 0;
  HeapOrder heap = {};  ///< empty when there is none
};

/// How rows are told into buckets: by ranges of an integer key, or by the hash of the key.
struct Partition {
  enum class Kind : std::uint8_t { range, hash };
  Kind kind = Kind::hash;
  std::uint32_t buckets = 1;  ///< hash: a power of two
  std::int64_t begin = 0;     ///< range: the smallest key
  std::uint64_t width = 1;    ///< range: of a bucket
  HeapOrder heap = {};        ///< range: when not empty, the buckets are its parts, and `width` means nothing

  /// The first key of a bucket; beyond the last bucket nullopt.
  std::optional<std::int64_t> first_key(std::uint32_t bucket) const;
  /// range: the bucket of a key.
  std::uint32_t bucket_of(std::int64_t key) const;
};

/// Buckets of one width, at most so many.
Partition partition_range(const KeyRange& range, std::uint32_t buckets);
/// The parts of `heap`; the first begins with the smallest key of all.
Partition partition_heap(std::int64_t smallest, HeapOrder heap);

struct BucketSelection {
  HashPlan plan;
  Partition partition;
  std::vector<std::uint32_t> buckets;  ///< ascending
};

struct BucketDigest {
  std::uint64_t rows = 0;
  std::array<std::uint64_t, 2> sums{};  ///< of the rows' hashes, modulo 2^64; the second only when wide
  bool operator==(const BucketDigest&) const = default;
};

/// A violation that a control plants in what one side hashes: another value for one cell.
struct PlantedCell {
  OwnedRow key;
  std::size_t column = 0;
  OwnedCell value;
};

struct DigestSpec {
  ScanSpec scan;
  HashPlan plan;
  Partition partition;
  std::uint64_t salt = 0;  ///< of this side: makes a row that needs a closer look equal nothing on the other
  std::optional<PlantedCell> planted = std::nullopt;
  std::function<void(std::uint64_t rows)> on_rows = {};  ///< so many more are done; from any thread, cheap
};

}  // namespace sluice::stores
