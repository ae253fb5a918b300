#define CAF_SUITE project.hostile_names
#include "actors/project/examples.hpp"
#include "actors/project/preparation.hpp"
#include "messages/visible.hpp"

#include "tests/unit/postgres_server.hpp"

#include <cstdio>
#include <sstream>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const project::names of{"p", "millrace_p", "millrace_p", "millrace_p_node", "millrace_p_debezium"};

test::postgres_server& server() {
  static auto one = test::postgres_server::start(15660);
  return *one;
}

/// A folder whose emptiness proves that nothing ran.
const std::string& trap() {
  static auto folder = [] {
    auto pattern = (std::filesystem::temp_directory_path() / "millrace-trap-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("no temporary folder");
    std::filesystem::permissions(pattern, std::filesystem::perms::all);
    return pattern;
  }();
  return folder;
}

bool sprung() { return !std::filesystem::is_empty(trap()); }

/// Names that would be commands if they stood raw where scripts, comments or psql see them.
std::vector<std::string> hostile_names() {
  auto touch = [](const std::string& x) { return "touch " + trap() + "/" + x; };
  return {"a\n\\! " + touch("1"),
          "b\r\\! " + touch("2"),
          "c\nSELECT 'CREATE TABLE sprung ()' \\gexec",
          "d; DROP TABLE plain; --",
          "e\"; DROP TABLE plain; --",
          "f'; DROP TABLE plain; --",
          "g$$; DROP TABLE plain; $$",
          "h\\! " + touch("3"),
          "i`" + touch("4") + "`",
          "j :USER :'USER' :{?x}",
          "k*/ DROP TABLE plain; /*",
          "l\u2028\\! " + touch("5"),
          "m\u202e\u2066\x1b]0;title\x07",
          "n{x} {{ }} }",
          "o\nredis: string stolen",
          "p\n-- redis: string stolen"};
}

struct world {
  postgres::session db;
  std::string name;
};

void run(postgres::session& db, const std::string& sql) {
  if (auto done = db.execute(sql); !done)
    CAF_FAIL(sql << ": " << done.why().message);
}

/// A database with each name as a schema's, a table's, a column's, a type's and a
/// label's, with roles and foreign keys between them.
world hostile_database() {
  auto to = server().settings();
  auto admin = postgres::session::open(to);
  CAF_REQUIRE(admin);
  to.database = "hostile";
  run(*admin, "CREATE DATABASE hostile");
  world out{std::move(*postgres::session::open(to)), to.database};
  auto& db = out.db;
  run(db, "CREATE TABLE plain (id int PRIMARY KEY, n int)");
  int number = 0;
  for (auto& x : hostile_names()) {
    auto name = postgres::quoted_name(x.substr(0, 63)), label = postgres::quoted_text(x);
    auto own = "t" + std::to_string(++number),
         type = name + "." + postgres::quoted_name(x.substr(0, 62) + "e");
    run(db, "CREATE SCHEMA " + name);
    run(db, "CREATE TYPE " + type + " AS ENUM (" + label + ")");
    run(db, "CREATE TABLE " + name + "." + name + " (id int PRIMARY KEY, n numeric(9,2))");
    run(db, "CREATE TABLE " + name + " (" + name + " int PRIMARY KEY, n numeric(9,2))");
    run(db, "CREATE TABLE " + own + " (id int PRIMARY KEY, " + name + " int CONSTRAINT " + name
                + " REFERENCES " + name + "." + name + ", typed " + type + ", odd " + name + "." + name
                + "[])");
    run(db, "ALTER TABLE " + own + " ENABLE ROW LEVEL SECURITY");
  }
  return out;
}

world& there() {
  static auto one = hostile_database();
  return one;
}

project::facts facts_of(postgres::session& db) {
  auto out = project::look_at(db, of);
  CAF_REQUIRE(out);
  return *out;
}

project::examples examples_of(postgres::session& db) {
  auto catalog = db.load_catalog();
  for (auto& table : *catalog)
    table.full_identity = true;
  return project::write_examples(*catalog, facts_of(db), {"public"}, answers_of(db), "p:", {1000, 1u << 30});
}

/// Runs a script with psql, as a person does who follows README.
int psql(const std::string& script) {
  auto to = server().settings();
  auto command = "psql -X -q -h 127.0.0.1 -p " + std::to_string(to.port)
                 + " -U postgres -d hostile -v node_password=n -v debezium_password=d > /dev/null 2>&1";
  auto* in = ::popen(command.c_str(), "w");
  std::fputs(script.c_str(), in);
  return ::pclose(in);
}

bool is_there(postgres::session& db, const std::string& table) {
  auto rows = db.query_rows("SELECT FROM pg_tables WHERE tablename = " + postgres::quoted_text(table));
  return rows && !rows->rows.empty();
}

/// psql's own commands that a script of ours may have, one a line or at a line's end.
bool is_ours(const std::string& command) {
  for (std::string known :
       {"\\set ON_ERROR_STOP on", "\\if ", "\\else", "\\endif", "\\set debezium_password `",
        "\\set node_password `", "\\gset", "\\gexec", "\\echo '", "\\quit"})
    if (command.starts_with(known))
      return true;
  return false;
}

/// Reads a script as psql's lexer does, and returns the backslash commands that
/// stand outside of quotes and comments.
std::vector<std::string> commands_of(const std::string& script) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < script.size(); ++i) {
    auto rest = std::string_view(script).substr(i);
    auto skip_to = [&](std::string_view end, std::size_t from) {
      auto at = script.find(end, i + from);
      i = at == script.npos ? script.size() : at + end.size() - 1;
    };
    if (rest.starts_with("--")) {
      auto at = script.find_first_of("\r\n", i);
      i = at == script.npos ? script.size() : at;
    } else if (rest.starts_with("/*"))
      skip_to("*/", 2);
    else if (rest.starts_with("$$"))
      skip_to("$$", 2);
    else if (rest[0] == '"')
      skip_to("\"", 1);
    else if (rest[0] == '\'') {
      auto escapes = i > 0 && script[i - 1] == 'E';
      for (++i; i < script.size() && script[i] != '\''; ++i)
        if (escapes && script[i] == '\\')
          ++i;
    } else if (rest[0] == '\\') {
      auto end = script.find_first_of("\r\n", i);
      out.push_back(script.substr(i, end - i));
      i = end == script.npos ? script.size() : end;
    }
  }
  return out;
}

} // namespace

