#include "suites/isolation/leak_log.hpp"

#include <algorithm>
#include <string_view>

#include "harness/core/printable.hpp"

namespace sluice::isolation {
namespace {

constexpr std::size_t excerpt_margin = 60;

std::string excerpt_of(const Sighting& sighting) {
  const auto begin = static_cast<std::size_t>(sighting.hit.offset);
  const std::size_t from = begin - std::min(begin, excerpt_margin);
  const std::size_t length = begin - from + sighting.hit.bytes + excerpt_margin;
  return printable(sighting.stream.substr(from, length), 400);
}

/// What had to be undone to read the token, outermost first.
std::string decode_path(const Sighting& sighting) {
  const std::string view(to_string(sighting.hit.view));
  return sighting.place.decoding.empty() ? view : sighting.place.decoding + ", then " + view;
}

}  // namespace

std::string leak_rule(TokenClass token_class) {
  return token_class == TokenClass::secret ? "secret-leaked" : "identifier-leaked";
}

void LeakLog::add(const Receipt& receipt, const Sighting& sighting) {
  const std::string path = decode_path(sighting);
  const std::scoped_lock lock(mutex_);
  const std::string& kind = sighting.place.kind.empty() ? sighting.place.name : sighting.place.kind;
  const Key key(receipt.side, sighting.token.token_class, receipt.step, kind, path);
  auto found = leaks_.find(key);
  if (found == leaks_.end()) {
    if (kinds_[receipt.side] >= most_kinds) {
      ++unlisted_;
      return;
    }
    ++kinds_[receipt.side];
    Leak leak{.side = receipt.side,
              .step = receipt.step,
              .route = receipt.route,
              .place = sighting.place.name,
              .decode_path = path,
              .token = sighting.token,
              .viewer = receipt.viewer,
              .round = receipt.round,
              .offset = sighting.hit.offset,
              .characters = sighting.hit.characters,
              .whole = sighting.hit.whole,
              .excerpt = excerpt_of(sighting)};
    found = leaks_.emplace(key, std::move(leak)).first;
  }
  ++found->second.occurrences;
}

std::vector<Leak> LeakLog::leaks() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Leak> leaks;
  for (const auto& [key, leak] : leaks_) leaks.push_back(leak);
  return leaks;
}

std::uint64_t LeakLog::unlisted() const {
  const std::scoped_lock lock(mutex_);
  return unlisted_;
}

}  // namespace sluice::isolation
