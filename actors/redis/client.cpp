#include "actors/redis/client.hpp"

#include <hiredis/hiredis.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

namespace millrace::redis {

namespace {

struct free_context {
  void operator()(redisContext* x) const { redisFree(x); }
};
using context_ptr = std::unique_ptr<redisContext, free_context>;

struct free_reply {
  void operator()(redisReply* x) const { freeReplyObject(x); }
};
using reply_ptr = std::unique_ptr<redisReply, free_reply>;

reply translate(const redisReply& from) {
  reply out;
  switch (from.type) {
  case REDIS_REPLY_INTEGER:
    out.what = reply::kind::integer;
    out.integer = from.integer;
    break;
  case REDIS_REPLY_STRING:
  case REDIS_REPLY_STATUS:
    out.what = reply::kind::text;
    out.text.assign(from.str, from.len);
    break;
  case REDIS_REPLY_ERROR:
    out.what = reply::kind::failure;
    out.text.assign(from.str, from.len);
    break;
  case REDIS_REPLY_ARRAY:
    out.what = reply::kind::list;
    out.list.reserve(from.elements);
    for (std::size_t i = 0; i < from.elements; ++i)
      out.list.push_back(translate(*from.element[i]));
    break;
  default:
    break;
  }
  return out;
}

bool begins_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string address(const settings& how) { return "Redis at " + how.host + ":" + std::to_string(how.port); }

/// hiredis writes without MSG_NOSIGNAL, so a closed connection would end the process by SIGPIPE.
void ignore_broken_pipes() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction now {};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
      std::signal(SIGPIPE, SIG_IGN);
  });
}

timeval to_timeval(std::chrono::milliseconds x) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(x);
  return {static_cast<time_t>(seconds.count()),
          static_cast<suseconds_t>(std::chrono::microseconds(x - seconds).count())};
}

error lost(const settings& how, const redisContext& context) {
  auto silent =
      context.err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS);
  auto words = silent ? "no answer within " + std::to_string(how.timeout.count()) + " ms"
                      : std::string(context.errstr);
  return {errc::unavailable, address(how) + ": " + words};
}

} // namespace

struct client::impl {
  settings how;
  context_ptr context;

  result<void> ensure();
  result<void> open();
  result<void> greet();
  result<reply> ask(const command& what);
  void append(const command& what);
  result<reply> read();
};

result<void> client::impl::ensure() { return context ? result<void>() : open(); }

result<void> client::impl::open() {
  ignore_broken_pipes();
  auto limit = to_timeval(how.timeout);
  context.reset(redisConnectWithTimeout(how.host.c_str(), how.port, limit));
  if (!context)
    return error{errc::unavailable, address(how) + ": out of memory"};
  result<void> out;
  if (context->err != 0)
    out = lost(how, *context);
  else if (redisSetTimeout(context.get(), limit) != REDIS_OK)
    out = lost(how, *context);
  else {
    redisEnableKeepAlive(context.get());
    out = greet();
  }
  if (!out)
    context.reset();
  return out;
}

/// Authenticates and selects the database. PING finds out whether Redis requires a password.
result<void> client::impl::greet() {
  std::vector<command> words;
  if (!how.password.empty() && how.user.empty())
    words.push_back({"AUTH", how.password});
  else if (!how.password.empty() || !how.user.empty())
    words.push_back({"AUTH", how.user, how.password});
  if (how.database != 0)
    words.push_back({"SELECT", std::to_string(how.database)});
  words.push_back({"PING"});
  for (auto& word : words) {
    auto answer = ask(word);
    if (!answer)
      return answer.why();
    if (!answer->failed())
      continue;
    auto& text = answer->text;
    auto denied = word[0] == "AUTH" || begins_with(text, "NOAUTH") || begins_with(text, "WRONGPASS");
    if (denied && !begins_with(text, "LOADING") && text.find("max number of clients") == std::string::npos)
      return error{errc::denied, address(how) + " refuses user "
                                     + (how.user.empty() ? std::string("default") : how.user) + ": " + text};
    if (begins_with(text, "NOPERM"))
      if (word[0] == "PING")
        continue; // a user without PING can still have the rights that a node needs
    auto code = begins_with(text, "NOPERM") ? errc::denied
                : word[0] == "SELECT"       ? errc::bad_setting
                                            : errc::unavailable;
    return error{code, address(how) + ": " + word[0] + ": " + text};
  }
  return {};
}

void client::impl::append(const command& what) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(what.size());
  sizes.reserve(what.size());
  for (auto& x : what) {
    texts.push_back(x.data());
    sizes.push_back(x.size());
  }
  redisAppendCommandArgv(context.get(), static_cast<int>(what.size()), texts.data(), sizes.data());
}

result<reply> client::impl::read() {
  void* raw = nullptr;
  if (redisGetReply(context.get(), &raw) != REDIS_OK) {
    auto why = lost(how, *context);
    context.reset(); // late replies belong to this command, not to the next
    return why;
  }
  return translate(*reply_ptr(static_cast<redisReply*>(raw)));
}

result<reply> client::impl::ask(const command& what) {
  append(what);
  return read();
}

client::client(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

result<client> client::connect(const settings& how) {
  auto made = std::make_unique<impl>();
  made->how = how;
  if (auto done = made->open(); !done)
    return done.why();
  return client(std::move(made));
}

const std::string& client::user() const { return impl_->how.user; }

result<reply> client::call(const command& what) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  return impl_->ask(what);
}

result<std::vector<reply>> client::pipeline(const std::vector<command>& what) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  for (auto& x : what)
    impl_->append(x);
  std::vector<reply> out;
  out.reserve(what.size());
  for (std::size_t i = 0; i < what.size(); ++i) {
    auto answer = impl_->read();
    if (!answer)
      return answer.why();
    out.push_back(std::move(*answer));
  }
  return out;
}

} // namespace millrace::redis
