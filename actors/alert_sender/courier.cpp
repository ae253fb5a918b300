#include "actors/alert_sender/courier.hpp"

#include <algorithm>
#include <charconv>

namespace millrace {

namespace {

/// An event that the receiver refuses is passed over after this many attempts.
constexpr unsigned attempts_before_refusal = 5;
constexpr auto beginning = "0-0";

std::uint64_t number_of(const char* from, const char* to) {
  std::uint64_t out = 0;
  std::from_chars(from, to, out);
  return out;
}

/// Returns the milliseconds and the number of a stream's ID.
std::pair<std::uint64_t, std::uint64_t> parts_of(const std::string& id) {
  auto dash = std::min(id.find('-'), id.size());
  auto* text = id.data();
  return {number_of(text, text + dash), number_of(text + std::min(dash + 1, id.size()), text + id.size())};
}

courier_position position_of(const std::string& text) {
  auto space = std::min(text.find(' '), text.size());
  auto* at = text.data();
  return {text.substr(0, space), number_of(at + std::min(space + 1, text.size()), at + text.size())};
}

std::string text_of(const courier_position& x) { return x.id + " " + std::to_string(x.count); }

std::int64_t in_seconds(std::chrono::milliseconds x) { return x.count() / 1000; }

} // namespace

receiver_report courier::run(bool fresh) {
  began_ = with_.steady();
  if (fresh) {
    report_ = {};
    pause_ = {};
    repeated_.reset();
    page_.reset();
    refusals_ = 0;
    one_by_one_ = ledger_trouble_ = false;
  }
  report_.name = how_.name;
  report_.server = how_.server;
  while (take_step() == step::again && !is_over()) {
  }
  return report_;
}

/// Sends one batch, or repeats what fires if nothing waits.
courier::step courier::take_step() {
  auto x = look();
  if (!x)
    return broken(x.why());
  if (pause_.waits(with_.steady()))
    return step::stop;
  if (auto next = next_batch(*x); next.taken > 0)
    return send(*x, next);
  return repeat();
}

/// Reads silences, the position, and what follows it. Says what waits.
result<redis::outgoing_alerts> courier::look() {
  auto silences = with_.silences();
  if (!silences)
    return silences.why();
  silences_ = silences_in(*silences, with_.now());
  auto x = with_.look(events_a_look());
  if (!x)
    return x;
  stored_ = x->position;
  here_ = position_of(stored_);
  auto before = here_;
  if (auto right = stored_.empty() ? begin(*x) : settle(*x); !right)
    return right.why();
  if (before.id != here_.id) // what was read follows another position
    if (x = with_.look(events_a_look()); !x)
      return x;
  if (ledger_trouble_)
    calm();
  report_.position = here_.id;
  report_.waiting = std::max<std::uint64_t>(x->added - std::min(x->added, here_.count), x->next.size());
  auto oldest =
      x->next.empty() ? with_.now() : static_cast<std::int64_t>(parts_of(x->next[0].id).first / 1000);
  report_.lag_s = std::max<std::int64_t>(with_.now() - oldest, 0);
  return x;
}

/// A new receiver begins with the next event.
result<void> courier::begin(const redis::outgoing_alerts& x) { return move_to({x.newest, x.added}); }

/// Corrects a position that the stream no longer has: it was deleted and is another one, or events after
/// the position have left it.
result<void> courier::settle(const redis::outgoing_alerts& x) {
  if (parts_of(here_.id) > parts_of(x.newest) || here_.count > x.added)
    return move_to({beginning, 0});
  auto gone = x.added - std::min(x.added, x.length);
  if (gone <= here_.count)
    return {};
  report_.lost += gone - here_.count;
  return move_to({here_.id, gone});
}

courier::batch courier::next_batch(const redis::outgoing_alerts& x) const {
  batch out;
  auto limit = one_by_one_ ? 1 : how_.batch;
  for (auto& one : x.next) {
    auto event = event_of(one.fields);
    if (event && silence_of(silences_, *event, with_.now())) {
      ++out.silenced;
    } else if (!event) {
      ++out.foreign;
    } else {
      if (out.events.size() == limit)
        break;
      out.events.push_back(std::move(*event));
    }
    ++out.taken;
  }
  return out;
}

courier::step courier::send(const redis::outgoing_alerts& x, const batch& of) {
  auto answer = of.events.empty() ? http_answer{200, {}, {}} : with_.post(of.events);
  auto verdict = verdict_of(answer);
  if (verdict == answer_verdict::refused && of.events.size() > 1) {
    one_by_one_ = true;
    return step::again;
  }
  refusals_ = verdict == answer_verdict::refused ? refusals_ + 1 : 0;
  auto passed_over = refusals_ >= attempts_before_refusal;
  if (verdict != answer_verdict::delivered && !passed_over) {
    fail(answer);
    return step::stop;
  }
  if (auto moved = move_to(after(x, of.taken)); !moved)
    return broken(moved.why());
  if (passed_over) {
    refusals_ = 0;
    ++report_.refused;
    report_.refusal = of.events[0].id + ": " + in_words(answer);
  } else {
    report_.sent += of.events.size();
  }
  report_.refused += of.foreign;
  if (of.foreign > 0)
    report_.refusal = "an event in alerts:stream that Millrace didn't write";
  report_.silenced += of.silenced;
  one_by_one_ = one_by_one_ && x.next.size() > of.taken;
  if (!of.events.empty())
    calm();
  return step::again;
}

/// Sends again what fires, if it is time, one page of subjects after the other. Nothing of the stream waits,
/// so no event is overtaken. What a round has no time for is sent by the next.
courier::step courier::repeat() {
  auto now = with_.steady();
  if (how_.repeat.count() == 0 || (!page_ && repeated_ && now - *repeated_ < how_.repeat))
    return step::idle;
  if (!page_) {
    page_ = subjects_page{};
    repeated_ = now;
  }
  while (page_->alert < how_.alerts.size()) {
    auto page = with_.active(how_.alerts[page_->alert], page_->cursor);
    if (!page)
      return broken(page.why());
    if (auto some = firing_in(*page); !some.empty() && !post_repeated(some))
      return step::stop;
    page_->cursor = page->cursor;
    if (page->cursor == "0")
      ++page_->alert;
    if (is_over())
      return step::stop;
  }
  page_.reset();
  return step::idle;
}

std::vector<alert_event> courier::firing_in(const redis::active_alerts& page) const {
  std::vector<alert_event> out;
  for (auto& one : page.events)
    if (auto event = event_of(one.fields);
        event && !event->resolved && !silence_of(silences_, *event, with_.now()))
      out.push_back(std::move(*event));
  return out;
}

/// A refused repetition is passed over: each of its events was an event of the stream.
bool courier::post_repeated(const std::vector<alert_event>& events) {
  auto answer = with_.post(events);
  if (verdict_of(answer) == answer_verdict::failed) {
    fail(answer);
    return false;
  }
  calm();
  return true;
}

result<void> courier::move_to(const courier_position& where) {
  auto text = text_of(where);
  if (auto done = with_.confirm(stored_, text); !done)
    return done;
  stored_ = text;
  here_ = where;
  report_.position = where.id;
  return {};
}

/// Returns the position after some of the events that were read. At the stream's end the count is exact,
/// whatever another client has deleted from it.
courier_position courier::after(const redis::outgoing_alerts& x, std::size_t taken) const {
  auto at_end = taken == x.next.size() && taken < events_a_look();
  return {x.next[taken - 1].id, at_end ? x.added : here_.count + taken};
}

/// Nothing is wrong any more.
void courier::calm() {
  pause_.succeeded();
  ledger_trouble_ = false;
  report_.trouble.clear();
  report_.since = report_.next = 0;
}

void courier::fail(const http_answer& x) {
  auto now = with_.steady();
  pause_.failed(now, with_.dice(), x.retry_after);
  report_.trouble = in_words(x);
  report_.since = with_.now() - in_seconds(now - pause_.since());
  report_.next = with_.now() + in_seconds(pause_.next() - now);
}

/// The ledger doesn't answer, or another node has moved the position. The next round looks again.
courier::step courier::broken(const error& why) {
  if (why.code != errc::fenced && report_.trouble.empty()) {
    report_.trouble = "the position in Redis: " + why.message;
    report_.since = with_.now();
    ledger_trouble_ = true;
  }
  return step::stop;
}

} // namespace millrace
