#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "harness/core/errors.hpp"
#include "suites/migration/schema/catalog.hpp"

namespace sluice::migration {
namespace {

using stores::SqlResult;

// One statement for each kind of object. It returns "table" and "name"; every other column is a property, or a note
// when its name starts with an underscore. {rel} is the set of relations that are looked at, {schema} a condition on
// pg_namespace n.
struct KindQuery {
  const char* kind;
  const char* sql;
};

constexpr KindQuery kind_queries[]{
    {"table", R"sql(
      SELECT '' AS "table", shown AS name,
        CASE relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS type,
        CASE WHEN relispartition
          THEN (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = rel.oid) END AS partition_of,
        pg_get_expr(relpartbound, oid) AS bound,
        CASE WHEN NOT relispartition THEN (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
          FROM pg_inherits WHERE inhrelid = rel.oid) END AS inherits,
        CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END AS partitioned_by,
        pg_get_userbyid(relowner)::text AS owner, relrowsecurity::text AS row_security, relforcerowsecurity::text AS row_security_forced,
        CASE relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN (
          SELECT 'index ' || substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$') FROM pg_index
          WHERE indrelid = rel.oid AND indisreplident) END AS replica_identity,
        relpersistence::text AS _persistence
      FROM {rel} WHERE relkind IN ('r', 'p', 'f'))sql"},
    {"column", R"sql(
      SELECT shown AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        (NOT a.attnotnull)::text AS nullable,
        CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS "default",
        CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated_as,
        CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
        CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
        (SELECT c.collisdeterministic::text FROM pg_collation c WHERE c.oid = a.attcollation) AS _deterministic,
        a.attnum::text AS _place, (a.attgenerated <> '')::text AS _generated,
        (a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false))::text AS _numbered,
        coalesce((SELECT b.typname FROM pg_type b WHERE b.oid = nullif(t.typbasetype, 0)), t.typname)::text AS _base
      FROM {rel} JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE relkind IN ('r', 'p', 'f'))sql"},
    {"constraint", R"sql(
      SELECT shown AS "table",
        CASE contype WHEN 'p' THEN 'primary key (' || own || ')' WHEN 'u' THEN 'unique (' || own || ')'
          WHEN 'f' THEN 'foreign key (' || own || ') -> ' || k.confrelid::regclass || ' (' || other || ')'
          ELSE regexp_replace(definition, ' NOT VALID$', '') END AS name,
        CASE contype WHEN 'f' THEN CASE confdeltype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict'
          WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END END AS on_delete,
        CASE contype WHEN 'f' THEN CASE confupdtype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict'
          WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END END AS on_update,
        CASE WHEN condeferred THEN 'initially deferred' WHEN condeferrable THEN 'deferrable' END AS deferrable,
        CASE WHEN confmatchtype = 'f' THEN 'full' END AS match,
        CASE contype WHEN 'f' THEN substring(definition FROM 'ON DELETE SET [A-Z]+ \((.*?)\)') END AS on_delete_columns,
        CASE WHEN contype = 'u' AND definition LIKE 'UNIQUE NULLS NOT DISTINCT %' THEN 'not distinct' END AS nulls,
        CASE WHEN contype IN ('p', 'u') THEN substring(definition FROM ' INCLUDE \((.*?)\)') END AS include,
        convalidated::text AS _validated, conname::text AS _name,
        CASE contype WHEN 'f' THEN (NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = k.oid
          AND t.tgenabled IN ('D', 'R')))::text END AS _enforced
      FROM {rel} JOIN pg_constraint k ON k.conrelid = rel.oid
      CROSS JOIN LATERAL pg_get_constraintdef(k.oid) AS definition
      CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place) AS own
        FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS mine
      CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place) AS other
        FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) AS theirs
      WHERE contype IN ('p', 'u', 'f', 'c', 'x'))sql"},
    {"index", R"sql(
      SELECT t.shown AS "table", CASE WHEN i.indisunique THEN 'unique ' ELSE '' END ||
          substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$') AS name,
        (i.indisvalid AND i.indisready AND i.indislive)::text AS _valid, i.indexrelid::regclass::text AS _name
      FROM {rel} AS t JOIN pg_index i ON i.indrelid = t.oid
      WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')))sql"},
    {"sequence", R"sql(
      SELECT '' AS "table", shown AS name, format_type(s.seqtypid, NULL) AS type, s.seqincrement::text AS increment,
        s.seqcycle::text AS cycle, s.seqstart::text AS start, s.seqmin::text AS least, s.seqmax::text AS most,
        s.seqcache::text AS cache
      FROM {rel} JOIN pg_sequence s ON s.seqrelid = rel.oid WHERE relkind = 'S')sql"},
    {"trigger", R"sql(
      SELECT shown AS "table", t.tgname AS name, pg_get_triggerdef(t.oid) AS definition, t.tgenabled::text AS _enabled
      FROM {rel} JOIN pg_trigger t ON t.tgrelid = rel.oid WHERE NOT t.tgisinternal)sql"},
    {"rule", R"sql(
      SELECT shown AS "table", r.rulename AS name, pg_get_ruledef(r.oid) AS definition,
        CASE WHEN r.ev_enabled <> 'O' THEN r.ev_enabled::text END AS enabled
      FROM {rel} JOIN pg_rewrite r ON r.ev_class = rel.oid WHERE r.rulename <> '_RETURN')sql"},
    {"event_trigger", R"sql(
      SELECT '' AS "table", v.evtname AS name, v.evtevent::text AS event, v.evtfoid::regprocedure::text AS function,
        array_to_string(v.evttags, ', ') AS tags, v.evtenabled::text AS _enabled
      FROM pg_event_trigger v WHERE NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = v.oid AND e.deptype = 'e'))sql"},
    {"view", R"sql(
      SELECT '' AS "table", shown AS name, (relkind = 'm')::text AS materialized, pg_get_viewdef(oid) AS definition,
        array_to_string(reloptions, ', ') AS options, pg_get_userbyid(relowner)::text AS owner,
        relispopulated::text AS _populated
      FROM {rel} WHERE relkind IN ('v', 'm'))sql"},
    {"function", R"sql(
      SELECT '' AS "table", CASE WHEN pg_function_is_visible(p.oid) THEN '' ELSE n.nspname || '.' END || p.proname || '(' ||
          pg_get_function_identity_arguments(p.oid) || ')' AS name,
        pg_get_function_result(p.oid) AS returns, pg_get_userbyid(p.proowner)::text AS owner, l.lanname AS language,
        md5(CASE WHEN p.prosrc = '' THEN pg_get_functiondef(p.oid) ELSE concat_ws(' ', p.prosrc, p.probin) END) AS body_md5,
        p.provolatile::text AS volatility, p.prosecdef::text AS security_definer,
        CASE WHEN p.proisstrict THEN 'true' END AS strict, CASE WHEN p.proleakproof THEN 'true' END AS leakproof,
        p.proparallel::text AS parallel, array_to_string(p.proconfig, ', ') AS settings,
        pg_get_function_arguments(p.oid) AS arguments,
        (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.agginitval) FROM pg_aggregate a
          WHERE a.aggfnoid = p.oid) AS aggregate
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
      WHERE {schema} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass
        AND e.objid = p.oid AND e.deptype = 'e'))sql"},
    {"type", R"sql(
      SELECT '' AS "table", format_type(t.oid, NULL) AS name,
        CASE t.typtype WHEN 'e' THEN (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum
          WHERE enumtypid = t.oid) END AS labels,
        CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base,
        CASE WHEN t.typnotnull THEN 'false' END AS nullable, t.typdefault AS "default",
        (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid) AS range_of,
        CASE t.typtype WHEN 'c' THEN (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod),
            ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0
            AND NOT a.attisdropped) END AS attributes,
        (SELECT string_agg(pg_get_constraintdef(k.oid), ' AND ' ORDER BY k.conname) FROM pg_constraint k
          WHERE k.contypid = t.oid) AS checks
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {schema} AND (t.typtype IN ('e', 'd', 'r')
          OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid
          AND e.deptype = 'e'))sql"},
    // What later versions have more is asked for by name: a view without it gives NULL.
    {"publication", R"sql(
      SELECT '' AS "table", p.pubname AS name, pg_get_userbyid(p.pubowner)::text AS owner, p.puballtables::text AS all_tables,
        concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
          CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS operations,
        CASE WHEN to_jsonb(p)->>'pubviaroot' = 'true' THEN 'true' END AS via_root,
        CASE WHEN NOT p.puballtables THEN (
          SELECT string_agg(concat_ws(' ', r.relation::regclass, CASE WHEN EXISTS (SELECT FROM pg_publication_rel l
              WHERE l.prpubid = p.oid AND l.prrelid = r.relation AND to_jsonb(l)->>'prattrs' IS NOT NULL)
              THEN to_jsonb(t)->>'attnames' END, 'where ' || (to_jsonb(t)->>'rowfilter')), ', '
            ORDER BY r.relation::regclass::text)
          FROM pg_publication_tables t CROSS JOIN LATERAL (
            SELECT c.oid AS relation FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname, c.relname) = (t.schemaname, t.tablename)) AS r WHERE t.pubname = p.pubname) END AS tables
      FROM pg_publication p)sql"},
    {"text_search_configuration", R"sql(
      SELECT '' AS "table", c.oid::regconfig::text AS name, s.prsname::text AS parser,
        (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno)
          FROM pg_ts_config_map m WHERE m.mapcfg = c.oid) AS mappings
      FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser s ON s.oid = c.cfgparser
      WHERE {schema} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_ts_config'::regclass
        AND e.objid = c.oid AND e.deptype = 'e'))sql"},
    {"text_search_dictionary", R"sql(
      SELECT '' AS "table", d.oid::regdictionary::text AS name, t.tmplname::text AS template, d.dictinitoption AS options
      FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
      WHERE {schema} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_ts_dict'::regclass
        AND e.objid = d.oid AND e.deptype = 'e'))sql"},
    {"extension", R"sql(
      SELECT '' AS "table", extname AS name, extversion AS version FROM pg_extension)sql"},
    {"policy", R"sql(
      SELECT shown AS "table", p.polname AS name, p.polcmd::text AS command, p.polpermissive::text AS permissive,
        (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ', ' ORDER BY 1)
          FROM unnest(p.polroles) r) AS roles,
        pg_get_expr(p.polqual, p.polrelid) AS "using", pg_get_expr(p.polwithcheck, p.polrelid) AS "check",
        relrowsecurity::text AS _applied
      FROM {rel} JOIN pg_policy p ON p.polrelid = rel.oid)sql"},
    {"grant", R"sql(
      SELECT shown AS "table",
        g.privilege_type || ' to ' || CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END AS name,
        bool_or(g.is_grantable)::text AS grantable
      FROM {rel} CROSS JOIN LATERAL aclexplode(rel.relacl) AS g WHERE g.grantee <> rel.relowner
      GROUP BY 1, 2)sql"},
};

