#pragma once
#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// The rows of a cursor that reads through an index, with the proof at their end that they are as many as the table
/// holds: a damaged index hides rows, or has some of its own.
class CountedCursor final : public RowCursor {
 public:
  /// `doing` is for errors: "sqlite:a.db: reading table captures".
  CountedCursor(std::unique_ptr<RowCursor> rows, std::uint64_t expected, std::string doing)
      : rows_(std::move(rows)), expected_(expected), doing_(std::move(doing)) {}

  bool next(RawRow& row) override {
    if (rows_->next(row)) {
      ++met_;
      return true;
    }
    if (met_ != expected_) {
      throw EnvironmentError(fmt::format(
          "{}: an index of it gave {} rows, and the table itself holds {}; the file is damaged, PRAGMA integrity_check "
          "says more, and REINDEX makes the index anew",
          doing_, met_, expected_));
    }
    return false;
  }

 private:
  std::unique_ptr<RowCursor> rows_;
  std::uint64_t expected_;
  std::uint64_t met_ = 0;
  std::string doing_;
};

}  // namespace sluice::stores
