#include "actors/generator/shop_generator.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::generator {

using namespace std::chrono_literals;

namespace {

constexpr auto transactions_a_second = 20.0;
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 5000ms;
constexpr std::size_t largest_batch = 20'000;

} // namespace

result<shop_generator> shop_generator::open(const postgres::settings& to, const options& how, moment now) {
  if (how.records_per_batch < 1 || how.records_per_batch > largest_batch)
    return error{errc::bad_setting,
                 "generator: records per batch must be 1 to " + std::to_string(largest_batch)};
  if (!std::isfinite(how.rate) || how.rate < 0)
    return error{errc::bad_setting, "generator: the rate must be 0 or more rows per second"};
  auto db = shop_database::open(to);
  if (!db)
    return db.why();
  auto start = db->sample();
  if (!start)
    return start.why();
  return shop_generator(std::move(*db), std::move(*start), how, now);
}

shop_generator::shop_generator(shop_database db, shop_sample start, const options& how, moment now)
    : db_(std::move(db)), model_(std::move(start), how.seed), how_(how), pace_(how.rate, now),
      not_before_(now) {}

/// Returns the rows of one transaction: more at a higher rate.
std::size_t shop_generator::batch() const {
  auto share = static_cast<std::size_t>(pace_.rate() / transactions_a_second);
  return std::clamp<std::size_t>(share, 1, how_.records_per_batch);
}

std::chrono::milliseconds shop_generator::due_in(moment now) {
  auto pause = std::chrono::ceil<std::chrono::milliseconds>(not_before_ - now);
  return std::min(std::max(pause, pace_.until(static_cast<double>(batch()), now)), 1000ms);
}

result<std::size_t> shop_generator::step(moment now) {
  // A rate below one row per second never saves a full row.
  auto enough = std::min(static_cast<double>(batch()), pace_.rate());
  if (now < not_before_ || pace_.rate() <= 0 || pace_.allowance(now) < enough)
    return std::size_t{0};
  if (stale_)
    if (auto looked = look_again(); !looked)
      return put_off(looked.why(), now);
  auto written = write(batch(), now);
  if (!written)
    return put_off(written.why(), now);
  failures_ = 0;
  if (*written == 0) { // all rows to change are gone: another client emptied the shop
    stale_ = true;
    not_before_ = now + first_pause;
  }
  pace_.spent(*written);
  counters_.rows += *written;
  counters_.transactions += *written > 0;
  return written;
}

result<std::size_t> shop_generator::write(std::size_t rows, moment now) {
  for (std::size_t i = 0; i < shop_tables; ++i) {
    auto of = static_cast<shop_table>(i);
    if (auto reserved = db_.reserve(of, shop_model::ids_needed(of, rows), ids_); !reserved)
      return reserved.why();
  }
  auto todo = statements(model_.next(rows, now, ids_));
  if (todo.empty())
    return std::size_t{0};
  return db_.write(todo);
}

/// Takes a new sample. The database may have been restored or emptied, so the old model is invalid.
result<void> shop_generator::look_again() {
  if (auto passed = db_.pass_existing_ids(); !passed)
    return passed.why();
  auto fresh = db_.sample();
  if (!fresh)
    return fresh.why();
  ids_ = {};
  model_ = shop_model(std::move(*fresh), model_);
  stale_ = false;
  return {};
}

error shop_generator::put_off(error why, moment now) {
  auto& counter = why.code == errc::unavailable ? counters_.outages : counters_.conflicts;
  ++counter;
  stale_ = true;
  auto pause =
      std::min<std::chrono::milliseconds>(first_pause * (1 << std::min(failures_++, 6)), longest_pause);
  not_before_ = now + pause;
  return why;
}

} // namespace millrace::generator
