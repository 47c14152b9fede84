// Rooms that threads work in, kept from use to use: fresh memory costs more than what is done in it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace steer {

// As many rooms as were ever in use at once.
template <class Room>
class KeptRooms {
 public:
  // A room that nobody uses, made by make() where there is none; free again when the last pointer to it goes,
  // which must not outlive this.
  template <class Make>
  std::shared_ptr<Room> lend(const Make& make) const {
    std::unique_ptr<Room> room;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        room = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!room) room = std::make_unique<Room>(make());
    return {room.release(), [this](Room* given) {
              std::unique_ptr<Room> back(given);
              const std::lock_guard<std::mutex> lock(mutex_);
              free_.push_back(std::move(back));
            }};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Room>> free_;
};

}  // namespace steer