CAF_TEST(the checker sees what psql would run) {
  CAF_CHECK_EQUAL(commands_of("-- a\n\\! id\n").size(), 1u);
  CAF_CHECK_EQUAL(commands_of("-- a\r\\! id\n").size(), 1u);
  CAF_CHECK_EQUAL(commands_of("SELECT 'a\n\\! id', \"b\n\\! id\"; -- \\! id\n/* \\! id */\n").size(), 0u);
  CAF_CHECK_EQUAL(commands_of("SELECT E'a\\' \\! id';").size(), 0u);
  CAF_CHECK(!is_ours("\\! id"));
}

CAF_TEST(figures from a hostile catalog have no commands and no figure that a name made) {
  auto& db = there().db;
  auto all = examples_of(db);
  CAF_CHECK(all.files.size() > 20);
  for (auto& file : all.files) {
    CAF_CHECK(!has_controls(file.name));
    CAF_CHECK_EQUAL(visible_lines(file.text), file.text);
    CAF_CHECK_EQUAL(commands_of(file.text).size(), 0u);
    CAF_CHECK_EQUAL(file.text.find("\n-- redis: string stolen"), std::string::npos);
    psql(file.text);
  }
  auto planned = project::plan_prepared(all.files, *db.load_catalog(), {"public"}, answers_of(db), "p:");
  for (auto& x : planned.plans.refusals)
    CAF_ERROR(to_text(x));
  CAF_CHECK(!sprung());
  CAF_CHECK(is_there(db, "plain"));
  CAF_CHECK(!is_there(db, "sprung"));
}

