#include "harness/stores/copy_text.hpp"

#include <cstring>
#include <string_view>

#include "harness/stores/hex_digit.hpp"

namespace sluice::stores {
namespace {

char unescaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return c;
  }
}

std::size_t unescape(std::span<char> field) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 1 < field.size())
      field[out++] = unescaped(field[++i]);
    else
      field[out++] = field[i];
  }
  return out;
}

// "\x0a1b" becomes its bytes, in place.
bool decode_bytea(std::span<char> field, RawCell& cell) {
  if (field.size() < 2 || field.size() % 2 != 0 || field[0] != '\\' || field[1] != 'x') return false;
  std::size_t out = 0;
  for (std::size_t i = 2; i < field.size(); i += 2) {
    const int high = hex_digit(field[i]);
    const int low = hex_digit(field[i + 1]);
    if (high < 0 || low < 0) return false;
    field[out++] = static_cast<char>(high << 4 | low);
  }
  cell = RawCell::of_blob({field.data(), out});
  return true;
}

}  // namespace

bool split_copy_line(std::span<char> line, const std::vector<bool>& columns, RawRow& row) {
  const std::size_t count = columns.size();
  row.resize(count);
  const bool escapes = std::memchr(line.data(), '\\', line.size()) != nullptr;
  char* begin = line.data();
  char* const end = begin + line.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (begin > end) return false;
    auto* const tab = static_cast<char*>(std::memchr(begin, '\t', static_cast<std::size_t>(end - begin)));
    char* const stop = tab == nullptr ? end : tab;
    std::span<char> field(begin, stop);
    if (std::string_view(field.data(), field.size()) == "\\N") {
      row[i] = RawCell::of_null();
    } else {
      if (escapes) field = field.first(unescape(field));
      if (!columns[i])
        row[i] = RawCell::of_text({field.data(), field.size()});
      else if (!decode_bytea(field, row[i]))
        return false;
    }
    begin = stop + 1;  // one beyond `end` after the last field
  }
  return begin == end + 1;
}

}  // namespace sluice::stores
