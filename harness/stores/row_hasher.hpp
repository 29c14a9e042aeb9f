#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/stores/digest.hpp"

namespace sluice::stores {

/// Seeds and marks that both engines' chains share.
struct HashConstants {
  static constexpr std::array<std::int64_t, 2> seeds{0x5D1C3A7E90B24F68, 0x2F6E91D84C07B3A5};
  static constexpr std::int64_t unproven = 0x6A09E667F3BCC908;
  /// Bits of NULL in one seed. No more: an int8 hashed next is folded to 32 bits and keeps the others in its seed,
  /// where higher bits could make good for what its own differ in.
  static constexpr std::size_t flags_in_word = 31;
};

/// Hashes rows here as PostgreSQL hashes them there, and adds them up by bucket. A cell that deserves a closer look
/// (one that its type cannot represent, a hazard, a NULL where none is expected) makes its row's hash equal to nothing.
/// For one thread.
class RowHasher {
 public:
  /// `salt` differs between the sides.
  RowHasher(HashPlan plan, const Partition& partition, std::vector<ColumnRule> rules, std::uint64_t salt);

  void add(std::span<const RawCell> row);
  /// The bucket of a row with this key; `key` may hold more cells.
  std::uint32_t bucket_of(std::span<const RawCell> key);
  std::vector<BucketDigest> take() { return std::move(digests_); }
  std::uint64_t rows() const { return rows_; }
  /// One cell alone; `sound` becomes false when it needs a closer look.
  std::uint64_t hash_cell(const RawCell& cell, HashForm form, const ColumnRule& rule, std::uint64_t seed, bool& sound);

 private:
  std::uint64_t hash_key(std::span<const RawCell> row, std::uint64_t seed, bool& sound);
  std::uint64_t hash_rest(std::span<const RawCell> row, std::uint64_t seed, bool& sound);
  std::uint64_t hash_flags(std::span<const RawCell> row, std::uint64_t seed) const;
  std::uint32_t place(std::span<const RawCell> row, std::uint64_t key_hash) const;

  HashPlan plan_;
  Partition partition_;
  std::vector<ColumnRule> rules_;
  std::uint64_t salt_;
  std::vector<BucketDigest> digests_;
  std::uint64_t rows_ = 0;
  std::uint64_t unsound_ = 0;
  std::string scratch_;
  std::string text_;
};

}  // namespace sluice::stores
