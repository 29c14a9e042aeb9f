#include "harness/plan/schema.hpp"

#include <fmt/format.h>

#include "harness/plan/declarations.hpp"
#include "harness/plan/normalise.hpp"

namespace sluice::plan {
namespace {

using nlohmann::ordered_json;

ordered_json schema_of(const ParameterSpec& spec);

ordered_json object_schema(const std::vector<ParameterSpec>& fields, const std::string& kind = "") {
  ordered_json schema{{"type", "object"}, {"additionalProperties", false}};
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  if (!kind.empty()) {
    properties["kind"] = {{"const", kind}};
    required.push_back("kind");
  }
  for (const auto& field : fields) {
    properties[field.name] = schema_of(field);
    if (field.required) required.push_back(field.name);
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

ordered_json bounded(ordered_json schema, const ParameterSpec& spec, const char* least, const char* most) {
  if (spec.minimum) schema[least] = *spec.minimum;
  if (spec.maximum) schema[most] = *spec.maximum;
  return schema;
}

ordered_json shape_of(const ParameterSpec& spec) {
  switch (spec.type) {
    case ParameterType::text:
      if (!spec.choices.empty()) return {{"enum", spec.choices}};
      return {{"type", {"string", "number", "boolean"}}};
    case ParameterType::integer:
      return bounded({{"type", "integer"}}, spec, "minimum", "maximum");
    case ParameterType::number:
      return bounded({{"type", "number"}}, spec, "minimum", "maximum");
    case ParameterType::boolean:
      return {{"type", "boolean"}};
    case ParameterType::duration:
      return {{"type", "string"}, {"pattern", R"(^\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d)$)"}};
    case ParameterType::rate:
      return {{"type", "string"}, {"pattern", R"(^\d+(\.\d+)?/(s|m|min|h)$)"}};
    case ParameterType::list: {
      ordered_json list =
          bounded({{"type", "array"}, {"items", schema_of(spec.item.at(0))}}, spec, "minItems", "maxItems");
      if (spec.shorthand.empty()) return list;
      return {{"anyOf", {schema_of(spec.item.at(0)), list}}};
    }
    case ParameterType::map:
      return bounded({{"type", "object"}, {"additionalProperties", schema_of(spec.item.at(0))}}, spec, "minProperties",
                     "maxProperties");
    case ParameterType::record:
      if (spec.shorthand.empty()) return object_schema(spec.fields);
      return {{"anyOf", {object_schema(spec.fields), {{"type", {"string", "number", "boolean"}}}}}};
    case ParameterType::variant: {
      ordered_json alternatives = ordered_json::array();
      for (const auto& alternative : spec.alternatives) {
        ordered_json schema = object_schema(alternative.fields, alternative.kind);
        schema["description"] = alternative.doc;
        alternatives.push_back(std::move(schema));
      }
      return {{"oneOf", std::move(alternatives)}};
    }
  }
  return ordered_json::object();
}

ordered_json schema_of(const ParameterSpec& spec) {
  ordered_json schema = shape_of(spec);
  if (!spec.doc.empty()) schema["description"] = spec.doc;
  return schema;
}

std::string type_name(const ParameterSpec& spec) {
  switch (spec.type) {
    case ParameterType::text:
      if (spec.names == Names::file) return "file";
      if (spec.names != Names::nothing) return "name of an action";
      return spec.choices.empty() ? "text" : fmt::format("{}", fmt::join(spec.choices, " | "));
    case ParameterType::integer:
      return "whole number";
    case ParameterType::number:
      return "number";
    case ParameterType::boolean:
      return "true | false";
    case ParameterType::duration:
      return "duration";
    case ParameterType::rate:
      return "rate";
    case ParameterType::list:
      return "list of " + type_name(spec.item.at(0));
    case ParameterType::map:
      return "map of " + type_name(spec.item.at(0));
    case ParameterType::record:
      return "record";
    case ParameterType::variant:
      return "one of several kinds";
  }
  return "";
}

std::string bounds_of(const ParameterSpec& spec) {
  if (spec.minimum && spec.maximum) return fmt::format("{} to {}", *spec.minimum, *spec.maximum);
  if (spec.minimum) return fmt::format("at least {}", *spec.minimum);
  if (spec.maximum) return fmt::format("at most {}", *spec.maximum);
  return "";
}

void describe(const std::vector<ParameterSpec>& fields, std::size_t indent, std::string& out) {
  for (const auto& field : fields) {
    std::string facts = type_name(field);
    if (!field.unit.empty()) facts += ", " + field.unit;
    if (const auto bounds = bounds_of(field); !bounds.empty()) facts += ", " + bounds;
    if (field.required) facts += ", required";
    if (!field.default_text.empty()) facts += ", default " + field.default_text;
    out += fmt::format("{:{}}{} ({})\n{:{}}{}\n", "", indent, field.name, facts, "", indent + 4, field.doc);
    const ParameterSpec& inner = field.item.empty() ? field : field.item.at(0);
    describe(inner.fields, indent + 4, out);
  }
}

std::string wrapped(const std::string& text, std::size_t indent) {
  constexpr std::size_t width = 100;
  std::string out(indent, ' ');
  std::size_t column = indent;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find(' ', start), text.size());
    if (column + (end - start) + 1 > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(start, end - start);
    column += end - start;
    start = end + 1;
  }
  return out + "\n";
}

}  // namespace

ordered_json plan_schema(const std::vector<CheckKind>& kinds) {
  ordered_json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Sluice plan"}};
  schema.update(schema_of(plan_declaration(kinds)));
  return schema;
}

std::string explain(const CheckKind& kind) {
  std::string out =
      kind.name + "\n\n  proves\n" + wrapped(kind.proves, 4) + "  cannot prove\n" + wrapped(kind.cannot_prove, 4);
  if (kind.exclusive) out += "  runs alone: another check beside it would void its measurement\n";
  out += "\n  parameters\n";
  describe(kind.parameters, 4, out);
  return out;
}

std::string explain(const Alternative& service_kind) {
  std::string out = service_kind.kind + " (a kind of service)\n\n" + wrapped(service_kind.doc, 4);
  out += fmt::format("    gives: {}\n\n  parameters\n", fmt::join(service_attributes(service_kind.kind), ", "));
  describe(service_kind.fields, 4, out);
  return out;
}

}  // namespace sluice::plan
