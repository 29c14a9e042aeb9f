#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "suites/isolation/token_scanner.hpp"

namespace sluice::isolation {

/// A secret may be seen by its owner only. An identifier may also be seen by who sent it: answers echo what they were
/// asked.
enum class TokenClass { secret, identifier };

/// A random value that one user puts into its requests, and nobody else can know.
struct RegisteredToken {
  std::string text;
  std::string name;  ///< the scenario's variable: "secret", "session"
  TokenClass token_class = TokenClass::secret;
  std::size_t owner = 0;  ///< the user, who is the same person on both sides
  std::size_t round = 0;
  std::string side;  ///< where the owner sent it
};

/// The tokens that are looked for at one time, and the scanner over them, in the same order. Immutable.
struct Watchlist {
  explicit Watchlist(std::vector<RegisteredToken> watched);
  const RegisteredToken& of(const TokenHit& hit) const { return tokens[hit.token]; }

  std::vector<RegisteredToken> tokens;
  TokenScanner scanner;
};

/// The newest rounds' tokens. When there are more than `limit`, whole rounds are forgotten, the oldest first, but never
/// the newest.
class TokenRegistry {
 public:
  explicit TokenRegistry(std::size_t limit) : limit_(limit) {}

  void add_round(std::vector<RegisteredToken> tokens);
  /// Everything registered and not forgotten; builds a scanner.
  std::shared_ptr<const Watchlist> watchlist() const;
  std::size_t size() const;
  std::size_t forgotten() const { return forgotten_; }

 private:
  std::size_t limit_;
  std::size_t forgotten_ = 0;
  std::deque<std::vector<RegisteredToken>> rounds_;
};

}  // namespace sluice::isolation
