#include "suites/migration/rows/row_evidence.hpp"

#include <fmt/core.h>

#include <exception>
#include <numeric>
#include <utility>

#include "harness/core/printable.hpp"
#include "suites/migration/rows/row_source.hpp"
#include "suites/migration/rows/shown_values.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t keys_for_control = 16;
constexpr std::size_t null_key_kind = stores::hazard_count;  // one more than the hazards of values

// A key that one side cannot even write must not end the comparison that found it.
std::string statement_for(const stores::Store& store, const stores::ScanSpec& scan, const stores::OwnedRow& key) {
  try {
    return store.select_row(scan, key);
  } catch (const std::exception&) {
    return "no statement: the key is not valid text";
  }
}

// A translated id with what it was before.
ShownValues shown_values(const ColumnPair& pair, const stores::RawCell& old_cell, const stores::RawCell& new_cell) {
  ShownValues shown = show_values(old_cell, new_cell);
  const auto original = pair.ids && !old_cell.is_null() ? pair.ids->old_of(old_cell) : std::nullopt;
  if (original) shown.old_value = fmt::format("{} (now {})", stores::printable_cell(original->view()), shown.old_value);
  return shown;
}

// A row without a key, by its first cells.
std::string shown_row(const stores::OwnedRow& row, const TableMapping& mapping) {
  constexpr std::size_t enough = 1000;  // bytes
  std::string text;
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    if (text.size() > enough) return text + fmt::format(", … ({} columns)", mapping.columns.size());
    const ColumnPair& pair = mapping.columns[i];
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", printable(pair.name, 100),
                        show_value(row[i].view(), pair.type, 120));
  }
  return text;
}

}  // namespace

RowEvidence::RowEvidence(EvidenceContext context, std::size_t sample, std::uint64_t seed, Rereading rereading)
    : context_(std::move(context)),
      old_scan_(context_.mapping.old_scan()),
      new_scan_(context_.mapping.new_scan()),
      key_names_(context_.mapping.key_names()),
      sample_(sample),
      cells_changed_(context_.mapping.columns.size()),
      cells_tolerated_(context_.mapping.columns.size()),
      rereading_(std::move(rereading)),
      random_(seed) {
  const RowEvidence* const before = std::exchange(rereading_.before, nullptr);
  if (before == nullptr) return;
  cells_tolerated_ = before->cells_tolerated_;
  tolerated_ = before->tolerated_;
  hazards_ = before->hazards_;
  for (const auto& [column, finding] : tolerated_) tolerated_before_.insert(column);
  for (const auto& [where, seen] : hazards_) hazards_before_.insert(where);
  matched_keys_ = before->matched_keys_;
  matched_count_ = before->matched_count_;
}

// As the side itself wrote it.
stores::OwnedRow RowEvidence::key_of(const stores::RawRow& row, bool old) const {
  return old ? original_key(context_.mapping, row) : stores::own(row, context_.mapping.key_columns);
}

std::string RowEvidence::shown_key(const stores::RawRow& row, bool old) const {
  const stores::OwnedRow key = key_of(row, old);
  if (context_.mapping.multiset) return shown_row(key, context_.mapping);
  stores::RawRow shown;
  for (const auto& cell : key) shown.push_back(cell.view());
  return printable_key(shown, key_names_);
}

void RowEvidence::matched(const stores::RawRow& old_row, const stores::RawRow& new_row) {
  // Vitter's algorithm R: every matched row is as likely as any other to be kept.
  ++matched_count_;
  last_copy_ = -1;
  if (matched_keys_.size() < keys_for_control) {
    last_place_ = matched_keys_.size();
    matched_keys_.push_back({key_of(old_row, true), key_of(new_row, false)});
    return;
  }
  const std::uint64_t place = random_() % matched_count_;
  last_place_ = place;
  if (place < keys_for_control) matched_keys_[place] = {key_of(old_row, true), key_of(new_row, false)};
}

std::string RowEvidence::selects(const stores::OwnedRow& old_key, const stores::OwnedRow& new_key) const {
  return fmt::format("{}  # old: {} new: {}", context_.reproduce, statement_for(context_.old_store, old_scan_, old_key),
                     statement_for(context_.new_store, new_scan_, new_key));
}

