#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "harness/stores/row_spool.hpp"
#include "harness/stores/store.hpp"
#include "suites/migration/rows/row_tamper.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// Where rows are put aside when no store can sort them as they are compared.
struct SpoolOptions {
  std::filesystem::path folder;
  stores::StoreOptions limits;
};

/// The rows of one side of a mapped table as they are compared: read from the store, ids translated, a violation
/// planted for a control, sorted here where the store's order is another, copies of one row numbered where there is no
/// key.
class RowSource {
 public:
  /// `scan` is the mapping's of that side, perhaps narrowed. Reads all rows when they are sorted here. The store must
  /// outlive the source.
  RowSource(stores::Store& store, const TableMapping& mapping, bool old, const stores::ScanSpec& scan,
            const SpoolOptions& spool, const std::optional<Tampering>& tampering = std::nullopt);
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  stores::RowCursor& rows() { return *rows_; }
  /// What was planted; null without a violation.
  const TamperingCursor* tampered() const { return tampered_.get(); }

 private:
  std::unique_ptr<stores::RowCursor> scanned_;
  std::unique_ptr<stores::RowCursor> translated_;
  std::unique_ptr<TamperingCursor> tampered_;
  std::unique_ptr<stores::RowSpool> spool_;
  std::unique_ptr<stores::RowCursor> sorted_;
  std::unique_ptr<stores::RowCursor> numbered_;
  stores::RowCursor* rows_ = nullptr;
};

/// `key`, of the old side as it is compared, with every translated id as the old side wrote it.
stores::OwnedRow original_key(const TableMapping& mapping, const stores::RawRow& key);

}  // namespace sluice::migration