CAF_TEST(a name with control characters is refused and can be printed) {
  auto all = examples_of(there().db);
  std::size_t refused = 0;
  for (auto& x : all.tables) {
    if (has_controls(x.name.first + x.name.second)) {
      ++refused;
      CAF_CHECK(x.refused.find("control characters") != x.refused.npos);
      CAF_CHECK_EQUAL(x.file, "");
    }
    CAF_CHECK(!has_controls(x.refused));
  }
  CAF_CHECK(refused > 10);
}

CAF_TEST(prepare of a hostile catalog runs what it says and nothing else) {
  auto& db = there().db;
  auto needed =
      project::plan_prepared(examples_of(db).files, *db.load_catalog(), {"public"}, answers_of(db), "p:")
          .needed;
  // As if figures had been planned before the names were refused.
  auto catalog = *db.load_catalog();
  for (auto& table : catalog)
    needed.tables.emplace(table.schema, table.name);
  auto facts = facts_of(db);
  auto lacks = project::find_lacks(facts, of, needed, {false, false});
  for (auto& x : lacks)
    CAF_CHECK(!has_controls(x.what));
  auto secrets = "/tmp/it's `touch " + trap() + "/6` :'USER' $(touch " + trap() + "/7)";
  auto script = project::to_script(lacks, facts, of, secrets);
  for (auto& x : commands_of(script))
    if (!is_ours(x))
      CAF_ERROR("a command that isn't ours: " << x);
  CAF_CHECK_EQUAL(psql(script), 0);
  CAF_CHECK(!sprung());
  CAF_CHECK(is_there(db, "plain"));
  CAF_CHECK(!is_there(db, "sprung"));
  for (auto& x : project::find_lacks(facts_of(db), of, needed, {}))
    CAF_ERROR("still missing: " << x.what);
}

CAF_TEST(a script for a database with a hostile name echoes it and runs nothing) {
  auto facts = facts_of(there().db);
  for (auto& x : hostile_names()) {
    facts.database = x;
    auto script = project::to_script(project::find_lacks(facts, of, {}, {}), facts, of, "/x");
    for (auto& command : commands_of(script))
      if (!is_ours(command))
        CAF_ERROR("a command that isn't ours: " << command);
    psql(script); // of another database: it quits
  }
  CAF_CHECK(!sprung());
}

CAF_TEST(a database or a role with control characters is refused before anything is written) {
  auto to = server().settings();
  auto admin = postgres::session::open(to);
  to.database = "evil\n\\! touch " + trap() + "/8";
  run(*admin, "CREATE DATABASE " + postgres::quoted_name(to.database));
  auto db = postgres::session::open(to);
  CAF_REQUIRE(db);
  auto seen = project::look_at(*db, of);
  CAF_REQUIRE(!seen);
  CAF_CHECK(seen.why().message.find("the name of the database") == 0);
  CAF_CHECK(!has_controls(seen.why().message));
}

CAF_TEST(the password is read from a file whatever its path is) {
  namespace fs = std::filesystem;
  auto folder = trap() + "-it's `x` :USER \"$HOME\" \\ $(id)";
  fs::create_directories(folder);
  for (auto name : {"MILLRACE_DEBEZIUM_PASSWORD", "MILLRACE_NODE_PASSWORD"})
    std::ofstream(folder + "/" + name) << "from the file\n";
  auto facts = facts_of(there().db);
  auto script = project::to_script(project::find_lacks(facts, of, {}, {false, false}), facts, of, folder);
  auto begin = script.find("\\if :{?debezium_password}"), end = script.find("\\endif", begin) + 7;
  std::ofstream(folder + "/script") << script.substr(begin, end - begin) << "\\echo :debezium_password\n";
  auto to = server().settings();
  auto in = folder + "/script";
  ::setenv("MILLRACE_TEST_SCRIPT", in.c_str(), 1);
  auto* out = ::popen(("psql -X -q -h 127.0.0.1 -U postgres -p " + std::to_string(to.port)
                       + " -d postgres -f \"$MILLRACE_TEST_SCRIPT\" 2>&1")
                          .c_str(),
                      "r");
  char text[200] = {};
  CAF_CHECK(std::fgets(text, sizeof text, out) != nullptr);
  ::pclose(out);
  CAF_CHECK_EQUAL(std::string(text), "from the file\n");
  fs::remove_all(folder);
  fs::remove_all(trap());
}
