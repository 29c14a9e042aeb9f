#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

/// A tolerance of one random column, and its own arithmetic of what that allows.
class RandomTolerance {
 public:
  /// nullopt for kinds that have none.
  static std::optional<RandomTolerance> of(ValueKind kind, RandomValues& random);

  /// As a plan writes it.
  const std::string& text() const { return text_; }
  bool allows(const Value& left, const Value& right) const;
  /// Another value, or the same, as far away as is just allowed or less.
  Value within(const Value& value, RandomValues& random) const;
  /// The nearest value above that is not allowed any more.
  Value beyond(const Value& value) const;

 private:
  RandomTolerance(ValueKind kind, std::string text, std::int64_t limit, bool share)
      : kind_(kind), text_(std::move(text)), limit_(limit), share_(share) {}
  std::int64_t step() const;
  std::int64_t units(const Value& value) const;
  Value value_of(std::int64_t units) const;
  bool near(std::int64_t left, std::int64_t right) const;

  ValueKind kind_;
  std::string text_;
  std::int64_t limit_;  ///< in units of the kind, or thousandths of the larger value
  bool share_;
};

}  // namespace sluice::migration