// A default that computes something of the number holds other values than the sequence gives, and is not judged.
constexpr const char* sequences_sql = R"sql(
  WITH uses AS (
    SELECT d.refobjid AS seq, def.adrelid AS rel, def.adnum AS att FROM pg_depend d
      JOIN pg_attrdef def ON d.classid = 'pg_attrdef'::regclass AND def.oid = d.objid
      WHERE d.refclassid = 'pg_class'::regclass
    UNION SELECT d.objid, d.refobjid, d.refobjsubid FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
        AND d.deptype IN ('a', 'i'))
  SELECT rel.shown || '.' || a.attname, u.seq::regclass::text, rel.sql_name, quote_ident(a.attname),
    quote_ident(sn.nspname) || '.' || quote_ident(sc.relname), s.seqincrement::text,
    least(s.seqmax, CASE base.type WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
      ELSE 9223372036854775807 END)::text,
    greatest(s.seqmin, CASE base.type WHEN 'int2'::regtype THEN -32768 WHEN 'int4'::regtype THEN -2147483648
      ELSE -9223372036854775808 END)::text, s.seqcycle::text,
    (base.type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
      AND NOT EXISTS (SELECT FROM pg_attrdef f WHERE (f.adrelid, f.adnum) = (u.rel, u.att) AND pg_get_expr(f.adbin, f.adrelid)
        !~ '^\(?nextval\(''([^'']|'''')+''::regclass\)\)?(::[a-z]+)?$'))::text
  FROM uses u JOIN pg_sequence s ON s.seqrelid = u.seq JOIN pg_class sc ON sc.oid = u.seq
  JOIN pg_namespace sn ON sn.oid = sc.relnamespace JOIN {rel} ON rel.oid = u.rel
  JOIN pg_attribute a ON a.attrelid = u.rel AND a.attnum = u.att
  CROSS JOIN LATERAL (WITH RECURSIVE below AS (SELECT a.atttypid AS type UNION ALL
      SELECT t.typbasetype FROM below JOIN pg_type t ON t.oid = below.type WHERE t.typbasetype <> 0)
    SELECT below.type FROM below JOIN pg_type t ON t.oid = below.type WHERE t.typbasetype = 0) AS base
  WHERE rel.relkind IN ('r', 'p') AND NOT (rel.relispartition AND a.attidentity <> '') ORDER BY 1)sql";

constexpr const char* foreign_keys_sql = R"sql(
  SELECT rel.shown || '.' || quote_ident(a.attname) || ' -> ' || k.confrelid::regclass || '.' || quote_ident(b.attname),
    rel.sql_name, quote_ident(pn.nspname) || '.' || quote_ident(p.relname), k.oid::text, quote_ident(a.attname),
    quote_ident(b.attname), (k.confmatchtype = 'f')::text
  FROM {rel} JOIN pg_constraint k ON k.conrelid = rel.oid AND k.contype = 'f' AND k.conparentid = 0
  JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
  CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (own, other, place)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own
  JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other ORDER BY k.oid, u.place)sql";

constexpr const char* collations_sql = R"sql(
  SELECT c.oid::regcollation::text, c.collversion, pg_collation_actual_version(c.oid) FROM pg_collation c
  WHERE c.collversion IS NOT NULL AND c.collversion <> pg_collation_actual_version(c.oid) AND c.oid IN (
    SELECT attcollation FROM {rel} JOIN pg_attribute ON attrelid = rel.oid AND attnum > 0
    UNION SELECT unnest(i.indcollation) FROM {rel} JOIN pg_index i ON i.indrelid = rel.oid))sql";

constexpr const char* database_collation_sql = R"sql(
  SELECT 'the default of database ' || datname, datcollversion, pg_database_collation_actual_version(oid)
  FROM pg_database WHERE datname = current_database() AND datcollversion IS NOT NULL
    AND datcollversion <> pg_database_collation_actual_version(oid))sql";

class PostgresCatalogReader {
 public:
  PostgresCatalogReader(stores::SqlSession& session, const CatalogRequest& request)
      : session_(session), request_(request) {
    if (request.schemas.empty()) {
      schema_ = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'";
    } else {
      std::vector<std::string> names;
      for (const auto& name : request.schemas) names.push_back(stores::quote_literal(name));
      schema_ = fmt::format("n.nspname IN ({})", fmt::join(names, ", "));
    }
    relations_ =
        "(SELECT c.*, CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text "
        "ELSE n.nspname || '.' || c.relname END AS shown, "
        "quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS sql_name "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " +
        schema_ +
        " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid "
        "AND e.deptype = 'e'))";
  }

  // Whoever asks after this, by names of the plan's, finds what the session's own search_path finds.
  Catalog read() {
    const std::string own = run("SELECT current_setting('search_path')").text(0, 0).value_or("");
    if (!request_.names_of_session) set_search_path("public");
    for (const auto& [kind, sql] : kind_queries) read_kind(kind, sql);
    read_sequences();
    if (request_.foreign_keys) read_foreign_keys();
    read_collations();
    const auto large = run("SELECT count(*)::text FROM pg_largeobject_metadata");
    catalog_.large_objects = std::stoull(large.text(0, 0).value_or("0"));
    if (!request_.names_of_session) set_search_path(own);
    return std::move(catalog_);
  }

 private:
  // Until the end of the transaction.
  void set_search_path(const std::string& path) {
    run("SELECT set_config('search_path', " + stores::quote_literal(path) + ", true)");
  }

  std::string expand(std::string sql) const {
    const auto replace = [&](std::string_view what, const std::string& by) {
      for (auto at = sql.find(what); at != std::string::npos; at = sql.find(what, at + by.size()))
        sql.replace(at, what.size(), by);
    };
    replace("{rel} AS t", relations_ + " AS t");
    replace("{rel}", relations_ + " AS rel");
    replace("{schema}", schema_);
    return sql;
  }

  SqlResult run(const std::string& sql) {
    constexpr std::size_t most = 200'000;
    SqlResult result = session_.query(expand(sql), {.rows = most}, "reading the schema");
    if (result.total > most)
      throw InputError(fmt::format("{}: the schema has {} objects of one kind, at most {} are read; name `schemas`",
                                   session_.name(), result.total, most));
    return result;
  }

  void read_kind(const std::string& kind, const std::string& sql) {
    const SqlResult result = run(sql);
    for (std::size_t row = 0; row < result.rows.size(); ++row) {
      CatalogObject object{.kind = kind,
                           .table = result.text(row, 0).value_or(""),
                           .name = result.text(row, 1).value_or(""),
                           .properties = {},
                           .notes = {}};
      for (std::size_t i = 2; i < result.columns.size(); ++i) {
        const std::string& name = result.columns[i].name;
        const auto value = result.text(row, i);
        if (!value) continue;
        if (name.starts_with('_'))
          object.notes[name.substr(1)] = *value;
        else
          object.properties[name] = *value;
      }
      catalog_.add(std::move(object));
    }
  }

  void read_sequences() {
    const SqlResult uses = run(sequences_sql);
    for (std::size_t row = 0; row < uses.rows.size(); ++row) {
      const auto at = [&](std::size_t column) { return uses.text(row, column).value_or(""); };
      if (at(9) != "true") {
        catalog_.unjudged_sequences.emplace_back(at(0), at(1));
        continue;
      }
      const bool down = at(5).starts_with('-'), cycles = at(8) == "true";
      const std::string beyond = fmt::format("{} {}", down ? "<" : ">", at(down ? 7 : 6));
      const std::string beyond_most = fmt::format("{} 0.9 * {}", down ? "<" : ">", at(down ? 7 : 6));
      const std::string sql = fmt::format(
          "SELECT s.last_value + CASE WHEN s.is_called THEN {0} ELSE 0 END::numeric AS next, m.highest "
          "FROM {1} s, (SELECT {2}({3})::numeric AS highest FROM {4}) m",
          at(5), at(4), down ? "min" : "max", at(3), at(2));
      const SqlResult state = session_.query(
          fmt::format("SELECT next::text, highest::text, coalesce(next {0} highest, false)::text, (next {1})::text, "
                      "(coalesce(highest {2}, false) OR next {2})::text FROM ({3}) AS q",
                      down ? ">=" : "<=", beyond, beyond_most, sql),
          {}, "looking at the sequence " + at(1));
      catalog_.sequences.push_back({.column = at(0),
                                    .sequence = at(1),
                                    .next = state.text(0, 0).value_or("NULL"),
                                    .highest = state.text(0, 1).value_or("NULL"),
                                    .behind = state.text(0, 2) == "true",
                                    .exhausted = !cycles && state.text(0, 3) == "true",
                                    .near_end = state.text(0, 4) == "true",
                                    .show = sql});
    }
  }

  void read_foreign_keys() {
    const SqlResult keys = run(foreign_keys_sql);
    for (std::size_t row = 0; row < keys.rows.size();) {
      const auto at = [&](std::size_t r, std::size_t column) { return keys.text(r, column).value_or(""); };
      const std::size_t first = row;
      std::vector<std::pair<std::string, std::string>> columns;
      for (; row < keys.rows.size() && at(row, 3) == at(first, 3); ++row) columns.emplace_back(at(row, 4), at(row, 5));
      catalog_.references.push_back(read_reference(session_, at(first, 1), at(first, 2), columns, at(first, 0), true,
                                                   request_.sample,
                                                   at(first, 6) == "true" ? Match::full : Match::simple));
    }
  }

  void read_collations() {
    const SqlResult version = run("SELECT (current_setting('server_version_num')::int >= 150000)::text");
    std::vector<const char*> queries{collations_sql};
    if (version.text(0, 0) == "true") queries.push_back(database_collation_sql);
    for (const char* const sql : queries) {
      const SqlResult result = run(sql);
      for (std::size_t row = 0; row < result.rows.size(); ++row)
        catalog_.collations.push_back({.name = result.text(row, 0).value_or(""),
                                       .recorded = result.text(row, 1).value_or(""),
                                       .actual = result.text(row, 2).value_or("")});
    }
  }

  stores::SqlSession& session_;
  const CatalogRequest& request_;
  std::string schema_, relations_;
  Catalog catalog_;
};

}  // namespace

Catalog read_postgres_catalog(stores::SqlSession& session, const CatalogRequest& request) {
  return PostgresCatalogReader(session, request).read();
}

}  // namespace sluice::migration
