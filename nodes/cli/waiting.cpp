#include "nodes/cli/waiting.hpp"

#include "actors/inspector/troubles.hpp"

#include <iostream>

namespace millrace {

namespace {

std::string words_of(waiting::clock::duration x) {
  return in_words(std::chrono::duration_cast<std::chrono::seconds>(x).count());
}

} // namespace

void waiting::on(const std::string& what, const std::string& advice) {
  auto now = clock::now();
  if (what != what_) {
    what_ = what;
    began_ = now;
    said_ = {};
  }
  auto first = said_ == clock::time_point{};
  if (first ? now - began_ < patience_ : now - said_ < reminder)
    return;
  said_ = now;
  std::cerr << what;
  if (now - began_ >= std::chrono::seconds{1})
    std::cerr << ", for " << words_of(now - began_) << "; gives up in " << words_of(limit_ - now)
              << ". If it stays: " << advice;
  std::cerr << std::endl;
}

std::string waiting::so_long() const { return words_of(clock::now() - began_); }

} // namespace millrace