Finding RowEvidence::row_finding(const char* rule, const stores::RawRow& row, bool old) const {
  Finding finding{.rule = rule};
  finding.where = {{"table", printable(context_.mapping.request.old_table)},
                   {context_.mapping.multiset ? "row" : "key", shown_key(row, old)}};
  // Where ids are translated the other side has the row under the key as it was compared.
  finding.reproduce = selects(old ? key_of(row, true) : original_key(context_.mapping, row),
                              stores::own(row, context_.mapping.key_columns));
  return finding;
}

// Whether a row that differs is a finding. In a table in use it is one when it differed in the same way last time.
bool RowEvidence::admits(char kind, const stores::RawRow* old_row, const stores::RawRow* new_row) {
  if (!rereading_.wanted) return true;
  const auto append = [&](const stores::RawRow& row, const stores::ScanSpec& scan, std::size_t cells,
                          std::string& out) {
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t begin = out.size();
      stores::append_canonical(row[i], scan.rules[i], out);
      out += '#' + std::to_string(out.size() - begin) + ';';
    }
  };
  std::string key, content(1, kind);
  append(old_row != nullptr ? *old_row : *new_row, old_row != nullptr ? old_scan_ : new_scan_,
         context_.mapping.key_columns, key);
  if (old_row != nullptr) append(*old_row, old_scan_, old_scan_.rules.size(), content);
  content += '/';
  if (new_row != nullptr) append(*new_row, new_scan_, new_scan_.rules.size(), content);
  const Suspect* const before = rereading_.previous ? rereading_.previous->find(key) : nullptr;
  const bool same = before != nullptr && before->content == content;
  if (!rereading_.previous || before != nullptr) {
    suspects_->add(key, {.content = std::move(content),
                         .old_key = old_row != nullptr ? key_of(*old_row, true) : stores::OwnedRow(),
                         .new_key = new_row != nullptr ? key_of(*new_row, false) : stores::OwnedRow()});
  }
  if (!rereading_.previous || same) return true;
  if (before != nullptr) ++unsettled_;
  return false;
}

void RowEvidence::changed(const stores::RawRow& old_row, const stores::RawRow& new_row,
                          std::span<const std::size_t> columns) {
  if (!admits('c', &old_row, &new_row)) {
    // The control reads its sample again and expects no difference there.
    if (last_place_ < matched_keys_.size()) {
      matched_keys_.erase(matched_keys_.begin() + static_cast<std::ptrdiff_t>(last_place_));
    }
    return;
  }
  ++differing_.changed;
  rows_total_ += columns.size();
  for (const std::size_t column : columns) ++cells_changed_[column];
  if (sampled_rows_ >= sample_) return;
  ++sampled_rows_;
  const std::string reproduce = selects(key_of(old_row, true), key_of(new_row, false));
  const std::string key = shown_key(old_row, true);
  for (const std::size_t column : columns) {
    const std::string name = printable(context_.mapping.columns[column].name);
    const std::string table = printable(context_.mapping.request.old_table);
    ShownValues shown = shown_values(context_.mapping.columns[column], old_row[column], new_row[column]);
    Finding finding{.rule = "row-changed",
                    .summary = fmt::format("{} of {} {} differs between the sides (compared as {})", name, table, key,
                                           stores::to_string(context_.mapping.columns[column].type)),
                    .where = {{"table", table}, {"key", key}, {"column", name}},
                    .old_value = std::move(shown.old_value),
                    .new_value = std::move(shown.new_value),
                    .reproduce = reproduce};
    rows_.push_back(std::move(finding));
  }
}

void RowEvidence::tolerated(const stores::RawRow& old_row, const stores::RawRow& new_row, std::size_t column) {
  if (tolerated_before_.contains(column)) return;  // this row may be among them
  if (++cells_tolerated_[column] > 1) return;
  const ColumnPair& pair = context_.mapping.columns[column];
  Finding finding = row_finding("cells-tolerated", old_row, true);
  finding.severity = Severity::info;
  finding.summary =
      fmt::format("{} of {} differs by no more than the tolerance of {} (first at {})", printable(pair.name),
                  finding.where[0].second, pair.tolerance->text(), finding.where[1].second);
  finding.where[1] = {"column", printable(pair.name)};
  finding.old_value = stores::printable_cell(old_row[column]);
  finding.new_value = stores::printable_cell(new_row[column]);
  tolerated_.emplace(column, std::move(finding));
}

