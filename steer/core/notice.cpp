#include "steer/core/notice.h"

#include <iostream>
#include <utility>

namespace steer {
namespace {

thread_local NoticeTaker notice_taker;

}  // namespace

void notice(const std::string& line) {
  if (notice_taker)
    notice_taker(line);
  else
    std::cerr << "steer: " + line + "\n" << std::flush;
}

NoticesTo::NoticesTo(NoticeTaker taker) : before_(std::exchange(notice_taker, std::move(taker))) {}

NoticesTo::~NoticesTo() {
  notice_taker = std::move(before_);
}

}  // namespace steer
