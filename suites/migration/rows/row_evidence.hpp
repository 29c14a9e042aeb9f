#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/migration/rows/row_merge.hpp"
#include "suites/migration/rows/suspects.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// A key that is on both sides, as each side wrote it.
struct MatchedKey {
  stores::OwnedRow old_key;
  stores::OwnedRow new_key;
};

class RowEvidence;

/// How rows that differ are read again: those that differed in the same way last time are findings, all others are in
/// use. Null `previous`: this is the first reading.
struct Rereading {
  bool wanted = false;
  std::shared_ptr<const Suspects> previous = nullptr;
  /// When only suspects are read again: what was met before, whose hazards, tolerated cells and sample of matched keys
  /// go on. Needed in the constructor alone; null when all rows are read.
  const RowEvidence* before = nullptr;
};

/// How the findings of one table are worded and reproduced.
struct EvidenceContext {
  const TableMapping& mapping;
  const stores::Store& old_store;
  const stores::Store& new_store;
  std::string reproduce;  ///< the command line that runs the check again
};

/// Gathers what a merge of one table met: exact totals, a bounded sample of differing rows as findings, one finding per
/// column and kind of hazard, and a random sample of matched keys for the control.
class RowEvidence final : public MergeObserver {
 public:
  /// `sample` is how many differing rows become findings.
  RowEvidence(EvidenceContext context, std::size_t sample, std::uint64_t seed, Rereading rereading = {});

  void matched(const stores::RawRow& old_row, const stores::RawRow& new_row) override;
  void changed(const stores::RawRow& old_row, const stores::RawRow& new_row,
               std::span<const std::size_t> columns) override;
  void tolerated(const stores::RawRow& old_row, const stores::RawRow& new_row, std::size_t column) override;
  void missing(const stores::RawRow& old_row) override;
  void extra(const stores::RawRow& new_row) override;
  void hazard(std::size_t column, stores::Hazard hazard, const stores::RawRow& old_row) override;
  void null_key(const stores::RawRow& old_row) override;

  /// Findings of differing rows, then of hazards, then what was tolerated.
  std::vector<Finding> findings() const;
  /// How many findings there would be without a bound.
  std::uint64_t findings_total() const;
  const std::vector<std::uint64_t>& cells_changed() const { return cells_changed_; }
  std::uint64_t cells_changed_total() const;
  const std::vector<std::uint64_t>& cells_tolerated() const { return cells_tolerated_; }
  const std::vector<MatchedKey>& matched_keys() const { return matched_keys_; }
  /// Rows that differ and were not left out as being in use.
  const MergeTotals& differing() const { return differing_; }
  /// Rows that differed from the first reading on, in another way each time.
  std::uint64_t unsettled() const { return unsettled_; }
  /// What must be read again: of the first reading every row that differed, later those of them that still do.
  std::shared_ptr<const Suspects> suspects() const { return suspects_; }

 private:
  struct Seen {
    std::uint64_t count = 0;
    Finding first;
  };
  Finding row_finding(const char* rule, const stores::RawRow& row, bool old) const;
  Finding tolerated_finding(std::size_t column) const;
  bool admits(char kind, const stores::RawRow* old_row, const stores::RawRow* new_row);
  void alone(const stores::RawRow& row, bool old);
  void keep(Finding finding, const stores::RawRow& row);
  std::string shown_key(const stores::RawRow& row, bool old) const;
  void note(std::size_t column, std::size_t kind, std::string_view what, const stores::RawRow& old_row);
  std::string selects(const stores::OwnedRow& old_key, const stores::OwnedRow& new_key) const;
  stores::OwnedRow key_of(const stores::RawRow& row, bool old) const;

  EvidenceContext context_;
  stores::ScanSpec old_scan_;
  stores::ScanSpec new_scan_;
  std::vector<std::string> key_names_;
  std::size_t sample_;
  std::size_t sampled_rows_ = 0;
  std::vector<Finding> rows_;
  std::int64_t last_copy_ = -1;  ///< of a row without a key that was missing or extra
  bool full_ = false;            ///< a row came after the sample was complete
  std::uint64_t rows_total_ = 0;
  std::vector<std::uint64_t> cells_changed_;
  std::vector<std::uint64_t> cells_tolerated_;
  std::map<std::size_t, Finding> tolerated_;                     ///< by column: the first
  std::map<std::pair<std::size_t, std::size_t>, Seen> hazards_;  ///< by column and kind
  std::vector<MatchedKey> matched_keys_;
  std::uint64_t matched_count_ = 0;
  std::size_t last_place_ = 0;  ///< of the pair last matched within matched_keys_; beyond its end when not kept
  Rereading rereading_;
  std::set<std::pair<std::size_t, std::size_t>> hazards_before_;  ///< of rows that may be read again
  std::set<std::size_t> tolerated_before_;                        ///< columns, likewise
  std::shared_ptr<Suspects> suspects_ = std::make_shared<Suspects>();
  MergeTotals differing_;
  std::uint64_t unsettled_ = 0;
  std::mt19937_64 random_;
};

}  // namespace sluice::migration
