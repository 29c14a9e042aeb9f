#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "suites/migration/live/live_writes_judge.hpp"

namespace sluice::migration {

/// The control of what was judged: the same ledger file and the same sightings with one thing altered each time, judged
/// on the same path.
class WriteControl {
 public:
  /// What was judged. `standing` are the acknowledged writes that are in the store as they should be, at least one;
  /// `run` is what every nonce begins with. Altered ledgers are written into `folder`. All outlive this object.
  WriteControl(const std::filesystem::path& ledger, const std::vector<WriteSighting>& sightings,
               const std::vector<WriteRecord>& standing, const WriteRules& rules, const std::string& run,
               const std::filesystem::path& folder);

  /// Plants everything that the ledger has room for; `seed` chooses the writes.
  void plant_all(std::uint64_t seed);

  /// Whether everything that was planted was found.
  bool caught() const { return caught_; }
  const std::vector<std::string>& planted() const { return planted_; }
  const std::vector<std::string>& observed() const { return observed_; }

 private:
  void plant(const std::string& what, WriteProblemKind kind, const std::string& nonce,
             const std::filesystem::path& ledger, const std::vector<WriteSighting>& sightings);
  void invent(const std::string& what, WriteProblemKind kind, const std::string& nonce, WriteRecord invented);
  void bring_back(const std::string& what, const std::string& nonce);

  const std::filesystem::path& ledger_path_;
  const std::vector<WriteSighting>& sightings_;
  const std::vector<WriteRecord>& standing_;
  const WriteRules& rules_;
  const std::string& run_;
  const std::filesystem::path& folder_;
  std::vector<WriteRecord> ledger_;
  bool caught_ = true;
  std::vector<std::string> planted_, observed_;
};

}  // namespace sluice::migration
