#include "steer/core/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "steer/core/clock.h"

namespace steer {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainSeconds = 15, kFirstPlainSeconds = 1;
constexpr int kBarWidth = 20;
constexpr size_t kTerminalWidth = 100;

// At most `columns` code points of UTF-8 text.
std::string cut(const std::string& text, size_t columns) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  constexpr double kLongest = 1e9;
  if (!(seconds >= 0) || seconds > kLongest) return "unknown";
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  const int64_t minutes = std::llround(seconds / 60);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

Progress::Progress(std::string title, double total, bool terminal, std::ostream& out, std::string unit,
                   std::function<double()> clock)
    : title_(std::move(title)),
      total_(total),
      terminal_(terminal),
      out_(out),
      unit_(std::move(unit)),
      clock_(clock ? std::move(clock) : now_seconds),
      started_(clock_()),
      now_(started_),
      shown_at_(started_ - (terminal ? kRedrawSeconds : kPlainSeconds - kFirstPlainSeconds)) {}

Progress::~Progress() {
  if (!drawn_ || finished_) return;
  try {
    out_ << '\n' << std::flush;
  } catch (...) {
    // A stream that throws is no reason to end the program.
  }
}

void Progress::update(double done, const std::string& note) {
  if (finished_) return;
  now_ = clock_();
  done_ = done;
  if (!counting_) {
    counting_ = true;
    first_done_ = done;
    first_at_ = now_;
  }
  if (now_ - shown_at_ < (terminal_ ? kRedrawSeconds : kPlainSeconds)) return;
  shown_at_ = now_;
  show(line(note, false));
}

void Progress::finish(const std::string& note) {
  if (finished_) return;
  now_ = clock_();
  show(line(note, true));
  if (terminal_) out_ << '\n' << std::flush;
  finished_ = true;
}

std::string Progress::line(const std::string& note, bool finished) const {
  std::string text = title_;
  if (total_ > 0) {
    const double share = std::clamp(done_ / total_, 0.0, 1.0);
    if (terminal_) {
      const auto filled = static_cast<size_t>(share * kBarWidth);
      text += " [" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
    }
    text += fmt::format(" {}%", static_cast<int>(share * 100));
  } else {
    text += fmt::format(" {:.6g} {}", done_, unit_);
  }

  const double counted = done_ - first_done_, seconds = now_ - first_at_;
  const double rate = counting_ && seconds > 0 ? counted / seconds : 0;
  if (rate > 0 && !unit_.empty()) text += fmt::format("  {:.3g} {}/s", rate, unit_);
  if (finished)
    text += "  took " + duration_text(now_ - started_);
  else if (rate > 0 && total_ > done_)
    text += "  " + duration_text((total_ - done_) / rate) + " left";
  if (!note.empty()) text += "  " + note;
  return text;
}

void Progress::show(const std::string& text) {
  // A terminal's line is written over and its rest erased (ECMA-48, EL).
  if (terminal_)
    out_ << '\r' << cut(text, kTerminalWidth - 1) << "\x1b[K" << std::flush;
  else
    out_ << text << '\n' << std::flush;
  drawn_ = terminal_;
}

}  // namespace steer
