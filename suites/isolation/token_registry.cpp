#include "suites/isolation/token_registry.hpp"

#include <utility>

namespace sluice::isolation {
namespace {

std::vector<std::string> texts_of(const std::vector<RegisteredToken>& tokens) {
  std::vector<std::string> texts;
  texts.reserve(tokens.size());
  for (const RegisteredToken& token : tokens) texts.push_back(token.text);
  return texts;
}

}  // namespace

Watchlist::Watchlist(std::vector<RegisteredToken> watched) : tokens(std::move(watched)), scanner(texts_of(tokens)) {}

void TokenRegistry::add_round(std::vector<RegisteredToken> tokens) {
  rounds_.push_back(std::move(tokens));
  while (rounds_.size() > 1 && size() > limit_) {
    forgotten_ += rounds_.front().size();
    rounds_.pop_front();
  }
}

std::shared_ptr<const Watchlist> TokenRegistry::watchlist() const {
  std::vector<RegisteredToken> tokens;
  tokens.reserve(size());
  for (const auto& round : rounds_) tokens.insert(tokens.end(), round.begin(), round.end());
  return std::make_shared<const Watchlist>(std::move(tokens));
}

std::size_t TokenRegistry::size() const {
  std::size_t count = 0;
  for (const auto& round : rounds_) count += round.size();
  return count;
}

}  // namespace sluice::isolation
