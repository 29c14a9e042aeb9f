#pragma once
#include <cstdint>
#include <string>

#include "harness/stores/canonical.hpp"

namespace sluice::migration {

/// How far apart two values of one column may be and still count as equal: by an amount ("0.01"), by a share of the
/// larger of the two ("0.1%"), or in time ("1ms"). Computed exactly, whatever the size of the numbers.
class Tolerance {
 public:
  /// Throws InputError for anything else, and for what tolerates nothing.
  static Tolerance parse(const std::string& text);

  /// Whether it makes sense for columns that are compared so.
  bool fits(stores::ComparisonType type) const;
  /// False for NULL, infinities and whatever either side cannot read as the type.
  bool allows(const stores::RawCell& old_cell, const stores::ColumnRule& old_rule, const stores::RawCell& new_cell,
              const stores::ColumnRule& new_rule) const;
  /// As it was written.
  const std::string& text() const { return text_; }

 private:
  enum class Kind { amount, share, time };
  Kind kind_ = Kind::amount;
  std::string text_;
  std::string decimal_;            ///< amount and share: canonical; a share as a fraction
  std::int64_t microseconds_ = 0;  ///< time
};

}  // namespace sluice::migration
