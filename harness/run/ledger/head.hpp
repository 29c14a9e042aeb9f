#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sluice::ledger {

/// The newest record known: what a ledger that lost its end, or that an older copy replaced, no longer holds.
struct Mark {
  std::uint64_t sequence = 0;  ///< 0: nothing was recorded yet
  std::string record;
};

/// The small file PATH.head beside a ledger that holds its mark. It never grows, so that a full disk cannot damage it.
class Head {
 public:
  /// `ledger`.head
  static std::filesystem::path path_of(const std::filesystem::path& ledger);
  /// The mark beside the ledger; nullopt when there is none. Throws LedgerError when it cannot be read.
  static std::optional<Mark> read(const std::filesystem::path& ledger);

  /// Opens or creates it, and keeps every other Head of this ledger out for as long as this one lives. Throws
  /// LedgerError.
  explicit Head(const std::filesystem::path& ledger);
  ~Head();
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  std::optional<Mark> mark() const;
  /// Writes the mark through to the disk, unless a later record is known already. Throws LedgerError.
  void advance(const Mark& mark);

 private:
  void write(const Mark& mark);

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace sluice::ledger
