#include "actors/cdc_router/dead_letters.hpp"
#include "messages/visible.hpp"
#include "nodes/cli/replay.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"

#include <iostream>

namespace millrace {

namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int list(const letter_book& book) {
  for (auto& [origin, x] : book.open())
    std::cout << origin << "  " << visible(x.table) << "  " << visible(x.error) << "\n";
  std::cout << book.open().size() << " dead letters are open\n";
  return 0;
}

int show(kafka::consumer& reads, const letter_book& book, const std::string& which) {
  auto found = book.open().find(which);
  if (found == book.open().end())
    return complain({errc::bad_setting,
                     "no dead letter \"" + which + "\" is open: `dead-letters list` shows those that are"});
  auto record = read_letter(reads, found->second, kafka_timeout);
  if (!record)
    return complain(record.why());
  auto& x = found->second;
  std::cout << "from     " << x.origin() << "\ntable    " << visible(x.table) << "\nerror    "
            << visible(x.error) << "\nkey      " << visible(record->key.value_or("(none)")) << "\npayload  "
            << visible(record->payload.value_or("(none)")) << "\n";
  return 0;
}

/// Resolves letters without reading their rows: the user says that they are handled.
int resolve_letters(const settings& how, const letter_book& book, const std::string& which) {
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return complain(writes.why());
  for (auto& [origin, x] : book.open()) {
    if (which != "all" && which != origin)
      continue;
    auto note = make_resolution(how.dead_letters(), x, "said to be dealt with", now_ms());
    if (auto resolved = writes->send({note}, kafka_timeout); !resolved)
      return complain(resolved.why());
    std::cout << origin << "  resolved\n";
  }
  return 0;
}

int replay_letters(const settings& how, const letter_book& book, const std::string& which) {
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return complain(db.why());
  auto plans = plan_project(how, *db);
  if (!plans)
    return complain(plans.why());
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return complain(writes.why());
  std::vector<dead_letter> letters;
  for (auto& [origin, x] : book.open())
    if (which == "all" || which == origin)
      letters.push_back(x);
  auto failed = replay(how, *writes, *db, *plans)
                    .all(letters, [](const dead_letter& x, const result<std::string>& how) {
                      std::cout << x.origin() << "  " << (how ? *how : "NOT replayed: " + how.why().message)
                                << "\n";
                    });
  return failed ? 1 : 0;
}

} // namespace

int run_dead_letters(const settings& how, const std::string& action, const std::string& which) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return complain(reads.why());
  auto book = read_letters(*reads, how.dead_letters(), kafka_timeout);
  if (!book)
    return complain(book.why());
  if (action == "list")
    return list(*book);
  if (action == "show")
    return show(*reads, *book, which);
  if (which != "all" && !book->open().count(which))
    return complain(
        {errc::bad_setting, action + " wants `all`, or the name of one that `dead-letters list` shows"});
  if (action == "resolve")
    return resolve_letters(how, *book, which);
  return replay_letters(how, *book, which);
}

} // namespace millrace
