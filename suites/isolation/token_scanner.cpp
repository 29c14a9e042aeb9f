#include "suites/isolation/token_scanner.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice::isolation {
namespace {

// The automata know the cores only; a core that turns up is confirmed by comparing what stands around it. UTF-16's two
// byte orders share the bytes of the core.
constexpr std::array<View, 7> folded_views{View::plain,    View::json_escape, View::percent, View::html_decimal,
                                           View::html_hex, View::utf16_be,    View::hex};
constexpr std::array<View, 3> exact_views{View::base64_0, View::base64_1, View::base64_2};

// What is kept around a core: at most 16 characters of 6 bytes stand on either side, and line breaks in base64.
constexpr std::size_t history = 256;
constexpr std::size_t lookahead = 256;
constexpr std::size_t chunk_bytes = 64u << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_line_break(char c) { return c == '\r' || c == '\n'; }

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

template <std::size_t count>
std::vector<std::string> cores(const std::vector<std::string>& tokens, const std::array<View, count>& views) {
  std::vector<std::string> patterns;
  patterns.reserve(tokens.size() * count);
  for (const std::string& token : tokens) {
    for (const View view : views) {
      std::string core = EncodedToken(view, token).core();
      if (view == View::utf16_be)
        core.erase(0, 1);  // the zero before the first letter is not shared with the other order
      patterns.push_back(is_case_sensitive(view) ? core : lowered(std::move(core)));
    }
  }
  return patterns;
}

/// How far one token in one view reaches around a place in a window.
class Reach {
 public:
  Reach(const EncodedToken& encoded, View view, std::string_view window)
      : encoded_(encoded), exact_(is_case_sensitive(view)), window_(window) {}

  /// `at`: just behind the core's last unit.
  void grow(std::size_t at) {
    begin_ = end_ = at;
    first_ = last_ = encoded_.core_end();
    while (first_ > 0 && step_back(encoded_.unit(first_ - 1))) --first_;
    while (last_ < encoded_.size() && step_on(encoded_.unit(last_))) ++last_;
  }

  bool is_half() const { return encoded_.is_half(first_, last_); }
  std::size_t units() const { return last_ - first_; }
  TokenHit hit(std::size_t token, View view) const {
    return {.token = token,
            .view = view,
            .offset = begin_,
            .bytes = end_ - begin_,
            .characters = encoded_.characters(first_, last_),
            .whole = first_ == 0 && last_ == encoded_.size()};
  }

 private:
  bool same(std::string_view bytes, const std::string& unit) const {
    return std::equal(bytes.begin(), bytes.end(), unit.begin(), unit.end(),
                      [this](char a, char b) { return exact_ ? a == b : lower(a) == lower(b); });
  }
  bool step_back(const std::string& unit) {
    std::size_t at = begin_;
    while (exact_ && at > 0 && is_line_break(window_[at - 1])) --at;
    if (at < unit.size() || !same(window_.substr(at - unit.size(), unit.size()), unit)) return false;
    begin_ = at - unit.size();
    return true;
  }
  bool step_on(const std::string& unit) {
    std::size_t at = end_;
    while (exact_ && at < window_.size() && is_line_break(window_[at])) ++at;
    if (at > window_.size() || !same(window_.substr(at, unit.size()), unit)) return false;
    end_ = at + unit.size();
    return true;
  }

  const EncodedToken& encoded_;
  bool exact_;
  std::string_view window_;
  std::size_t begin_ = 0, end_ = 0;   // in the window
  std::size_t first_ = 0, last_ = 0;  // of the token's units
};

void check_token(const std::string& token) {
  const bool plain =
      std::all_of(token.begin(), token.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (!plain) throw std::logic_error("a token may hold lowercase letters and digits only");
}

const std::vector<std::string>& checked(const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) check_token(token);
  return tokens;
}

}  // namespace

TokenScanner::TokenScanner(std::vector<std::string> tokens)
    : tokens_(std::move(tokens)), folded_(cores(checked(tokens_), folded_views)), exact_(cores(tokens_, exact_views)) {}

void TokenScanner::scan(std::string_view bytes, const HitSink& sink) const {
  Stream stream(*this);
  for (std::size_t at = 0; at < bytes.size(); at += chunk_bytes) stream.feed(bytes.substr(at, chunk_bytes), sink);
  stream.finish(sink);
}

std::optional<TokenHit> TokenScanner::confirm(std::uint32_t pattern, bool exact, std::string_view window,
                                              std::size_t end) const {
  const std::size_t views = exact ? exact_views.size() : folded_views.size();
  const std::size_t token = pattern / views;
  const View view = exact ? exact_views[pattern % views] : folded_views[pattern % views];
  const EncodedToken encoded(view, tokens_[token]);
  Reach reach(encoded, view, window);
  reach.grow(end);
  if (view == View::utf16_be) {
    const EncodedToken other_order(View::utf16_le, tokens_[token]);
    Reach other(other_order, View::utf16_le, window);
    if (end < window.size()) other.grow(end + 1);
    // Between ASCII neighbours both orders fit; then text that starts at an even byte decides.
    const bool even = reach.hit(token, view).offset % 2 == 0;
    if (other.units() > reach.units() || (other.units() == reach.units() && !even)) {
      return other.is_half() ? std::optional(other.hit(token, View::utf16_le)) : std::nullopt;
    }
  }
  if (!reach.is_half()) return std::nullopt;
  TokenHit hit = reach.hit(token, view);
  const std::string_view shown = window.substr(hit.offset, hit.bytes);
  if (view == View::plain && shown != lowered(std::string(shown))) hit.view = View::case_folded;
  return hit;
}

void TokenScanner::Stream::feed(std::string_view chunk, const HitSink& sink) {
  const std::uint64_t offset = begin_ + window_.size();
  window_ += chunk;
  for (std::size_t at = 0; at < chunk.size(); ++at) {
    const char c = chunk[at];
    folded_ = scanner_->folded_.next(folded_, static_cast<unsigned char>(lower(c)));
    scanner_->folded_.for_each_match(folded_, [&](std::uint32_t pattern) {
      candidates_.push_back({.pattern = pattern, .exact = false, .end = offset + at + 1});
    });
    if (is_line_break(c)) continue;  // base64 is often wrapped
    exact_ = scanner_->exact_.next(exact_, static_cast<unsigned char>(c));
    scanner_->exact_.for_each_match(exact_, [&](std::uint32_t pattern) {
      candidates_.push_back({.pattern = pattern, .exact = true, .end = offset + at + 1});
    });
  }
  resolve(false, sink);
}

void TokenScanner::Stream::finish(const HitSink& sink) { resolve(true, sink); }

void TokenScanner::Stream::resolve(bool ended, const HitSink& sink) {
  const std::uint64_t end = begin_ + window_.size();
  std::vector<Candidate> waiting;
  for (const Candidate& candidate : candidates_) {
    if (!ended && candidate.end + lookahead > end) {
      waiting.push_back(candidate);
      continue;
    }
    auto hit = scanner_->confirm(candidate.pattern, candidate.exact, window_,
                                 static_cast<std::size_t>(candidate.end - begin_));
    if (!hit) continue;
    hit->offset += begin_;
    sink(*hit);
  }
  candidates_ = std::move(waiting);
  const std::size_t keep = history + lookahead;
  if (window_.size() <= keep) return;
  const std::size_t drop = (window_.size() - keep) & ~std::size_t{1};  // even: UTF-16 goes by the parity of offsets
  begin_ += drop;
  window_.erase(0, drop);
}

}  // namespace sluice::isolation
