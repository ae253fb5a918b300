/// The steps of `deploy/millrace bench` that read and write the change topics.
/// Settings are the node's, from the environment.

#include "tests/bench/bench.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <iostream>

using namespace millrace;

int main(int argc, char** argv) {
  CLI::App app{"Steps of the benchmark."};
  app.fallthrough();
  app.require_subcommand(1);
  settings how;
  add_settings(app, how);
  std::string to;
  bool snapshot = false;
  std::vector<int> rates{1000, 5000, 20000};
  int seconds = 10;
  app.add_subcommand("count", "Read all records with librdkafka alone");
  app.add_subcommand("decode", "Read and decode all records");
  auto* work = app.add_subcommand("work", "Do a node's work on all records, without its servers");
  bool filling = false;
  std::int64_t flush_records = 20000;
  work->add_flag("--filling", filling, "As while figures fill");
  work->add_option("--flush-records", flush_records, "Records between two flushes")->capture_default_str();
  app.add_subcommand("ends", "Print where the change topics end");
  auto* replay = app.add_subcommand("replay", "Write the records again under another topic prefix");
  replay->add_option("--to", to, "The prefix")->required();
  replay->add_flag("--snapshot", snapshot, "Those of Debezium's snapshot; else those behind it");
  app.add_subcommand("drop", "Delete the topics of a prefix")
      ->add_option("--to", to, "The prefix")
      ->required();
  auto* latency = app.add_subcommand("latency", "Write at steady rates, and look for it in Redis");
  latency->add_option("--to", to, "The prefix that a node reads")->required();
  latency->add_option("--rates", rates, "Records a second")->delimiter(',')->capture_default_str();
  latency->add_option("--seconds", seconds, "How long each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_default_logger(spdlog::stderr_color_mt("bench"));
  spdlog::set_level(spdlog::level::warn);
  try {
    if (auto complete_settings = complete(how); !complete_settings)
      throw bench::failure(complete_settings.why().message);
    auto step = app.get_subcommands().front()->get_name();
    auto out = step == "count"    ? bench::count(how)
               : step == "decode" ? bench::decode(how)
               : step == "work"   ? bench::work(how, !filling, flush_records)
               : step == "ends"   ? bench::ends(how)
               : step == "replay"
                   ? bench::replay(how, to, snapshot ? bench::part::snapshot : bench::part::rest)
               : step == "drop" ? bench::drop(how, to)
                                : bench::latency(how, to, rates, seconds);
    std::cout << out.dump() << std::endl;
    return 0;
  } catch (const std::exception& why) {
    std::cerr << "millrace bench: " << why.what() << "\n";
    return 1;
  }
}
