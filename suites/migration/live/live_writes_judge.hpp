#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "suites/migration/live/write_ledger.hpp"

namespace sluice::migration {

/// One row of the new store that holds a nonce.
struct WriteSighting {
  std::string nonce;
  std::string cell;  ///< the whole text in which it was found
};

enum class WriteProblemKind : std::uint8_t {
  lost,         ///< acknowledged, not superseded, and not there
  duplicated,   ///< there more than once, whatever its fate; or two writes of one key are
  resurrected,  ///< superseded by a later acknowledged write or delete of its key, and there
  differs,      ///< there, with another value than was sent
  unknown       ///< there, and in no ledger
};

/// "write-lost", "write-duplicated", …
const char* rule_of(WriteProblemKind kind);

struct WriteProblem {
  WriteProblemKind kind = WriteProblemKind::lost;
  WriteRecord write;  ///< what the ledger says; only the nonce when it says nothing
  std::optional<WriteRecord> superseded_by = std::nullopt;  ///< the later write or delete; resurrected only
  std::vector<std::string> seen;                            ///< the cells that hold it
};

struct WriteRules {
  bool exact_value = false;  ///< the cell must equal the value that was sent
};

/// What the ledger and the new store say about each other, problems in the order of sending. Of each key the last
/// acknowledged write must be there exactly once, unless a later one that was not acknowledged is there in its place or
/// may have deleted it; where it is a delete, nothing must be there, but for such a later one; earlier ones must be
/// gone; a write that was not acknowledged may be there once or not. Rests on the client's promise
/// that writes of a key follow each other, and that none follows one whose fate is unknown.
std::vector<WriteProblem> judge_writes(const std::vector<WriteRecord>& ledger,
                                       const std::vector<WriteSighting>& sightings, const WriteRules& rules);

}  // namespace sluice::migration
