#include "actors/sources/kafka/enqueue.hpp"

#include <array>

namespace millrace::kafka {

namespace {

rd_kafka_headers_t* headers_for(const outgoing& x) {
  auto* headers = rd_kafka_headers_new(x.headers.size());
  for (auto& [name, value] : x.headers)
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  return headers;
}

} // namespace

std::map<std::string, std::string> producer_properties(const settings& how) {
  auto bytes = how.max_record_bytes + (8u << 20); // a dead letter is larger than its record
  return {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"partitioner", "murmur2_random"}, // Java's default for records with a key
      {"compression.type", "lz4"},
      {"linger.ms", "1"},
      {"allow.auto.create.topics", "false"},
      {"message.max.bytes", std::to_string(bytes)},
      {"queue.buffering.max.kbytes", std::to_string((4 * bytes) >> 10)},
  };
}

rd_kafka_resp_err_t enqueue(rd_kafka_t* kafka, const outgoing& x, void* opaque) {
  std::array<rd_kafka_vu_t, 7> how{};
  how[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  how[0].u.cstr = x.topic.c_str();
  how[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  how[1].u.i32 = x.partition ? x.partition->value : RD_KAFKA_PARTITION_UA;
  how[2].vtype = RD_KAFKA_VTYPE_KEY;
  if (x.key)
    how[2].u.mem = {const_cast<char*>(x.key->data()), x.key->size()};
  how[3].vtype = RD_KAFKA_VTYPE_VALUE;
  if (x.payload)
    how[3].u.mem = {const_cast<char*>(x.payload->data()), x.payload->size()};
  how[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  how[4].u.ptr = opaque;
  how[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  how[5].u.headers = headers_for(x);
  how[6].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  how[6].u.i = RD_KAFKA_MSG_F_COPY;
  auto* why = rd_kafka_produceva(kafka, how.data(), how.size());
  if (!why)
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  auto code = rd_kafka_error_code(why);
  rd_kafka_error_destroy(why);
  rd_kafka_headers_destroy(how[5].u.headers); // a rejected record doesn't own them
  return code;
}

} // namespace millrace::kafka
