#pragma once
#include <cstddef>
#include <map>
#include <string>

namespace sluice::migration {

/// The rows of a table in use that differed when they were last read: by their key, what each side had, canonically
/// encoded. Bounded: more than that are no longer a table in use.
class Suspects {
 public:
  static constexpr std::size_t most_bytes = 64u << 20;

  void add(const std::string& key, std::string content) {
    bytes_ += key.size() + content.size();
    if (bytes_ <= most_bytes) rows_.emplace(key, std::move(content));
  }
  /// What was noted of the row; null when it did not differ.
  const std::string* find(const std::string& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  bool empty() const { return bytes_ == 0; }
  bool overflowed() const { return bytes_ > most_bytes; }

 private:
  std::map<std::string, std::string> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::migration
