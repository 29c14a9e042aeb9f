#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "harness/core/parameters.hpp"
#include "harness/stores/sql_session.hpp"
#include "suites/migration/live/live_writes_judge.hpp"

namespace sluice::migration {

/// How writes are found in a store by their nonces: the parameter `find`.
class WriteFinder {
 public:
  /// Throws InputError when the parameters say neither a statement nor a table and a column, or both.
  explicit WriteFinder(const Parameters& written);

  /// All rows of the store that hold a nonce of the run, of one snapshot. Where the statement asks for one nonce at a
  /// time, it is asked once for each of these writes.
  std::vector<WriteSighting> find_all(stores::SqlSession& session, const std::string& run,
                                      const std::vector<WriteRecord>& writes) const;
  /// The rows that hold this nonce, found by the statement that statement_for() shows.
  std::vector<WriteSighting> find_one(stores::SqlSession& session, const std::string& run,
                                      const std::string& nonce) const;
  std::string statement_for(const std::string& nonce) const;

  static ParameterSpec parameter();

 private:
  std::vector<WriteSighting> ask(stores::SqlSession& session, const std::string& text, const std::string& run,
                                 std::size_t most) const;

  std::string sql_;    // with {run} or {nonce}
  bool each_ = false;  // one statement a nonce
};

/// The nonces of the run in a text, each once, in order.
std::vector<std::string> nonces_in(const std::string& text, const std::string& run);

}  // namespace sluice::migration
