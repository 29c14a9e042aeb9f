#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::reports {

/// Writes HTML in which text can only ever be text: elements open and close in pairs, and every attribute and text is
/// escaped here. Names of elements and attributes are the program's own.
class Markup {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Closes its element when it goes out of scope.
  class Element {
   public:
    Element(Markup& markup, std::string_view name) : markup_(markup), name_(name) {}
    Element(const Element&) = delete;
    Element& operator=(const Element&) = delete;
    ~Element() { markup_.close(name_); }

   private:
    Markup& markup_;
    std::string_view name_;
  };

  /// The element lives as long as what is returned; an attribute with an empty value is written as a flag.
  [[nodiscard]] Element element(std::string_view name, Attributes attributes = {}) {
    open(name, attributes);
    return {*this, name};
  }
  /// An element that holds only `text`.
  void leaf(std::string_view name, std::string_view text, Attributes attributes = {});
  /// An element without content or end, such as meta.
  void lone(std::string_view name, Attributes attributes);
  void text(std::string_view text);
  /// Text in which whitespace is made visible.
  void value(std::string_view text);
  /// The page's own style sheet; never anything that came from a run.
  void style(std::string_view css);

  std::string take() { return std::move(out_); }

 private:
  void open(std::string_view name, Attributes attributes);
  void close(std::string_view name);

  std::string out_ = "<!DOCTYPE html>";
};

}  // namespace sluice::reports
