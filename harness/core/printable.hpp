#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Untrusted bytes as text that is safe in any report or terminal: valid UTF-8 stays; control characters and invalid
/// bytes become \n, \t, \\ or \xNN; longer than `limit` bytes is cut at a character and ends in "… (N bytes)".
std::string printable(std::string_view bytes, std::size_t limit = 400);

/// A message of which each untrusted part was made printable where it came in: as above, but for backslashes, which
/// stand for themselves here.
std::string printable_message(std::string_view message, std::size_t limit = 400);

/// Whether `bytes` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);

/// `text` quoted so that a POSIX shell reads it back as one word; unchanged where that is already so.
std::string shell_word(std::string_view text);

/// `count` with the noun in the right number: "1 check", "2 checks".
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace sluice
