#pragma once

/// The project's dead-letter topic.

#include "actors/sources/kafka/dead_letters.hpp"

#include <memory>

namespace millrace::kafka {

class letter_topic : public letter_box {
 public:
  /// `sources`: the partitions whose records can become letters; a letter of another can't be put.
  letter_topic(settings how, std::string topic, topics_by_source sources = {});

  result<void> put(std::vector<new_letter> letters) override;
  result<std::map<std::string, dead_letter>> open() override;
  result<std::map<std::string, std::int64_t>> count() override;
  result<letter_content> read(const std::string& origin) override;
  result<void> resolve(const std::vector<std::string>& origins, const std::string& how) override;

 private:
  result<consumer*> reads();
  result<producer*> writes();

  settings how_;
  std::string topic_;
  topics_by_source sources_;
  std::unique_ptr<consumer> reads_;
  std::unique_ptr<producer> writes_;
  letter_book book_;              ///< as read last
  kafka_offset seen_ = no_offset; ///< the topic's end when it was counted last
  std::map<std::string, std::int64_t> counts_;
};

} // namespace millrace::kafka
