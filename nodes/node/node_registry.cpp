#include "nodes/node/node_registry.hpp"

#include <memory>
#include <optional>

namespace millrace {

namespace {

std::string book_key(const settings& how) { return "millrace:" + how.project + ":nodes"; }

/// A connection that opens at its first use.
class book_connection {
 public:
  explicit book_connection(redis::settings how) : how_(std::move(how)) {}

  result<redis::reply> call(const redis::command& what) {
    if (!connection_) {
      auto opened = redis::client::connect(how_);
      if (!opened)
        return opened.why();
      connection_.emplace(std::move(*opened));
    }
    auto answer = connection_->call(what);
    if (answer && answer->failed())
      return error{errc::unavailable, "Redis: " + answer->text};
    return answer;
  }

 private:
  redis::settings how_;
  std::optional<redis::client> connection_;
};

} // namespace

node_book book_of_nodes(const settings& how) {
  auto redis = std::make_shared<book_connection>(how.redis);
  auto key = book_key(how);
  auto done = [](const result<redis::reply>& x) { return x ? result<void>() : result<void>(x.why()); };
  node_book out;
  out.put = [=](const std::string& name, const std::string& address) {
    return done(redis->call({"HSET", key, name, address}));
  };
  out.remove = [=](const std::string& name) { return done(redis->call({"HDEL", key, name})); };
  out.list = [=]() -> result<std::map<std::string, std::string>> {
    auto all = redis->call({"HGETALL", key});
    if (!all)
      return all.why();
    std::map<std::string, std::string> nodes;
    for (std::size_t i = 0; i + 1 < all->list.size(); i += 2)
      nodes[all->list[i].text] = all->list[i + 1].text;
    return nodes;
  };
  return out;
}

} // namespace millrace
