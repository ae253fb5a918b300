#pragma once

/// One question to many nodes at once: their doors, their inspectors, their answers, each with a deadline.

#include "actors/interfaces.hpp"
#include "nodes/shell/answers.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace millrace::shell {

/// How long a node's door may take, and its inspector for an answer, which comes within 1 s.
inline constexpr std::chrono::milliseconds door_limit{1000}, answer_limit{1250};

/// A node that the shell knows.
struct known_node {
  std::string name; ///< empty: it hasn't told it
  std::string address;
  caf::io::middleman_actor network; ///< its own: dialing a frozen node keeps no other one waiting
  bool tls = false;                 ///< the shell shows a certificate there
  inspector_actor inspector = {};   ///< null: not connected
};

using known_ptr = std::shared_ptr<known_node>;
using told_why = std::function<void(std::string)>;
using found_inspector = std::function<void(const inspector_actor&)>;

/// Returns why a node didn't answer. `late`: the words if it took too long.
std::string words_for(const caf::actor_system& system, const caf::error& why, const std::string& late);

/// Connects to a node and asks for its inspector, which the node then keeps.
void reach(caf::event_based_actor* self, const known_ptr& node, const found_inspector& use,
           const told_why& failed);

/// One question to all nodes, while it is under way. `send` asks one inspector.
template <class Answer>
struct inquiry {
  using use_answer = std::function<void(Answer)>;
  std::function<void(caf::event_based_actor*, const inspector_actor&, const use_answer&,
                     std::function<void(const caf::error&)>)>
      send;
  /// Looks at an answer. Returns nodes that are to be asked too.
  std::function<std::vector<known_ptr>(const known_ptr&, const Answer&)> look;
  std::vector<known_ptr> nodes;
  answers<Answer> told; ///< parallel to `nodes`
  std::size_t awaited = 0;
  std::promise<void> done;
};

template <class Answer>
void ask_node(caf::event_based_actor* self, const std::shared_ptr<inquiry<Answer>>& all, std::size_t i);

template <class Answer>
void add_nodes(caf::event_based_actor* self, const std::shared_ptr<inquiry<Answer>>& all,
               const std::vector<known_ptr>& more) {
  for (auto& node : more) {
    all->nodes.push_back(node);
    all->told.push_back({node->name, node->address, std::nullopt, ""});
    ++all->awaited;
  }
  for (auto i = all->nodes.size() - more.size(); i < all->nodes.size(); ++i)
    ask_node(self, all, i);
}

template <class Answer>
void finish(const std::shared_ptr<inquiry<Answer>>& all) {
  if (--all->awaited == 0)
    all->done.set_value();
}

template <class Answer>
void ask_inspector(caf::event_based_actor* self, const std::shared_ptr<inquiry<Answer>>& all, std::size_t i,
                   bool again, const inspector_actor& inspector) {
  all->send(
      self, inspector,
      [=](Answer x) {
        auto more = all->look(all->nodes[i], x);
        all->told[i].answer = std::move(x);
        all->told[i].node = all->nodes[i]->name;
        add_nodes(self, all, more);
        finish(all);
      },
      [=](const caf::error& why) {
        auto down = why == caf::sec::request_receiver_down;
        auto late = why == caf::sec::request_timeout;
        if (down || late)
          all->nodes[i]->inspector = nullptr;
        if (again && down)
          return ask_node(self, all, i); // it has restarted since the last question
        all->told[i].refused = !down && !late;
        all->told[i].why =
            words_for(self->system(), why, "it accepts connections, and doesn't answer within 1 s");
        finish(all);
      });
}

template <class Answer>
void ask_node(caf::event_based_actor* self, const std::shared_ptr<inquiry<Answer>>& all, std::size_t i) {
  auto& node = all->nodes[i];
  if (node->inspector)
    return ask_inspector(self, all, i, true, node->inspector);
  reach(
      self, node, [=](const inspector_actor& x) { ask_inspector(self, all, i, false, x); },
      [=](std::string why) {
        all->told[i].why = std::move(why);
        finish(all);
      });
}

} // namespace millrace::shell
