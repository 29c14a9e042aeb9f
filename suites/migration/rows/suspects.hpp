#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "harness/stores/value.hpp"

namespace sluice::migration {

/// A row of a table in use that differed when it was last read.
struct Suspect {
  std::string content;       ///< 'c'hanged, 'm'issing or 'e'xtra, then what each side had, canonically encoded
  stores::OwnedRow old_key;  ///< as the old side wrote it; empty when that side had no such row
  stores::OwnedRow new_key;  ///< likewise

  bool on_old() const { return !old_key.empty(); }
  bool on_new() const { return !new_key.empty(); }
};

/// The rows of a table in use that differed when they were last read, by their key, canonically encoded. Bounded: more
/// than that are no longer a table in use.
class Suspects {
 public:
  static constexpr std::size_t most_bytes = 64u << 20;

  void add(const std::string& key, Suspect suspect) {
    bytes_ += sizeof(Suspect) + key.size() + suspect.content.size();
    for (const auto* cells : {&suspect.old_key, &suspect.new_key}) {
      for (const auto& cell : *cells) bytes_ += sizeof cell + cell.bytes.size();
    }
    if (bytes_ <= most_bytes) rows_.emplace(key, std::move(suspect));
  }
  /// What was noted of the row; null when it did not differ.
  const Suspect* find(const std::string& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  bool empty() const { return bytes_ == 0; }
  bool overflowed() const { return bytes_ > most_bytes; }
  /// All of them, unless there were too many.
  const std::map<std::string, Suspect>& rows() const { return rows_; }

 private:
  std::map<std::string, Suspect> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::migration
