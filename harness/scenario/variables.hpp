#pragma once
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scenario {

/// The values of {{name}} in one player's steps: given ones (user, secret, ...), captured ones, and {{unique}} /
/// {{unique:NAME}}: random lowercase tokens, the same for the same NAME. Not thread-safe: one per player.
class Variables {
 public:
  explicit Variables(std::uint64_t seed);

  void set(const std::string& name, std::string value);
  /// nullptr when there is none.
  const std::string* find(const std::string& name) const;
  /// All named values, {{unique:NAME}} under "unique:NAME".
  const std::map<std::string, std::string>& all() const { return values_; }

  /// Every random token so far, named or not, in the order they were made: players of the same steps make them in the
  /// same order.
  const std::vector<std::string>& tokens() const { return tokens_; }

  /// Replaces every {{name}}; throws InputError for an unknown name or an unclosed "{{". `escape` is applied to each
  /// value.
  std::string render(std::string_view text, std::string (*escape)(std::string_view) = nullptr);

 private:
  std::string unique_token();
  std::mt19937_64 random_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> tokens_;
};

/// A token of 128 random bits in lowercase letters and digits: it needs no escaping in any of the places where it can
/// turn up.
std::string random_token(std::mt19937_64& random);

}  // namespace sluice::scenario
