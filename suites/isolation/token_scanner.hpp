#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/isolation/aho_corasick.hpp"
#include "suites/isolation/views.hpp"

namespace sluice::isolation {

/// A token, or half of one, seen in a stream of bytes.
struct TokenHit {
  std::size_t token = 0;       ///< index into the scanner's tokens
  View view = View::plain;     ///< how it was written
  std::uint64_t offset = 0;    ///< of the first byte that shows it, counted from the start of the stream
  std::size_t bytes = 0;       ///< how many bytes of the stream show it
  std::size_t characters = 0;  ///< how many whole characters of the token are shown, in a row
  bool whole = false;          ///< all that the view can show of the token is there
};

using HitSink = std::function<void(const TokenHit&)>;

/// Finds every token, and every 16 characters in a row of one, in every view, in one pass over the bytes. Immutable:
/// any number of threads may scan at once, each with a Stream of its own. Takes about 100 states of a few dozen bytes
/// for each token.
class TokenScanner {
 public:
  /// Tokens of 16 to 28 lowercase letters and digits; throws std::logic_error for others.
  explicit TokenScanner(std::vector<std::string> tokens);

  const std::vector<std::string>& tokens() const { return tokens_; }
  std::size_t states() const { return folded_.states() + exact_.states(); }

  /// The whole of `bytes` as one stream.
  void scan(std::string_view bytes, const HitSink& sink) const;

  /// One stream in chunks of any size; what spans chunks is found. Reports hits in no particular order. The scanner
  /// must outlive it.
  class Stream {
   public:
    explicit Stream(const TokenScanner& scanner) : scanner_(&scanner) {}
    void feed(std::string_view chunk, const HitSink& sink);
    /// The stream ended: reports what was waiting for more bytes. Call once, last.
    void finish(const HitSink& sink);

   private:
    struct Candidate {
      std::uint32_t pattern = 0;
      bool exact = false;
      std::uint64_t end = 0;  ///< offset just behind the core
    };
    void resolve(bool ended, const HitSink& sink);

    const TokenScanner* scanner_;
    AhoCorasick::State folded_ = AhoCorasick::start;
    AhoCorasick::State exact_ = AhoCorasick::start;
    std::string window_;       ///< the last bytes of the stream
    std::uint64_t begin_ = 0;  ///< offset of the window's first byte
    std::vector<Candidate> candidates_;
  };

 private:
  std::optional<TokenHit> confirm(std::uint32_t pattern, bool exact, std::string_view window, std::size_t end) const;

  std::vector<std::string> tokens_;
  AhoCorasick folded_;  ///< cores whose case does not matter, over lowered bytes
  AhoCorasick exact_;   ///< cores in base64, over bytes without line breaks
};

}  // namespace sluice::isolation
