#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "suites/isolation/examination.hpp"

namespace sluice::isolation {

/// One kind of leak on one side: the same token class, step, place and guise. What is told is its first sighting.
struct Leak {
  std::string side;
  std::string step;
  std::string route;  ///< method and path without query, as sent to this side, with its templates
  std::string place;
  std::string decode_path;  ///< "gzip, then base64 (aligned)"
  RegisteredToken token;
  std::size_t viewer = 0;
  std::size_t round = 0;  ///< in which it was seen
  std::uint64_t offset = 0;
  std::size_t characters = 0;  ///< of the token, in a row
  bool whole = false;
  std::string excerpt;  ///< printable bytes around it
  std::uint64_t occurrences = 0;
};

/// Who received what, and when.
struct Receipt {
  std::string side;
  std::string step;
  std::string route;
  std::size_t viewer = 0;
  std::size_t round = 0;
};

/// "secret-leaked" or "identifier-leaked".
std::string leak_rule(TokenClass token_class);

/// Collects leaks from all users' threads; memory is bounded however many there are.
class LeakLog {
 public:
  void add(const Receipt& receipt, const Sighting& sighting);
  /// The kinds of leaks in a stable order, at most most_kinds a side.
  std::vector<Leak> leaks() const;
  /// Sightings of kinds beyond most_kinds.
  std::uint64_t unlisted() const;

  static constexpr std::size_t most_kinds = 500;

 private:
  using Key = std::tuple<std::string, TokenClass, std::string, std::string, std::string>;
  mutable std::mutex mutex_;
  std::map<Key, Leak> leaks_;
  std::map<std::string, std::size_t> kinds_;  // by side
  std::uint64_t unlisted_ = 0;
};

}  // namespace sluice::isolation
