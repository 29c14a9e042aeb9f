#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compat {

/// A pattern over places such as "/results/3/id" (JSON Pointer), "header:Location" or "status". Segments between
/// slashes are globs (* and ?); a segment "**" stands for any number of segments, also none.
class PointerPattern {
 public:
  /// Throws InputError when the text can match no place: neither a pointer nor one of the other places.
  explicit PointerPattern(std::string text);
  bool matches(std::string_view place) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> segments_;
};

/// "/results/3/id" in pieces: "", "results", "3", "id".
std::vector<std::string> pointer_segments(std::string_view pointer);

}  // namespace sluice::compat
