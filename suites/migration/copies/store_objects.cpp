#include "suites/migration/copies/store_objects.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sql_session.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::migration {
namespace {

using stores::PostgresConnection;
using stores::SqliteDatabase;
using stores::SqliteStatement;

constexpr const char* user_schemas =
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'";

// Objects that belong to an extension are that extension's, whose version is compared.
constexpr const char* schema_query = R"sql(
  WITH visible AS (
    SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {0} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                              AND d.deptype = 'e'))
  SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relpersistence, CASE WHEN relrowsecurity THEN 'row security' END,
                   CASE WHEN relforcerowsecurity THEN 'forced' END, CASE WHEN NOT relispopulated THEN 'not populated' END,
                   CASE relreplident WHEN 'd' THEN NULL WHEN 'n' THEN 'replica identity nothing' WHEN 'f' THEN 'replica identity full'
                   ELSE 'replica identity ' || (SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = visible.oid AND indisreplident) END,
                   pg_get_expr(relpartbound, oid), (SELECT 'inherits ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                                                    FROM pg_inherits WHERE inhrelid = visible.oid))
    FROM visible WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT concat_ws(' ', 'sequence', s.seqrelid::regclass, format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment',
                   s.seqincrement, 'from', s.seqmin, 'to', s.seqmax, CASE WHEN s.seqcycle THEN 'cycle' END, (
                     SELECT 'owned by ' || d.refobjid::regclass || '.' || a.attname FROM pg_depend d JOIN pg_attribute a ON
                       (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid) WHERE (d.classid, d.objid, d.refclassid) =
                       ('pg_class'::regclass, c.oid, 'pg_class'::regclass) AND d.deptype IN ('a', 'i')))
    FROM visible c JOIN pg_sequence s ON s.seqrelid = c.oid
  UNION ALL
  SELECT concat_ws(' ', 'rule', c.oid::regclass, pg_get_ruledef(r.oid), r.ev_enabled)
    FROM visible c JOIN pg_rewrite r ON r.ev_class = c.oid WHERE r.rulename <> '_RETURN'
  UNION ALL
  SELECT concat_ws(' ', 'column', a.attrelid::regclass || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
                   CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END,
                   CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
                   nullif(a.attidentity::text, ''), nullif(a.attgenerated::text, ''))
    FROM visible c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
      JOIN pg_type t ON t.oid = a.atttypid
    WHERE (c.relkind IN ('r', 'p', 'f') OR c.relkind = 'v' AND d.adbin IS NOT NULL) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT concat_ws(' ', 'constraint', c.oid::regclass, k.conname, pg_get_constraintdef(k.oid))
    FROM visible c JOIN pg_constraint k ON k.conrelid = c.oid
  UNION ALL
  SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END)
    FROM visible c JOIN pg_index i ON i.indrelid = c.oid WHERE c.relkind IN ('r', 'p', 'm')
  UNION ALL
  SELECT concat_ws(' ', 'view', oid::regclass, 'with (' || array_to_string(reloptions, ', ') || ')', pg_get_viewdef(oid)) FROM visible WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM visible c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
  UNION ALL
  SELECT DISTINCT concat_ws(' ', 'triggers', c.oid::regclass, 'of', k.conname, CASE t.tgenabled WHEN 'D' THEN 'disabled' ELSE t.tgenabled::text END)
    FROM visible c JOIN pg_trigger t ON t.tgrelid = c.oid JOIN pg_constraint k ON k.oid = t.tgconstraint
    WHERE t.tgisinternal AND t.tgenabled <> 'O'
  UNION ALL
  SELECT concat_ws(' ', 'policy', c.oid::regclass, p.polname, p.polcmd, CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
                   (SELECT 'to ' || string_agg(coalesce(r.rolname, 'public'), ', ' ORDER BY r.rolname)
                    FROM unnest(p.polroles) AS u (oid) LEFT JOIN pg_roles r ON r.oid = u.oid),
                   pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
    FROM visible c JOIN pg_policy p ON p.polrelid = c.oid
  UNION ALL
  SELECT concat_ws(' ', 'routine', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE {0} AND p.prokind IN ('f', 'p') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                                                         AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT concat_ws(' ', 'enum', t.oid::regtype, (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                                                 FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {0} AND t.typtype = 'e'
  UNION ALL
  SELECT concat_ws(' ', 'domain', t.oid::regtype, format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
                   'DEFAULT ' || t.typdefault, (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname)
                                                FROM pg_constraint k WHERE k.contypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {0} AND t.typtype = 'd'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
  UNION ALL
  SELECT concat_ws(' ', 'type', t.oid::regtype, 'of (' || (SELECT string_agg(quote_ident(a.attname) || ' ' ||
                   format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_attribute a
                   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')',
                   'over ' || (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE {0} AND (t.typtype = 'r' OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
  UNION ALL
  SELECT concat_ws(' ', 'aggregate', p.oid::regprocedure, (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.agginitval)
                                                           FROM pg_aggregate a WHERE a.aggfnoid = p.oid)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE {0} AND p.prokind = 'a'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT concat_ws(' ', 'event trigger', evtname, evtevent, evtfoid::regproc, evtenabled) FROM pg_event_trigger
  UNION ALL
  SELECT concat_ws(' ', 'publication', p.pubname, (
                     SELECT string_agg(r.prrelid::regclass || ' ' || md5(concat(to_jsonb(r) -> 'prqual', to_jsonb(r) -> 'prattrs')),
                       ', ' ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid),
                   to_jsonb(p) - '{{oid, pubname, pubowner}}'::text[]) FROM pg_publication p
  UNION ALL
  SELECT concat_ws(' ', 'prepared transaction', quote_literal(gid)) FROM pg_prepared_xacts WHERE database = current_database()
  UNION ALL
  SELECT concat_ws(' ', 'replication slot', slot_name, plugin) FROM pg_replication_slots WHERE database = current_database() AND NOT temporary
  UNION ALL
  SELECT concat_ws(' ', 'text search configuration', c.oid::regconfig, (
                     SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno)
                     FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE {0}
  UNION ALL
  SELECT concat_ws(' ', 'text search dictionary', d.oid::regdictionary, d.dictinitoption)
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE {0}
  UNION ALL
  SELECT concat_ws(' ', 'collation', c.oid::regcollation, to_jsonb(c) - '{{oid, collname, collnamespace, collowner, collversion}}'::text[])
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE {0}
  UNION ALL
  SELECT concat_ws(' ', 'foreign data wrapper', fdwname, md5(fdwoptions::text)) FROM pg_foreign_data_wrapper
  UNION ALL
  SELECT concat_ws(' ', 'foreign server', srvname, srvtype, srvversion, md5(srvoptions::text)) FROM pg_foreign_server
  UNION ALL
  SELECT concat_ws(' ', 'user mapping', usename, 'of', srvname, md5(umoptions::text)) FROM pg_user_mappings
  UNION ALL
  SELECT concat_ws(' ', 'foreign table', f.ftrelid::regclass, 'of', s.srvname, md5(f.ftoptions::text))
    FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver
  UNION ALL
  SELECT concat_ws(' ', 'schema', n.nspname) FROM pg_namespace n WHERE {0}
  UNION ALL
  SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension)sql";

// Who may do what, and what people wrote about it. Of privileges only what is not the default of such an object, so
// that one that is dropped and made again is as it was. What belongs to the server (roles, the privileges of the
// database itself) is no part of a store.
constexpr const char* ownership_query = R"sql(
  WITH extended AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  owned (class, oid, name, owner, acl, usual) AS (
    SELECT 'pg_class'::regclass, c.oid, c.oid::regclass::text, c.relowner, c.relacl,
           acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {0} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, p.oid::regprocedure::text, p.proowner, p.proacl, acldefault('f', p.proowner)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {0}
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.oid::regtype::text, t.typowner, t.typacl, acldefault('T', t.typowner)
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE {0} AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
    UNION ALL
    SELECT 'pg_namespace'::regclass, n.oid, 'schema ' || quote_ident(n.nspname), n.nspowner, n.nspacl, acldefault('n', n.nspowner)
      FROM pg_namespace n WHERE {0}
    UNION ALL
    SELECT 'pg_operator'::regclass, o.oid, 'operator ' || o.oid::regoperator, o.oprowner, NULL, NULL
      FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE {0}
    UNION ALL
    SELECT 'pg_publication'::regclass, oid, 'publication ' || quote_ident(pubname), pubowner, NULL, NULL FROM pg_publication
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, oid, 'event trigger ' || quote_ident(evtname), evtowner, NULL, NULL FROM pg_event_trigger
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 'server ' || quote_ident(srvname), srvowner, srvacl, acldefault('S', srvowner)
      FROM pg_foreign_server),
  ours AS (SELECT * FROM owned WHERE (class, oid) NOT IN (SELECT classid, objid FROM extended)),
  granted AS (
    SELECT name, owner, x.grantee, x.privilege_type, x.is_grantable, true AS here FROM ours CROSS JOIN LATERAL aclexplode(acl) AS x
    UNION ALL
    SELECT name, owner, x.grantee, x.privilege_type, x.is_grantable, false FROM ours CROSS JOIN LATERAL aclexplode(usual) AS x
      WHERE acl IS NOT NULL),
  privileges (name, grantee, privilege, grantable, revoked) AS (
    SELECT name, grantee, privilege_type, is_grantable, NOT bool_or(here) FROM granted
      GROUP BY 1, 2, 3, 4 HAVING bool_and(here) OR NOT bool_or(here)
    UNION ALL
    SELECT a.attrelid::regclass || '.' || quote_ident(a.attname), x.grantee, x.privilege_type, x.is_grantable, false
      FROM pg_attribute a JOIN ours o ON (o.class, o.oid) = ('pg_class'::regclass, a.attrelid)
        CROSS JOIN LATERAL aclexplode(a.attacl) AS x WHERE NOT a.attisdropped)
  SELECT concat_ws(' ', 'owner', name, pg_get_userbyid(owner)) FROM ours
  UNION
  SELECT concat_ws(' ', CASE WHEN revoked THEN 'revoked' ELSE 'grant' END, name, privilege, CASE WHEN revoked THEN 'from' ELSE 'to' END,
                   CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END, CASE WHEN grantable THEN 'with grant option' END)
    FROM privileges
  UNION
  SELECT concat_ws(' ', 'default privileges', 'of', pg_get_userbyid(d.defaclrole), 'in schema ' || n.nspname, 'on',
                   CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                   ELSE 'schemas' END, x.privilege_type, 'to', CASE x.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(x.grantee) END,
                   CASE WHEN x.is_grantable THEN 'with grant option' END)
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
  UNION
  SELECT concat_ws(' ', 'operator', o.oid::regoperator, 'by', o.oprcode::regproc, 'commutator ' || nullif(o.oprcom, 0)::regoperator,
                   'negator ' || nullif(o.oprnegate, 0)::regoperator, CASE WHEN o.oprcanhash THEN 'hashes' END,
                   CASE WHEN o.oprcanmerge THEN 'merges' END)
    FROM pg_operator o JOIN ours u ON (u.class, u.oid) = ('pg_operator'::regclass, o.oid) WHERE o.oprcode <> 0
  UNION
  SELECT concat_ws(' ', 'cast', castsource::regtype, 'as', casttarget::regtype, 'by', CASE castmethod WHEN 'f' THEN castfunc::regprocedure::text
                   WHEN 'i' THEN 'text' ELSE 'nothing' END, CASE castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'in assignments' ELSE 'implicit' END)
    FROM pg_cast WHERE oid >= 16384 AND ('pg_cast'::regclass, oid) NOT IN (SELECT classid, objid FROM extended)
  UNION
  SELECT concat_ws(' ', 'comment', CASE WHEN d.classoid = 'pg_class'::regclass THEN d.objoid::regclass || coalesce('.' || a.attname, '')
                   ELSE i.type || ' ' || i.identity END, quote_literal(d.description))
    FROM pg_description d LEFT JOIN pg_attribute a ON d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND
           (a.attrelid, a.attnum) = (d.objoid, d.objsubid)
         CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
    WHERE (d.objoid >= 16384 OR d.objoid = to_regnamespace('public'))
      AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM extended))sql";

// Of settings only a digest, as some are secrets.
constexpr const char* server_query = R"sql(
  SELECT concat_ws(' ', 'role', r.rolname, CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolcanlogin THEN 'login' END,
                   CASE WHEN r.rolbypassrls THEN 'bypassing row security' END, CASE WHEN r.rolcreatedb THEN 'creating databases' END,
                   CASE WHEN r.rolcreaterole THEN 'creating roles' END, 'member of ' || (
                     SELECT string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                     WHERE m.member = r.oid)) FROM pg_roles r
  UNION ALL
  SELECT concat_ws(' ', 'setting', split_part(c, '=', 1), md5(c), 'of database ' || d.datname, 'of role ' || pg_get_userbyid(nullif(s.setrole, 0)))
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE s.setdatabase = 0 OR d.datname = current_database()
  UNION ALL
  SELECT concat_ws(' ', 'tablespace', spcname) FROM pg_tablespace
  UNION ALL
  SELECT concat_ws(' ', 'replication slot', slot_name) FROM pg_replication_slots WHERE database IS NULL AND NOT temporary)sql";

// What ALTER SYSTEM has written, for those who may see it.
constexpr const char* system_settings_query =
    "SELECT concat_ws(' ', 'ALTER SYSTEM', name, md5(setting)) FROM pg_file_settings WHERE sourcefile LIKE "
    "'%postgresql.auto.conf'";
constexpr const char* sees_system_settings =
    "SELECT (has_table_privilege('pg_file_settings', 'SELECT') AND "
    "has_function_privilege('pg_show_all_file_settings()', "
    "'EXECUTE'))::text";

// The contents of all large objects, whatever their numbers: they come from a counter that databases share. Who may not
// read them all sees how many there are.
constexpr const char* large_objects_query = R"sql(
  SELECT 'large objects: ' || count(*) || ', digest ' || md5(string_agg(content, ',' ORDER BY content)) FROM (
    SELECT coalesce((SELECT md5(string_agg(p.pageno || ' ' || md5(p.data), ',' ORDER BY p.pageno)) FROM pg_largeobject p WHERE p.loid = m.oid), '')
      AS content FROM pg_largeobject_metadata m) AS objects HAVING count(*) > 0)sql";
constexpr const char* large_objects_count_query =
    "SELECT 'large objects: ' || count(*) FROM pg_largeobject_metadata HAVING count(*) > 0";
constexpr const char* sees_large_objects = "SELECT has_table_privilege('pg_largeobject', 'SELECT')::text";

constexpr const char* name_expression =
    "CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END";

// Each is a relation of one row, and which it is must be known before it can be asked. What it gives next tells one
// that gave 50 from one that was set to give 50, and not one that gave 50 from one that was set to give 51.
void read_sequences(PostgresConnection& connection, StoreObjects& objects, const std::string& doing) {
  constexpr std::size_t at_once = 200;
  std::vector<std::string> queries;
  for (const auto& row : connection.query(
           fmt::format(
               "SELECT {}, quote_ident(n.nspname) || '.' || quote_ident(c.relname), s.seqincrement::text FROM "
               "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid "
               "WHERE {} AND c.relkind = 'S'",
               name_expression, user_schemas),
           {}, doing)) {
    queries.push_back(
        fmt::format("SELECT {}, (last_value::numeric + CASE WHEN is_called THEN {} ELSE 0 END)::text FROM {}",
                    stores::quote_literal(row[0].value_or("")), row[2].value_or(""), row[1].value_or("")));
  }
  for (std::size_t begin = 0; begin < queries.size(); begin += at_once) {
    const auto first = queries.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(at_once, queries.size() - begin));
    for (const auto& row : connection.query(fmt::format("{}", fmt::join(first, last, " UNION ALL ")), {}, doing)) {
      objects.sequences[row[0].value_or("")] = row[1].value_or("");
    }
  }
}

StoreObjects read_postgres(const std::string& url, const stores::StoreOptions& options) {
  PostgresConnection connection(url, options);
  const std::string doing = "reading its catalog";
  StoreObjects objects;
  objects.search_path = connection.query("SELECT current_setting('search_path')", {}, doing)[0][0].value_or("");
  for (const auto& row : connection.query(
           fmt::format("SELECT {}, (c.relkind IN ('r', 'p'))::text FROM pg_class c JOIN pg_namespace n ON n.oid = "
                       "c.relnamespace WHERE {} AND (c.relkind IN ('r', 'p') OR c.relkind = 'm' AND c.relispopulated) "
                       "AND NOT c.relispartition ORDER BY 1",
                       name_expression, user_schemas),
           {}, doing)) {
    (row[1] == "true" ? objects.tables : objects.derived).push_back(row[0].value_or(""));
  }
  for (const char* const query : {schema_query, ownership_query}) {
    for (const auto& row : connection.query(fmt::format(fmt::runtime(query), user_schemas), {}, doing)) {
      objects.schema.insert(row[0].value_or(""));
    }
  }
  const auto may = [&](const char* query) { return connection.query(query, {}, doing)[0][0] == "true"; };
  const auto add = [&](std::set<std::string>& lines, const char* query) {
    for (const auto& row : connection.query(query, {}, doing)) lines.insert(row[0].value_or(""));
  };
  add(objects.schema, may(sees_large_objects) ? large_objects_query : large_objects_count_query);
  add(objects.server, server_query);
  if (may(sees_system_settings)) add(objects.server, system_settings_query);
  read_sequences(connection, objects, doing);
  for (const auto& row : connection.query(
           "SELECT 'index ' || indexrelid::regclass || ' is invalid' FROM pg_index WHERE NOT indisvalid UNION ALL "
           "SELECT 'transaction ' || quote_literal(gid) || ' is prepared and waits for its end' FROM pg_prepared_xacts "
           "WHERE database = current_database()",
           {}, doing)) {
    objects.unsound.push_back(row[0].value_or(""));
  }
  return objects;
}

StoreObjects read_sqlite(const std::string& url, const stores::StoreOptions& options) {
  StoreObjects objects;
  const std::filesystem::path path = options.directory / url.substr(stores::sqlite_scheme.size());
  if (!std::filesystem::exists(path)) return objects;  // a store that nobody has made yet is empty
  SqliteDatabase database(url, path, options);
  bool has_sequences = false;
  {
    // Tables that belong to a virtual table hold its inner state, which may differ where its rows do not.
    SqliteStatement statement(database,
                              "SELECT type, name, coalesce(sql, ''), (SELECT l.type FROM pragma_table_list AS l WHERE "
                              "l.schema = 'main' AND l.name = s.name) FROM sqlite_schema AS s",
                              "reading its catalog");
    while (statement.step()) {
      const std::string type = statement.text(0);
      const std::string name = statement.text(1);
      if (name == "sqlite_sequence") has_sequences = true;
      if (name.starts_with("sqlite_")) continue;
      objects.schema.insert(fmt::format("{} {} {}", type, name, statement.text(2)));
      if (type == "table" && statement.text(3) == "table") objects.tables.push_back(name);
      if (type == "table" && statement.text(3) == "virtual") objects.derived.push_back(name);
    }
  }
  if (has_sequences) {
    SqliteStatement sequences(database, "SELECT name, CAST(seq AS INTEGER) + 1 FROM sqlite_sequence",
                              "reading its sequences");
    while (sequences.step()) objects.sequences[sequences.text(0)] = sequences.text(1);
  }
  // Where applications keep the version of their schema.
  for (const std::string number : {"user_version", "application_id"}) {
    SqliteStatement statement(database, "PRAGMA " + number, "reading its catalog");
    if (statement.step()) objects.schema.insert(fmt::format("{} {}", number, statement.text(0)));
  }
  return objects;
}

}  // namespace

StoreObjects read_objects(const std::string& url, const stores::StoreOptions& options) {
  return url.starts_with(stores::sqlite_scheme) ? read_sqlite(url, options) : read_postgres(url, options);
}

std::string row_digest(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name,
                       const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(stores::quote_identifier(column));
  PostgresConnection connection(url, options);
  const std::string row = fmt::format("ROW({})::text", fmt::join(names, ", "));
  const auto rows = connection.query(
      fmt::format(
          "SELECT count(*) || ' rows, digest ' || coalesce(sum(hashtextextended({0}, 1)::numeric), 0) || '/' || "
          "coalesce(sum(hashtextextended({0}, 2)::numeric), 0) FROM {1}",
          row, sql_name),
      {}, "reading table " + sql_name);
  return rows[0][0].value_or("");
}

bool loses_rows_alone(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name) {
  if (url.starts_with(stores::sqlite_scheme)) return true;  // delete_one_row leaves triggers and references out there
  PostgresConnection connection(url, options);
  const auto rows = connection.query(
      "SELECT (NOT EXISTS (SELECT FROM pg_constraint WHERE confrelid = $1::regclass AND confdeltype IN ('c', 'n', "
      "'d')) "
      "AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgtype & 8 <> 0) "
      "AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = $1::regclass AND ev_type = '4'))::text",
      {sql_name}, "looking at what follows when a row of " + sql_name + " goes");
  return rows[0][0] == "true";
}

bool delete_one_row(const std::string& url, const stores::StoreOptions& options, const std::string& sql_name) {
  if (url.starts_with(stores::sqlite_scheme)) {
    sqlite3* raw = nullptr;
    const std::filesystem::path path = options.directory / url.substr(stores::sqlite_scheme.size());
    const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle(raw, &sqlite3_close_v2);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);  // nothing else may go with the row
    const std::string sql = fmt::format("DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})", sql_name);
    return opened == SQLITE_OK && sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK &&
           sqlite3_changes(raw) == 1;
  }
  PostgresConnection connection(url, options);
  try {
    const auto rows = connection.query(
        fmt::format("DELETE FROM {0} WHERE ctid = (SELECT ctid FROM {0} LIMIT 1) RETURNING 1", sql_name), {},
        "planting a violation in table " + sql_name);
    return !rows.empty();
  } catch (const EnvironmentError&) {
    return false;  // other rows refer to it; another table will do
  }
}

void commit_statement(const std::string& url, const stores::StoreOptions& options, const std::string& sql,
                      const std::string& doing) {
  if (!url.starts_with(stores::sqlite_scheme)) {
    PostgresConnection(url, options).query(sql, {}, doing);
    return;
  }
  sqlite3* raw = nullptr;
  const std::filesystem::path path = options.directory / url.substr(stores::sqlite_scheme.size());
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle(raw, &sqlite3_close_v2);
  if (opened != SQLITE_OK || sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw InputError(fmt::format("{}: {}: {}", url, doing, printable(sqlite3_errmsg(raw))));
  }
}

}  // namespace sluice::migration
