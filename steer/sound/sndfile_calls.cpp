#include "steer/sound/sndfile_calls.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace steer {
namespace {

// A place in bytes of a known number that libsndfile moves to; never beyond their end.
sf_count_t place_after(sf_count_t offset, int whence, sf_count_t at, sf_count_t size) {
  const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? at : size;
  return std::clamp<sf_count_t>(base + offset, 0, size);
}

ContainerReader& container_reader(void* user) {
  return *static_cast<ContainerReader*>(user);
}

sf_count_t container_size(void* user) {
  return static_cast<sf_count_t>(container_reader(user).container->size());
}

sf_count_t seek_container(sf_count_t offset, int whence, void* user) {
  ContainerReader& reader = container_reader(user);
  return reader.at = place_after(offset, whence, reader.at, container_size(user));
}

sf_count_t read_container(void* to, sf_count_t count, void* user) {
  ContainerReader& reader = container_reader(user);
  const std::string& head = reader.container->head;
  const size_t most = static_cast<size_t>(std::max<sf_count_t>(count, 0));
  size_t done = 0;
  if (static_cast<size_t>(reader.at) < head.size())
    done = head.copy(static_cast<char*>(to), most, static_cast<size_t>(reader.at));
  const size_t from = static_cast<size_t>(reader.at) + done - head.size();
  if (done < most) done += reader.container->body.copy(static_cast<char*>(to) + done, most - done, from);
  reader.at += static_cast<sf_count_t>(done);
  return static_cast<sf_count_t>(done);
}

sf_count_t container_place(void* user) {
  return container_reader(user).at;
}

sf_count_t write_nothing(const void*, sf_count_t, void*) {
  return 0;
}

BytesWriter& bytes_writer(void* user) {
  return *static_cast<BytesWriter*>(user);
}

sf_count_t written_size(void* user) {
  return static_cast<sf_count_t>(bytes_writer(user).bytes.size());
}

sf_count_t seek_written(sf_count_t offset, int whence, void* user) {
  BytesWriter& writer = bytes_writer(user);
  return writer.at = place_after(offset, whence, writer.at, written_size(user));
}

sf_count_t read_written(void* to, sf_count_t count, void* user) {
  BytesWriter& writer = bytes_writer(user);
  const size_t most = static_cast<size_t>(std::max<sf_count_t>(count, 0));
  const size_t done = writer.bytes.copy(static_cast<char*>(to), most, static_cast<size_t>(writer.at));
  writer.at += static_cast<sf_count_t>(done);
  return static_cast<sf_count_t>(done);
}

sf_count_t write_bytes(const void* from, sf_count_t count, void* user) {
  BytesWriter& writer = bytes_writer(user);
  const size_t at = static_cast<size_t>(writer.at), length = static_cast<size_t>(count);
  if (writer.bytes.size() < at + length) writer.bytes.resize(at + length);
  std::memcpy(&writer.bytes[at], from, length);
  writer.at += count;
  return count;
}

sf_count_t written_place(void* user) {
  return bytes_writer(user).at;
}

}  // namespace

SF_VIRTUAL_IO reading_calls() {
  return {container_size, seek_container, read_container, write_nothing, container_place};
}

SF_VIRTUAL_IO writing_calls() {
  return {written_size, seek_written, read_written, write_bytes, written_place};
}

std::string sndfile_words(SNDFILE* file) {
  std::string words = sf_strerror(file);
  while (!words.empty() && (words.back() == '\n' || words.back() == '.' || words.back() == ' '))
    words.pop_back();
  return words;
}

}  // namespace steer
