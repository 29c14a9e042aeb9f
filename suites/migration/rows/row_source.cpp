#include "suites/migration/rows/row_source.hpp"

#include <utility>

namespace sluice::migration {
namespace {

using stores::OwnedCell;
using stores::RawCell;
using stores::RawRow;
using stores::RowCursor;

/// Gives every old id the new one. An id that the map does not have becomes a text that equals nothing.
class TranslatingCursor final : public RowCursor {
 public:
  TranslatingCursor(RowCursor& inner, const TableMapping& mapping)
      : inner_(inner), mapping_(mapping), cells_(mapping.columns.size()) {}
  bool next(RawRow& row) override {
    if (!inner_.next(row)) return false;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const auto& ids = mapping_.columns[i].ids;
      if (!ids) continue;
      auto found = ids->new_of(row[i]);
      if (!found) {
        const std::string text = stores::printable_cell(row[i]) + " (not in the id map " + ids->name() + ")";
        found.emplace(RawCell::of_text(text));
      }
      cells_[i] = std::move(*found);
      row[i] = cells_[i].view();
    }
    return true;
  }

 private:
  RowCursor& inner_;
  const TableMapping& mapping_;
  std::vector<OwnedCell> cells_;
};

/// Numbers the copies of equal rows, which come one after the other, in one more column.
class NumberingCursor final : public RowCursor {
 public:
  NumberingCursor(RowCursor& inner, std::vector<stores::ColumnRule> rules) : inner_(inner), rules_(std::move(rules)) {}
  bool next(RawRow& row) override {
    if (row.size() > rules_.size()) row.resize(rules_.size());
    if (!inner_.next(row)) return false;
    current_.encode(row, rules_, [](std::size_t, stores::Hazard) {});
    copy_ = copy_ > 0 && current_ == previous_ ? copy_ + 1 : 1;
    std::swap(previous_, current_);
    row.push_back(RawCell::of_integer(copy_));
    return true;
  }

 private:
  RowCursor& inner_;
  std::vector<stores::ColumnRule> rules_;
  stores::CanonicalRow current_;
  stores::CanonicalRow previous_;
  std::int64_t copy_ = 0;
};

}  // namespace

RowSource::RowSource(stores::Store& store, const TableMapping& mapping, bool old, const stores::ScanSpec& scan,
                     const SpoolOptions& spool, const std::optional<Tampering>& tampering)
    : scanned_(store.scan(scan)), rows_(scanned_.get()) {
  bool translates = false;
  for (const auto& pair : mapping.columns) translates = translates || pair.ids != nullptr;
  if (old && translates) {
    translated_ = std::make_unique<TranslatingCursor>(*rows_, mapping);
    rows_ = translated_.get();
  }
  if (tampering) {
    tampered_ = std::make_unique<TamperingCursor>(*rows_, scan.rules, *tampering);
    rows_ = tampered_.get();
  }
  if (mapping.sorted_here(old)) {
    spool_ = std::make_unique<stores::RowSpool>(spool.folder, scan.rules, spool.limits);
    RawRow row;
    while (rows_->next(row)) spool_->add(row);
    sorted_ = spool_->sorted(mapping.key_columns);
    rows_ = sorted_.get();
  }
  if (mapping.multiset) {
    numbered_ = std::make_unique<NumberingCursor>(*rows_, scan.rules);
    rows_ = numbered_.get();
  }
}

stores::OwnedRow original_key(const TableMapping& mapping, const RawRow& key) {
  stores::OwnedRow original;
  for (std::size_t i = 0; i < mapping.key_columns; ++i) {
    const auto& ids = mapping.columns[i].ids;
    auto found = ids ? ids->old_of(key[i]) : std::nullopt;
    original.push_back(found ? std::move(*found) : OwnedCell(key[i]));
  }
  return original;
}

}  // namespace sluice::migration