// Copies of one row are one finding. They come one after the other, numbered, after those that have a partner.
void RowEvidence::keep(Finding finding, const stores::RawRow& row) {
  ++rows_total_;
  const std::int64_t copy = context_.mapping.multiset ? row.back().integer : 0;
  const bool another = copy > 0 && copy == last_copy_ + 1 && !rows_.empty() && rows_.back().rule == finding.rule;
  last_copy_ = copy;
  if (another) {
    ++rows_.back().occurrences;
    return;
  }
  full_ = sampled_rows_ >= sample_;
  if (full_) return;
  ++sampled_rows_;
  rows_.push_back(std::move(finding));
}

void RowEvidence::missing(const stores::RawRow& old_row) { alone(old_row, true); }
void RowEvidence::extra(const stores::RawRow& new_row) { alone(new_row, false); }

// A row that is on one side only.
void RowEvidence::alone(const stores::RawRow& row, bool old) {
  if (!admits(old ? 'm' : 'e', old ? &row : nullptr, old ? nullptr : &row)) return;
  ++(old ? differing_.missing : differing_.extra);
  if (full_ || (sampled_rows_ >= sample_ && !context_.mapping.multiset)) {
    ++rows_total_;
    return;
  }
  Finding finding = row_finding(old ? "row-missing" : "row-extra", row, old);
  finding.summary = fmt::format("{} {} is on the {} side and not on the {} side", finding.where[0].second,
                                finding.where[1].second, old ? "old" : "new", old ? "new" : "old");
  (old ? finding.old_value : finding.new_value) = "the row is there";
  keep(std::move(finding), row);
}

void RowEvidence::note(std::size_t column, std::size_t kind, std::string_view what, const stores::RawRow& old_row) {
  if (hazards_before_.contains({column, kind})) return;  // this row may be among them
  Seen& seen = hazards_[{column, kind}];
  if (++seen.count > 1) return;
  const std::string name = printable(context_.mapping.columns[column].name);
  seen.first = row_finding("row-hazard", old_row, true);
  seen.first.severity = Severity::warning;
  seen.first.summary =
      fmt::format("on the old side, a value of {} {} {} (first at {}; compared as {})", seen.first.where[0].second,
                  name, what, seen.first.where[1].second, stores::to_string(context_.mapping.columns[column].type));
  seen.first.where.emplace_back("column", name);
  seen.first.old_value = stores::printable_cell(old_row[column]);
}

void RowEvidence::hazard(std::size_t column, stores::Hazard hazard, const stores::RawRow& old_row) {
  if (context_.mapping.columns[column].ids) return;  // the map's value, or that it has none
  note(column, static_cast<std::size_t>(hazard), stores::describe(hazard), old_row);
}

void RowEvidence::null_key(const stores::RawRow& old_row) {
  for (std::size_t i = 0; i < context_.mapping.key_columns; ++i) {
    if (old_row[i].is_null()) note(i, null_key_kind, "is NULL in the key, so that no row can match it", old_row);
  }
}

std::vector<Finding> RowEvidence::findings() const {
  std::vector<Finding> all = rows_;
  for (const auto& [where, seen] : hazards_) {
    all.push_back(seen.first);
    all.back().occurrences = seen.count;
  }
  for (const auto& [column, finding] : tolerated_) {
    all.push_back(finding);
    all.back().occurrences = cells_tolerated_[column];
  }
  return all;
}

std::uint64_t RowEvidence::findings_total() const { return rows_total_ + hazards_.size() + tolerated_.size(); }

std::uint64_t RowEvidence::cells_changed_total() const {
  return std::accumulate(cells_changed_.begin(), cells_changed_.end(), std::uint64_t{0});
}

}  // namespace sluice::migration
