/// Alerts outside of Redis: what their senders read, the senders' positions, and silences.
#include "actors/redis/store_impl.hpp"

namespace millrace::redis {

namespace {

std::vector<std::string> texts_of(const reply& x) {
  std::vector<std::string> out;
  for (auto& one : x.list)
    out.push_back(one.text);
  return out;
}

} // namespace

result<outgoing_alerts> store::outgoing(const std::string& receiver, std::size_t limit) {
  auto read = impl_->function("alerts_outgoing", {receiver, impl_->plans.key_prefix, std::to_string(limit)});
  if (!read)
    return read.why();
  if (read->list.size() != 5)
    return damaged("alerts:stream");
  outgoing_alerts out;
  out.position = read->list[0].text;
  out.added = static_cast<std::uint64_t>(read->list[1].integer);
  out.length = static_cast<std::uint64_t>(read->list[2].integer);
  out.newest = read->list[3].text;
  for (auto& event : read->list[4].list)
    if (event.list.size() == 2)
      out.next.push_back({event.list[0].text, texts_of(event.list[1])});
  return out;
}

result<void> store::confirm_alerts(const std::string& receiver, const std::string& before,
                                   const std::string& now, const std::string& life) {
  auto done = impl_->function("alerts_confirm", {life, receiver, before, now});
  if (!done)
    return done.why();
  return done->text == "OK" ? result<void>() : error{errc::fenced, "another node sends the alerts"};
}

result<active_alerts> store::active(const std::string& alert, const std::string& cursor) {
  auto page = impl_->function("alerts_active", {impl_->plans.key_prefix, alert, cursor});
  if (!page)
    return page.why();
  if (page->list.size() != 2)
    return damaged("alerts:active:" + alert);
  active_alerts out{page->list[0].text, {}};
  for (auto& event : page->list[1].list)
    out.events.push_back({"", texts_of(event)});
  return out;
}

result<std::map<std::string, std::string>> store::silences() { return impl_->hash("silences"); }

result<void> store::set_silence(const std::string& id, const std::string& text) {
  auto key = impl_->prefix + "silences";
  auto done = impl_->call(text.empty() ? command{"HDEL", key, id} : command{"HSET", key, id, text});
  return done ? result<void>() : done.why();
}

} // namespace millrace::redis
