#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/comparison_type.hpp"
#include "harness/stores/time_zone.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Something about a stored value that is wrong or risky before anything is migrated.
enum class Hazard : std::uint8_t {
  none,
  not_representable,  ///< cannot be read as the comparison type: text in an integer column, 2024-02-30
  nul_character,      ///< text with a NUL, which many tools cut and PostgreSQL refuses
  invalid_utf8,
  inexact_number,      ///< a decimal column holds what a binary double can hold: digits of the original may be lost
  text_in_bytes,       ///< text in a column of bytes
  duplicate_names,     ///< JSON with a name twice: all but the last are lost in most readers
  time_without_answer  ///< a wall-clock time that its zone skipped or had twice
};
inline constexpr std::size_t hazard_count = 8;

/// What is wrong, as the end of a sentence that starts with "a value": "contains a NUL character".
std::string_view describe(Hazard hazard);

/// How the cells of one column are read.
struct ColumnRule {
  ComparisonType type = ComparisonType::exact;
  std::shared_ptr<const TimeZone> zone = nullptr;  ///< of timestamps that carry none; null is UTC
  bool single_precision = false;                   ///< numbers of this column are 32-bit floats printed shortest
  bool warn_inexact = false;  ///< the column was declared decimal: traces of a binary double in it are a hazard
};

/// Appends the canonical encoding of `cell`: equal bytes for equal values of the type, different bytes for different
/// ones, and in the order of the values when compared as unsigned bytes. NULL comes first and equals only NULL; a value
/// that the type cannot represent comes last as its storage class and bytes, and equals only the same.
Hazard append_canonical(const RawCell& cell, const ColumnRule& rule, std::string& out);

/// Whether all is ASCII without NUL: then text has no hazard and is its own encoding, but for the tag before it.
bool is_plain_text(std::string_view text);

/// The bytes of a UUID written 8-4-4-4-12, as nearly all are; false leaves `bytes` undefined.
bool read_usual_uuid(std::string_view text, std::array<char, 16>& bytes);

/// Whether an encoding stands for a value that its type could not represent.
bool is_raw_encoding(std::string_view encoding);
bool is_null_encoding(std::string_view encoding);

/// Appends sound JSON as PostgreSQL's jsonb would show it; false, and nothing, for what needs the full reader.
bool append_quick_json(std::string_view json, std::string& out);

/// The canonical encodings of one row; its buffers are reused from row to row.
class CanonicalRow {
 public:
  /// Encodes `row`; cell i by rules[i]. `hazard(column, kind)` is called for each one met.
  template <typename OnHazard>
  void encode(const RawRow& row, const std::vector<ColumnRule>& rules, OnHazard&& hazard) {
    bytes_.clear();
    ends_.clear();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Hazard found = append_canonical(row[i], rules[i], bytes_);
      ends_.push_back(bytes_.size());
      if (found != Hazard::none) hazard(i, found);
    }
  }
  /// The same, but JSON from column `quick_from` on as PostgreSQL would show it where that takes no more than writing
  /// it anew: equal texts are equal values, and different ones may be.
  template <typename OnHazard>
  void encode_quickly(const RawRow& row, const std::vector<ColumnRule>& rules, std::size_t quick_from,
                      OnHazard&& hazard) {
    bytes_.clear();
    ends_.clear();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const bool quick = i >= quick_from && rules[i].type == ComparisonType::json &&
                         row[i].storage == RawCell::Storage::text && append_quick_json(row[i].bytes, bytes_);
      const Hazard found = quick ? Hazard::none : append_canonical(row[i], rules[i], bytes_);
      ends_.push_back(bytes_.size());
      if (found != Hazard::none) hazard(i, found);
    }
  }
  std::string_view cell(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  std::size_t size() const { return ends_.size(); }
  /// Compares the first `cells` cells one by one; negative, zero, positive.
  int compare_prefix(const CanonicalRow& other, std::size_t cells) const;
  bool operator==(const CanonicalRow& other) const { return bytes_ == other.bytes_ && ends_ == other.ends_; }
  /// Becomes the first `cells` cells of `other`.
  void assign_prefix(const CanonicalRow& other, std::size_t cells) {
    ends_.assign(other.ends_.begin(), other.ends_.begin() + static_cast<std::ptrdiff_t>(cells));
    bytes_.assign(other.bytes_, 0, cells == 0 ? 0 : ends_.back());
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace sluice::stores
